"""The chains of factors that lead from the cost C to one weight, in the article's letters."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chainrule._notebook import number_text
from chainrule._slopes import is_elementwise, jacobian_columns, slopes
from chainrule.layers import Dense

if TYPE_CHECKING:
    from chainrule.network import Network
    from chainrule.trace import Trace


@dataclass(frozen=True)
class Factor:
    """One factor of a chain: its symbol in the article's letters, and its value."""

    symbol: str
    value: float


@dataclass(frozen=True)
class Chain:
    """A product of factors."""

    factors: tuple[Factor, ...]

    @property
    def value(self) -> float:
        """The product."""
        return math.prod(factor.value for factor in self.factors)

    def __str__(self) -> str:
        return "\n".join(aligned(self.factors))


# A chain in the making: the factor nearest to C, and the rest of the chain.
_Tail = tuple[Factor, "_Tail"] | None


class Paths:
    """The paths from C to one weight, in the article's numbering."""

    def __init__(self, network: Network, trace: Trace, layer: int, j: int, last: Factor | None):
        self._trace = trace
        self._layer, self._j, self._last = layer, j, last
        self._dense = {
            number: each
            for number, each in enumerate(network.layers, start=1)
            if isinstance(each, Dense)
        }
        self._elementwise = {
            number: is_elementwise(each.activation) for number, each in self._dense.items()
        }
        self._slopes_of_layer: dict[int, npt.NDArray[np.float64]] = {}

    def __iter__(self) -> Iterator[Chain]:
        # From the weight up to C, without recursion: a network may have a thousand layers.
        L, trace = self._trace.n_layers, self._trace
        start: _Tail = None if self._last is None else (self._last, None)
        todo = [(self._layer + 1, self._j, start)]
        while todo:
            layer, j, tail = todo.pop()
            if layer == L and trace.fused:
                dC_dz = Factor(f"dC/d{z_name(j, L)}", float(trace.delta(L)[0, j - 1]))
                yield _chain((dC_dz, tail))
            elif layer == L:
                for i, slope in self.slopes(layer, j):
                    dC_ds = Factor(f"dC/ds_{indices(i)}", float(trace.dC_ds[0, i - 1]))
                    yield _chain((dC_ds, (slope, tail)))
            else:
                W = self._dense[layer + 1].weights
                above = [
                    (layer + 1, p, (Factor(weight_name(p, i, layer), float(w)), (slope, tail)))
                    for i, slope in self.slopes(layer, j)
                    for p, w in enumerate(W[:, i - 1], start=1)
                ]
                todo += reversed(above)

    def count(self) -> int:
        L = self._trace.n_layers
        count = 1
        for number in range(self._layer + 1, L + 1):
            fused = number == L and self._trace.fused
            if not (self._elementwise[number] or fused):
                count *= self._dense[number].n_out
            if number < L:
                count *= self._dense[number + 1].n_out
        return count

    def slopes(self, layer: int, j: int) -> Iterator[tuple[int, Factor]]:
        """Yield every neuron i whose activation depends on z_j, with da_i/dz_j."""
        z = self._trace.z(layer)
        activation = self._dense[layer].activation
        if self._elementwise[layer]:
            if layer not in self._slopes_of_layer:
                self._slopes_of_layer[layer] = slopes(activation, z)[0]
            yield j, Factor(f"f'({z_name(j, layer)})", float(self._slopes_of_layer[layer][j - 1]))
            return
        column = jacobian_columns(activation, z[0], slice(j - 1, j))
        output = layer == self._trace.n_layers
        for i, value in enumerate(column[:, 0], start=1):
            a = f"s_{indices(i)}" if output else a_name(i, layer)
            yield i, Factor(f"d{a}/d{z_name(j, layer)}", float(value))


def _chain(tail: _Tail) -> Chain:
    factors = []
    while tail is not None:
        factor, tail = tail
        factors.append(factor)
    return Chain(tuple(factors))


def indices(*numbers: int) -> str:
    if all(number < 10 for number in numbers):
        return "".join(map(str, numbers))
    return "{" + ",".join(map(str, numbers)) + "}"


def weight_name(j: int, k: int, layer: int) -> str:
    return f"w_{indices(j, k)}^({layer})"


def bias_name(j: int, layer: int) -> str:
    return f"b_{indices(j)}^({layer})"


def a_name(j: int, layer: int) -> str:
    return f"x_{indices(j)}" if layer == 1 else f"a_{indices(j)}^({layer})"


def z_name(j: int, layer: int) -> str:
    return f"z_{indices(j)}^({layer})"


def aligned(factors: tuple[Factor, ...]) -> tuple[str, str]:
    """Return the product in symbols and, under each symbol, in numbers."""
    cells = [(factor.symbol, number_text(factor.value)) for factor in factors]
    widths = [max(map(len, cell)) for cell in cells]
    symbols, numbers = (
        " * ".join(cell[row].ljust(width) for cell, width in zip(cells, widths, strict=True))
        for row in (0, 1)
    )
    return symbols, numbers
