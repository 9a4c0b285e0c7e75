"""How a training went."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chainrule import _core
from chainrule.stopping import StopCondition


@dataclass(frozen=True)
class History:
    """How a training went: what `Network.fit` returns, and `Network.history` keeps.

    Attributes
    ----------
    cost : list of float
        Training cost of each whole epoch: the mean over its samples (by their weights, where they
        have some), each with the parameters before the update of its batch.
    validation_cost : list of float
        Cost of the validation data after each whole epoch; empty without validation data.
    epochs : int
        Number of whole epochs.
    seconds : float
        Wall-clock time.
    stopped_by : "epochs", StopCondition, callback, "diverged", "interrupted" or "error"
        What ended it: the number of epochs, one of the conditions in `stop`, one of the callbacks,
        or an exception: TrainingDiverged, KeyboardInterrupt, or another one. A callback is
        "callback" in a pickle or deep copy.
    """

    cost: list[float]
    validation_cost: list[float]
    epochs: int
    seconds: float
    stopped_by: object

    def copy(self) -> History:
        """Return a history with lists of its own."""
        return replace(self, cost=self.cost.copy(), validation_cost=self.validation_cost.copy())

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        # A callback may hold anything: files, threads, the network itself.
        known = isinstance(self.stopped_by, StopCondition | str)
        stopped_by = self.stopped_by if known else "callback"
        values = self.cost, self.validation_cost, self.epochs, self.seconds, stopped_by
        return type(self), values


def history_of(
    record: _core.History, may_stop: Sequence[object], error: BaseException | None = None
) -> History:
    """Return the history of a training that has come to its end, or to an exception.

    `may_stop` are the conditions and then the callbacks.
    """
    stopped_by: object
    if isinstance(error, _core.TrainingDiverged):
        stopped_by = "diverged"
    elif error is not None:
        stopped_by = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
    else:
        stopped_by = "epochs" if record.stopped_by < 0 else may_stop[record.stopped_by]
    return History(
        cost=record.cost,
        validation_cost=record.validation_cost,
        epochs=len(record.cost),
        seconds=record.seconds,
        stopped_by=stopped_by,
    )
