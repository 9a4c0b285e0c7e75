"""The command ``chainrule demo``: learn the digits, then race the same training in plain NumPy."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import os
import subprocess
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr
from chainrule import _numpy_network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chainrule._numpy_network import Floats, Integers

__all__ = ["run"]

N_IN, N_HIDDEN, N_OUT = 64, 100, 10
BATCH = 200
LEARNING_RATE = 0.01


def run(seed: int = 0, epochs: int = 30) -> None:
    """Train on the digits and print how it goes; then time it beside plain NumPy.

    Parameters
    ----------
    seed : int
        Decides the first weights and the order of the samples, not the split of the data.
    epochs : int
        How often each training image is seen.
    """
    (x, y), (x_val, y_val), (x_test, y_test) = split_digits()
    net, order = begin(seed, epochs, len(x))
    print(net)
    print(f"\n{len(x)} images to train, {len(x_val)} to validate, {len(x_test)} to test\n")

    optimizer = cr.Adam(LEARNING_RATE)
    for epoch in range(epochs):
        history = net.fit(
            x, y, optimizer=optimizer, batch_size=BATCH, order=order[epoch : epoch + 1]
        )
        print(
            f"epoch {epoch + 1:3}   cost {history.cost[0]:.4f}"
            f"   validation accuracy {accuracy(net.predict(x_val), y_val):6.1%}"
            f"   {len(x) / history.seconds:9,.0f} samples/s",
            flush=True,
        )
    print(f"\ntest accuracy {accuracy(net.predict(x_test), y_test):.2%}", flush=True)

    # NumPy in its better setting: threads help its products a little on an idle machine, and cost
    # it a factor of a hundred on a busy one.
    ours, theirs = map(min, zip(race(seed, epochs), race_on_one_thread(seed, epochs), strict=True))
    print("\nthe whole training again, both from the same weights, in turn, best of several:")
    for name, (seconds, share) in (("chainrule", ours), ("plain NumPy", theirs)):
        print(f"{name:12} {1e3 * seconds:7.1f} ms   test accuracy {share:.2%}")
    print(f"chainrule was {theirs[0] / ours[0]:.1f} times as fast as plain NumPy")


def split_digits() -> list[tuple[Floats, Integers]]:
    """Return the images to train, to validate and to test with: no image is in two parts."""
    x, y = cr.datasets.load_digits()
    parts = np.split(np.random.default_rng(0).permutation(len(x)), [1200, 1400])
    return [(x[rows], y[rows]) for rows in parts]


def begin(seed: int, epochs: int, n: int) -> tuple[cr.Network, Integers]:
    """Return a new network and the order of the `n` samples in each epoch."""
    net = cr.Network(
        [cr.Input(N_IN), cr.Dense(N_HIDDEN, "relu"), cr.Dense(N_OUT, "softmax")],
        loss="cross_entropy",
        rng=seed,
    )
    rng = np.random.default_rng(seed)
    return net, np.stack([rng.permutation(n) for _ in range(epochs)])


def race(seed: int, epochs: int) -> list[tuple[float, float]]:
    """Return the best seconds, and the test accuracy, of chainrule and of plain NumPy."""
    (x, y), _, (x_test, y_test) = split_digits()
    first, order = begin(seed, epochs, len(x))
    batches = [np.split(epoch, range(BATCH, len(epoch), BATCH)) for epoch in order]
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    end = perf_counter() + 1
    while len(ours) < 10 and (not ours or perf_counter() < end):
        net, optimizer = first.copy(), cr.Adam(LEARNING_RATE)
        start = perf_counter()
        net.fit(x, y, optimizer=optimizer, epochs=epochs, batch_size=BATCH, order=order)
        ours.append((perf_counter() - start, accuracy(net.predict(x_test), y_test)))

        plain = in_plain_numpy(first.parameters.copy())
        start = perf_counter()
        _numpy_network.Training(plain, "cross_entropy", "Adam", LEARNING_RATE).fit(x, y, batches)
        theirs.append((perf_counter() - start, accuracy(plain.predict(x_test), y_test)))
    return [min(ours), min(theirs)]


def race_on_one_thread(seed: int, epochs: int) -> list[tuple[float, float]]:
    """Race in a process of its own, whose NumPy starts no threads."""
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import json; from chainrule.demo import race; "
        f"print(json.dumps(race({seed}, {epochs})))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | _numpy_network.ONE_THREAD,
        capture_output=True,
        text=True,
        check=True,
    )
    return [(seconds, share) for seconds, share in json.loads(child.stdout)]


def accuracy(s: NDArray[Any], y: NDArray[Any]) -> float:
    """Return the share of rows of `s` whose largest output is the label."""
    return float(np.mean(s.argmax(axis=1) == y))


def in_plain_numpy(parameters: Floats) -> _numpy_network.Network:
    """Return the same network in plain NumPy."""
    widths, activations = (N_IN, N_HIDDEN, N_OUT), ("relu", "softmax")
    return _numpy_network.Network(widths, activations, parameters)
