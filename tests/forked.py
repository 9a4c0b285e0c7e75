"""Work in a forked child, and how it went."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import select
import signal

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# From Python 3.12 on, os.fork warns where there are threads; that is what the tests are about.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def in_child(work, seconds=60):
    """Fork, do the work in the child, and tell how that went: "ok", or what was raised."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            message = "ok"
        except BaseException as error:
            message = repr(error)
        os.write(writer, message.encode())
        os._exit(0)
    os.close(writer)
    # There is something to read when the child has written, and when it is no more.
    ready, _, _ = select.select([reader], [], [], seconds)
    message = os.read(reader, 10_000).decode() if ready else ""
    os.close(reader)
    if not ready:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return message or "hung or crashed"
