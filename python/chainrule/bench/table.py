"""The command ``chainrule bench``: this machine's times, beside plain NumPy and what is installed.

`benchmarks/compare.py` measures more of the same.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

import chainrule as cr
from chainrule.bench.machine import cpu, peak
from chainrule.bench.race import Race
from chainrule.bench.workload import Workload

if TYPE_CHECKING:
    from chainrule.bench.cell import Cell

__all__ = ["MNIST", "POLICY", "RIVALS", "WORKLOADS", "label", "run"]

POLICY = (16, 64, 64, 4)
MNIST = (784, 256, 128, 10)

WORKLOADS = (
    Workload("policy", POLICY, 64, "tanh", "mse", "Adam", 100),
    Workload("digits", (64, 100, 10), 200, "relu", "cross_entropy", "Adam", 9),
    Workload("mnist_adam", MNIST, 128, "relu", "cross_entropy", "Adam", 100),
    Workload("policy_1", POLICY, 1, "tanh"),
    Workload("mnist_1", MNIST, 1, "relu"),
    Workload("mnist_1024", MNIST, 1024, "relu"),
    Workload("wide_1024", (512, 512, 512, 512), 1024, "relu"),
)
RIVALS = ("chainrule", "numpy", "torch", "jax", "jax-scan", "sklearn", "onnxruntime")
ROUNDS = 3


def run(seconds: float = 15.0) -> None:
    """Measure and print the table.

    Parameters
    ----------
    seconds : float
        The time of all measurements together, if every rival is installed; starting the processes
        takes as long again.
    """
    config = cr.show_config()
    print(f"chainrule {config['version']}, {config['threads']} threads, ", end="")
    print(f"kernels {config['cpu']}, float32, on {cpu()}", flush=True)
    share = seconds / (len(WORKLOADS) * len(RIVALS))
    cells: list[Cell] = []
    with Race(RIVALS) as race:
        installed = [peer for peer in RIVALS if peer in race.versions]
        head = "".join(f"{peer:>13}" for peer in installed)
        print(f"\n{'microseconds':40}{head}  best rival / chainrule")
        for workload in WORKLOADS:
            row = {cell.peer: cell for cell in race.run(workload, share, ROUNDS)}
            times = [f"{row[peer].best:13.1f}" if peer in row else " " * 13 for peer in installed]
            rival = min((row[peer] for peer in row if peer != "chainrule"), key=lambda c: c.best)
            ratio = rival.best / row["chainrule"].best
            print(f"{label(workload):40}{''.join(times)}{ratio:10.2f} ({rival.peer})", flush=True)
            cells += row.values()
    rate = peak(None)
    fastest = max((cell for cell in cells if cell.peer == "chainrule"), key=lambda c: c.gflops)
    print(f"\nbest of {ROUNDS} rounds, in turn; every answer was that of plain NumPy")
    print(f"FMA peak: {rate:.0f} GFLOP/s; ", end="")
    print(
        f"chainrule at {fastest.workload.name}: {fastest.gflops:.0f}, {fastest.gflops / rate:.0%}"
    )
    for peer, versions in race.versions.items():
        print(f"{peer:12} {', '.join(' '.join(each) for each in versions.items())}")
    for peer, reason in race.missing.items():
        print(f"{peer:12} left out: {reason}")
    for failure in race.failures:
        print(f"failed: {failure}")


def label(workload: Workload) -> str:
    """Return the name of a workload in the table."""
    task = "train" if workload.optimizer else "predict"
    return f"{task} {'-'.join(map(str, workload.layers))}, batch {workload.batch}"
