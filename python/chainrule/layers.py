"""The layers: what a network is made from, and its window on their parameters."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from chainrule import _core, _given_weights, _training_options
from chainrule._from_spec import name_or_member
from chainrule._given_weights import MakeWeights
from chainrule._layer import Described as Described
from chainrule._layer import Layer as Layer
from chainrule._layer import Place as Place
from chainrule._layer import assign
from chainrule._spec import (
    Spec,
    refuse_second_init,
    shown,
    spec_of,
    true_or_false,
    whole,
    whole_number,
)
from chainrule.activations import Activation


class Input(Layer):
    """The input layer, layer 1 of the article: x = a^(1).

    Parameters
    ----------
    n : int
        How many numbers a sample has, at least 1.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    TypeError
        If `n` is no whole number.
    """

    __slots__ = ()

    _name = "input"

    def __init__(self, n: int) -> None:
        refuse_second_init(hasattr(self, "_place"), type(self))
        self._place = None
        self._describe(n=n)

    n = Described[int]("int: How many numbers a sample has.")

    def _describe(self, **description: Any) -> None:
        n = whole_number("Input: n", description["n"])
        _core.check_layer((self._name, {"n": n}, {}, []))
        self._description = {"n": n}

    def _spec(self) -> Spec:
        return (self._name, {"n": self.n}, {}, [])

    @classmethod
    def _from_spec(cls, spec: Spec) -> Input:
        return cls(whole(spec[1]["n"]))

    def __repr__(self) -> str:
        return f"Input({self.n})"


class Dense(Layer):
    """A dense layer: z^(l+1) = W^(l) a^(l) + b^(l), a^(l+1) = f(z^(l+1)).

    A layer that is passed to a network is a description; the network's own ``net.layers[i]`` also
    has `weights` and `bias`.

    Parameters
    ----------
    n_out : int
        Number of neurons, at least 1.
    activation : str or activation, default "identity"
        The f of the layer: "identity", "sigmoid", "tanh", "softmax", "relu", "relu6",
        "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign",
        "hard_sigmoid", "hard_swish" or "exponential"; or an object, such as ``Elu(0.5)``.
    bias : bool, default True
        Whether there is a b.
    init : str, array_like or callable, default "glorot_uniform"
        The distribution that W, and b alike, are drawn from at first: "glorot_uniform",
        "glorot_normal" (Glorot and Bengio, AISTATS 2010, equation 16), "he_uniform", "he_normal"
        (He et al., ICCV 2015, equation 10), "uniform" (within 1/sqrt(n_in)), "normal" (standard
        deviation 1/sqrt(n_in)), "lecun_uniform", "lecun_normal" (LeCun et al. 1998, section 4.6:
        variance 1/n_in, the normal one cut off at two standard deviations, as in Keras), or
        "zeros"; or "orthogonal" (Saxe et al., ICLR 2014, as PyTorch's orthogonal_, with b = 0).

        Or the first W itself, an array of shape (n_out, n_in), with b = 0, or a tuple (W, b); or
        a function that returns one of them, called as ``init((n_out, n_in), rng)`` when a network
        is made, with a `numpy.random.Generator` of this layer's own. The layer of a network that
        was made so has ``init="custom"``.
    l1, l2 : float, default 0
        Penalties of W, >= 0: the cost, and the gradient, have l1 sum |w| + l2 sum w^2 more, in
        training, in `cost` and for validation data (the derivative of |w| is 0 where w is 0). A
        frozen layer has none.
    max_norm : float, optional
        The largest norm of each neuron's weights, W[j, :], > 0: a longer one is scaled by
        max_norm / (norm + 1e-7) after each update (Srivastava et al., JMLR 15, 2014, section 5.1;
        torch.renorm, Keras' MaxNorm). None, the default, for no limit.
    trainable : bool, default True
        False freezes W and b: no training changes them, and their gradient is neither computed nor
        part of a norm; `value_and_grad` has zeros for it.
    learning_rate_factor : float, default 1
        What the optimizer's learning rate is multiplied with for this layer, >= 0.

    Notes
    -----
    ``net.layers[i].trainable = False`` and the like change the options of the last five arguments
    for the trainings to come.

    Raises
    ------
    ValueError
        If a number is out of its range, or a name is unknown; the message lists the known ones; if
        an array has a NaN or an infinity.
    ShapeError
        If an array has the wrong shape.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    Fine-tuning: the first layers stay as they are, the last one learns.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Input(3), cr.Dense(4, "tanh", l2=1e-3), cr.Dense(2)], rng=0)
    >>> net.layers[1].trainable = False
    >>> net.layers[1]
    Dense(4, 'tanh', l2=0.001, trainable=False)
    """

    __slots__ = ()

    _name = "dense"
    _trains = True

    def __init__(
        self,
        n_out: int,
        activation: str | Activation = "identity",
        *,
        bias: bool = True,
        init: str | npt.ArrayLike | tuple[npt.ArrayLike, npt.ArrayLike | None] | MakeWeights = (
            "glorot_uniform"
        ),
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        trainable: bool = True,
        learning_rate_factor: float = 1.0,
    ) -> None:
        refuse_second_init(hasattr(self, "_place"), type(self))
        self._place = None
        self._describe(
            n_out=n_out,
            activation=activation,
            has_bias=bias,
            init=init,
            l1=l1,
            l2=l2,
            max_norm=max_norm,
            trainable=trainable,
            learning_rate_factor=learning_rate_factor,
        )

    n_out = Described[int]("int: Number of neurons.")
    activation = Described[str | Activation]("str or activation: The f of the layer.")
    has_bias = Described[bool]("bool: Whether there is a b.")
    init = Described[Any]("str, array or callable: Where W and b come from at first.")
    l1 = Described[float]("float: What sum |w| over W is multiplied with in the cost.", option=True)
    l2 = Described[float]("float: What sum w^2 over W is multiplied with in the cost.", option=True)
    max_norm = Described[float | None]("float or None: The largest norm of W[j, :].", option=True)
    trainable = Described[bool]("bool: Whether trainings change W and b.", option=True)
    learning_rate_factor = Described[float]("float: Times the optimizer's rate.", option=True)

    def _describe(self, **description: Any) -> None:
        n_out = whole_number("Dense: n_out", description["n_out"])
        activation = description["activation"]
        if not isinstance(activation, str | Activation):
            raise TypeError(
                f"Dense: activation must be a name, got {shown(activation)}; "
                "or an object such as cr.LeakyRelu(0.1)"
            )
        has_bias = true_or_false("Dense: bias", description["has_bias"])
        checked: dict[str, Any] = {
            "n_out": n_out,
            "activation": activation,
            "has_bias": has_bias,
            "init": _given_weights.checked_init(description["init"], n_out),
        }
        for name in _training_options.OF_WEIGHTS:
            checked[name] = _training_options.checked("Dense: ", name, description[name])
        _core.check_layer(_dense_spec(checked))
        self._description = checked

    def _spec(self) -> Spec:
        return _dense_spec(self._description)

    @classmethod
    def _from_spec(cls, spec: Spec) -> Dense:
        _, numbers, words, ((_, activation),) = spec
        return cls(
            whole(numbers["n_out"]),
            name_or_member(Activation, activation),
            bias=bool(numbers["bias"]),
            init=words["init"],
            **_training_options.from_numbers(numbers),
        )

    @property
    def weights(self) -> npt.NDArray[Any]:
        """The network's W, shape (n_out, n_in): a writable view; assigning copies values into it.

        W[j, k] leads from neuron k of the layer before to neuron j of this one.
        """
        return self._trained()[0]

    @weights.setter
    def weights(self, values: npt.ArrayLike) -> None:
        self._assign("weights", self.weights, values)

    @property
    def bias(self) -> npt.NDArray[Any] | None:
        """The network's b, shape (n_out,): a writable view, None for a layer without bias."""
        return self._trained()[1]

    @bias.setter
    def bias(self, values: npt.ArrayLike) -> None:
        bias = self.bias
        if bias is None:
            raise AttributeError("this layer has no bias")
        self._assign("bias", bias, values)

    def _set_first_weights(self, seed: int) -> None:
        """Copy what `init` gives into the parameters."""
        assert self._place is not None
        number = self._place.number + 1  # the input is layer 1
        n_out, n_in = self.weights.shape
        W, b = _given_weights.weights_from(self.init, (n_out, n_in), seed, number)
        assign(f"W from init of layer {number}", self.weights, W)
        if b is None:
            return
        if self.bias is None:
            raise ValueError(f"init of layer {number} has a b, and the layer has none (bias=False)")
        assign(f"b from init of layer {number}", self.bias, b)

    def __repr__(self) -> str:
        init = _given_weights.text_of(self.init)
        arguments = [
            f"{self.n_out}, {self.activation!r}",
            "" if self.has_bias else "bias=False",
            "" if init == "'glorot_uniform'" else f"init={init}",
            _training_options.text_of(self._description),
        ]
        return f"Dense({', '.join(filter(None, arguments))})"


def _dense_spec(description: dict[str, Any]) -> Spec:
    numbers = {"n_out": description["n_out"], "bias": float(description["has_bias"])}
    numbers |= _training_options.numbers_of(description)
    init = description["init"]
    words = {"init": init if isinstance(init, str) else _given_weights.CUSTOM}
    return (Dense._name, numbers, words, [("activation", spec_of(description["activation"]))])


def refuse_custom(layers: Iterable[Layer]) -> None:
    """Raise ValueError where nobody has supplied the first weights of a layer."""
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer, Dense) and _given_weights.same(layer.init, _given_weights.CUSTOM):
            raise ValueError(
                f'layer {number} has init="custom", which says that its first weights came from an '
                "array or a function: give it one, or the name of a distribution"
            )


def widths_of(layers: Iterable[Layer]) -> str:
    """Return the widths of the layers of neurons: "4-2-2-1"."""
    widths = (
        layer.n if isinstance(layer, Input) else layer.n_out
        for layer in layers
        if isinstance(layer, Input | Dense)
    )
    return "-".join(map(str, widths))
