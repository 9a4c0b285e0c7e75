"""The layers: what a network is made from, and its window on their parameters."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import Spec, true_or_false, whole_number

if TYPE_CHECKING:
    from chainrule.network import Network


class Layer:
    """What all layers have in common: they cross into the core as a name, numbers and words."""

    def _spec(self) -> Spec:
        raise NotImplementedError

    def _of(self, network: Network | None, index: int) -> Layer:
        """Return a copy; a `Dense` has the parameters of dense layer `index` of `network`."""
        raise NotImplementedError

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

    def __init__(self, n: int) -> None:
        self.n = whole_number("Input: n", n)
        _core.check_layer(self._spec())

    def _spec(self) -> Spec:
        return ("input", [self.n], [])

    def _of(self, network: Network | None, index: int) -> Layer:
        return Input(self.n)

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
    activation : str, default "identity"
        The f of the layer: "identity", "sigmoid", "relu", "tanh" or "softmax".
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

    def __init__(
        self,
        n_out: int,
        activation: str = "identity",
        *,
        bias: bool = True,
        init: str = "glorot_uniform",
    ) -> None:
        self.n_out = whole_number("Dense: n_out", n_out)
        for name, value in (("activation", activation), ("init", init)):
            if not isinstance(value, str):
                raise TypeError(f"Dense: {name} must be a name, got {value!r}")
        self.activation = activation
        self.has_bias = true_or_false("Dense: bias", bias)
        self.init = init
        self._place: tuple[Network, int] | None = None
        _core.check_layer(self._spec())

    def _spec(self) -> Spec:
        return ("dense", [self.n_out, self.has_bias], [self.activation, self.init])

    def _of(self, network: Network | None, index: int) -> Layer:
        layer = Dense(self.n_out, self.activation, bias=self.has_bias, init=self.init)
        layer._place = None if network is None else (network, index)
        return layer

    def _parameters(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        if self._place is None:
            raise AttributeError(
                "this Dense describes a layer; the layer with its parameters is net.layers[i]"
            )
        network, index = self._place
        return network.split(network.parameters)[index]

    def _assign(self, name: str, view: npt.NDArray[Any], values: npt.ArrayLike) -> None:
        assert self._place is not None
        self._place[0]._exclusive(lambda: assign(name, view, values))

    @property
    def weights(self) -> npt.NDArray[Any]:
        """The network's W, shape (n_out, n_in): a writable view; assigning copies values into it.

        W[j, k] leads from neuron k of the layer before to neuron j of this one.
        """
        return self._parameters()[0]

    @weights.setter
    def weights(self, values: npt.ArrayLike) -> None:
        self._assign("weights", self.weights, values)

    @property
    def bias(self) -> npt.NDArray[Any] | None:
        """The network's b, shape (n_out,): a writable view, None for a layer without bias."""
        return self._parameters()[1]

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


def assign(name: str, view: npt.NDArray[Any], values: npt.ArrayLike) -> None:
    """Copy `values` into `view`; raise, changing nothing, if they do not fit."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be real numbers, got dtype {array.dtype}")
    if array.shape != view.shape:
        raise _core.ShapeError(f"{name} has shape {array.shape}, expected {view.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    with np.errstate(over="ignore"):
        converted = array.astype(view.dtype)
    if not np.isfinite(converted).all():
        raise ValueError(f"{name} has a number too large for {view.dtype}")
    view[...] = converted
