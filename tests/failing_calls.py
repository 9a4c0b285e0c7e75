"""A network with samples, and calls of it that fail."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(3)
X = rng.normal(size=(200, 100))
Y = rng.normal(size=(200, 10))


def make(loss="mse", dtype="float32", **options):
    layers = [cr.Input(100), cr.Dense(100, "tanh"), cr.Dense(10)]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=0, **options)


def fails(s, y):
    raise LookupError("mine")


def attempt(work):
    with pytest.raises((ValueError, TypeError, LookupError, RuntimeError)):
        work()
