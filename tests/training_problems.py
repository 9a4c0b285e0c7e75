"""Small problems to train on, and optimizers by name: those of chainrule, reference and bounds."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from support import Case

# One name for each optimizer: its class, positional and keyword arguments.
OPTIMIZERS = {
    "sgd": ("SGD", (0.125,), {}),
    "momentum": ("SGD", (0.1,), {"momentum": 0.75}),
    "nesterov": ("SGD", (0.1,), {"momentum": 0.75, "nesterov": True}),
    "adam": ("Adam", (0.01,), {}),
    # An eps that gradients do not vanish against, so that their errors stay in proportion.
    "adam_with_eps": ("Adam", (0.02,), {"betas": (0.75, 0.9), "eps": 0.05}),
}
BATCH_SIZE = 16


def optimizer_of(module, name):
    """Return the optimizer as chainrule, the reference or the bounds make it."""
    kind, args, kwargs = OPTIMIZERS[name]
    return getattr(module, kind)(*args, **kwargs)


def problem(loss="mse", activations=("tanh", "identity"), dtype="float64", n=50, seed=0):
    """Return a network with n samples: batches of 16 leave a smaller one."""
    sizes = (*(4, 6, 5)[: len(activations)], 3)
    case = Case(seed, sizes, activations, loss, dtype, batch=n)
    return case.network(), *case.samples()


def random_order(epochs, n, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(n) for _ in range(epochs)])
