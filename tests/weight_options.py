"""Networks whose dense layers have options of the training, and samples for them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

import chainrule as cr

FIRST = {"l1": 0.01, "l2": 0.03}
LIMITED = {"l2": 0.02, "max_norm": 0.7}
SLOW = {"learning_rate_factor": 0.25, "l1": 0.004}
FROZEN = {"trainable": False, "l1": 0.5, "l2": 0.5, "max_norm": 0.1}
# The options of three dense layers; a LayerNorm before the last one has those of "stage".
CASES = {
    "penalties": [FIRST, LIMITED, {"l1": 0.02}],
    "rates": [SLOW, {}, {"learning_rate_factor": 1.5}],
    "first frozen": [FROZEN, LIMITED, SLOW],
    "two frozen": [FROZEN, FROZEN, FIRST],
    "middle frozen": [LIMITED, FROZEN, {}],
    "last frozen": [FIRST, SLOW, FROZEN],
}


def network(options, dtype="float64", sizes=(5, 17, 9, 3), stage=None, loss="mse", rng=0):
    """Return a network whose dense layers have these options."""
    dense = [
        cr.Dense(n, f, **each)
        for n, f, each in zip(sizes[1:], ("tanh", "relu", "identity"), options, strict=True)
    ]
    stages = [] if stage is None else [cr.LayerNorm(**stage)]
    layers = [cr.Input(sizes[0]), *dense[:-1], *stages, dense[-1]]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=rng)


def samples(batch, n_in=5, n_out=3):
    """Return x, y and weights of samples, exact in float32."""
    rng = np.random.default_rng(batch)
    x, y = (rng.normal(size=(batch, n)).astype(np.float32).astype(float) for n in (n_in, n_out))
    return x, y, np.arange(1, batch + 1) / 64
