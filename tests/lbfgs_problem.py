"""A network and samples to minimize the cost of, and what watches the iterations."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32).astype(float)
Y = np.stack([np.sin(X[:, 0]) * X[:, 1], X[:, 2]], axis=1).astype(np.float32).astype(float)


def make(dtype="float64", loss="mse", layers=None):
    layers = layers or [cr.Input(4), cr.Dense(6, "tanh"), cr.Dense(2)]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=0)


def make_trained(epochs):
    net = make()
    net.fit(X, Y, optimizer=cr.LBFGS(), epochs=epochs)
    return net


class AfterEpoch:
    """Does something after each epoch, or the n-th one, and returns what that returns."""

    def __init__(self, action, n=None):
        self.n, self.action = n, action

    def on_epoch_end(self, network, record):
        return self.action(network) if self.n in (None, record.epoch) else None
