"""What python/chainrule/stopping.py gets for "cost_rises"."""

# SPDX-License-Identifier: BSD-3-Clause
from dataclasses import dataclass

from chainrule.stopping import StopCondition


@dataclass(frozen=True)
class CostRises(StopCondition):
    """Stop after the first epoch whose cost is above `factor` times the best one.

    Parameters
    ----------
    factor : float, default 2
        A finite number > 0.
    """

    _name = "cost_rises"
    factor: float = 2.0
