"""Trainings of one network, and all that they leave: what tests of checkpoints compare."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr

N = 50  # four epochs of five steps
rng = np.random.default_rng(4)
X, Y, WEIGHT = rng.normal(size=(N, 6)), rng.normal(size=(N, 2)), rng.uniform(size=N)
PATIENT = cr.NoImprovement(patience=3, restore_best=True)
EVERY_STEP = 1e-9  # seconds, which each step takes


def network(dtype="float32", loss="mse", seed=3):
    layers = [
        cr.Input(6),
        cr.Dense(9, "gelu", l2=0.01, max_norm=2),
        cr.LayerNorm(),
        cr.Dropout(0.3),
        cr.Dense(7, cr.Elu(0.5), learning_rate_factor=0.5),
        cr.Dense(2),
    ]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=seed)


def fit(net, optimizer, **options):
    options = {"epochs": 4, "batch_size": 10} | options
    net.fit(X, Y, optimizer=optimizer, **options)
    return result(net, optimizer)


def result(net, optimizer):
    """Return all that a training leaves, but its times."""
    of_history = net.history.to_dict()
    timed = {"seconds", "epoch_seconds", "samples_per_second"}
    return (
        net.parameters.tobytes(),
        None if net.average is None else net.average.tobytes(),
        {name: state.tobytes() for name, state in optimizer._states().items()},
        (optimizer.steps, optimizer.epochs, optimizer._running(), optimizer._schedule_memory()),
        (net.seed, net._steps_made, net._epochs_begun),
        {name: values for name, values in of_history.items() if name not in timed},
        repr(net.history.stopped_by),
        net.history.restored,
    )


def checkpoints(folder, most):
    """Return the checkpoints of a folder, the first one first."""
    names = [f"run.{number}.safetensors" for number in range(most - 1, 0, -1)]
    return [folder / each for each in (*names, "run.safetensors") if (folder / each).exists()]
