"""The machine: the name of its CPU, and the peak of its arithmetic."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
import platform
from pathlib import Path

import chainrule as cr
from chainrule import _core

__all__ = ["cpu", "peak"]


def peak(threads: int | None) -> float:
    """Return the peak in float32, in GFLOP/s, with `threads` threads, or with all of them."""
    return _core.peak_gflops("float32", threads or cr.get_num_threads())


def cpu() -> str:
    """Return the model name of the CPU, and the number of CPUs that this process may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name} ({n} CPUs)"
