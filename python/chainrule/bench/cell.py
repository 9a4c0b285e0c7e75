"""The measurements of one library at one workload."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.bench.workload import Workload

__all__ = ["Cell"]


@dataclass
class Cell:
    """The measurements of one library at one workload."""

    workload: Workload
    peer: str
    threads: int | None  # None: the library's default
    samples: list[float] = field(default_factory=list)  # microseconds of a step or prediction
    error: float = 0.0  # relative to what rounding explains

    @property
    def best(self) -> float:
        """The microseconds of the best round."""
        return min(self.samples)

    @property
    def gflops(self) -> float:
        """The rate of the products in the best round, in GFLOP/s."""
        return 1e-3 * self.workload.flops / self.best

    def record(self) -> dict[str, Any]:
        """Return the measurements as JSON can store them."""
        return {
            "workload": self.workload.name,
            "task": "training" if self.workload.optimizer else "inference",
            "peer": self.peer,
            "threads": self.threads,
            "min": self.best,
            "median": statistics.median(self.samples),
            "max": max(self.samples),
            "rounds": len(self.samples),
            "gflops": self.gflops,
            "error": self.error,
        }
