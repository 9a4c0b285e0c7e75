"""What a file holds of a network, its optimizer and its training: to the file and back."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._errors import ModelFormatError
from chainrule._from_spec import class_named, made_from, name_or_member
from chainrule._layer import Layer
from chainrule._loss import Loss
from chainrule._model_file import DTYPES, Array, Contents, Path, opened, write
from chainrule._optimizer import Optimizer, asks_for_rate, restored
from chainrule._spec import Spec, shown, whole
from chainrule.schedules import Schedule

if TYPE_CHECKING:
    from chainrule.network import CostFunction, Network

_NAME = "model"
_NUMBERS = {"epochs_begun", "steps_made", "steps_in_average"}
_PARTS = {"network", "optimizer", "position"}
_CUSTOM = "custom"  # a loss of the user's own


@dataclass(frozen=True)
class StoredOptimizer:
    """An optimizer's settings and state, beside the function that its learning rate may be."""

    spec: Spec
    steps: int
    states: dict[str, Array]
    running: dict[str, float]
    schedule: dict[str, float]

    @classmethod
    def of(cls, optimizer: Optimizer) -> StoredOptimizer:
        """Return those of an optimizer."""
        memory = optimizer._running(), optimizer._schedule_memory()
        return cls(optimizer._spec(), optimizer.steps, optimizer._states(), *memory)

    def made(self) -> Optimizer:
        """Return an optimizer that goes on from here; its learning rate is no function."""
        kind = class_named(Optimizer, self.spec[0])
        memory = self.states, self.running, self.schedule
        optimizer = restored(kind, self.spec, self.steps, *memory)
        rates = [part for role, part in self.spec[3] if role == "learning_rate"]
        optimizer._schedule = made_from(Schedule, rates[0]) if rates else None
        return optimizer

    def put_into(self, optimizer: Optimizer) -> None:
        """Have an optimizer of the same kind go on from here."""
        optimizer._configure(self.spec)
        optimizer._restore(self.steps, self.states, self.running)
        optimizer._restore_schedule(self.schedule)


@dataclass(frozen=True)
class Stored:
    """What was in a file; a training's position only where a checkpoint wrote it."""

    network: Network
    optimizer: StoredOptimizer | None
    position: _core.Position | None


def save(
    network: Network,
    path: Path,
    optimizer: Optimizer | None = None,
    position: _core.Position | None = None,
) -> None:
    """Write a network, and more if it is given, into a file; see `Network.save`."""
    # All of one moment, in which nobody trains.
    spec, arrays = network._shared(lambda: _description(network, optimizer, position))
    write(path, spec, arrays)


def load(kind: type[Network], path: Path, loss: CostFunction | None = None) -> Stored:
    """Return what is in a file; see `Network.load`."""
    network = kind.__new__(kind)
    with opened(path) as contents, _wrong_description():
        name, numbers, words, part_list = contents.spec
        parts = dict(part_list)
        if name != _NAME or "network" not in parts or len(parts) < len(part_list):
            raise ModelFormatError(f"it describes {name!r} of {[role for role, _ in part_list]}")
        for found, known in (numbers, _NUMBERS), (words, {"seed"}), (parts, _PARTS):
            if found.keys() - known:
                raise ModelFormatError(f"it has the unknown entry {min(found.keys() - known)!r}")
        reader = _Reader(contents, set(contents.shapes))
        _read_network(network, reader, parts["network"], _seed(words["seed"]), loss)
        network._epochs_begun = _count(numbers["epochs_begun"])
        network._steps_made = _count(numbers["steps_made"])
        if "steps_in_average" in numbers:
            average = reader.block("average.", network)
            network._restore_average(average, _count(numbers["steps_in_average"], least=1))
        optimizer = position = None
        if "optimizer" in parts:
            optimizer = _read_optimizer(reader, parts["optimizer"], network)
            if not asks_for_rate(optimizer.spec):
                network._optimizer = optimizer.made()
        if "position" in parts:
            position = _core.Position(parts["position"], reader.all_below("position."))
        reader.require_all_read()
        return Stored(network, optimizer, position)


def layers_of(spec: Spec) -> list[Layer]:
    """Return descriptions of the layers of a network's spec."""
    return [made_from(Layer, part) for role, part in spec[3] if role == "layer"]


# ---- To the file ---------------------------------------------------------------------------------


def _description(
    network: Network, optimizer: Optimizer | None, position: _core.Position | None
) -> tuple[Spec, dict[str, Array]]:
    numbers: dict[str, float] = {
        "epochs_begun": network._epochs_begun,
        "steps_made": network._steps_made,
    }
    parts = [("network", network._spec())]
    arrays = _blocks("", network, network.parameters)
    average = network._average()
    if average is not None:
        arrays |= _blocks("average.", network, average[0])
        numbers["steps_in_average"] = average[1]
    if optimizer is not None:
        stored = StoredOptimizer.of(optimizer)
        for name, state in stored.states.items():
            arrays |= _blocks(f"optimizer.{name}.", network, state.astype(network.dtype))
        memory = [
            ("settings", stored.spec),
            ("running", ("running", stored.running, {}, [])),
            ("schedule", ("schedule", stored.schedule, {}, [])),
        ]
        parts.append(("optimizer", ("optimizer", {"steps": stored.steps}, {}, memory)))
    if position is not None:
        parts.append(("position", position.state))
        for name, values in position.arrays.items():
            of_weights = name == "best" or name.startswith("last_epoch")
            arrays[f"position.{name}"] = _in_dtype_of(network, values) if of_weights else values
    return (_NAME, numbers, {"seed": str(network.seed)}, parts), arrays


def _blocks(prefix: str, network: Network, block: Array) -> dict[str, Array]:
    """Return copies of the parts of a block that is laid out as the parameters, by their names."""
    arrays = {}
    for name, view in _named(prefix, network, block).items():
        arrays[name] = np.array(view, order="C")
        if not np.isfinite(view).all():
            raise ValueError(f"{name} holds NaN or an infinity; nothing is written")
    return arrays


def _named(prefix: str, network: Network, block: Array) -> dict[str, Array]:
    """Return views of the parts of a block, by their names."""
    numbers = [number for number, layer in enumerate(network._layers) if layer._trains]
    pairs = dict(zip(numbers, network.split(block), strict=True))
    return {name: view for name, view in _names(prefix, pairs) if view is not None}


def _names(prefix: str, pairs: dict[int, tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    for number, (weights, bias) in pairs.items():
        yield f"{prefix}layers.{number}.weights", weights
        yield f"{prefix}layers.{number}.bias", bias


def _in_dtype_of(network: Network, values: Array) -> Array:
    """Return numbers that were parameters in their dtype, where that loses nothing."""
    with np.errstate(all="ignore"):
        converted: Array = values.astype(network.dtype)
    return converted if np.array_equal(converted, values, equal_nan=True) else values


# ---- From the file -------------------------------------------------------------------------------


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 2**64):
        raise ValueError(f"its seed is {shown(text)}, expected a whole number below 2**64")
    return int(text)


def _count(number: float, least: int = 0) -> int:
    counted = whole(number)
    if not least <= counted < 2**53:
        raise ValueError(f"expected a whole number from {least} on, got {number}")
    return counted


@contextlib.contextmanager
def _wrong_description() -> Iterator[None]:
    try:
        yield
    except (ModelFormatError, LossDiffersError):
        raise
    except KeyError as error:
        raise ModelFormatError(f"its description has no {error.args[0]}") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ModelFormatError(f"its description is wrong: {error}") from None


class LossDiffersError(ValueError):
    """A function is needed for the loss, or is there although the network has another one."""


@dataclass(frozen=True)
class _Reader:
    """Reads each array of a file once."""

    contents: Contents
    left: set[str]

    def below(self, prefix: str) -> Iterable[str]:
        return [each[len(prefix) :] for each in self.contents.shapes if each.startswith(prefix)]

    def require(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.contents.require(name, dtype, shape)

    def array(self, name: str) -> Array:
        """Return an array of one dimension, in which there may be NaN."""
        dtype, shape = self.contents.shapes[name]
        if len(shape) != 1:
            raise ModelFormatError(f"its array {name!r} has shape {shape}, expected (n,)")
        values = np.empty(shape, dtype)
        self.read(name, values, finite=False)
        with np.errstate(invalid="ignore"):  # a NaN of any kind
            return values.astype(np.float64, copy=False)

    def all_below(self, prefix: str) -> dict[str, npt.ArrayLike]:
        return {name: self.array(f"{prefix}{name}") for name in self.below(prefix)}

    def block(self, prefix: str, network: Network) -> Array:
        """Return a block that is laid out as the parameters; all of it must be in the file."""
        parts = _named(prefix, network, network.parameters)
        for name, view in parts.items():
            self.require(name, view.dtype, view.shape)
        block = np.empty(network.n_parameters, network.dtype)
        for name, view in _named(prefix, network, block).items():
            self.read(name, view)
        return block

    def read(self, name: str, target: Array, *, finite: bool = True) -> None:
        self.contents.read(name, target, finite=finite)
        self.left.discard(name)

    def require_all_read(self) -> None:
        if self.left:
            raise ModelFormatError(f"it has arrays that belong to nothing: {sorted(self.left)[:3]}")


def _read_network(
    network: Network, reader: _Reader, spec: Spec, seed: int, loss: CostFunction | None
) -> None:
    own = dict(spec[3])["loss"]
    if (own[0] == _CUSTOM) != (loss is not None):
        expected = "is a function, which no file holds: pass it as `loss`"
        raise LossDiffersError(
            f"the cost of this network {expected}"
            if loss is None
            else f"the cost of this network is {own[0]!r}, not a function"
        )
    made_loss = name_or_member(Loss, own) if loss is None else loss
    # Nothing is allocated for what the file does not hold.
    dtype = _dtype_named(spec[2]["dtype"])
    n = 0
    for name, shape in _names("", _core.parameter_shapes(spec)):
        if shape is not None:
            reader.require(name, dtype, shape)
            n += int(np.prod(shape, dtype=object))
    nothing = np.broadcast_to(np.zeros((), dtype), (n,))
    network._make(layers_of(spec), made_loss, dtype.name, seed, nothing)
    if network._spec() != spec:
        raise ModelFormatError("it describes a network with entries that it does not have")
    for name, view in _named("", network, network.parameters).items():
        reader.read(name, view)


def _dtype_named(name: str) -> np.dtype[Any]:
    # np.dtype() would take more than names.
    known = {each.name: each for each in DTYPES.values()}
    if name not in known:
        raise ModelFormatError(f"its dtype is {shown(name)}, expected {' or '.join(known)}")
    return known[name].newbyteorder("=")


def _read_optimizer(reader: _Reader, spec: Spec, network: Network) -> StoredOptimizer:
    memory = dict(spec[3])
    if memory.keys() - {"settings", "running", "schedule"} or spec[1].keys() - {"steps"}:
        raise ModelFormatError("its optimizer has an unknown entry")
    names = sorted({each.split(".layers.")[0] for each in reader.below("optimizer.")})
    states = {name: reader.block(f"optimizer.{name}.", network) for name in names}
    running, schedule = (dict(memory[role][1]) for role in ("running", "schedule"))
    return StoredOptimizer(memory["settings"], _count(spec[1]["steps"]), states, running, schedule)
