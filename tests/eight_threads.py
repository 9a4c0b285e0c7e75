"""A network whose steps of 300 rows are worth eight threads, and its samples."""
# SPDX-License-Identifier: BSD-3-Clause

import chainrule as cr
from trainings import numbers

X, Y = numbers(3000, 48, 1), numbers(3000, 10, 2)
BATCH = 300


def make(loss="mse"):
    layers = [cr.Input(48), cr.Dense(128, "tanh"), cr.Dense(96, "tanh"), cr.Dense(10)]
    return cr.Network(layers, loss=loss, rng=1)


def threads_of(net, batch=BATCH, **kwargs):
    return net.plan(batch, **kwargs)["threads"]
