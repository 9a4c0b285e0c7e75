"""Checkpoints of a training, and going on from one."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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

Path = str | os.PathLike[str]
Save = Callable[[_core.Position], None]


class Checkpoint:
    """A callback of `fit` that writes all a training is into a file, from time to time.

    ``net.fit(..., resume=path)`` goes on from it, with the same bits as if nothing had been in
    between; `Network.load` takes the network alone. The file is replaced as a whole, as by
    `Network.save`. What callbacks of your own remember is not in it.

    Parameters
    ----------
    path : path
        Of the file.
    every_epochs : int, optional
        After so many whole epochs, at least 1; by default 1 unless there is `every_seconds`. The
        last epoch of a training always has a checkpoint.
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

    def __init__(
        self,
        path: Path,
        *,
        every_epochs: int | None = None,
        every_seconds: float | None = None,
        keep: int = 1,
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"path must be a str or a path, got {shown(path)}")
        if every_epochs is None and every_seconds is None:
            every_epochs = 1
        if every_epochs is not None and whole_number("every_epochs", every_epochs) < 1:
            raise ValueError(f"every_epochs must be >= 1, got {every_epochs}")
        if every_seconds is not None and not real_number("every_seconds", every_seconds) > 0:
            raise ValueError(f"every_seconds must be > 0, got {every_seconds}")
        if whole_number("keep", keep) < 1:
            raise ValueError(f"keep must be >= 1, got {keep}")
        self.path = os.fspath(path)
        self.every_epochs = every_epochs
        self.every_seconds = every_seconds
        self.keep = keep

    def _of(self, network: Network, optimizer: Optimizer) -> tuple[int, float, Save]:
        """Return what the core is told; raise OSError where no file can be written."""
        folder = os.path.dirname(os.path.abspath(self.path))
        if os.path.isdir(self.path):
            raise IsADirectoryError(f"{self.path!r} is a folder, expected the path of a file")
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"{self.path!r} is in a folder that does not exist")
        if not os.access(folder, os.W_OK):
            raise PermissionError(f"{self.path!r} is in a folder that cannot be written to")

        def save(position: _core.Position) -> None:
            keep_older(self.path, self.keep - 1)
            _stored.save(network, self.path, optimizer, position)

        return self.every_epochs or 0, self.every_seconds or 0.0, save

    def __repr__(self) -> str:
        return (
            f"Checkpoint({self.path!r}, every_epochs={self.every_epochs}, "
            f"every_seconds={self.every_seconds}, keep={self.keep})"
        )


@contextlib.contextmanager
def resumed(network: Network, optimizer: Optimizer, path: Path) -> Iterator[_core.Position]:
    """Bring network and optimizer to where a checkpoint was written, for a training to go on.

    Where that training does not begin, they become what they were.

    Raises
    ------
    OSError, ModelFormatError
        If the file cannot be read, or is none.
    ValueError
        If it holds no training, or that of another network or optimizer; nothing has changed.
    """
    name, loss = os.fsdecode(path), network.loss
    given = None if isinstance(loss, str | Loss) else loss
    stored = _stored.load(type(network), path, given)
    if stored.position is None or stored.optimizer is None:
        raise ValueError(f"{name} holds a network alone; a training goes on from a Checkpoint")
    _require_same_network(name, stored.network, network)
    _require_same_optimizer(name, stored, optimizer)
    of_optimizer = _stored.StoredOptimizer.of(optimizer)
    of_network = _Life.of(network)
    history = network._history
    try:
        stored.optimizer.put_into(optimizer)
        _Life.of(stored.network).put_into(network)
        yield stored.position
    except BaseException:
        if network._history is history:  # no training has begun
            of_optimizer.put_into(optimizer)
            of_network.put_into(network)
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


def _require_same_optimizer(name: str, stored: _stored.Stored, own: Optimizer) -> None:
    assert stored.optimizer is not None
    assert stored.position is not None
    of_file, here = stored.optimizer.spec, own._spec()
    if stored.position.arrays.get("restored") is not None:  # the rate was halved on the way
        of_file, here = (_without_rate(each) for each in (of_file, here))
    if of_file != here:
        raise ValueError(
            f"{name} is a checkpoint of a training with another optimizer: "
            f"{_differences(of_file, here)}"
        )


def _without_rate(spec: Spec) -> Spec:
    name, numbers, words, parts = spec
    return name, {key: numbers[key] for key in numbers if key != "learning_rate"}, words, parts


def _differences(of_file: Spec, here: Spec) -> str:
    if of_file[0] != here[0]:
        return f"{of_file[0]!r} there, {here[0]!r} here"
    for key in {**of_file[1], **here[1]}:
        if of_file[1].get(key) != here[1].get(key):
            return f"{key} is {of_file[1].get(key)} there, {here[1].get(key)} here"
    there, own = (
        ", ".join(f"{name} {numbers}" for _, (name, numbers, _, _) in each[3]) or "nothing else"
        for each in (of_file, here)
    )
    return f"{there} there, {own} here"
