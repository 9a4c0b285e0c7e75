"""Batches of every size: chunks, blocks and vectors end at each place."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr

N = 1200


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [(5, 8, 3), (4, 2, 2, 1), (70, 100, 20)])
def test_gradient_of_a_batch_is_the_mean_of_its_rows(plan, sizes, bias):
    rng = np.random.default_rng(1)
    n_in, *hidden, n_out = sizes
    net = cr.Network(
        [cr.Input(n_in), *[cr.Dense(n, "tanh", bias=bias) for n in hidden], cr.Dense(n_out)],
        dtype="float64",
        rng=2,
    )
    assert net.plan(N)["plan"] == plan
    x, y = rng.normal(size=(N, n_in)), rng.normal(size=(N, n_out))
    of_rows = [net.value_and_grad(x[i], y[i]) for i in range(N)]
    costs = np.cumsum([cost for cost, _ in of_rows])
    gradients = np.cumsum([gradient for _, gradient in of_rows], axis=0)
    step = 1 if plan != "layerwise" and net.n_parameters < 100 else 16
    for n in [*range(1, N + 1, step), 545, 1025, 1121]:
        cost, gradient = net.value_and_grad(x[:n], y[:n])
        assert cost == pytest.approx(costs[n - 1] / n, rel=1e-12)
        scale = abs(gradients[n - 1]).max() / n
        np.testing.assert_allclose(
            gradient, gradients[n - 1] / n, rtol=0, atol=1e-12 * max(scale, 1)
        )


def test_layers_beyond_the_cache(plan):
    """Weights packed or in place, rows all at once or in blocks: the number of rows decides."""
    rng = np.random.default_rng(3)
    net = cr.Network([cr.Input(700), cr.Dense(800, "tanh"), cr.Dense(9)], dtype="float64", rng=4)
    assert net.plan(N)["plan"] == plan
    x, y = rng.normal(size=(N, 700)), rng.normal(size=(N, 9))
    (w1, w2), (b1, b2) = zip(
        *((layer.weights, layer.bias) for layer in net.layers[1:]), strict=True
    )
    a = np.tanh(x @ w1.T + b1)
    s = a @ w2.T + b2
    for n in [1, 2, 31, 95, 96, 127, 128, 129, 512, 513, 1024, 1025, N]:
        np.testing.assert_allclose(net.predict(x[:n]), s[:n], rtol=0, atol=1e-12)
        delta2 = 2 / 9 / n * (s[:n] - y[:n])
        delta1 = (delta2 @ w2) * (1 - a[:n] ** 2)
        cost, gradient = net.value_and_grad(x[:n], y[:n])
        assert cost == pytest.approx(np.mean((s[:n] - y[:n]) ** 2), rel=1e-12)
        for (dW, db), delta, before in zip(
            net.split(gradient), (delta1, delta2), (x[:n], a[:n]), strict=True
        ):
            np.testing.assert_allclose(dW, delta.T @ before, rtol=0, atol=1e-12)
            np.testing.assert_allclose(db, delta.sum(axis=0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("bad", [[0], [5000], [9_999], [7, 4000, 9000]])
def test_first_bad_row_of_many_is_named(bad):
    """Threads share the search; the first row is named, whoever finds which."""
    net = cr.Network([cr.Input(300), cr.Dense(40)], rng=0)
    x = np.zeros((10_000, 300), "float32")
    x[bad, 3] = np.nan
    out = np.full((10_000, 40), 7, "float32")
    with cr.threads(4), pytest.raises(ValueError, match=f"x has nan in row {bad[0]}, column 3"):
        net.predict(x, out=out)
    assert (out == 7).all()
