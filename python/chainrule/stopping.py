"""The termination conditions of training, beside the number of epochs.

They watch the validation cost where there is validation data, else the training cost of the epoch,
unless they have another monitor.
"""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from chainrule import _core
from chainrule._spec import Member, Spec, as_list, shown, true_or_false


@dataclass(frozen=True)
class StopCondition(Member):
    """What all conditions have in common."""

    def _check(self) -> None:
        _core.check_stop_condition(self._spec())

    def _spec_with(self, questions: list[Callable[[], bool]]) -> Spec:
        """Return the spec; a condition that asks Python adds its question."""
        return self._spec()


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
    """Stop when a quantity has not come more than `min_delta` beyond its best for some epochs.

    Prechelt: "Early stopping - but when?", Neural Networks: Tricks of the Trade (1998).

    Parameters
    ----------
    patience : int, default 10
        Epochs in a row, at least 1.
    min_delta : float, default 0
        What counts as an improvement, >= 0.
    restore_best : bool, default False
        Put the parameters of the best epoch back when the training ends, whatever ends it: this
        condition, another one, a callback or the number of epochs. The best epoch is the first with
        the best value, whatever `min_delta` is; its parameters are those after its last step, and
        are kept in a copy. Where an exception ends the training (Ctrl-C, divergence, one of your
        own), they are not put back: the network is at its last finished step. The optimizer stays
        as the last step left it.
    monitor : str, optional
        The quantity: "cost", "validation_cost", "gradient_norm" (which this has recorded), or a
        metric by its name in the history, such as "validation_accuracy". None, the default, is the
        validation cost where there is validation data, else the cost.
    mode : "min" or "max", optional
        Whether less of it is better, or more. None, the default, is known for every quantity but
        metrics of your own that do not say so.

    Raises
    ------
    ValueError
        If a number is out of its range or `mode` is another word; by `fit`, if the training does
        not record `monitor`.
    """

    _name = "no_improvement"
    _words = ("monitor", "mode")
    patience: int = 10
    min_delta: float = 0.0
    restore_best: bool = False
    monitor: str | None = None
    mode: str | None = None

    def _check(self) -> None:
        true_or_false("restore_best", self.restore_best)
        super()._check()


@dataclass(frozen=True)
class GradientBelow(StopCondition):
    """Stop after the first epoch in whose steps the gradient's norm is below `norm` in the mean.

    The norm is the Euclidean one over all parameters, before any clipping. It is recorded for this:
    the whole gradient of each step is computed before its update then.

    Parameters
    ----------
    norm : float
        A finite number > 0.
    """

    _name = "gradient_below"
    norm: float


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


class Event(Protocol):
    """What tells by ``is_set()`` whether something has happened."""

    def is_set(self) -> bool:
        """Tell whether it has happened."""
        ...


class _Never:
    """The event of a condition that came out of a pickle: nobody else could set it."""

    def is_set(self) -> bool:
        return False


@dataclass(frozen=True)
class StopWhen(StopCondition):
    """Stop after the next step when an event is set: by another thread, a signal handler, a button.

    The event is looked at after a step, at most every 20 ms. An epoch that is not complete then is
    not in the history; its steps stay in the weights. A pickle or deep copy is without the event.

    Parameters
    ----------
    event : object with a method ``is_set()``
        Such as `threading.Event`.

    Raises
    ------
    TypeError
        If `event` has no such method.

    Examples
    --------
    >>> import threading
    >>> import chainrule as cr
    >>> net = cr.Network([cr.Input(1), cr.Dense(1)])
    >>> button = threading.Event()
    >>> timer = threading.Timer(0.1, button.set)
    >>> timer.start()
    >>> net.fit([[1.0]], [1.0], stop=cr.StopWhen(button)).stopped_by == cr.StopWhen(button)
    True
    """

    _name = "stop_when"
    event: Event

    def _check(self) -> None:
        if isinstance(self.event, type) or not callable(getattr(self.event, "is_set", None)):
            raise TypeError(f"event must have a method is_set(), got {shown(self.event)}")

    def _spec_with(self, questions: list[Callable[[], bool]]) -> Spec:
        questions.append(self.event.is_set)
        return (self._name, {"question": len(questions) - 1}, {}, [])

    def __copy__(self) -> StopWhen:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (_Never(),)


@dataclass(frozen=True)
class AllOf(StopCondition):
    """Stop when all of some conditions hold at once.

    What a condition has said after an epoch counts until the next one is whole. (Any of several is
    what a list of conditions means.)

    Parameters
    ----------
    conditions : sequence of stop conditions
        At least one.

    Raises
    ------
    TypeError
        If there is something else among them.
    ValueError
        If there are none.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.AllOf([cr.CostBelow(0.1), cr.NoImprovement(patience=3)]).conditions[0]
    CostBelow(value=0.1)
    """

    _name = "all_of"
    conditions: Iterable[StopCondition]

    def _check(self) -> None:
        several = as_list("conditions", "be stop conditions", StopCondition, self.conditions)
        if not several:
            raise ValueError("conditions must be at least one, got none")
        object.__setattr__(self, "conditions", tuple(several))

    def _spec_with(self, questions: list[Callable[[], bool]]) -> Spec:
        parts = [("condition", each._spec_with(questions)) for each in self.conditions]
        return (self._name, {}, {}, parts)

    def _spec(self) -> Spec:
        return self._spec_with([])
