"""What checkpoints every second cost a training of MNIST's shape, beside the same without."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import statistics
import tempfile
import time

import numpy as np

import chainrule as cr

EPOCHS, ROUNDS = 30, 6
rng = np.random.default_rng(0)
X = rng.random((60_000, 784), dtype=np.float32)
Y = rng.integers(0, 10, len(X))


def seconds(callbacks):
    """Return how long a training takes."""
    layers = [cr.Input(784), cr.Dense(128, "relu"), cr.Dense(10, "softmax")]
    net = cr.Network(layers, loss="cross_entropy", rng=0)
    start = time.perf_counter()
    net.fit(X, Y, optimizer=cr.Adam(), epochs=EPOCHS, batch_size=128, callbacks=callbacks)
    return time.perf_counter() - start


def main():
    """Print the medians of the ratios, that of two trainings without checkpoints among them."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.safetensors")
        save = cr.Checkpoint(path, every_seconds=1)
        seconds(())
        rounds = [(seconds(()), seconds(save), seconds(())) for _ in range(ROUNDS)]
        size = os.path.getsize(path)
    with_, without = (
        statistics.median(each[place] / each[0] for each in rounds) for place in (1, 2)
    )
    print(f"{rounds[0][0]:.2f} s, a checkpoint of {size:,} bytes every second: {with_:.3f} times")
    print(f"once more without: {without:.3f} times")


if __name__ == "__main__":
    main()
