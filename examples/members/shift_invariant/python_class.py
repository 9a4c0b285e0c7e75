"""What python/chainrule/losses.py gets for "shift_invariant"."""

# SPDX-License-Identifier: BSD-3-Clause
from dataclasses import dataclass

from chainrule.losses import Loss


@dataclass(frozen=True)
class ShiftInvariant(Loss):
    """Mean squared error of which a shift of the whole row counts less.

    C_i = mean_j e_j^2 - invariance (mean_j e_j)^2, e = s - y (Eigen, Puhrsch and Fergus, NIPS 2014,
    section 3.2).

    Parameters
    ----------
    invariance : float, default 0.5
        The part of a common shift that does not count, in [0, 1).

    Raises
    ------
    ValueError
        If `invariance` is out of its range, or NaN.
    TypeError
        If it is no number.
    """

    _name = "shift_invariant"
    invariance: float = 0.5
