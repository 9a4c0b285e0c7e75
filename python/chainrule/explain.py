"""One derivative, explained: the chain rule from the cost C to one weight, factor by factor."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import whole_number
from chainrule.layers import Dense

if TYPE_CHECKING:
    from chainrule.network import Network
    from chainrule.trace import Trace

# Paths multiply from layer to layer: beyond this many, only their sum is of use to a reader.
MAX_PATHS = 10_000
_PATHS_SHOWN = 8


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
        return "\n".join(_aligned(self.factors))


class Explanation:
    """Every factor of dC/dw_jk^(l) or dC/db_j^(l), for one sample: what `Network.explain` returns.

    All numbers are computed in float64, whatever the network's dtype, but for `gradient`.

    Attributes
    ----------
    symbol : str
        The derivative, "dC/dw_22^(2)".
    chain : Chain
        The article's equation: dC/da_j * f'(z_j) * a_k. Where the neuron's layer has no f' of its
        own (softmax, or an output activation fused with the loss) dC/dz_j stands for the first two.
    n_paths : int
        Paths from C to the weight.
    gradient : float
        The same derivative from `Network.value_and_grad`.
    central_difference : float
        (C(w + h) - C(w - h)) / 2h.
    h : float
        The step of the central difference.
    """

    def __init__(
        self,
        symbol: str,
        chain: Chain,
        paths: _Paths,
        gradient: float,
        central_difference: float,
        h: float,
    ) -> None:
        self.symbol = symbol
        self.chain = chain
        self.n_paths = paths.count()
        self.gradient = gradient
        self.central_difference = central_difference
        self.h = h
        self._paths = paths

    @property
    def value(self) -> float:
        """float: The derivative: the product of `chain`, which is the sum over `paths`."""
        return self.chain.value

    @cached_property
    def paths(self) -> tuple[Chain, ...]:
        """Tuple of Chain: every path from C to the weight; the derivative is the sum of them.

        Raises
        ------
        ValueError
            If there are more than 10,000.
        """
        if self.n_paths > MAX_PATHS:
            raise ValueError(
                f"there are {self.n_paths:,} paths from C to this weight, more than {MAX_PATHS:,}; "
                "`chain` holds their sum"
            )
        return tuple(self._paths)

    def __repr__(self) -> str:
        return f"Explanation({self.symbol} = {self.value:.6g})"

    def __str__(self) -> str:
        equation, numbers = _aligned(self.chain.factors)
        width = max(len(self.symbol), len(_number(self.value)))
        lines = [
            f"{self.symbol:>{width}} = {equation}",
            f"{_number(self.value):>{width}} = {numbers}",
            "",
        ]
        if self.n_paths > MAX_PATHS:
            lines.append(f"It is the sum over {self.n_paths:,} paths from C to the weight.")
        else:
            shown = heapq.nlargest(_PATHS_SHOWN, self.paths, key=lambda path: abs(path.value))
            if self.n_paths == 1:
                lines.append("Along the one path from C:")
            else:
                which = "" if self.n_paths <= _PATHS_SHOWN else f"; the {_PATHS_SHOWN} largest"
                lines.append(f"It is the sum over {self.n_paths:,} paths from C{which}:")
            for path in shown:
                symbols, values = _aligned(path.factors)
                lines += [f"  {symbols}", f"  {values} = {_number(path.value)}"]
        lines += [
            "",
            f"value_and_grad gives      {_number(self.gradient)}",
            f"a central difference is   {_number(self.central_difference)}  (h = {self.h:.1e})",
        ]
        return "\n".join(line.rstrip() for line in lines)


class _Paths:
    """The paths from C to one weight, in the article's numbering."""

    def __init__(self, network: Network, trace: Trace, layer: int, j: int, last: Factor | None):
        self._trace = trace
        self._layer, self._j, self._last = layer, j, last
        self._dense = {
            number: each
            for number, each in enumerate(network.layers, start=1)
            if isinstance(each, Dense)
        }
        self._W = {number - 1: each.weights.copy() for number, each in self._dense.items()}
        self._elementwise = {
            number: _elementwise(each.activation) for number, each in self._dense.items()
        }

    def __iter__(self) -> Iterator[Chain]:
        last = () if self._last is None else (self._last,)
        for factors in self._to_z(self._layer + 1, self._j):
            yield Chain(factors + last)

    def count(self) -> int:
        L = self._trace.n_layers
        count = 1
        for number in range(self._layer + 1, L + 1):
            fused = number == L and self._trace.dC_ds is None
            if not (self._elementwise[number] or fused):
                count *= self._dense[number].n_out
            if number < L:
                count *= self._dense[number + 1].n_out
        return count

    def _to_z(self, layer: int, j: int) -> Iterator[tuple[Factor, ...]]:
        """Paths from C to z_j^(layer)."""
        L = self._trace.n_layers
        dC_ds = self._trace.dC_ds
        if layer == L and dC_ds is None:
            yield (Factor(f"dC/d{_z(j, L)}", float(self._trace.delta(L)[0, j - 1])),)
            return
        for i, slope in self._slopes(layer, j):
            if layer == L and dC_ds is not None:
                yield (Factor(f"dC/ds_{i}", float(dC_ds[0, i - 1])), slope)
                continue
            W = self._W[layer]
            for p in range(1, len(W) + 1):
                weight = Factor(_weight(p, i, layer), float(W[p - 1, i - 1]))
                for path in self._to_z(layer + 1, p):
                    yield (*path, weight, slope)

    def _slopes(self, layer: int, j: int) -> Iterator[tuple[int, Factor]]:
        """Yield every neuron i whose activation depends on z_j, with da_i/dz_j."""
        z = self._trace.z(layer)
        activation = self._dense[layer].activation
        if self._elementwise[layer]:
            slope = _core.activate(activation, z, np.ones_like(z))[1][0, j - 1]
            yield j, Factor(f"f'({_z(j, layer)})", float(slope))
            return
        n = z.shape[1]
        jacobian = _core.activate(activation, np.repeat(z, n, axis=0), np.eye(n))[1]
        output = layer == self._trace.n_layers
        for i in range(1, n + 1):
            a = f"s_{i}" if output else _a(i, layer)
            yield i, Factor(f"d{a}/d{_z(j, layer)}", float(jacobian[i - 1, j - 1]))


def explain(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    layer: int,
    j: int,
    k: int | None,
    bias: bool,
) -> Explanation:
    """Explain one derivative; `Network.explain` says how."""
    exact = network._twin("float64")
    trace = exact.trace(x, y)
    if len(trace.s) != 1:
        raise ValueError(f"explain takes one sample, got {len(trace.s)}")
    dense = _check_place(exact, trace, layer, j, k, bias)

    if bias or k is None:
        symbol, last = f"dC/d{_bias(j, layer)}", None
    else:
        last = Factor(_a(k, layer), float(trace.a(layer)[0, k - 1]))
        symbol = f"dC/d{_weight(j, k, layer)}"

    # The equation's head: dC/da_j and f'(z_j) where they are two numbers, else dC/dz_j.
    delta = Factor(f"dC/d{_z(j, layer + 1)}", float(trace.delta(layer + 1)[0, j - 1]))
    head: tuple[Factor, ...] = (delta,)
    output = layer + 1 == trace.n_layers
    paths = _Paths(exact, trace, layer, j, last)
    if _elementwise(dense.activation) and not (output and trace.dC_ds is None):
        if output:
            assert trace.dC_ds is not None
            dC_da = Factor(f"dC/ds_{j}", float(trace.dC_ds[0, j - 1]))
        else:
            later = exact.layers[layer + 1]
            assert isinstance(later, Dense)
            dC_da = Factor(
                f"dC/d{_a(j, layer + 1)}",
                float(trace.delta(layer + 2)[0] @ later.weights[:, j - 1]),
            )
        ((_, slope),) = paths._slopes(layer + 1, j)
        head = (dC_da, slope)

    place = _parameter_index(exact, layer, j, None if bias else k)
    h = float(np.cbrt(np.finfo(float).eps) * max(1.0, abs(exact.parameters[place])))
    return Explanation(
        symbol,
        Chain(head if last is None else (*head, last)),
        paths,
        gradient=float(network.value_and_grad(x, y)[1][place]),
        central_difference=_central_difference(exact, x, y, place, h),
        h=h,
    )


def _check_place(
    network: Network, trace: Trace, layer: int, j: int, k: int | None, bias: bool
) -> Dense:
    """Return the layer that the weight leads to; raise if there is no such weight or bias."""
    L = trace.n_layers
    if not 1 <= whole_number("layer", layer) <= L - 1:
        raise IndexError(
            f"layer must be from 1 to {L - 1}, got {layer}: W^(l) leads from layer l to layer l+1, "
            f"and this network has {L} layers"
        )
    dense = network.layers[layer]
    assert isinstance(dense, Dense)
    n_out, n_in = dense.weights.shape
    if not 1 <= whole_number("j", j) <= n_out:
        raise IndexError(f"j must be from 1 to {n_out}, a neuron of layer {layer + 1}, got {j}")
    if bias:
        if k is not None:
            raise ValueError(f"a bias b_j has no k; give bias=True without k, got k={k}")
        if dense.bias is None:
            raise ValueError(f"layer {layer + 1} has no bias")
    elif k is None:
        raise ValueError("give k, a neuron of the layer before, or bias=True")
    elif whole_number("k", k) == 0:
        raise ValueError(
            "k counts from 1, as in the article, so there is no k=0; for b_j give bias=True"
        )
    elif not 1 <= k <= n_in:
        raise IndexError(f"k must be from 1 to {n_in}, a neuron of layer {layer}, got {k}")
    return dense


def _parameter_index(network: Network, layer: int, j: int, k: int | None) -> int:
    """Return where w_jk^(layer), or b_j^(layer) if k is None, stands in the flat block."""
    numbers = np.arange(network.n_parameters)
    W, b = network.split(numbers)[layer - 1]
    if k is not None:
        return int(W[j - 1, k - 1])
    assert b is not None
    return int(b[j - 1])


def _central_difference(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, place: int, h: float
) -> float:
    parameters = network.parameters
    w = parameters[place]
    parameters[place] = w + h
    above, w_above = network.cost(x, y), parameters[place]
    parameters[place] = w - h
    below, w_below = network.cost(x, y), parameters[place]
    parameters[place] = w
    return float((above - below) / (w_above - w_below))


def _elementwise(activation: str) -> bool:
    """Tell whether each a_j depends on its own z_j only: seen in the slopes of two neurons."""
    slopes = _core.activate(activation, np.array([[0.5, 0.25]]), np.array([[1.0, 0.0]]))[1]
    return bool(slopes[0, 1] == 0.0)


def _indices(*numbers: int) -> str:
    if all(number < 10 for number in numbers):
        return "".join(map(str, numbers))
    return "{" + ",".join(map(str, numbers)) + "}"


def _weight(j: int, k: int, layer: int) -> str:
    return f"w_{_indices(j, k)}^({layer})"


def _bias(j: int, layer: int) -> str:
    return f"b_{_indices(j)}^({layer})"


def _a(j: int, layer: int) -> str:
    return f"x_{_indices(j)}" if layer == 1 else f"a_{_indices(j)}^({layer})"


def _z(j: int, layer: int) -> str:
    return f"z_{_indices(j)}^({layer})"


def _number(value: float) -> str:
    return f"{value + 0.0:.8g}"  # + 0.0: no minus before a zero


def _aligned(factors: tuple[Factor, ...]) -> tuple[str, str]:
    """Return the product in symbols and, under each symbol, in numbers."""
    cells = [(factor.symbol, _number(factor.value)) for factor in factors]
    widths = [max(map(len, cell)) for cell in cells]
    symbols, numbers = (
        " * ".join(cell[row].ljust(width) for cell, width in zip(cells, widths, strict=True))
        for row in (0, 1)
    )
    return symbols, numbers
