"""What an explanation must say: each symbol's value by the reference, the columns of its print."""
# SPDX-License-Identifier: BSD-3-Clause

import re
from itertools import pairwise
from math import prod

import numpy as np
import pytest

from support import Case, reference_of


def network(loss, activations, dtype="float64"):
    """Return a small network, a sample and its target."""
    sizes = (*(2, 3, 2)[: len(activations)], 2)
    case = Case(8, sizes, tuple(activations), loss, dtype)
    x, y, _ = case.samples()
    return case.network(), x[0], y[0]


def places(net):
    """Return layer, j, k of every weight, and of every bias with k = None."""
    return [
        (layer, j, k)
        for layer, dense in enumerate(net.layers[1:], start=1)
        for j in range(1, dense.n_out + 1)
        for k in (None, *range(1, dense.weights.shape[1] + 1))
        if k is not None or dense.has_bias
    ]


def explain(net, x, y, layer, j, k):
    return net.explain(x, y, layer=layer, j=j, k=k, bias=k is None)


def at(net, flat, layer, j, k):
    """Return the number at a place of a flat block."""
    W, b = net.split(flat)[layer - 1]
    return b[j - 1] if k is None else W[j - 1, k - 1]


class Reading:
    """What symbols stand for: each a link of a chain, its value by the reference.

    The links of ("z", 3, 2) are those of z_2^(3). The first link starts at C, the last one at the
    neuron that the weight leads to, and ends at the weight itself.
    """

    def __init__(self, net, x, y):
        self.ref = reference_of(net)
        self.L, self.W = self.ref.L, self.ref.W
        self.passed = self.ref.forward([x])
        y = self.ref.loss.targets([y], net.n_out)
        self.delta = self.ref.backward(self.passed, y).delta
        self.gradient = self.ref.loss.gradient(self.passed.s, y)[0]
        index, layer = r"({[\d,]+}|\d+)", r"\^\((\d)\)"
        self.readings = {
            rf"dC/ds_{index}": self.dC_ds,
            rf"dC/dz_{index}{layer}": self.dC_dz,
            rf"dC/da_{index}{layer}": self.dC_da,
            rf"f'\(z_{index}{layer}\)": lambda j, n: self.da_dz(j, n, j, n),
            rf"ds_{index}/dz_{index}{layer}": lambda i, j, n: self.da_dz(i, self.L, j, n),
            rf"da_{index}{layer}/dz_{index}{layer}": self.da_dz,
            rf"w_{index}{layer}": self.dz_da,
            rf"a_{index}{layer}": self.a,
            rf"x_{index}": lambda k: self.a(k, 1),
        }

    def read(self, symbol):
        """Return where the link starts, where it ends, and its value."""
        for pattern, reading in self.readings.items():
            if match := re.fullmatch(pattern, symbol):
                groups = (g[1:-1].split(",") if g[0] == "{" else g for g in match.groups())
                return reading(*(int(n) for group in groups for n in group))
        raise AssertionError(f"no symbol: {symbol}")

    def dC_ds(self, i):
        return "C", ("a", self.L, i), self.gradient[i - 1]

    def dC_dz(self, j, n):
        return "C", ("z", n, j), self.delta[n][0, j - 1]

    def dC_da(self, j, n):
        return "C", ("a", n, j), (self.delta[n + 1] @ self.W[n])[0, j - 1]

    def da_dz(self, i, n_of_a, j, n):
        assert n_of_a == n
        z, a = self.passed.z[n], self.passed.a[n]
        row = np.eye(a.shape[1])[[i - 1]]
        return ("a", n, i), ("z", n, j), self.ref.f[n].backward(z, a, row)[0, j - 1]

    def dz_da(self, j, k, n):
        return ("z", n + 1, j), ("a", n, k), self.W[n][j - 1, k - 1]

    def a(self, k, n):
        return None, ("w", n, k), self.passed.a[n][0, k - 1]

    def check(self, chain, layer, j, k):
        """Check that the factors are what their symbols say, and join from C to the weight."""
        links = [self.read(factor.symbol) for factor in chain.factors]
        for factor, (_, _, value) in zip(chain.factors, links, strict=True):
            assert factor.value == pytest.approx(value, rel=1e-12, abs=1e-15), factor
        if k is not None:
            *links, (_, end, _) = links
            assert end == ("w", layer, k)
        assert links[0][0] == "C"
        assert links[-1][1] == ("z", layer + 1, j)
        assert all(before[1] == after[0] for before, after in pairwise(links))
        assert chain.value == prod(factor.value for factor in chain.factors)


def columns_of(line):
    """Return the cells of a line of a product, and where they start."""
    matches = list(re.finditer(r"\S+", line))
    return [m.group() for m in matches if m.group() not in "=*"], [m.start() for m in matches]


def assert_aligned(symbols, numbers):
    """Check that each number stands under its symbol, each sign under its sign."""
    cells, starts = columns_of(symbols)
    values, starts_of_values = columns_of(numbers)
    assert starts_of_values[: len(starts)] == starts
    return dict(zip(cells, map(float, values), strict=False)), values[len(cells) :]
