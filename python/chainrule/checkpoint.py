"""Checkpoints of a training, and going on from one."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from chainrule import _core, _stored
from chainrule._durable_file import keep_older
from chainrule._loss import Loss
from chainrule._spec import Spec, real_number, shown, whole_number
from chainrule.optimizers import Optimizer

if TYPE_CHECKING:
    from chainrule.network import Network

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
Save = Callable[[_core.Position], None]


@dataclass(frozen=True)
class Checkpoint:
    """A callback of `fit` that writes all a training is into a file, from time to time.

    ``net.fit(..., resume=path)`` goes on from it, with the same bits as if nothing had been in
    between; `Network.load` takes the network alone. The file is replaced as a whole, as by
    `Network.save`. What callbacks of your own remember is not in it, and a training that a callback
    has ended goes on when it is resumed; one that a condition has ended has ended.

    Parameters
    ----------
    path : path
        Of the file.
    every_epochs : int, optional
        After so many whole epochs, at least 1; by default 1 unless there is `every_seconds`. Where
        a training ends, but for exceptions and divergence, there always is a checkpoint: with the
        last weights, also where the best ones are put back then.
    every_seconds : float, optional
        After the first step that ends so many seconds after the last checkpoint, > 0.
    keep : int, default 1
        How many checkpoints to keep, at least 1: "run.safetensors" is always the newest one, those
        before it are "run.1.safetensors", "run.2.safetensors" and so on.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> import chainrule as cr
    >>> def make():
    ...     return cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    >>> x, y = [[1], [2], [3]], [0, 1, 2]
    >>> history = make().fit(x, y, epochs=3, callbacks=cr.Checkpoint("run.safetensors"))
    >>> net = make()
    >>> len(net.fit(x, y, epochs=6, resume="run.safetensors").cost)
    6
    """

    path: Path
    every_epochs: int | None = field(default=None, kw_only=True)
    every_seconds: float | None = field(default=None, kw_only=True)
    keep: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        """Check what it is made of."""
        if not isinstance(self.path, str | bytes | os.PathLike):
            raise TypeError(f"path must be a str or a path, got {shown(self.path)}")
        object.__setattr__(self, "path", os.fsdecode(self.path))
        if self.every_epochs is None and self.every_seconds is None:
            object.__setattr__(self, "every_epochs", 1)
        for name in ("every_epochs", "keep"):
            number = getattr(self, name)
            if number is not None and whole_number(name, number) < 1:
                raise ValueError(f"{name} must be >= 1, got {number}")
        seconds = self.every_seconds
        if seconds is not None and not real_number("every_seconds", seconds) > 0:
            raise ValueError(f"every_seconds must be > 0, got {seconds}")

    def _of(self, network: Network, optimizer: Optimizer) -> tuple[int, float, Save]:
        """Return what the core is told; raise OSError where no file can be written."""
        path = os.path.abspath(os.fsdecode(self.path))  # wherever the process goes meanwhile
        folder = os.path.dirname(path)
        if os.path.isdir(path):
            raise IsADirectoryError(f"{self.path!r} is a folder, expected the path of a file")
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"{self.path!r} is in a folder that does not exist")
        if not os.access(folder, os.W_OK):
            raise PermissionError(f"{self.path!r} is in a folder that cannot be written to")

        def save(position: _core.Position) -> None:
            keep_older(path, self.keep - 1)
            _stored.save(network, path, optimizer, position)

        return self.every_epochs or 0, self.every_seconds or 0.0, save


@contextlib.contextmanager
def resumed(
    network: Network, optimizer: Optimizer, path: Path, on_divergence: str
) -> Iterator[_core.Position]:
    """Bring network and optimizer to where a checkpoint was written, for a training to go on.

    Where that training does not begin, they become what they were.

    Raises
    ------
    OSError, ModelFormatError
        If the file cannot be read, or is none.
    ValueError
        If it holds no training, or that of another network or optimizer, or the optimizer serves
        another network; nothing has changed.
    """
    name, loss = os.fsdecode(path), network.loss
    if not network._may_take(optimizer):
        raise ValueError(
            "this optimizer holds the state of another network; give each network an optimizer of "
            "its own"
        )
    try:
        given = None if isinstance(loss, str | Loss) else loss
        stored = _stored.load(type(network), name, given)
    except _stored.LossDiffersError as error:
        raise ValueError(f"{name} is a checkpoint of another network: {error}") from None
    if stored.position is None or stored.optimizer is None:
        raise ValueError(f"{name} holds a network alone; a training goes on from a Checkpoint")
    _require_same_network(name, stored.network, network)
    # A rate may have been halved before the checkpoint, and since.
    _require_same_optimizer(name, stored.optimizer.spec, optimizer, on_divergence != "restore")
    of_optimizer = _stored.StoredOptimizer.of(optimizer)
    of_network = _Life.of(network)
    history = network._history
    try:
        stored.optimizer.put_into(optimizer)
        _Life.of(stored.network).put_into(network)
        yield stored.position
    except BaseException as error:
        if network._history is not history:  # a training has begun
            raise
        of_network.put_into(network)
        of_optimizer.put_into(optimizer)
        if type(error) is ValueError and "this checkpoint" in str(error):
            raise ValueError(f"{name}: {error}") from None
        raise


@dataclass(frozen=True)
class _Life:
    """What trainings change in a network."""

    parameters: npt.NDArray[Any]
    average: tuple[npt.NDArray[Any], int] | None
    seed: int
    epochs_begun: int
    steps_made: int

    @classmethod
    def of(cls, network: Network) -> _Life:
        numbers = network.seed, network._epochs_begun, network._steps_made
        return cls(network.parameters.copy(), network._average(), *numbers)

    def put_into(self, network: Network) -> None:
        network.parameters = self.parameters
        network._restore_average(*self.average or (self.parameters, 0))
        network._set_seed(self.seed)
        network._epochs_begun = self.epochs_begun
        network._steps_made = self.steps_made


def _require_same_network(name: str, stored: Network, own: Network) -> None:
    if stored._spec() == own._spec():
        return
    found = f"{name} is a checkpoint of another network: "
    pairs = zip_longest(stored._layers, own._layers)
    for number, (of_file, here) in enumerate(pairs, start=1):
        if of_file != here:
            of_file, here = (each or "none" for each in (of_file, here))
            raise ValueError(f"{found}layer {number} is {of_file} there, {here} here")
    if stored.dtype != own.dtype:
        raise ValueError(f"{found}its dtype is {stored.dtype}, that of this one {own.dtype}")
    raise ValueError(f"{found}its loss is {shown(stored.loss)}, that of this one {shown(own.loss)}")


def _require_same_optimizer(name: str, stored: Spec, own: Optimizer, same_rate: bool) -> None:
    there, here = _settings(stored), _settings(own._spec())
    for key in {**there, **here}:
        if there.get(key) != here.get(key) and (same_rate or key != "learning_rate"):
            raise ValueError(
                f"{name} is a checkpoint of a training with another optimizer: "
                f"{key} is {there.get(key)} there, {here.get(key)} here"
            )


def _settings(spec: Spec) -> dict[str, Any]:
    """Return what an optimizer is made of, by names; of parts their text."""
    name, numbers, words, parts = spec
    of_parts = {part[0] if role == "gradient" else role: _text(part) for role, part in parts}
    return {"the kind": name, **numbers, **words, **of_parts}


def _text(spec: Spec) -> str:
    name, numbers, words, parts = spec
    entries = [f"{key}={value:g}" for key, value in numbers.items()]
    entries += [f"{key}={value}" for key, value in words.items()]
    entries += [_text(part) for _, part in parts]
    return f"{name}({', '.join(entries)})" if entries else f"a {name}"
