"""One derivative, explained: the chain rule from the cost C to one weight, factor by factor."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import heapq
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule import _notebook, _training_options
from chainrule._chains import (
    Chain,
    Factor,
    Paths,
    a_name,
    aligned,
    bias_name,
    indices,
    weight_name,
    z_name,
)
from chainrule._notebook import number_text
from chainrule._slopes import is_elementwise
from chainrule._spec import whole_number
from chainrule.layers import Dense, Input, Layer

if TYPE_CHECKING:
    from chainrule.network import Network
    from chainrule.trace import Trace

# Paths multiply from layer to layer: beyond this many, only their sum is of use to a reader.
MAX_PATHS = 10_000
_PATHS_SHOWN = 8


class Explanation:
    """Every factor of dC/dw_jk^(l) or dC/db_j^(l), for one sample: what `Network.explain` returns.

    All numbers are computed in float64, whatever the network's dtype, but for `gradient`. C is the
    cost of the sample, without the penalties of the weights, whose derivative is `penalty`.

    Attributes
    ----------
    symbol : str
        The derivative, "dC/dw_22^(2)".
    chain : Chain
        The article's equation: dC/da_j * f'(z_j) * a_k. Where the neuron's layer has no f' of its
        own (softmax, or an output activation fused with the loss) dC/dz_j stands for the first two.
    n_paths : int
        Paths from C to the weight.
    penalty : float
        l1 sign(w) + 2 l2 w, which comes to the derivative in a training; 0 without a penalty.
    gradient : float
        The same derivative from `Network.value_and_grad`, less `penalty`; of a frozen layer, as if
        it were not.
    central_difference : float
        (C(w + h) - C(w - h)) / 2h.
    h : float
        The step of the central difference.
    """

    def __init__(
        self,
        symbol: str,
        chain: Chain,
        paths: Paths,
        penalty: float,
        gradient: float,
        central_difference: float,
        h: float,
    ) -> None:
        self.symbol = symbol
        self.chain = chain
        self.n_paths = paths.count()
        self.penalty = penalty
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

    def largest_paths(self) -> tuple[str, list[Chain]]:
        """Return the up to 8 paths of the largest values, and a line that says what they are."""
        if self.n_paths > MAX_PATHS:
            return f"It is the sum over {self.n_paths:,} paths from C to the weight.", []
        largest = heapq.nlargest(_PATHS_SHOWN, self.paths, key=lambda path: abs(path.value))
        if self.n_paths == 1:
            return "Along the one path from C:", largest
        which = "" if self.n_paths <= _PATHS_SHOWN else f"; the {_PATHS_SHOWN} largest"
        return f"It is the sum over {self.n_paths:,} paths from C{which}:", largest

    def __repr__(self) -> str:
        return f"Explanation({self.symbol} = {self.value:.6g})"

    def _repr_html_(self) -> str:
        return _notebook.explanation_html(self)

    def _repr_latex_(self) -> str:
        return _notebook.explanation_latex(self)

    def __str__(self) -> str:
        equation, numbers = aligned(self.chain.factors)
        width = max(len(self.symbol), len(number_text(self.value)))
        lines = [
            f"{self.symbol:>{width}} = {equation}",
            f"{number_text(self.value):>{width}} = {numbers}",
            "",
        ]
        heading, shown = self.largest_paths()
        lines.append(heading)
        for path in shown:
            symbols, values = aligned(path.factors)
            lines += [f"  {symbols}", f"  {values} = {number_text(path.value)}"]
        lines += [
            "",
            f"value_and_grad gives      {number_text(self.gradient)}",
            f"a central difference is   {number_text(self.central_difference)}  (h = {self.h:.1e})",
        ]
        if self.penalty:
            lines.append(f"the penalty of w adds     {number_text(self.penalty)}")
        return "\n".join(line.rstrip() for line in lines)


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
    # Whatever the caller's NumPy does about overflow is for the caller's own arithmetic.
    with np.errstate(all="ignore"):
        return _explain(network, x, y, layer=layer, j=j, k=k, bias=bias)


def _explain(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    layer: int,
    j: int,
    k: int | None,
    bias: bool,
) -> Explanation:
    for each in network.layers:
        if not isinstance(each, Dense | Input):
            raise ValueError(
                f"explain takes networks of Input and Dense layers, and this one has {each!r}"
            )
    own_options = network.layers
    network = without_options(network)
    exact = network._twin("float64")
    trace = exact.trace(x, y)
    if len(trace.s) != 1:
        raise ValueError(f"explain takes one sample, got {len(trace.s)}")
    dense = _check_place(exact, trace, layer, j, k, bias)

    if bias or k is None:
        symbol, last = f"dC/d{bias_name(j, layer)}", None
    else:
        last = Factor(a_name(k, layer), float(trace.a(layer)[0, k - 1]))
        symbol = f"dC/d{weight_name(j, k, layer)}"

    # The equation's head: dC/da_j and f'(z_j) where they are two numbers, else dC/dz_j.
    delta = Factor(f"dC/d{z_name(j, layer + 1)}", float(trace.delta(layer + 1)[0, j - 1]))
    head: tuple[Factor, ...] = (delta,)
    output = layer + 1 == trace.n_layers
    fused = trace.fused
    paths = Paths(exact, trace, layer, j, last)
    if is_elementwise(dense.activation) and not (output and fused):
        if output:
            dC_da = Factor(f"dC/ds_{indices(j)}", float(trace.dC_ds[0, j - 1]))
        else:
            later = exact.layers[layer + 1]
            assert isinstance(later, Dense)
            dC_da = Factor(
                f"dC/d{a_name(j, layer + 1)}",
                float(trace.delta(layer + 2)[0] @ later.weights[:, j - 1]),
            )
        ((_, slope),) = paths.slopes(layer + 1, j)
        head = (dC_da, slope)

    place = (layer, j, None if bias else k)
    w = _at(exact, exact.parameters, *place)
    h = float(np.cbrt(np.finfo(float).eps) * max(1.0, abs(w[0])))
    return Explanation(
        symbol,
        Chain(head if last is None else (*head, last)),
        paths,
        penalty=0.0 if bias else _penalty_slope(own_options[layer], w[0]),
        gradient=float(_at(network, network.value_and_grad(x, y)[1], *place)[0]),
        central_difference=_central_difference(exact, x, y, w, h),
        h=h,
    )


def without_options(network: Network) -> Network:
    """Return the network, or a copy whose layers have neither penalties nor anything frozen."""
    if not any(_training_options.that_are_on(each._description) for each in network._layers):
        return network
    layers = [
        each._described(**_training_options.without(each._description)) for each in network._layers
    ]
    return network._twin(network.dtype.name, layers)


def _penalty_slope(layer: Layer, w: float) -> float:
    """l1 sign(w) + 2 l2 w, of a layer that is not frozen."""
    assert isinstance(layer, Dense)
    return float(layer.l1 * np.sign(w) + 2 * layer.l2 * w) if layer.trainable else 0.0


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


def _at(
    network: Network, block: npt.NDArray[Any], layer: int, j: int, k: int | None
) -> npt.NDArray[Any]:
    """Return w_jk^(layer), or b_j^(layer) if k is None, in a flat block: a view of shape (1,)."""
    W, b = network.split(block)[layer - 1]
    if k is not None:
        return W[j - 1, k - 1 : k]
    assert b is not None
    return b[j - 1 : j]


def _central_difference(
    network: Network, x: npt.ArrayLike, y: npt.ArrayLike, place: npt.NDArray[Any], h: float
) -> float:
    w = float(place[0])
    place[0] = w + h
    above, w_above = network.cost(x, y), float(place[0])
    place[0] = w - h
    below, w_below = network.cost(x, y), float(place[0])
    place[0] = w
    return (above - below) / (w_above - w_below)
