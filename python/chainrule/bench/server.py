"""A library in a process of its own: prepares workloads and takes samples, as `child.py` asks."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.bench.answer import check, trained
from chainrule.bench.peers import PEERS
from chainrule.bench.workload import Workload

__all__ = ["Server", "serve"]


def serve(peer: str, threads: int | None) -> None:
    """Answer each line of JSON on standard input with one on standard output."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    server = Server(*PEERS[peer], threads)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = (getattr(server, request.pop("do"))(**request), "")
        except Exception:
            reply = (None, traceback.format_exc())
        print(json.dumps(reply), file=replies, flush=True)


class Server:
    """A library, the workload that it is prepared for, and the number of runs in a sample."""

    workload: Workload
    network: Any = None

    def __init__(self, module: str, kind: str, threads: int | None) -> None:
        self.module, self.kind, self.threads = module, kind, threads

    def versions(self) -> dict[str, str] | str:
        """Import the library; return its versions, or why it cannot be imported."""
        try:
            self.peer = import_module(f"chainrule.bench.peers.{self.module}")
        except ImportError as error:
            return str(error)
        found: dict[str, str] = self.peer.versions()
        return found

    def make(self, workload: Workload) -> Any:
        """Return the library's network for a workload."""
        function = self.peer.training_step if workload.optimizer else self.peer.inference
        return function(workload, workload.data(), self.kind, self.threads)

    def prepare(self, workload: dict[str, Any], expected: str) -> float | None:
        """Set up a workload and return the error of its answer, or None if it is not supported."""
        this = Workload(**workload | {"layers": tuple(workload["layers"])})
        few = this.checked()
        network, right = self.make(few), np.load(expected)
        if network is None:
            return None
        self.workload, self.runs = this, 0
        if not this.optimizer:
            self.network = network
            return check(this, network(), right)
        mine = trained(network, few)
        np.testing.assert_allclose(mine[-1], right[-1], rtol=1e-4, err_msg="cost")
        self.network = network if few == this else self.make(this)
        return check(this, mine[:-1], right[:-1], this.parameters())

    def sample(self, seconds: float) -> float:
        """Return the microseconds of a step or prediction, measured for about `seconds`."""
        if not self.runs:  # the first round finds the number that takes `seconds`
            self.runs = 1
            if self.workload != self.workload.checked() or not self.workload.optimizer:
                self.time()  # a warm-up: it was not run yet, or only once
            while (taken := self.time()) < seconds / 2:
                factor = 0.8 * seconds / taken
                self.runs = max(2 * self.runs, int(self.runs * min(factor, 10)))
        else:
            taken = self.time()
        return 1e6 * taken / (self.runs * self.workload.steps)

    def time(self) -> float:
        """Return the seconds of `runs` epochs or predictions."""
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
