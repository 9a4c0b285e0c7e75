"""The layers: what a network is made from, and its window on their parameters."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import copy
import copyreg
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import (
    Settings,
    Spec,
    refuse_second_init,
    shown,
    spec_of,
    true_or_false,
    whole_number,
)
from chainrule.activations import Activation

if TYPE_CHECKING:
    from chainrule.network import Network


T = TypeVar("T")


class Described(Generic[T]):
    """A part of a layer's description, which is checked whenever it is set."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, kind: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, layer: None, kind: type) -> Described[T]: ...
    @overload
    def __get__(self, layer: Layer, kind: type) -> T: ...
    def __get__(self, layer: Layer | None, kind: type) -> Described[T] | T:
        """Return it."""
        if layer is None:
            return self
        value: T = layer._description[self._name]
        return value

    def __set__(self, layer: Layer, value: T) -> None:
        """Check it and keep it, unless the layer is part of a network."""
        if layer._place is not None:
            raise AttributeError(
                f"{self._name} of a network's layer cannot be changed; make a new network"
            )
        layer._describe(**layer._description | {self._name: value})


class Layer(Settings):
    """What all layers have in common: they cross into the core as a spec.

    A layer that is passed to a network is a description; the network's own ``net.layers[i]`` also
    shows its parameters, as far as layers of its kind have any.
    """

    __slots__ = ("_description", "_place")

    _trains: ClassVar[bool] = False  # whether it has parameters
    _description: dict[str, Any]
    _place: tuple[Network, int] | None  # the index is that among the layers with parameters

    def _describe(self, **description: Any) -> None:
        """Check the arguments of `__init__`, and keep them."""
        raise NotImplementedError

    def _spec(self) -> Spec:
        raise NotImplementedError

    def _of(self, network: Network | None, index: int) -> Layer:
        """Return a copy with the parameters of number `index` among the layers that have some."""
        twin = copy.copy(self)
        twin._place = None if network is None else (network, index)
        return twin

    def _trained(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Return views of the parameters: W and b, or what other layers have."""
        if self._place is None:
            kind = type(self).__name__
            raise AttributeError(
                f"this {kind} describes a layer; the layer with its parameters is net.layers[i]"
            )
        network, index = self._place
        return network.split(network.parameters)[index]

    def _assign(self, name: str, view: npt.NDArray[Any], values: npt.ArrayLike) -> None:
        assert self._place is not None
        self._place[0]._exclusive(lambda: assign(name, view, values))

    @property
    def weights(self) -> npt.NDArray[Any]:
        """The network's W, shape (n_out, n_in), of a layer that has one."""
        raise AttributeError(f"{type(self).__name__} has no weights")

    @weights.setter
    def weights(self, values: npt.ArrayLike) -> None:
        raise AttributeError(f"{type(self).__name__} has no weights")

    @property
    def bias(self) -> npt.NDArray[Any] | None:
        """The network's b, shape (n_out,), of a layer that has one."""
        raise AttributeError(f"{type(self).__name__} has no bias")

    @bias.setter
    def bias(self, values: npt.ArrayLike) -> None:
        raise AttributeError(f"{type(self).__name__} has no bias")

    def __reduce__(self) -> tuple[Any, ...]:
        new = copyreg.__newobj__  # type: ignore[attr-defined]
        return new, (type(self),), object.__getstate__(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and self._spec() == other._spec()

    __hash__ = None  # type: ignore[assignment]


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

    def __init__(self, n: int) -> None:
        refuse_second_init(hasattr(self, "_place"), type(self))
        self._describe(n=n)
        self._place = None

    n = Described[int]("int: How many numbers a sample has.")

    def _describe(self, **description: Any) -> None:
        n = whole_number("Input: n", description["n"])
        _core.check_layer(("input", {"n": n}, {}, []))
        self._description = {"n": n}

    def _spec(self) -> Spec:
        return ("input", {"n": self.n}, {}, [])

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
    init : str, default "glorot_uniform"
        The distribution that W, and b alike, are drawn from at first: "glorot_uniform",
        "glorot_normal" (Glorot and Bengio, AISTATS 2010, equation 16), "he_uniform", "he_normal"
        (He et al., ICCV 2015, equation 10), "uniform" (within 1/sqrt(n_in)), "normal" (standard
        deviation 1/sqrt(n_in)), or "zeros".

    Raises
    ------
    ValueError
        If `n_out` is less than 1, or a name is unknown; the message lists the known ones.
    TypeError
        If an argument has the wrong type.
    """

    __slots__ = ()

    _trains = True

    def __init__(
        self,
        n_out: int,
        activation: str | Activation = "identity",
        *,
        bias: bool = True,
        init: str = "glorot_uniform",
    ) -> None:
        refuse_second_init(hasattr(self, "_place"), type(self))
        self._describe(n_out=n_out, activation=activation, has_bias=bias, init=init)
        self._place = None

    n_out = Described[int]("int: Number of neurons.")
    activation = Described[str | Activation]("str or activation: The f of the layer.")
    has_bias = Described[bool]("bool: Whether there is a b.")
    init = Described[str]("str: The distribution that W and b are drawn from at first.")

    def _describe(self, **description: Any) -> None:
        n_out = whole_number("Dense: n_out", description["n_out"])
        activation, init = description["activation"], description["init"]
        if not isinstance(activation, str | Activation):
            raise TypeError(
                f"Dense: activation must be a name, got {shown(activation)}; "
                "or an object such as cr.LeakyRelu(0.1)"
            )
        if not isinstance(init, str):
            raise TypeError(f"Dense: init must be a name, got {shown(init)}")
        has_bias = true_or_false("Dense: bias", description["has_bias"])
        checked: dict[str, Any] = {
            "n_out": n_out,
            "activation": activation,
            "has_bias": has_bias,
            "init": init,
        }
        _core.check_layer(_dense_spec(**checked))
        self._description = checked

    def _spec(self) -> Spec:
        return _dense_spec(**self._description)

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

    def __repr__(self) -> str:
        options = ("" if self.has_bias else ", bias=False") + (
            "" if self.init == "glorot_uniform" else f", init={self.init!r}"
        )
        return f"Dense({self.n_out}, {self.activation!r}{options})"


def _dense_spec(n_out: int, activation: str | Activation, has_bias: bool, init: str) -> Spec:
    numbers = {"n_out": n_out, "bias": float(has_bias)}
    return ("dense", numbers, {"init": init}, [("activation", spec_of(activation))])


def widths_of(layers: Iterable[Layer]) -> str:
    """Return the widths of the layers of neurons: "4-2-2-1"."""
    widths = (
        layer.n if isinstance(layer, Input) else layer.n_out
        for layer in layers
        if isinstance(layer, Input | Dense)
    )
    return "-".join(map(str, widths))


def assign(name: str, view: npt.NDArray[Any], values: npt.ArrayLike) -> None:
    """Copy `values` into `view`; raise, changing nothing, if they do not fit."""
    if _core.is_masked(values):
        raise TypeError(f"{name} is a masked array, whose mask would be lost; fill it first")
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be real numbers, got dtype {array.dtype}")
    if array.shape != view.shape:
        raise _core.ShapeError(f"{name} has shape {array.shape}, expected {view.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    with np.errstate(all="ignore"):
        converted = array.astype(view.dtype)
    if not np.isfinite(converted).all():
        raise ValueError(f"{name} has a number too large for {view.dtype}")
    view[...] = converted
