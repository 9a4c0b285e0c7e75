"""Two networks that train alike, one of them with accidents: what the tests of bad input share."""
# SPDX-License-Identifier: BSD-3-Clause

from contextlib import contextmanager

import numpy as np
import pytest

import chainrule as cr

N, N_IN, N_OUT = 6, 4, 3

_rng = np.random.default_rng(20)
x = _rng.normal(size=(N, N_IN))
values = _rng.normal(size=(N, N_OUT))
labels = np.arange(N) % N_OUT
GOOD_Y = {"mse": values, "cross_entropy": labels, "binary_cross_entropy": (values > 0) * 1.0}


def make(loss="mse", dtype="float32"):
    output = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(str(loss))
    layers = [cr.Input(N_IN), cr.Dense(5, "tanh"), cr.Dense(N_OUT, output or "identity")]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=7)


def replaced(array, index, value, dtype=float):
    """Return a copy of the array with one element replaced."""
    array = np.array(array, dtype)
    array[index] = value
    return array


def state(net, optimizer):
    """Return everything that a call may change."""
    states = [each.tobytes() for each in optimizer._states().values()]
    counts = net._epochs_begun, net._steps_made
    return net.parameters.tobytes(), counts, repr(net), optimizer.steps, states


class Pair:
    """A network in the middle of its training, and a twin that nobody disturbs."""

    def __init__(self, loss="mse", twin_loss=None, dtype="float32"):
        self.y = GOOD_Y.get(loss, values) if isinstance(loss, str) else values
        self.net, self.twin = make(loss, dtype), make(twin_loss or loss, dtype)
        self.optimizer, self.twin_optimizer = cr.Adam(0.05), cr.Adam(0.05)
        self.train()

    def train(self):
        self.net.fit(x, self.y, optimizer=self.optimizer, epochs=2, batch_size=2)
        self.twin.fit(x, self.y, optimizer=self.twin_optimizer, epochs=2, batch_size=2)

    @contextmanager
    def refuses(self, exception, match, *inputs):
        """Check the exact exception, and that nothing changed: now, and for later training."""
        before = state(self.net, self.optimizer), repr(self.optimizer)
        arrays = [each for each in inputs if isinstance(each, np.ndarray)]
        bytes_before = [each.tobytes() for each in arrays]
        with pytest.raises(exception, match=match) as caught:
            yield
        assert caught.type is exception
        assert (state(self.net, self.optimizer), repr(self.optimizer)) == before
        assert [each.tobytes() for each in arrays] == bytes_before
        self.train()
        assert self.net.parameters.tobytes() == self.twin.parameters.tobytes()
        after = state(self.net, self.optimizer)
        assert after[3:] == state(self.twin, self.twin_optimizer)[3:]


# The calls that learn from samples.
LEARN = {
    "cost": lambda pair, x, y, **more: pair.net.cost(x, y, **more),
    "value_and_grad": lambda pair, x, y, **more: pair.net.value_and_grad(x, y, **more)[0],
    "train_step": lambda pair, x, y, **more: pair.net.train_step(x, y, pair.optimizer, **more),
    "fit": lambda pair, x, y, **more: pair.net.fit(x, y, optimizer=pair.optimizer, **more).cost[0],
}
