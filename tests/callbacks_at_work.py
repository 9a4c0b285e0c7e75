"""Callbacks that look on or do something, and a training for them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr

rng = np.random.default_rng(8)
X, Y = rng.normal(size=(2, 64, 6)).astype("f4")
Y = Y[:, :2]


def make(dtype="float32", loss="mse"):
    layers = [cr.Input(6), cr.Dense(150, "tanh"), cr.Dense(70, "relu"), cr.Dense(2)]
    return cr.Network(layers, dtype=dtype, loss=loss, rng=0)


def fit(net, callbacks=(), optimizer=None, **options):
    """Train with four steps an epoch, the samples in their order."""
    options = {"epochs": 2, "batch_size": 16, "shuffle": False} | options
    return net.fit(X, Y, optimizer=optimizer or cr.Adam(0.01), callbacks=callbacks, **options)


class At:
    """Does something when it is told of `method` for the n-th time; its answer is the method's."""

    def __init__(self, method, action, n=1):
        self.left, self.told = n, 0

        def hook(network, record):
            self.told += 1
            self.left -= 1
            return action(network) if self.left == 0 else None

        setattr(self, method, hook)


class Log:
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def on_fit_begin(self, network, record):
        self.told.append(("begin", record))

    def on_step_end(self, network, record):
        self.told.append(("step", record))

    def on_epoch_end(self, network, record):
        self.told.append(("epoch", record))

    def on_fit_end(self, network, record):
        self.told.append(("end", record))


STOPS = [  # method, told for the n-th time, finished steps, whole epochs
    ("on_fit_begin", 1, 0, 0),
    ("on_step_end", 1, 1, 0),
    ("on_step_end", 3, 3, 0),
    ("on_step_end", 4, 4, 1),  # an epoch that is complete is counted
    ("on_step_end", 5, 5, 1),
    ("on_epoch_end", 1, 4, 1),
    ("on_epoch_end", 2, 8, 2),
]
