"""A library in a process of its own, as the process that measures sees it.

So no library shares caches or threads with another. A request is one line of JSON on a pipe, and so
is its answer; `server.py` is the other end.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from chainrule import _numpy_network

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Child"]

# Limits a library to one thread. Where the system can, the process is bound to one CPU, too.
ONE_THREAD = _numpy_network.ONE_THREAD | {
    "CHAINRULE_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


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
            f"from chainrule.bench.server import serve; serve({peer!r}, {threads!r})"
        )
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - until `close`
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        """Send a request and return the answer."""
        self.send(**request)
        return self.receive()

    def send(self, **request: Any) -> None:
        """Send a request, the name of a method of `Server` (`do`) and its arguments."""
        assert self.process.stdin
        with suppress(BrokenPipeError):  # `receive` finds out why
            print(json.dumps(request), file=self.process.stdin, flush=True)

    def receive(self) -> Any:
        """Return the answer; a RuntimeError has the traceback of a request that failed."""
        assert self.process.stdout
        if line := self.process.stdout.readline():
            answer, failure = json.loads(line)
            if not failure:
                return answer
        else:
            self.process.wait()
            self.errors.seek(0)
            failure = self.errors.read() or f"status {self.process.returncode}"
        raise RuntimeError(f"{self.peer}: {failure.strip()}")

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Resume the process, and suspend it again afterwards.

        The threads of some libraries spin for 0.1 s after a call, on the CPU that the next library
        is measured on.
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
        self.errors.close()
