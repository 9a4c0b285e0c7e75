"""The formula for the memory of training on docs/performance.md, beside what a process needs."""
# SPDX-License-Identifier: BSD-3-Clause

import functools
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from child_processes import python

pytestmark = pytest.mark.once

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
FIXED = 10_000_000  # bytes: buffers, threads, and what the allocator keeps
WIDEST_PANEL = 64  # columns, of all CPU targets
LONG_UPDATE = 1e10  # operations from which on an update is made in two parts
CACHED, MANY_ROWS = 4 << 20, 96  # bytes of W, and rows of a batch: beyond both, W is copied no more


@functools.cache
def lines_of_the_page():
    """Return the lines of the formula: a term as Python writes it, and what it is for."""
    block = re.search(r"```text\n(D \(P .*?)```", PAGE.read_text(), re.DOTALL)[1]
    lines = [re.split(" {2,}", line.strip(), maxsplit=1) for line in block.splitlines()]
    assert lines[0] == ["D (P", "the parameters"]
    terms = [line[0].replace("n_2 + ... + n_L", "others") for line in lines]
    # "4 n_L" and "B (" are products.
    terms = [re.sub(r"(?<=[\w)]) (?=[\w(])", "*", term) for term in terms]
    return [(term, line[1]) for term, line in zip(terms, lines, strict=True)]


@dataclass(frozen=True)
class Training:
    """A network to be trained for an epoch of `n` samples."""

    widths: tuple
    batch: int
    n: int
    dtype: str
    optimizer: str
    states: int

    @property
    def parameters(self):
        return sum(n_in * n_out + n_out for n_in, n_out in pairwise(self.widths))

    def formula(self):
        """Return the bytes that the page says, but for the parameters, which are there before."""
        widths = [-(-each // WIDEST_PANEL) * WIDEST_PANEL for each in self.widths]
        P, B = self.parameters, self.batch
        in_two_parts = 2 * P * B > LONG_UPDATE
        numbers = {"P": P, "B": B, "D": np.dtype(self.dtype).itemsize, "S": self.states}
        numbers |= {"n": self.n, "n_1": widths[0], "n_2": widths[1], "n_L": widths[-1]}
        numbers["others"] = sum(widths[1:])
        copied = numbers["D"] * P <= CACHED or MANY_ROWS <= B
        terms = [
            term
            for term, what in lines_of_the_page()
            if what != "the parameters"
            and (in_two_parts or "in two parts" not in what)
            and (copied or "in panels" not in what)
        ]
        return eval("D*(0 " + "".join(terms), numbers)

    def measured(self):
        """Return by how much the memory of a process grows from before `fit` to its most."""
        code = f"""
            import re
            from pathlib import Path
            import numpy as np
            import chainrule as cr
            def memory(what):
                status = Path("/proc/self/status").read_text()
                return 1024 * int(re.search(what + r":\\s*(\\d+) kB", status)[1])
            n_in, *hidden, n_out = {self.widths}
            layers = [cr.Input(n_in), *[cr.Dense(n, "relu") for n in hidden], cr.Dense(n_out)]
            net = cr.Network(layers, dtype="{self.dtype}", rng=0)
            x = np.ones((1, n_in), "{self.dtype}").repeat({self.n}, axis=0)
            y = np.ones((1, n_out), "{self.dtype}").repeat({self.n}, axis=0)
            # What happens once in a process: its threads, and Python's own.
            small = cr.Network([cr.Input(64), cr.Dense(512), cr.Dense(512)], rng=0)
            small.fit(np.ones((512, 64)), np.ones((512, 512)), batch_size=256)
            del small
            Path("/proc/self/clear_refs").write_text("5")  # the most is now what there is
            before = memory("VmRSS")
            net.fit(x, y, optimizer={self.optimizer}, batch_size={self.batch})
            print(memory("VmHWM") - before)
        """
        return int(python(code, timeout=120))


TRAININGS = {
    "weights": Training((1024, 2048, 2048, 100), 64, 128, "float32", "cr.Adam()", 2),
    "weights, float64": Training((1024, 2048, 1500, 100), 128, 128, "float64", "cr.SGD()", 0),
    "weights, momentum": Training(
        (512, 2048, 2048, 64), 96, 96, "float32", "cr.SGD(0.01, momentum=0.9)", 1
    ),
    "weights, Adam, copied": Training((1024, 2048, 1024, 10), 96, 96, "float32", "cr.Adam()", 2),
    "weights, an update in two parts": Training(
        (1024, 2048, 2048, 64), 1024, 1024, "float32", "cr.Adam()", 2
    ),
    "activations": Training((100, 500, 500, 10), 8192, 8192, "float32", "cr.Adam()", 2),
    "activations, float64": Training((100, 300, 300, 10), 8192, 8192, "float64", "cr.SGD()", 0),
    "outputs": Training((64, 64, 512), 8192, 8192, "float32", "cr.SGD()", 0),
    "samples": Training((4, 32, 1), 32, 4_000_000, "float32", "cr.SGD()", 0),
}


def can_be_reset():
    """Tell whether this system says what a process needed at most since some moment."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


@pytest.mark.skipif(not can_be_reset(), reason="needs Linux's /proc/self/clear_refs")
@pytest.mark.parametrize("name", TRAININGS)
def test_peak_is_what_the_formula_says(name, monkeypatch):
    monkeypatch.setenv("CHAINRULE_PRODUCT", "own")
    training = TRAININGS[name]
    assert training.formula() > 3 * FIXED
    assert 0.6 * training.formula() < training.measured() < training.formula() + FIXED
