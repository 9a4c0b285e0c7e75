"""The termination conditions of training, beside the number of epochs.

They watch the validation cost where there is validation data, else the training cost of the epoch.
"""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from chainrule import _core
from chainrule._spec import Spec, real_number


@dataclass(frozen=True)
class StopCondition:
    """What all conditions have in common: they cross into the core as a name and numbers."""

    _name: ClassVar[str]

    def __post_init__(self) -> None:
        _core.check_stop_condition(self._spec())

    def _spec(self) -> Spec:
        numbers = [real_number(each.name, getattr(self, each.name)) for each in fields(self)]
        return (self._name, numbers, [])


@dataclass(frozen=True)
class CostBelow(StopCondition):
    """Stop after the first epoch whose cost is below `value`.

    Parameters
    ----------
    value : float
        A finite number.
    """

    _name = "cost_below"
    value: float


@dataclass(frozen=True)
class NoImprovement(StopCondition):
    """Stop when the cost has not gone more than `min_delta` below its best for `patience` epochs.

    Parameters
    ----------
    patience : int, default 10
        Epochs in a row, at least 1.
    min_delta : float, default 0
        What counts as an improvement, >= 0.
    """

    _name = "no_improvement"
    patience: int = 10
    min_delta: float = 0.0


@dataclass(frozen=True)
class TimeLimit(StopCondition):
    """Stop after the first step that ends `seconds` or more after training began.

    An epoch that is not complete then is not in the history; its steps stay in the weights.

    Parameters
    ----------
    seconds : float
        A finite number > 0.
    """

    _name = "time_limit"
    seconds: float
