"""The network in plain NumPy that chainrule is compared with: it does the same training."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from chainrule import _numpy_network

N, BATCH, EPOCHS = 45, 20, 3  # the last batch of an epoch is smaller


@pytest.mark.parametrize("hidden", ["identity", "relu", "tanh", "sigmoid"])
@pytest.mark.parametrize(("loss", "output"), [("mse", "identity"), ("cross_entropy", "softmax")])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_same_costs_and_parameters(hidden, loss, output, optimizer):
    """Up to rounding: of 45 numbers in a sum, in 9 steps."""
    widths, activations = (8, 30, 20, 5), (hidden, hidden, output)
    dense = [cr.Dense(n, f) for n, f in zip(widths[1:], activations, strict=True)]
    net = cr.Network([cr.Input(widths[0]), *dense], loss=loss, rng=3)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(N, widths[0])).astype("float32")
    y = rng.normal(size=(N, widths[-1])).astype("float32")
    y = y.argmax(axis=1) if loss == "cross_entropy" else y
    order = np.stack([rng.permutation(N) for _ in range(EPOCHS)])

    plain = _numpy_network.Network(widths, activations, net.parameters.copy())
    training = _numpy_network.Training(plain, loss, optimizer, 0.01)
    costs = training.fit(x, y, [np.split(epoch, range(BATCH, N, BATCH)) for epoch in order])
    rule = getattr(cr, optimizer)(0.01)
    before = net.parameters.copy()
    history = net.fit(x, y, optimizer=rule, epochs=EPOCHS, batch_size=BATCH, order=order)

    np.testing.assert_allclose(costs, history.cost, rtol=1e-5)
    moved = np.linalg.norm(net.parameters - before)
    assert np.linalg.norm(plain.parameters - net.parameters) < 1e-3 * moved
    np.testing.assert_allclose(plain.predict(x), net.predict(x), rtol=1e-3, atol=1e-3)


def test_an_update_of_several_chunks(monkeypatch):
    results = []
    for chunk in (_numpy_network.CHUNK, 7):
        monkeypatch.setattr(_numpy_network, "CHUNK", chunk)
        parameters = np.linspace(-1, 1, 23, dtype="float32")
        adam = _numpy_network.Adam(0.1, parameters, np.linspace(1, -2, 23, dtype="float32"))
        for _ in range(3):
            adam.step()
        results.append(parameters)
    assert np.array_equal(*results)


def test_views_are_those_of_the_network():
    net = cr.Network([cr.Input(3), cr.Dense(2), cr.Dense(4)], rng=0)
    layers = _numpy_network.views((3, 2, 4), net.parameters)
    assert len(layers) == 2
    for (W, b), layer in zip(layers, net.layers[1:], strict=True):
        assert np.array_equal(W.T, layer.weights)
        assert np.array_equal(b, layer.bias)
