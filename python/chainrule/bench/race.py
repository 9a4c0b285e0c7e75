"""Measures workloads on several libraries in turn, each in processes of its own.

Each process prepares a workload, which includes the comparison with plain NumPy. Then, in each
round, the processes take one sample each, one after the other.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from chainrule.bench.answer import solve
from chainrule.bench.cell import Cell
from chainrule.bench.child import Child

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.bench.workload import Workload

__all__ = ["Race"]

LEAST_ROUNDS = 3  # even where a workload is so slow that they exceed the time


class Race:
    """Libraries that are measured in turn; as a context manager, it ends their processes.

    Parameters
    ----------
    peers : sequence of str
        Names in `PEERS`; those that are not installed are left out.
    threads : sequence of int or None
        How many threads to measure with: 1, and None for the default of each library.

    Attributes
    ----------
    versions : dict of str to dict
        What is installed, by the name of the peer.
    missing : dict of str to str
        Why the others are left out.
    failures : list of str
        Which rivals failed at a workload, or had another answer than plain NumPy, and how.
    """

    def __init__(self, peers: Sequence[str], threads: Sequence[int | None] = (None,)) -> None:
        self.versions: dict[str, dict[str, str]] = {}
        self.missing: dict[str, str] = {}
        self.failures: list[str] = []
        self.children: list[Child] = []
        with ExitStack() as stack:
            children = []
            for each in threads:
                for peer in peers:
                    children.append(Child(peer, each))
                    stack.callback(children[-1].close)
                    children[-1].send(do="versions")
            for child in children:
                found = child.receive()
                if isinstance(found, str):
                    self.missing[child.peer] = found
                else:
                    self.versions[child.peer] = found
                    self.children.append(child)
            self.stack = stack.pop_all()

    def __enter__(self) -> Race:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def run(self, workload: Workload, seconds: float, rounds: int) -> list[Cell]:
        """Measure a workload on all libraries in turn.

        Parameters
        ----------
        workload : Workload
            A training or a prediction.
        seconds : float
            How long to measure each library with each number of threads.
        rounds : int
            The number of samples; fewer, but at least `LEAST_ROUNDS`, of a slow workload.

        Returns
        -------
        list of Cell
            One for each number of threads and library that can do it.

        Raises
        ------
        RuntimeError
            If chainrule fails, or its answer is not that of plain NumPy.
        """
        running = []
        with tempfile.TemporaryDirectory() as folder:
            expected = Path(folder, "expected.npy")
            np.save(expected, solve(workload))
            for child in self.children:
                try:
                    with child.awake():
                        error = child.ask(
                            do="prepare", workload=asdict(workload), expected=str(expected)
                        )
                except RuntimeError as failure:
                    if child.peer == "chainrule":
                        raise
                    self.failures.append(f"{workload.name}, {failure}")
                    continue
                if error is not None:
                    cell = Cell(workload, child.peer, child.threads, error=error)
                    running.append((child, cell))
        end = perf_counter() + 2 * seconds * len(running)
        for i in range(rounds):
            if i >= LEAST_ROUNDS and perf_counter() > end:
                break
            for child, cell in running:
                with child.awake():
                    cell.samples.append(child.ask(do="sample", seconds=seconds / rounds))
        for child, _ in running:
            with child.awake():
                child.ask(do="forget")
        return [cell for _, cell in running]
