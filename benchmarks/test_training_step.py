"""A training step in two ways: inside `fit`, one of many, and by `train_step`, a call of its own.

The step of `fit` gathers a shuffled mini-batch, goes forward and backward, and updates: its time is
that of an epoch divided by the steps. `train_step` gets its batch as a whole, through Python.
"""
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
from networks import network, optimizer
from workloads import TRAINING

import reference

WORKLOADS = TRAINING


def steps_of_an_epoch(workload):
    """Return how many steps take some milliseconds, so that what `fit` does once does not count."""
    products = (
        3 * 2 * workload.batch * sum(n_in * n_out for n_in, n_out in pairwise(workload.layers))
    )
    return int(np.clip(4e8 / products, 2, 2000))


def check(workload, train):
    """Compare what two steps do to the weights with the reference: train(net, x, y, batch)."""
    # The reference needs (batch, n, n) for a cross-entropy: 8 GB for 1024 rows of 1000 classes.
    batch = 32 if workload.is_large else workload.batch
    net, x, y = network(workload), *workload.samples(2 * batch)
    by_reference = reference.Network.from_chainrule(net)
    before = by_reference.parameters
    cost = train(net, x, y, batch)
    in_order = np.arange(2 * batch).reshape(1, -1)
    _, expected_cost = reference.train(
        by_reference, optimizer(workload, reference), x, y, batch, in_order
    )
    np.testing.assert_allclose(cost, expected_cost[0], rtol=1e-5)

    expected = by_reference.parameters
    error = np.linalg.norm(net.parameters - expected)
    rounding = np.finfo(np.float32).eps * np.linalg.norm(expected)
    # Where a gradient is nothing but rounding, Adam makes a whole step of it.
    assert error <= 1e-2 * np.linalg.norm(expected - before) + rounding


@pytest.mark.benchmark(group="fit: an epoch")
def test_fit(benchmark, per_step, workload):
    def train(net, x, y, batch):
        history = net.fit(x, y, optimizer=optimizer(workload), batch_size=batch, shuffle=False)
        return history.cost[0]

    net, updates, steps = network(workload), optimizer(workload), steps_of_an_epoch(workload)
    x, y = workload.samples(steps * workload.batch)
    history = benchmark(net.fit, x, y, optimizer=updates, batch_size=workload.batch)
    assert np.isfinite(history.cost).all()
    per_step(steps)
    check(workload, train)


@pytest.mark.benchmark(group="train_step: a step")
def test_train_step(benchmark, per_step, workload):
    def train(net, x, y, batch):
        updates = optimizer(workload)
        costs = [net.train_step(x[i:][:batch], y[i:][:batch], updates) for i in (0, batch)]
        return np.mean(costs)

    net, updates = network(workload), optimizer(workload)
    x, y = workload.samples(workload.batch)
    assert np.isfinite(benchmark(net.train_step, x, y, updates))
    per_step(1)
    check(workload, train)
