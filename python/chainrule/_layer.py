"""What all layers have in common: a description that is checked, and their place in a network."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import copy
import copyreg
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from chainrule import _core, _given_weights
from chainrule._spec import Settings, Spec

if TYPE_CHECKING:
    from chainrule.network import Network

T = TypeVar("T")


class Described(Generic[T]):
    """A part of a layer's description, which is checked whenever it is set.

    An option of the training can be set for a network's layer, too.
    """

    def __init__(self, doc: str, *, option: bool = False) -> None:
        self.__doc__ = doc
        self._option = option

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
        """Check it and keep it; in a network, only if it is an option of the training."""
        if layer._place is None:
            layer._describe(**layer._description | {self._name: value})
        elif self._option:
            layer._place.network._set_option(layer._place.number, self._name, value)
        else:
            raise AttributeError(
                f"{self._name} of a network's layer cannot be changed; make a new network"
            )


class Place(NamedTuple):
    """Where a layer is."""

    network: Network
    number: int  # in net.layers
    trained: int  # among the layers with parameters


class Layer(Settings):
    """What all layers have in common: they cross into the core as a spec.

    A layer that is passed to a network is a description; the network's own ``net.layers[i]`` also
    shows its parameters, as far as layers of its kind have any.
    """

    __slots__ = ("_own_description", "_place")

    _name: ClassVar[str]  # in the core
    _trains: ClassVar[bool] = False  # whether it has parameters
    _own_description: dict[str, Any]
    _place: Place | None

    @property
    def _description(self) -> dict[str, Any]:
        """The arguments of `__init__`; of a network's layer as they are now."""
        if self._place is None:
            return self._own_description
        return self._place.network._layers[self._place.number]._own_description

    @_description.setter
    def _description(self, description: dict[str, Any]) -> None:
        self._own_description = description

    def _describe(self, **description: Any) -> None:
        """Check the arguments of `__init__`, and keep them."""
        raise NotImplementedError

    def _spec(self) -> Spec:
        raise NotImplementedError

    @classmethod
    def _from_spec(cls, spec: Spec) -> Layer:
        """Return what has this spec, or raise some exception; `chainrule._from_spec` checks it."""
        raise NotImplementedError

    def _described(self, **changes: Any) -> Layer:
        """Return a description like this one, but for these changes."""
        twin = copy.copy(self)
        twin._place, twin._own_description = None, self._description
        if changes:
            twin._describe(**self._description | changes)
        return twin

    def _in(self, place: Place) -> Layer:
        """Return the layer with its parameters in a network that has been made from this."""
        twin = copy.copy(self)
        twin._place = place
        return twin

    def _trained(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Return views of the parameters: W and b, or what other layers have."""
        if self._place is None:
            kind = type(self).__name__
            raise AttributeError(
                f"this {kind} describes a layer; the layer with its parameters is net.layers[i]"
            )
        network = self._place.network
        return network.split(network.parameters)[self._place.trained]

    def _assign(self, name: str, view: npt.NDArray[Any], values: npt.ArrayLike) -> None:
        assert self._place is not None
        self._place.network._exclusive(lambda: assign(name, view, values))

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
        if not isinstance(other, Layer) or self._spec() != other._spec():
            return False
        init, of_other = (each._description.get("init") for each in (self, other))
        return _given_weights.same(init, of_other)

    __hash__ = None  # type: ignore[assignment]


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
