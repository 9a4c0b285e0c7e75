"""Signals that a test sends to itself."""
# SPDX-License-Identifier: BSD-3-Clause

import _thread
import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from meanwhile import until

needs_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


class Sender(threading.Thread):
    """Sends the main thread a signal as soon as a condition holds."""

    def __init__(self, number, condition):
        super().__init__()
        self.number, self.condition = number, condition
        self.cancelled = False
        self.cpu_seconds = None  # of this process, at the moment of sending

    def run(self):
        until(lambda: self.cancelled or self.condition())
        if self.cancelled:
            return
        self.cpu_seconds = time.process_time()
        if os.name == "nt":
            _thread.interrupt_main()
        else:
            signal.pthread_kill(threading.main_thread().ident, self.number)


@contextmanager
def sending(number, condition):
    """Send the main thread a signal as soon as a condition holds, within the block or never."""
    sender = Sender(number, condition)
    sender.start()
    try:
        yield sender
    finally:
        sender.cancelled = True
        sender.join()


@contextmanager
def handled_by(handler, number):
    """Have Python call handler() for a signal, until the block is left."""
    before = signal.signal(number, lambda *_: handler())
    try:
        yield
    finally:
        signal.signal(number, before)


@contextmanager
def alarms(handler, seconds=0.005):
    """Have Python call handler() again and again, each time as soon as it sees a signal."""
    with handled_by(handler, signal.SIGALRM):
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
