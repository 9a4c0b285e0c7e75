"""Callbacks: objects of the user's own that are told how a training goes, and may stop it."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainrule._spec import shown

if TYPE_CHECKING:
    from chainrule.network import Network

T = TypeVar("T")
# Called by the core with the numbers of a record; returns whether to stop.
Hook = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class Record:
    """How far a training has come.

    Attributes
    ----------
    epoch : int
        Epoch of the last finished step in this training, counted from 1; 0 before the first step.
    step : int
        Steps finished in this training.
    cost : float
        In `on_step_end` the cost of the step's batch, before its update; elsewhere the training
        cost of the last whole epoch, as in the history. NaN where there is none yet.
    validation_cost : float or None
        Cost of the validation data after the last whole epoch. None without validation data,
        before the first epoch is whole, and in `on_step_end`.
    seconds : float
        Wall-clock time since the training began.
    learning_rate : float
        Of the step, or of the last one of the last whole epoch. NaN where there is none yet.
    gradient_norm : float or None
        Of the step's gradient, or the mean over the last whole epoch, before any clipping. None
        where it is not recorded.
    metrics : dict of str to float
        The metrics after the last whole epoch, by their names in the history. Empty before the
        first epoch is whole, and in `on_step_end`.
    """

    epoch: int
    step: int
    cost: float
    validation_cost: float | None
    seconds: float
    learning_rate: float = float("nan")
    gradient_norm: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)


class Callback:
    """What a callback may be told; any object with one of these methods will do.

    Each is called with the network and a `Record`, after the stop conditions have been asked, and
    ends the training by returning True: then ``history.stopped_by`` is the callback. None and
    False go on. `History` is made when the training ends; until then `network.history` is that of
    the training before.

    Within these methods the network, and the optimizer, can be read (`predict`, `cost`,
    `parameters`, `copy`, `pickle`) and are at the last finished step. They cannot be changed: what
    trains, sets weights or sets a learning rate raises `ConcurrentUseError`, as does any use in
    another thread, and writing into a view of the parameters has no defined effect.

    An exception ends the training and comes through as it is, with the network at its last
    finished step; `on_fit_end` is not called then. One in `on_fit_begin` leaves everything as it
    was, `network.history` too.

    A history holds the callback that has stopped its training, and the network holds the history of
    the last: a callback that holds the network in turn is freed by the garbage collector only.

    Examples
    --------
    >>> import chainrule as cr
    >>> class Progress(cr.Callback):
    ...     def on_epoch_end(self, network, record):
    ...         if record.epoch % 20 == 0:
    ...             print(record.epoch, f"{record.cost:.3f}")
    >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    >>> net.parameters = [1, 0]
    >>> history = net.fit(
    ...     [[1], [2]], [0, 1], optimizer=cr.SGD(0.1), epochs=40, batch_size=2, callbacks=Progress()
    ... )
    20 0.030
    40 0.017
    """

    def on_fit_begin(self, network: Network, record: Record) -> bool | None:
        """See a training begin: everything is checked, no step is made."""
        return None

    def on_step_end(self, network: Network, record: Record) -> bool | None:
        """See a finished step. Called for every single one: some microseconds, and a copy of W."""
        return None

    def on_epoch_end(self, network: Network, record: Record) -> bool | None:
        """See a whole epoch, after its validation."""
        return None

    def on_fit_end(self, network: Network, record: Record) -> bool | None:
        """See the end of a training that no exception ended, with the parameters that it leaves."""
        return None


METHODS = ("on_fit_begin", "on_step_end", "on_epoch_end", "on_fit_end")  # in the core's order


def as_callbacks(callbacks: object, apart: type[T]) -> tuple[list[object], list[T]]:
    """Return one callback or several as lists: those of one type `apart`, which the core knows.

    Raise TypeError for what is none.
    """
    if not _looks_like_one(callbacks) and isinstance(callbacks, Iterable):
        several = list(callbacks)
    else:
        several = [callbacks]
    known = [each for each in several if isinstance(each, apart)]
    others = [each for each in several if not isinstance(each, apart) or _has_methods(each)]
    for each in others:
        _check(each)
    return others, known


def hooks_of(
    network: Network, callback: object, metrics: Sequence[str] = ()
) -> tuple[Hook | None, ...]:
    """Return what the core calls, one for each of METHODS; None where there is no such method.

    `metrics` are the names of those that are recorded.
    """
    return tuple(_hook(network, callback, name, metrics) for name in METHODS)


def _looks_like_one(thing: object) -> bool:
    return isinstance(thing, type) or any(hasattr(thing, name) for name in METHODS)


def _check(callback: object) -> None:
    if isinstance(callback, type):
        raise TypeError(f"callbacks must be objects, got the class {shown(callback)}; call it")
    if not _has_methods(callback):
        has_none = (
            "overrides none of them" if isinstance(callback, Callback) else "has none of them"
        )
        raise TypeError(
            "callbacks must be objects with one of the methods on_fit_begin, on_step_end, "
            f"on_epoch_end and on_fit_end, got {shown(callback)}, which {has_none}"
        )


def _has_methods(callback: object) -> bool:
    return any(_method(callback, name) for name in METHODS)


def _method(callback: object, name: str) -> Callable[[Network, Record], Any] | None:
    """Return the method of this name; None where there is none, or only that of `Callback`."""
    method = getattr(callback, name, None)
    if method is None or getattr(method, "__func__", None) is getattr(Callback, name):
        return None
    if not callable(method):
        raise TypeError(
            f"{name} of a callback must be a method, got {shown(method)} in {shown(callback)}"
        )
    called: Callable[[Network, Record], Any] = method
    return called


def _hook(network: Network, callback: object, name: str, metrics: Sequence[str]) -> Hook | None:
    method = _method(callback, name)
    if method is None:
        return None

    def hook(*numbers: Any) -> bool:
        epoch, step, cost, validation_cost, seconds, rate, norm, recorded = numbers
        of_epoch = dict(recorded or ())
        of_metrics = {each: of_epoch[each] for each in metrics if each in of_epoch}
        record = Record(epoch, step, cost, validation_cost, seconds, rate, norm, of_metrics)
        answer = method(network, record)
        if answer is None:
            return False
        if not isinstance(answer, bool | np.bool_):
            raise TypeError(
                f"{name} of a callback must return True, False or None, "
                f"got {shown(answer)} from {shown(callback)}"
            )
        return bool(answer)

    return hook
