"""How much memory this process occupies."""
# SPDX-License-Identifier: BSD-3-Clause

import os

import pytest

needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc"
)


def resident():
    """Return how many bytes of memory this process occupies."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
