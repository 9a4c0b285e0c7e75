"""The trace: its numbering and shapes, and that it is a copy; test_network.py has its numbers."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from reference.activations import ACTIVATIONS as ACTIVATION_CLASSES
from reference.losses import share
from support import ACTIVATIONS, DTYPES, PAIRS, Case, bits, fused, reference_of


def traced(dtype="float64", batch=7):
    case = Case(0, (4, 3, 5, 2), ("tanh", "relu", "identity"), "mse", dtype, batch)
    net, (x, y, _) = case.network(), case.samples()
    return net, x, y, net.trace(x, y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbering_and_shapes(dtype):
    net, x, _, trace = traced(dtype)
    assert trace.n_layers == 4
    for layer, n in enumerate((4, 3, 5, 2), start=1):
        assert trace.a(layer).shape == (7, n)
        if layer > 1:
            assert trace.z(layer).shape == trace.delta(layer).shape == (7, n)
            assert trace.z(layer).dtype == trace.delta(layer).dtype == np.dtype(dtype)
    for layer in 1, 2, 3:
        assert trace.dW(layer).shape == net.layers[layer].weights.shape
        bias = net.layers[layer].bias
        if bias is None:
            assert trace.db(layer) is None
        else:
            assert trace.db(layer).shape == bias.shape
    np.testing.assert_array_equal(trace.a(1), x.astype(dtype))
    np.testing.assert_array_equal(trace.a(4), trace.s)
    assert type(trace.cost) is float
    assert isinstance(trace, cr.Trace)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("z", 2, 4), ("a", 1, 4), ("delta", 2, 4), ("dW", 1, 3), ("db", 1, 3)],
)
def test_numbers_beyond_the_layers(name, first, last):
    *_, trace = traced()
    of = getattr(trace, name)
    for layer in first - 1, last + 1, -1, 100:
        with pytest.raises(IndexError) as raised:
            of(layer)
        # Says what came and what there is.
        for number in layer, first, last:
            assert f"{name}({number})" in str(raised.value)
    for layer in 2.0, "2", None, [2]:
        with pytest.raises(TypeError, match="whole number"):
            of(layer)
    of(np.int64(first))


def test_gradients_are_sums_over_the_batch():
    _, _, _, trace = traced()
    for layer in 1, 2, 3:
        delta = trace.delta(layer + 1)
        np.testing.assert_allclose(trace.dW(layer), delta.T @ trace.a(layer), rtol=1e-12)
        if trace.db(layer) is not None:
            np.testing.assert_allclose(trace.db(layer), delta.sum(axis=0), rtol=1e-12)


def test_each_row_has_its_share_of_the_cost():
    net, x, y, trace = traced()
    for i in range(len(x)):
        alone = net.trace(x[i], y[i])
        for layer in 2, 3, 4:
            np.testing.assert_allclose(
                trace.delta(layer)[i], alone.delta(layer)[0] / len(x), rtol=1e-12, atol=1e-15
            )


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@pytest.mark.parametrize("weighted", [False, True])
def test_delta_of_the_output_is_the_product_of_its_factors(loss, output, weighted):
    case = Case(0, (3, 4, 2), ("tanh", output), loss, batch=3)
    net, (x, y, weight) = case.network(), case.samples()
    weight = weight if weighted else None
    trace, ref = net.trace(x, y, weight), reference_of(net)
    assert trace.fused == fused(output, loss)
    passed = ref.forward(x)
    dC_ds = share(3, weight)[:, None] * ref.loss.gradient(passed.s, y)
    np.testing.assert_allclose(trace.dC_ds, dC_ds, rtol=1e-12, atol=1e-300)
    by_factors = (
        np.einsum("bi,bij->bj", trace.dC_ds, trace.ds_dz)
        if output == "softmax"
        else trace.dC_ds * trace.ds_dz
    )
    np.testing.assert_allclose(by_factors, trace.delta(3), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(trace.delta(3), ref.backward(passed, y, weight).delta[3], atol=1e-14)


def test_gradient_of_an_output_that_is_0_is_finite():
    net = cr.Network([cr.Input(2), cr.Dense(2, "softmax", bias=False)], loss="cross_entropy")
    net.layers[1].weights = np.eye(2)
    trace = net.trace([1000.0, 0.0], [0.0, 1.0])
    assert trace.s.tolist() == [[1, 0]]
    assert np.isfinite(trace.dC_ds).all()
    assert trace.dC_ds[0, 1] < -1e37
    assert trace.delta(2).tolist() == [[1, -1]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_f_prime(activation, dtype):
    case = Case(3, (3, 4, 2), (activation, "identity"), "mse", dtype, batch=5)
    net, (x, y, _) = case.network(), case.samples()
    trace = net.trace(x, y)
    f_prime = trace.f_prime(2)
    assert f_prime.dtype == dtype
    z = trace.z(2).astype(float)
    f, h = ACTIVATION_CLASSES[activation]().forward, 1e-6
    steps = h * np.eye(4)
    # (batch, i, j): da_i/dz_j
    jacobian = np.stack([(f(z + each) - f(z - each)) / (2 * h) for each in steps], axis=2)
    if activation != "softmax":
        assert f_prime.shape == (5, 4)
        f_prime = f_prime[:, :, None] * np.eye(4)
    np.testing.assert_allclose(f_prime, jacobian, atol=1e-6 if dtype == "float32" else 1e-8)
    assert (trace.ds_dz == 1).all()


def test_f_prime_that_underflows():
    net = cr.Network([cr.Input(1), cr.Dense(1, "sigmoid")], rng=0)
    net.parameters = [-100, 0]
    with np.errstate(all="raise"):
        assert 0 <= net.trace([1.0], [0.0]).ds_dz < 1e-38


def test_weights_of_samples():
    net, x, y, _ = traced()
    weight = np.arange(len(x)) / 2
    trace = net.trace(x, y, sample_weight=weight)
    cost, gradient = net.value_and_grad(x, y, weight)
    assert trace.cost == pytest.approx(cost, rel=1e-6)
    for layer, (dW, _) in enumerate(net.split(gradient), start=1):
        np.testing.assert_allclose(trace.dW(layer), dW, rtol=1e-4, atol=1e-7)
    with pytest.raises(cr.ShapeError, match="sample_weight has shape"):
        net.trace(x, y, weight[1:])


def test_trace_is_a_copy():
    net, x, y, trace = traced()
    before, s = bits(net), trace.s.copy()
    net.predict(x + 1)
    net.trace(x + 1, y)
    np.testing.assert_array_equal(trace.s, s)
    for layer in 1, 2, 3:
        trace.dW(layer)[...] = 9
        trace.a(layer)[...] = 9
        trace.z(layer + 1)[...] = 9
        trace.delta(layer + 1)[...] = 9
    assert bits(net) == before
    np.testing.assert_array_equal(net.trace(x, y).s, s)
    del net
    np.testing.assert_array_equal(trace.s, trace.a(4))


def test_one_sample_is_a_batch_of_one():
    net, x, y, _ = traced()
    trace = net.trace(x[0], y[0])
    assert trace.s.shape == (1, 2)
    np.testing.assert_array_equal(trace.s, net.trace(x[:1], y[:1]).s)


def test_labels():
    net = cr.Network([cr.Input(3), cr.Dense(4, "softmax")], loss="cross_entropy", rng=0)
    by_label, by_row = net.trace([1, 2, 3], 2), net.trace([1, 2, 3], [0, 0, 1, 0])
    np.testing.assert_array_equal(by_label.delta(2), by_row.delta(2))


def test_repr():
    *_, trace = traced()
    assert repr(trace) == f"Trace(network 4-3-5-2, batch 7, cost {trace.cost:.6g})"
