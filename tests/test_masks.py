"""The random masks of Dropout: Philox by seed, step, sample and neuron, and by nothing else."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from reference import Noise


def masks(rate=0.5, n=130, batch=200, step=0, *, seed=0, dtype="float64", before=()):
    """Return which neurons a Dropout on n inputs keeps, (batch, n)."""
    layers = [cr.Input(n), *before, cr.Dropout(rate), cr.Dense(1, bias=False)]
    net = cr.Network(layers, rng=seed, dtype=dtype)
    net.parameters = np.ones(n)
    x, y, kept = np.ones((batch, n)), np.ones(batch), []
    for weight in np.eye(batch):  # of one sample of the batch alone, dC/dW = 2 (s - y) a
        kept.append(net.value_and_grad(x, y, weight, step=step)[1] != 0)
    return np.array(kept)


@pytest.mark.parametrize("n", [7, 64, 130])
def test_masks_are_those_of_philox(n):
    for stage, before in enumerate([[], [cr.Dropout(0)]]):
        expected = Noise(5, 9).numbers(stage, 20, n) >= 0.3 * 2.0**32
        found = masks(0.3, n, 20, step=9, seed=5, before=before)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_so_many_neurons_are_dropped(rate):
    kept = masks(rate, n=100, batch=50)
    # Five deviations of a binomial distribution.
    assert abs(kept.mean() - (1 - rate)) <= 5 * np.sqrt(rate * (1 - rate) / kept.size)


def test_masks_depend_on_seed_step_and_sample_alone():
    one = masks(n=70, batch=30)
    np.testing.assert_array_equal(masks(n=70, batch=30, dtype="float32"), one)
    np.testing.assert_array_equal(masks(n=70, batch=10), one[:10])
    np.testing.assert_array_equal(masks(n=20, batch=30), one[:, :20])
    for other in masks(n=70, batch=30, step=1), masks(n=70, batch=30, seed=1), one[::-1]:
        # Two independent masks agree in half of their places.
        assert 0.4 < (other == one).mean() < 0.6


def test_two_stages_have_masks_of_their_own():
    net = cr.Network(
        [cr.Input(1000), cr.Dropout(0.5), cr.Dropout(0.5), cr.Dense(1, bias=False)],
        rng=0,
        dtype="float64",
    )
    gradient = net.value_and_grad(np.ones((1, 1000)), [0.0], step=0)[1]
    assert 0.2 < np.count_nonzero(gradient) / 1000 < 0.3
