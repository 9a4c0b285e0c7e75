"""The workloads as chainrule networks, and how near to the reference they must be."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr


def network(workload):
    """Return the float32 network of a workload, the same each time."""
    *hidden, n_out = workload.layers[1:]
    layers = [cr.Dense(n, workload.activation) for n in hidden]
    layers.append(cr.Dense(n_out, workload.output))
    return cr.Network([cr.Input(workload.layers[0]), *layers], loss=workload.loss, rng=0)


def optimizer(workload, library=cr):
    """Return the optimizer of a workload, of chainrule or of the reference, with its defaults."""
    return getattr(library, workload.optimizer)()


def assert_near(actual, expected, workload):
    """Compare a result in float32 with the reference in float64.

    Errors add up over the terms of all sums on the way, and are relative to the largest element.
    """
    terms = sum(workload.layers) + workload.batch
    bound = terms * np.finfo(np.float32).eps * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)
