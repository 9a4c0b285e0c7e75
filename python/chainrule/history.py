"""How a training went."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

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
    stopped_by : "epochs", StopCondition, "diverged", "interrupted" or "error"
        What ended it: the number of epochs, one of the conditions in `stop`, or an exception:
        TrainingDiverged, KeyboardInterrupt, or another one.
    """

    cost: list[float]
    validation_cost: list[float]
    epochs: int
    seconds: float
    stopped_by: StopCondition | Literal["epochs", "diverged", "interrupted", "error"]

    def copy(self) -> History:
        """Return a history with lists of its own."""
        return replace(self, cost=self.cost.copy(), validation_cost=self.validation_cost.copy())


def history_of(
    record: _core.History, conditions: list[StopCondition], error: BaseException | None = None
) -> History:
    """Return the history of a training that has come to its end, or to an exception."""
    stopped_by: StopCondition | Literal["epochs", "diverged", "interrupted", "error"]
    if isinstance(error, _core.TrainingDiverged):
        stopped_by = "diverged"
    elif error is not None:
        stopped_by = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
    else:
        stopped_by = "epochs" if record.stopped_by < 0 else conditions[record.stopped_by]
    return History(
        cost=record.cost,
        validation_cost=record.validation_cost,
        epochs=len(record.cost),
        seconds=record.seconds,
        stopped_by=stopped_by,
    )
