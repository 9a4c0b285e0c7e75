"""Measures workloads on several libraries, each in processes of its own, in turn.

A `Child` is such a process: one library with one number of threads, which keeps its caches and its
threads to itself. It is asked, over a pipe, to prepare a workload, which includes the comparison
with plain NumPy, and then, round by round and in turn with the others, for one more sample.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import traceback
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._peers import PEERS, Workload, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Cell", "Race"]

# What libraries read to learn that they shall use one thread; where the system can, the process is
# kept to one CPU, too.
ONE_THREAD = {
    "CHAINRULE_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}

LEAST_ROUNDS = 3  # of slow workloads, for which the seconds do not suffice


@dataclass
class Cell:
    """One library at one workload: what was measured."""

    workload: Workload
    peer: str
    threads: int | None  # None: the library's default
    samples: list[float] = field(default_factory=list)  # microseconds of a step or prediction
    error: float = 0.0  # of what rounding explains

    @property
    def best(self) -> float:
        """The microseconds of the best round."""
        return min(self.samples)

    @property
    def gflops(self) -> float:
        """Floating-point operations of the products in the best round, 1e9 a second."""
        return 1e-3 * self.workload.flops / self.best

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
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


# ---- The process that asks -----------------------------------------------------------------------


class Child:
    """A library in a process of its own."""

    def __init__(self, peer: str, threads: int | None) -> None:
        self.peer, self.threads = peer, threads
        environment = dict(os.environ)
        bind = ""
        if threads == 1:
            flags = f"{environment.get('XLA_FLAGS', '')} {ONE_THREAD['XLA_FLAGS']}".strip()
            environment |= ONE_THREAD | {"XLA_FLAGS": flags}
            if hasattr(os, "sched_setaffinity"):
                bind = "import os; os.sched_setaffinity(0, [max(os.sched_getaffinity(0))]); "
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; {bind}"
            f"from chainrule._measure import serve; serve({peer!r}, {threads!r})"
        )
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - until `close`
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
        )

    def ask(self, **question: Any) -> Any:
        """Ask for something and return the answer."""
        self.send(**question)
        return self.receive()

    def send(self, **question: Any) -> None:
        """Ask for something."""
        assert self.process.stdin
        with suppress(BrokenPipeError):  # `receive` finds out why
            print(json.dumps(question), file=self.process.stdin, flush=True)

    def receive(self) -> Any:
        """Return the answer, or raise what went wrong there as a RuntimeError."""
        assert self.process.stdout
        if line := self.process.stdout.readline():
            answer, failure = json.loads(line)
            if not failure:
                return answer
        else:
            self.process.wait()
            self.complaints.seek(0)
            failure = self.complaints.read() or f"status {self.process.returncode}"
        raise RuntimeError(f"{self.peer}: {failure.strip()}")

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Let the process run, and stand still afterwards.

        The threads of some libraries spin on for a tenth of a second after a call, on the CPU of
        the next one to be measured.
        """
        if not hasattr(signal, "SIGSTOP"):
            yield
            return
        self.process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        with suppress(BrokenPipeError):
            self.process.communicate()
        self.complaints.close()


class Race:
    """Libraries that are measured in turn: a context manager, which ends their processes.

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
            In so many samples; fewer, but at least `LEAST_ROUNDS`, of a slow workload.

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


def solve(workload: Workload) -> Any:
    """Return what plain NumPy makes of a workload: outputs, or parameters and then the cost."""
    peer = import_module("chainrule._peers.numpy")
    if not workload.optimizer:
        return peer.inference(workload, workload.data())()
    few = workload.checked()
    return answer(peer.training_step(few, few.data()), few)


def answer(training: Any, workload: Workload) -> Any:
    """Return the parameters after one epoch, and then its cost."""
    cost = training.train(training.prepare(workload.order(1)))
    return np.append(training.parameters(), np.float32(cost))


# ---- The process that is asked -------------------------------------------------------------------


def serve(peer: str, threads: int | None) -> None:
    """Answer what `Child.ask` asks: one line of JSON on standard output for one on input."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not for the parent
    server = Server(*PEERS[peer], threads)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = (getattr(server, question.pop("do"))(**question), "")
        except Exception:
            reply = (None, traceback.format_exc())
        print(json.dumps(reply), file=replies, flush=True)


class Server:
    """One library: what it is at, and how many runs make a sample."""

    workload: Workload
    network: Any = None

    def __init__(self, module: str, kind: str, threads: int | None) -> None:
        self.module, self.kind, self.threads = module, kind, threads

    def versions(self) -> dict[str, str] | str:
        """Import the library, and return its versions, or why not."""
        try:
            self.peer = import_module(f"chainrule._peers.{self.module}")
        except ImportError as error:
            return str(error)
        found: dict[str, str] = self.peer.versions()
        return found

    def make(self, workload: Workload) -> Any:
        """Return the library's network for a workload."""
        function = self.peer.training_step if workload.optimizer else self.peer.inference
        return function(workload, workload.data(), self.kind, self.threads)

    def prepare(self, workload: dict[str, Any], expected: str) -> float | None:
        """Get ready and compare with plain NumPy: return the error, or None if it cannot do it."""
        this = Workload(**workload | {"layers": tuple(workload["layers"])})
        few = this.checked()
        network, right = self.make(few), np.load(expected)
        if network is None:
            return None
        self.workload, self.runs = this, 0
        if not this.optimizer:
            self.network = network
            return check(this, network(), right)
        mine = answer(network, few)
        np.testing.assert_allclose(mine[-1], right[-1], rtol=1e-4, err_msg="cost")
        self.network = network if few == this else self.make(this)
        return check(this, mine[:-1], right[:-1], this.parameters())

    def sample(self, seconds: float) -> float:
        """Return the microseconds of a step or prediction, over about so many seconds."""
        if not self.runs:  # the first round finds out how many fill the time
            self.runs = 1
            if self.workload != self.workload.checked() or not self.workload.optimizer:
                self.time()  # it was not run yet, or only once
            while (taken := self.time()) < seconds / 2:
                factor = 0.8 * seconds / taken
                self.runs = max(2 * self.runs, int(self.runs * min(factor, 10)))
        else:
            taken = self.time()
        return 1e6 * taken / (self.runs * self.workload.steps)

    def time(self) -> float:
        """Return the seconds of so many epochs or predictions."""
        if self.workload.optimizer:
            self.network.restart()
            order = self.network.prepare(self.workload.order(self.runs))
            start = perf_counter()
            self.network.train(order)
            return perf_counter() - start
        predict = self.network
        start = perf_counter()
        for _ in range(self.runs):
            predict()
        return perf_counter() - start

    def forget(self) -> None:
        """Free the memory of a workload."""
        self.network = None
