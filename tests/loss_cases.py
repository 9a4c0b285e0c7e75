"""Losses with hyperparameters that are not the defaults, and networks and targets for them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr
from support import output_of, random_targets

WEIGHTS = {2: 5.0, 0: 0.5}  # of classes
LOSSES = [
    cr.CrossEntropy(0.1),
    cr.CrossEntropy(0.1, logits=True),
    cr.CrossEntropy(class_weight=WEIGHTS),
    cr.CrossEntropy(0.25, [1, 0, 3, 1, 1, 2]),
    cr.CrossEntropy(0.25, WEIGHTS, logits=True),
    cr.KlDivergence(),
    cr.KlDivergence(logits=True),
    cr.BinaryCrossEntropy(pos_weight=3),
    cr.BinaryCrossEntropy([0, 0.5, 1, 2, 3, 4], 0.125),
    cr.BinaryCrossEntropy([0, 0.5, 1, 2, 3, 4], logits=True),
    cr.BinaryCrossEntropy(mask_nan=True),
    cr.BinaryCrossEntropy(2, 0.125, logits=True, mask_nan=True),
    cr.Focal(),
    cr.Focal(0, 0.5, logits=True),
    cr.Focal(0.5, 0.75, mask_nan=True),
    cr.Focal(3, logits=True, mask_nan=True),
    cr.Quantile(0.3),
    cr.Quantile([0.1, 0.5, 0.9]),
    cr.Quantile([0.1, 0.3, 0.5, 0.7, 0.8, 0.9], mask_nan=True),
    cr.Quantile([0.25, 0.75], mask_nan=True),
    cr.Poisson(0.5),
    cr.Poisson(logits=True),
    cr.Poisson(logits=True, mask_nan=True),
    cr.Mse(mask_nan=True),
    cr.Mae(mask_nan=True),
    cr.Huber(0.5, mask_nan=True),
    cr.LogCosh(mask_nan=True),
    cr.Hinge(mask_nan=True),
]
N_OUT = 6


def network(loss, dtype="float64", n_out=N_OUT, output=None):
    """Return a network for such a loss."""
    layers = [cr.Input(5), cr.Dense(17, "tanh"), cr.Dense(n_out, output or output_of(loss))]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=0)


def masks_nan(loss):
    return getattr(loss, "mask_nan", False)


def samples(loss, batch, n_out=N_OUT):
    """Return x, y and weights, exact in float32; some targets may be NaN, or all of a sample."""
    rng = np.random.default_rng(batch)
    x = rng.normal(size=(batch, 5)).astype(np.float32).astype(float)
    quantiles = np.size(getattr(loss, "quantiles", 1))
    y = random_targets(loss._name, batch, n_out // quantiles, rng)
    if masks_nan(loss):
        missing = rng.uniform(size=y.shape) < 0.3
        missing[batch // 2] = batch > 1
        missing[0, 0] = False
        y[missing] = np.nan
    return x, y, np.arange(1, batch + 1) / 64
