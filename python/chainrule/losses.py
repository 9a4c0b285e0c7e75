"""The losses that have numbers of their own; all others are known by their name."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass

from chainrule import _core
from chainrule._spec import Member


@dataclass(frozen=True)
class Loss(Member):
    """What all losses have in common: a `Network` takes one in place of a name."""

    def _check(self) -> None:
        _core.check_loss(self._spec())


@dataclass(frozen=True)
class Huber(Loss):
    """Squared error up to `delta`, and beyond it an error that grows linearly.

    C_i = (1/n) sum_j h(s_j - y_j) with h(e) = e^2 / 2 where abs(e) <= delta, else
    delta (abs(e) - delta / 2) (Huber, Annals of Mathematical Statistics 35, 1964); PyTorch's
    HuberLoss.

    Parameters
    ----------
    delta : float, default 1
        The error from which on the cost grows linearly, > 0.

    Raises
    ------
    ValueError
        If `delta` is not above 0, infinite or NaN.
    TypeError
        If it is no number.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Network([cr.Input(2), cr.Dense(1)], loss=cr.Huber(0.5)).loss
    Huber(delta=0.5)
    """

    _name = "huber"
    delta: float = 1.0
