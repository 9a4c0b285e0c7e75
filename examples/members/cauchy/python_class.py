"""What python/chainrule/losses.py gets for "cauchy"."""

# SPDX-License-Identifier: BSD-3-Clause
from dataclasses import dataclass

from chainrule.losses import Loss


@dataclass(frozen=True)
class Cauchy(Loss):
    """An error that counts the less, relative to its size, the larger it is.

    C_i = (1/n) sum_j delta^2 / 2 ln(1 + ((s_j - y_j) / delta)^2) (Barron, CVPR 2019, equation 3).

    Parameters
    ----------
    delta : float, default 1
        The error from which on the slope falls, > 0.

    Raises
    ------
    ValueError
        If `delta` is not above 0, infinite or NaN.
    TypeError
        If it is no number.
    """

    _name = "cauchy"
    delta: float = 1.0
