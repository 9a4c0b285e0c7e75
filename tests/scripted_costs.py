"""Trainings whose costs are given, epoch by epoch."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr

TRAINING, VALIDATION = 0, 1


class Script:
    """A cost function that returns given costs: those of y = TRAINING, those of y = VALIDATION."""

    def __init__(self, training, validation=()):
        self.costs = iter(training), iter(validation)

    def __call__(self, s, y):
        return next(self.costs[y[0]]), np.zeros_like(s)


def fit(training, validation=None, **kwargs):
    """Train with the given costs of the epochs, each of one step."""
    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=Script(training, validation or ()), rng=0)
    x = np.zeros((1, 1))
    validation_data = None if validation is None else (x, [VALIDATION])
    return net.fit(x, [TRAINING], validation_data=validation_data, **kwargs)


FALLING = [5.0, 4.0, 3.0, 2.0, 1.0]
