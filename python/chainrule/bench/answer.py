"""The right answer to a workload, which is that of plain NumPy, and how far others may be off."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from chainrule.bench.workload import Workload

__all__ = ["check", "solve", "trained"]

# How far parameters may be off, relative to how far the steps moved them. Where z is only rounding
# error, relu is on in one library and off in another; where a gradient is, Adam makes a full step.
DEVIATION = 1e-2


def solve(workload: Workload) -> Any:
    """Return the result of plain NumPy: the outputs, or the parameters followed by the cost."""
    peer = import_module("chainrule.bench.peers.numpy")
    if not workload.optimizer:
        return peer.inference(workload, workload.data())()
    few = workload.checked()
    return trained(peer.training_step(few, few.data()), few)


def trained(training: Any, workload: Workload) -> Any:
    """Train for one epoch; return the parameters, followed by the cost of the epoch."""
    cost = training.train(training.prepare(workload.order(1)))
    return np.append(training.parameters(), np.float32(cost))


def check(workload: Workload, actual: Any, expected: Any, start: Any = None) -> float:
    """Compare a result with that of plain NumPy, both in float32.

    Parameters
    ----------
    workload : Workload
        What was computed.
    actual, expected : ndarray
        Outputs s, or the parameters after `CHECKED_STEPS` steps.
    start : ndarray, optional
        The parameters before these steps.

    Returns
    -------
    float
        The error, divided by the largest one that rounding explains: at most 1.

    Raises
    ------
    AssertionError
        If it is larger. Outputs: each sum has as many roundings as terms, relative to the largest
        output. Parameters, in the Euclidean norm: `DEVIATION` of how far the steps moved them, and
        one rounding of each.
    """
    eps = float(np.finfo(np.float32).eps)
    if start is None:
        error = float(np.abs(actual - expected).max())
        bound = eps * (sum(workload.layers) + len(workload.layers)) * float(np.abs(expected).max())
    else:
        error = float(np.linalg.norm(actual - expected))
        bound = DEVIATION * float(np.linalg.norm(expected - start))
        bound += eps * float(np.linalg.norm(expected))
    assert error <= bound, f"{workload.name}: off by {error:.2g}, more than {bound:.2g}"
    return error / bound
