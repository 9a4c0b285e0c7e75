"""Schedules of the learning rate, which an optimizer takes in place of a number.

A schedule's time t counts the optimizer's steps, or with ``per="epoch"`` the whole epochs of its
trainings, from 0 when the optimizer gets it. So a second `fit` goes on where the first has ended.
"""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule import _core
from chainrule._from_spec import made_from
from chainrule._spec import Member, Spec, real_number, true_or_false, whole, whole_number

RateFunction = Callable[[int, int], float]


@dataclass(frozen=True)
class Schedule(Member):
    """What all schedules have in common."""

    def _check(self) -> None:
        _core.rate_at(self._spec(), 0)

    def rate_at(self, t: int) -> float:
        """Return the learning rate at time `t`, in steps or epochs from 0.

        Raises
        ------
        ValueError
            If `t` is below 0.
        TypeError
            If it is no whole number.
        """
        if (t := whole_number("t", t)) < 0:
            raise ValueError(f"t must be >= 0, got {t}")
        return _core.rate_at(self._spec(), t)


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same rate at all times, such as behind a `WarmUp`.

    Parameters
    ----------
    rate : float
        >= 0.
    """

    _name = "constant_rate"
    rate: float


@dataclass(frozen=True)
class StepDecay(Schedule):
    """From time to time a lower rate: rate factor^floor(t / every); PyTorch's StepLR.

    Parameters
    ----------
    rate : float
        The first rate, >= 0.
    every : int
        Steps or epochs that a rate lasts.
    factor : float, default 0.1
        Of each rate to the one before, > 0.
    per : "step" or "epoch", default "step"
        What t and `every` count.
    """

    _name = "step_decay"
    _words = ("per",)
    rate: float
    every: int
    factor: float = 0.1
    per: str = "step"


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """rate factor^(t / every): PyTorch's ExponentialLR, Keras' ExponentialDecay.

    Parameters
    ----------
    rate : float
        The first rate, >= 0.
    factor : float
        By which the rate changes in `every` steps or epochs, > 0.
    every : int, default 1
        See `factor`.
    per : "step" or "epoch", default "step"
        What t and `every` count.
    """

    _name = "exponential_decay"
    _words = ("per",)
    rate: float
    factor: float
    every: int = 1
    per: str = "step"


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """rate / (1 + t / every)^power: scikit-learn's "invscaling", Keras' InverseTimeDecay.

    Parameters
    ----------
    rate : float
        The first rate, >= 0.
    power : float, default 0.5
        >= 0.
    every : int, default 1
        Steps or epochs that count as one.
    per : "step" or "epoch", default "step"
        What t and `every` count.
    """

    _name = "inverse_scaling"
    _words = ("per",)
    rate: float
    power: float = 0.5
    every: int = 1
    per: str = "step"


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """Down along half a cosine: last + (rate - last) (1 + cos(pi t / length)) / 2.

    From t = length on the rate is `last` or, with `restarts`, all begins again, each time `growth`
    times as long (Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5; PyTorch's CosineAnnealingLR
    and CosineAnnealingWarmRestarts).

    Parameters
    ----------
    rate : float
        The first rate, >= 0.
    length : int
        Steps or epochs to the last rate.
    last : float, default 0
        The last rate, >= 0.
    restarts : bool, default False
        Whether to begin again.
    growth : int, default 1
        Of the length, from one start to the next; at least 1.
    per : "step" or "epoch", default "step"
        What t and `length` count.
    """

    _name = "cosine_decay"
    _words = ("per",)
    rate: float
    length: int
    last: float = 0.0
    restarts: bool = False
    growth: int = 1
    per: str = "step"

    def _check(self) -> None:
        true_or_false("restarts", self.restarts)
        super()._check()


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the highest rate and down below the first one, both along half a cosine.

    From rate / div_factor at t = 0 to `rate` at t = pct_start length - 1, then to
    rate / div_factor / final_div_factor at t = length - 1, where it stays (Smith and Topin,
    "Super-convergence", 2018; PyTorch's OneCycleLR).

    Parameters
    ----------
    rate : float
        The highest rate, >= 0.
    length : int
        Steps or epochs of the whole cycle.
    pct_start : float, default 0.3
        Share of the length on the way up, > 0 and < 1.
    div_factor, final_div_factor : float, default 25, 10000
        > 0.
    per : "step" or "epoch", default "step"
        What t and `length` count.
    """

    _name = "one_cycle"
    _words = ("per",)
    rate: float
    length: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    per: str = "step"


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Linearly up to the first rate of another schedule, which comes then, from its start.

    first rate (start_factor + (1 - start_factor) t / length) for t < length (Goyal et al., 2017,
    section 2.2; PyTorch's LinearLR before another schedule in SequentialLR).

    Parameters
    ----------
    length : int
        Steps or epochs of the warm-up.
    then : schedule or float
        What comes then; a number is a rate that stays.
    start_factor : float, default 0
        Of the first rate, at t = 0; >= 0.
    per : "step" or "epoch", default "step"
        What t and `length` count; the schedule that comes then must count the same.

    Examples
    --------
    >>> import chainrule as cr
    >>> schedule = cr.WarmUp(4, cr.CosineDecay(0.1, 100))
    >>> [round(schedule.rate_at(t), 4) for t in (0, 1, 2, 4, 54, 104)]
    [0.0, 0.025, 0.05, 0.1, 0.05, 0.0]
    """

    _name = "warm_up"
    length: int
    then: Schedule | float
    start_factor: float = 0.0
    per: str = "step"

    def _spec(self) -> Spec:
        numbers = {
            "length": real_number("length", self.length),
            "start_factor": real_number("start_factor", self.start_factor),
        }
        if isinstance(self.then, Schedule):
            then = self.then._spec()
        else:
            then = ConstantRate(real_number("then", self.then))._spec()
        return (self._name, numbers, {"per": self.per}, [("then", then)])

    @classmethod
    def _from_spec(cls, spec: Spec) -> WarmUp:
        _, numbers, words, ((_, then),) = spec
        length = whole(numbers["length"])
        return cls(length, made_from(Schedule, then), numbers["start_factor"], words["per"])


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """A lower rate whenever a quantity has stopped becoming better: PyTorch's ReduceLROnPlateau.

    Parameters
    ----------
    rate : float
        The first rate, >= 0.
    factor : float, default 0.1
        Of each rate to the one before, > 0 and < 1.
    patience : int, default 10
        Epochs in a row without improvement after which one more brings the rate down.
    threshold : float, default 1e-4
        The share of the best value by which another one must be better to count, >= 0.
    cooldown : int, default 0
        Epochs after a reduction that do not count.
    min_rate : float, default 0
        The rate never gets below this.
    monitor, mode : str, optional
        The quantity, and whether less ("min") or more ("max") of it is better: as in
        `NoImprovement`.
    """

    _name = "reduce_on_plateau"
    _words = ("monitor", "mode")
    rate: float
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    min_rate: float = 0.0
    monitor: str | None = None
    mode: str | None = None
