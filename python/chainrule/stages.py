"""The layers that stand between dense ones: each maps the activations of a sample to as many."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import Any

import numpy.typing as npt

from chainrule import _core, _training_options
from chainrule._layer import Described, Layer
from chainrule._spec import Spec, real_number, refuse_second_init


class Stage(Layer):
    """What these layers have in common: a name in the core, and numbers that describe them.

    Those that train something have options of the training, too.
    """

    __slots__ = ()

    def __init__(self, **description: Any) -> None:
        refuse_second_init(hasattr(self, "_place"), type(self))
        self._place = None
        options = _training_options.OF_LAYERS if self._trains else {}
        self._describe(**options | description)

    def _describe(self, **description: Any) -> None:
        options = {
            name: _training_options.checked("", name, description.pop(name))
            for name in _training_options.OF_LAYERS
            if name in description
        }
        numbers = {name: real_number(name, value) for name, value in description.items()}
        _core.check_layer((self._name, numbers | _training_options.numbers_of(options), {}, []))
        self._description = numbers | options

    def _numbers(self) -> dict[str, float]:
        """Return what its formula has."""
        of_training = _training_options.OF_LAYERS
        return {each: value for each, value in self._description.items() if each not in of_training}

    def _spec(self) -> Spec:
        options = _training_options.numbers_of(self._description)
        return (self._name, self._numbers() | options, {}, [])

    @classmethod
    def _from_spec(cls, spec: Spec) -> Stage:
        options = _training_options.from_numbers(spec[1])
        others = {name: number for name, number in spec[1].items() if name not in options}
        return cls(**others, **options)

    def _arguments(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self._numbers().items())

    def __repr__(self) -> str:
        options = _training_options.text_of(self._description)
        return f"{type(self).__name__}({', '.join(filter(None, [self._arguments(), options]))})"


class Dropout(Stage):
    """In each step of a training, drop neurons at random: a_j / (1 - rate), or 0.

    A neuron is dropped with probability `rate`, for each sample anew. `Network.predict`, `cost` and
    `trace` drop none, and `value_and_grad` does so for a `step` that is given. The masks depend on
    the network's seed, the step, the place in the batch, that of this layer in the network and the
    neuron; not on threads, dtype or the widths of other layers.
    (Srivastava et al., JMLR 15, 2014, section 4; scaled in training, as in PyTorch's Dropout.)

    Parameters
    ----------
    rate : float
        From 0 to below 1.

    Raises
    ------
    ValueError
        If `rate` is out of its range, or NaN.
    TypeError
        If it is no number.

    Examples
    --------
    >>> import chainrule as cr
    >>> layers = [cr.Input(64), cr.Dense(100, "relu"), cr.Dropout(0.5), cr.Dense(10, "softmax")]
    >>> cr.Network(layers, loss="cross_entropy", rng=0)
    Network 64-100-10, 7,510 parameters, loss cross_entropy, float32
      layer  kind     neurons  activation  W          b       parameters
          1  Input         64
          2  Dense        100  relu        (100, 64)  (100,)       6,500
          3  Dropout      100  rate=0.5
          4  Dense         10  softmax     (10, 100)  (10,)        1,010
    """

    __slots__ = ()

    _name = "dropout"

    def __init__(self, rate: float) -> None:
        super().__init__(rate=rate)

    rate = Described[float]("float: The probability that a neuron is dropped.")


class LayerNorm(Stage):
    """Normalize each sample over its neurons: gamma (a - mean) / sqrt(variance + eps) + beta.

    The variance is the mean of the squared deviations. (Ba, Kiros and Hinton, arXiv 1607.06450,
    section 3; PyTorch's LayerNorm.)

    Parameters
    ----------
    eps : float, default 1e-5
        Added to the variance, > 0 and < 1.
    trainable : bool, default True
        False freezes gamma and beta, as that of `Dense` does W and b.
    learning_rate_factor : float, default 1
        What the optimizer's learning rate is multiplied with for gamma and beta, >= 0.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network([cr.Input(2), cr.LayerNorm(), cr.Dense(1)], rng=0)
    >>> net.layers[1].gamma
    array([1., 1.], dtype=float32)
    """

    __slots__ = ()

    _name = "layer_norm"
    _trains = True

    def __init__(
        self, eps: float = 1e-5, *, trainable: bool = True, learning_rate_factor: float = 1.0
    ) -> None:
        super().__init__(eps=eps, trainable=trainable, learning_rate_factor=learning_rate_factor)

    eps = Described[float]("float: What is added to the variance.")
    trainable = Described[bool]("bool: Whether trainings change gamma and beta.", option=True)
    learning_rate_factor = Described[float]("float: Times the optimizer's rate.", option=True)

    @property
    def gamma(self) -> npt.NDArray[Any]:
        """The network's gamma, shape (n,), 1 at first: a writable view; assigning copies values."""
        return self._trained()[0]

    @gamma.setter
    def gamma(self, values: npt.ArrayLike) -> None:
        self._assign("gamma", self.gamma, values)

    @property
    def beta(self) -> npt.NDArray[Any]:
        """The network's beta, shape (n,), 0 at first: a writable view; assigning copies values."""
        beta = self._trained()[1]
        assert beta is not None
        return beta

    @beta.setter
    def beta(self, values: npt.ArrayLike) -> None:
        self._assign("beta", self.beta, values)
