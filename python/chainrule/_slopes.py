"""f'(z) of a layer, as numbers to look at."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import spec_of
from chainrule.activations import Activation

Array = npt.NDArray[Any]

# So many numbers of a Jacobian are computed at a time.
_AT_ONCE = 1 << 20


def is_elementwise(activation: str | Activation) -> bool:
    """Tell whether each a_j depends on its own z_j only: seen in the slopes of two neurons."""
    slopes = _core.activate(spec_of(activation), np.array([[0.5, 0.25]]), np.array([[1.0, 0.0]]))[1]
    return bool(slopes[0, 1] == 0.0)


def slopes(activation: str | Activation, z: Array) -> Array:
    """Return f'(z_j) of each neuron, shape (batch, n), for an elementwise activation."""
    return _core.activate(spec_of(activation), z, np.ones(z.shape))[1]


def own_slopes(activation: str | Activation, z: Array) -> Array:
    """Return da_j/dz_j of each neuron, shape (batch, n), for any activation.

    Of softmax that is the diagonal of the Jacobians, a_j (1 - a_j).
    """
    if is_elementwise(activation):
        return slopes(activation, z)
    a = _core.activate(spec_of(activation), z, np.zeros(z.shape))[0]
    return a * (1 - a)


def largest_of_bounded(activation: str | Activation) -> float | None:
    """Return the largest |da_j/dz_j| of a bounded activation; None for one without bounds."""
    if not is_elementwise(activation):
        return 0.25  # a_j (1 - a_j) where a_j is 1/2
    far = np.array([[1e4, 1e8], [-1e4, -1e8]])
    with np.errstate(all="ignore"):  # one without bounds overflows
        a = _core.activate(spec_of(activation), far, np.ones(far.shape))[0]
        if not (np.abs(a[:, 1] - a[:, 0]) < 1).all():
            return None
    z = np.linspace(-8, 8, 1025)[None]  # 0, where most are steepest, among them
    return float(np.abs(slopes(activation, z)).max())


def jacobian_columns(activation: str | Activation, z: Array, columns: slice) -> Array:
    """Return da_i/dz_j for all neurons i and the neurons j in `columns`, shape (n, columns).

    `z` is that of one sample, shape (n,). The core goes backward, from dC/da to dC/dz: with one
    dC/da_i = 1 it gives the row of a_i.
    """
    n = len(z)
    rows = max(_AT_ONCE // n, 1)
    parts = []
    for first in range(0, n, rows):
        unit = np.eye(min(rows, n - first), n, first)
        each = np.tile(z, (len(unit), 1))
        parts.append(_core.activate(spec_of(activation), each, unit)[1][:, columns].copy())
    return np.concatenate(parts)


def f_prime(activation: str | Activation, z: Array) -> Array:
    """Return f'(z), shape (batch, n), or the Jacobians da_i/dz_j, (batch, n, n), of softmax."""
    if is_elementwise(activation):
        return slopes(activation, z)
    return np.stack([jacobian_columns(activation, row, slice(None)) for row in z])
