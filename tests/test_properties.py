"""What must hold whatever the numbers are, in every plan: symmetries of networks and costs."""
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import chainrule as cr
from support import ACTIVATIONS, LOSS_NAMES, OUTPUTS, Case, assert_relative, assert_within


@st.composite
def cases(draw, activations=ACTIVATIONS, losses=LOSS_NAMES, outputs=None, min_dense=1, min_batch=1):
    """Draw a random network with samples, in float64."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=min_dense + 1, max_size=5))
    each = st.sampled_from(activations)
    loss = draw(st.sampled_from(losses))
    output = draw(st.sampled_from([f for f in OUTPUTS[loss] if f in (outputs or activations)]))
    if output == "softmax":
        sizes[-1] = max(sizes[-1], 2)
    return Case(
        seed=draw(st.integers(0, 2**32 - 1)),
        sizes=tuple(sizes),
        activations=(*(draw(each) for _ in sizes[2:]), output),
        loss=loss,
        batch=draw(st.integers(min_batch, 20)),
    )


def made(case, plan):
    """Return a network that this plan serves, its samples, and what draws more."""
    assume(case.suits(plan))
    net = case.network()
    assert net.plan(case.batch)["plan"] == plan
    return net, *case.samples(), np.random.default_rng([case.seed, 3])


@given(cases(min_dense=2))
def test_hidden_neurons_have_no_order(plan, case):
    net, x, y, _, rng = made(case, plan)
    s, cost = net.predict(x), net.cost(x, y)
    for before, after in zip(net.layers[1:-1], net.layers[2:], strict=True):
        order = rng.permutation(before.n_out)
        before.weights[...] = before.weights[order]
        if before.has_bias:
            before.bias[...] = before.bias[order]
        after.weights[...] = after.weights[:, order]
    assert_relative(net.predict(x), s, 1e-12, case)
    assert net.cost(x, y) == pytest.approx(cost, rel=1e-12, abs=1e-15)


@given(cases())
def test_samples_have_no_order(plan, case):
    net, x, y, w, rng = made(case, plan)
    order = rng.permutation(len(x))
    cost, gradient = net.value_and_grad(x, y, w)
    other_cost, other_gradient = net.value_and_grad(x[order], y[order], w[order])
    assert other_cost == pytest.approx(cost, rel=1e-12, abs=1e-15)
    assert_relative(other_gradient, gradient, 1e-11, case)


@given(cases())
def test_inputs_have_no_order(plan, case):
    net, x, _, _, rng = made(case, plan)
    s, order = net.predict(x), rng.permutation(net.n_in)
    net.layers[1].weights[...] = net.layers[1].weights[:, order]
    assert_relative(net.predict(x[:, order]), s, 1e-12, case)


@given(cases(min_batch=2), st.integers(1, 19))
def test_cost_and_gradient_are_means_over_the_samples(plan, case, first):
    net, x, y, w, _ = made(case, plan)
    w = w + 0.25
    parts = slice(0, min(first, len(x) - 1)), slice(min(first, len(x) - 1), None)
    costs, gradients = zip(
        *(net.value_and_grad(x[part], y[part], w[part]) for part in parts), strict=True
    )
    shares = [w[part].sum() / w.sum() for part in parts]
    cost, gradient = net.value_and_grad(x, y, w)
    assert cost == pytest.approx(np.dot(shares, costs), rel=1e-12, abs=1e-15)
    assert_relative(gradient, shares @ np.array(gradients), 1e-11, case)


@given(cases(), st.floats(1e-6, 1e6))
def test_scale_of_the_weights_of_samples_does_not_count(plan, case, factor):
    net, x, y, w, _ = made(case, plan)
    cost, gradient = net.value_and_grad(x, y, w)
    other_cost, other_gradient = net.value_and_grad(x, y, factor * w)
    assert other_cost == pytest.approx(cost, rel=1e-12, abs=1e-15)
    assert_relative(other_gradient, gradient, 1e-11, case)
    assert net.cost(x, y) == pytest.approx(net.cost(x, y, np.full(len(x), factor)), rel=1e-12)


@given(cases())
def test_prediction_of_a_row_is_its_own(plan, case):
    net, x, _, _, _ = made(case, plan)
    s = net.predict(x)
    own = net.plan(1)["product"] == "own"
    # A BLAS may add in another order, and an output may be what is left of sums that cancel.
    bound = 0 if own else 1e-12 * max(1, np.abs(s).max())
    for i in range(len(x)):
        assert_within(net.predict(x[i]), s[i], bound, case)


@given(cases(activations=["identity"], losses=["mse"]))
def test_linear_layers_are_one_matrix(plan, case):
    net, x, _, _, _ = made(case, plan)
    W, b = np.eye(net.n_in), np.zeros(net.n_in)
    for layer in net.layers[1:]:
        W = layer.weights @ W
        b = layer.weights @ b + (layer.bias if layer.has_bias else 0)
    s = x @ W.T + b
    np.testing.assert_allclose(net.predict(x), s, rtol=1e-9, atol=1e-12)


@given(cases(losses=["mse", "cross_entropy"], outputs=["softmax"]), st.floats(-1e3, 1e3))
def test_softmax_knows_no_common_shift(plan, case, shift):
    net, x, _, _, _ = made(case, plan)
    shifted = cr.Network(
        [cr.Input(net.n_in), *(cr.Dense(n.n_out, n.activation) for n in net.layers[1:])],
        dtype="float64",
    )
    for layer, other in zip(net.layers[1:], shifted.layers[1:], strict=True):
        common = shift if layer.activation == "softmax" else 0
        other.weights = layer.weights
        other.bias = (layer.bias if layer.has_bias else 0) + np.full(layer.n_out, common)
    s = net.predict(x)
    np.testing.assert_allclose(s.sum(axis=1), 1, rtol=1e-14)
    assert_relative(shifted.predict(x), s, 1e-11, case)


@given(cases(losses=["cross_entropy"], activations=["softmax"]))
def test_gradient_is_blind_to_a_common_shift(case):
    net, (x, y, _) = case.network(), case.samples()
    trace = net.trace(x, y)
    for layer in range(2, trace.n_layers + 1):
        delta = trace.delta(layer)
        largest = max(np.abs(delta).max(), np.abs(trace.delta(trace.n_layers)).max())
        assert np.abs(delta.sum(axis=1)).max() <= 1e-7 * largest  # y sums to 1 in float32


@given(cases(activations=["relu"], losses=["mse"], min_dense=2), st.floats(0.01, 100))
def test_relu_lets_scale_through(plan, case, factor):
    # f(c z) = c f(z) for c > 0: what one layer takes, the next one gives back.
    net, x, _, _, _ = made(case, plan)
    s = net.predict(x)
    before, after = net.layers[1:3]
    before.weights[...] *= factor
    if before.has_bias:
        before.bias[...] *= factor
    after.weights[...] /= factor
    assert_relative(net.predict(x), s, 1e-12, case)


@given(cases(activations=["tanh"], losses=["mse"], min_dense=2))
def test_tanh_is_odd(plan, case):
    net, x, _, _, _ = made(case, plan)
    s = net.predict(x)
    before, after = net.layers[1:3]
    before.weights[...] *= -1
    if before.has_bias:
        before.bias[...] *= -1
    after.weights[...] *= -1
    assert_relative(net.predict(x), s, 1e-12, case)


@given(cases(losses=["mse"]))
def test_own_outputs_as_targets_cost_nothing(plan, case):
    net, x, _, _, _ = made(case, plan)
    cost, gradient = net.value_and_grad(x, net.predict(x))
    assert cost == 0
    assert not gradient.any()


@given(cases(losses=["cross_entropy", "binary_cross_entropy"], activations=["sigmoid", "softmax"]))
def test_own_outputs_as_targets_cost_least(plan, case):
    # Gibbs: the cross-entropy of y with any other distribution is larger than with itself.
    if case.loss == "cross_entropy":
        case = replace(case, activations=(*case.activations[:-1], "softmax"))
    net, x, _, _, _ = made(case, plan)
    s = net.predict(x)
    cost, gradient = net.value_and_grad(x, s)
    assert np.abs(gradient).max() <= 1e-10 * max(1, np.abs(x).max())
    other = cr.Network(net.layers, loss=net.loss, dtype="float64", rng=0)
    assert other.cost(x, s) >= cost - 1e-12


@given(cases())
def test_a_small_step_down_the_gradient_lowers_the_cost(plan, case):
    net, x, y, w, _ = made(case, plan)
    cost, gradient = net.value_and_grad(x, y, w)
    slope = float(gradient @ gradient)
    if slope < 1e-20:
        return
    step = 1e-7 / slope**0.5
    before = net.train_step(x, y, cr.SGD(step), w)
    assert before == pytest.approx(cost, rel=1e-15)
    # C(w - t g) = C - t |g|^2 + ..., the rest within a tenth of it unless rounding hides it all.
    lowered = cost - net.cost(x, y, w)
    assert lowered == pytest.approx(step * slope, rel=0.1, abs=1e-14 * max(1, abs(cost)))


@given(cases(), st.integers(0, 3))
def test_copies_are_equal_and_apart(plan, case, epochs):
    net, x, y, _, _ = made(case, plan)
    net.fit(x, y, epochs=epochs)
    twin = net.copy()
    np.testing.assert_array_equal(twin.predict(x), net.predict(x))
    assert twin.layers == net.layers
    twin.parameters += 1
    assert (twin.parameters != net.parameters).all()
