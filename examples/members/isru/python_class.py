"""What python/chainrule/activations.py gets for "isru"."""

# SPDX-License-Identifier: BSD-3-Clause
from dataclasses import dataclass

from chainrule.activations import Activation


@dataclass(frozen=True)
class Isru(Activation):
    """a = z / sqrt(1 + alpha z^2) (Carlile et al., arXiv 1710.09967, section 3).

    Parameters
    ----------
    alpha : float, default 1
        1 / alpha is the square of the largest activation, >= 0.

    Raises
    ------
    ValueError
        If `alpha` is negative, infinite or NaN.
    TypeError
        If it is no number.
    """

    _name = "isru"
    alpha: float = 1.0
