"""Measures chainrule beside its rivals: the command ``chainrule bench``, and parts for benchmarks.

``import chainrule`` imports nothing of this.
"""

# SPDX-License-Identifier: BSD-3-Clause
from chainrule.bench.cell import Cell
from chainrule.bench.machine import cpu, peak
from chainrule.bench.peers import PEERS
from chainrule.bench.race import Race
from chainrule.bench.table import MNIST, POLICY, WORKLOADS, run
from chainrule.bench.workload import Workload

__all__ = [
    "MNIST",
    "PEERS",
    "POLICY",
    "WORKLOADS",
    "Cell",
    "Race",
    "Workload",
    "cpu",
    "peak",
    "run",
]
