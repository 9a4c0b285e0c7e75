"""The core against the reference: random networks of all kinds, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import time
from functools import lru_cache
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chainrule as cr
import reference
import rounded_network
from chainrule import _core
from reference import one_hot
from rounded_network import RoundedNetwork
from support import (
    ACTIVATIONS,
    BATCHES,
    DTYPES,
    ELEMENTWISE,
    HIDDEN_PAIRS,
    PAIRS,
    SIZES,
    Case,
    assert_relative,
    assert_within,
    bits,
    fused,
    ids_of_members,
    in_every_plan,
    random_case,
    reference_of,
)

pytestmark = pytest.mark.usefixtures("four_threads")

TOLERANCE = 1e-10  # of float64, relative to the largest element


def test_lists_are_those_of_the_reference():
    assert set(_core.activations()) == reference.ACTIVATIONS.keys()
    assert set(_core.losses()) == reference.LOSSES.keys()
    assert set(_core.optimizers()) == reference.OPTIMIZERS.keys()


def test_bounds_are_of_members_of_the_reference():
    assert rounded_network.ACTIVATIONS.keys() == reference.ACTIVATIONS.keys()
    assert rounded_network.LOSSES.keys() == reference.LOSSES.keys()
    assert rounded_network.OPTIMIZERS.keys() <= reference.OPTIMIZERS.keys()


def numbered(of):
    """Name everything that a pass leaves: {"z(2)": z[2], ...}."""
    numbers = {"s": of.s, "cost": of.cost}
    for letter in "z", "a", "delta", "dW", "db":
        numbers |= {f"{letter}({n})": value for n, value in getattr(of, letter).items()}
    return numbers


def by_core(net, x, y, weight):
    """Return what the core computes, named as `numbered` does."""
    s = net.predict(x)
    cost, gradient = net.value_and_grad(x, y, weight)
    assert s.dtype == gradient.dtype == net.dtype
    numbers = {"s": s, "cost": cost}
    for n, (dW, db) in enumerate(net.split(gradient), start=1):
        numbers |= {f"dW({n})": dW, f"db({n})": db}
    return numbers


def by_core_traced(net, x, y):
    """Return what a trace shows, named as `numbered` does."""
    trace = net.trace(x, y)
    L = trace.n_layers
    to_L, to_next = range(2, L + 1), range(1, L)
    return numbered(
        SimpleNamespace(
            s=trace.s,
            cost=trace.cost,
            z={n: trace.z(n) for n in to_L},
            a={n: trace.a(n) for n in (1, *to_L)},
            delta={n: trace.delta(n) for n in to_L},
            dW={n: trace.dW(n) for n in to_next},
            db={n: trace.db(n) for n in to_next},
        )
    )


def by_reference(net, x, y, weight=None):
    """Return what the reference computes, named."""
    ref = reference_of(net)
    passed = ref.forward(x)
    back = ref.backward(passed, y, weight)
    cost = ref.cost(x, y, weight)
    return numbered(SimpleNamespace(**vars(passed), **vars(back), cost=cost))


def with_bounds(net, x, y, weight=None):
    """Return the same numbers with the bounds of float32, named."""
    return numbered(RoundedNetwork(net).pass_through(x, y, weight))


def assert_agree(net, actual, expected, bounds, case):
    """Compare number by number: float64 within 1e-10 relative, float32 within the bounds."""
    for name, number in actual.items():
        what = f"{name} of {case}"
        if net.dtype == np.float64:
            assert_relative(number, expected[name], TOLERANCE, what)
        else:
            error = None if bounds[name] is None else bounds[name].error
            assert_within(number, expected[name], error, what)


@lru_cache(maxsize=10)  # the plans follow each other, with the same cases
def expected_of(case, weighted):
    """Return the numbers of the reference, and in float32 their bounds."""
    net, (x, y, weight) = case.network(), case.samples()
    data = net, x, y, weight if weighted else None
    return by_reference(*data), with_bounds(*data) if case.dtype == "float32" else None


def assert_core_is_reference(case, plan):
    net, (x, y, weight) = case.network(), case.samples()
    assert net.plan(case.batch)["plan"] == plan
    for w in weight, None:
        weighted = w is not None
        what = f"{case}, {plan}, {'' if weighted else 'not '}weighted"
        for numbers in by_core(net, x, y, w), {"cost": net.cost(x, y, w)}:
            assert_agree(net, numbers, *expected_of(case, weighted), what)


@pytest.mark.parametrize("dtype", DTYPES)
@in_every_plan
def test_core_is_the_reference(plan, hidden, dtype, pair):
    loss, output = pair
    for n_dense in range(1, 6):
        assert_core_is_reference(random_case(n_dense, hidden, output, loss, dtype), plan)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("hidden", "pair"), HIDDEN_PAIRS, ids=ids_of_members)
def test_trace_is_the_reference(hidden, pair, dtype):
    loss, output = pair
    for n_dense in range(1, 6):
        case = random_case(n_dense, hidden, output, loss, dtype)
        net, (x, y, _) = case.network(), case.samples()
        numbers, (expected, bounds) = by_core_traced(net, x, y), expected_of(case, False)
        assert numbers.keys() == expected.keys()
        assert_agree(net, numbers, expected, bounds, case)


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 70), min_size=2, max_size=6),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=5, max_size=5),
    pair=st.sampled_from(PAIRS),
    dtype=st.sampled_from(DTYPES),
    batch=st.integers(1, 130),
)
@settings(max_examples=60)
def test_core_is_the_reference_for_mixed_layers(plan, seed, sizes, activations, pair, dtype, batch):
    loss, output = pair
    hidden = activations[: len(sizes) - 2]
    if output == "softmax":
        sizes[-1] = max(sizes[-1], 2)
    case = Case(seed, tuple(sizes), (*hidden, output), loss, dtype, batch)
    assume(case.suits(plan))
    assert_core_is_reference(case, plan)


@pytest.mark.usefixtures("own_product", "four_threads")
def test_random_networks_are_of_all_kinds():
    """They have each size of batch, layers with and without bias, and one thread or several."""
    kinds = set()
    for hidden, (loss, output), n_dense in product(ACTIVATIONS, PAIRS, range(1, 6)):
        case = random_case(n_dense, hidden, output, loss)
        net = case.network()
        several = net.plan(case.batch, training=True)["threads"] > 1
        kinds |= {case.batch, f"several threads: {several}"}
        kinds |= {f"bias: {layer.has_bias}" for layer in net.layers[1:]}
    two = {f"{what}: {value}" for what in ("several threads", "bias") for value in (False, True)}
    assert kinds == {*BATCHES} | two


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_bounds_belong_to_the_reference(loss, output):
    for hidden in ACTIVATIONS:
        case = random_case(4, hidden, output, loss, "float32")
        net = case.network()
        expected = by_reference(net, *case.samples())
        for name, number in with_bounds(net, *case.samples()).items():
            if number is not None:
                assert_relative(number.value, expected[name], 1e-12, f"{name} of {case}")


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_bounds_are_narrow(hidden):
    # Weights in half precision, of 11 bits, are noticed in many of the outputs.
    noticed = []
    for seed in range(8):
        sizes = np.random.default_rng(seed).choice(SIZES, size=3)
        case = Case(seed, tuple(map(int, sizes)), (hidden, "sigmoid"), "mse", "float32", batch=32)
        net, (x, y, _) = case.network(), case.samples()
        s = RoundedNetwork(net).pass_through(x, y).s
        net.parameters = net.parameters.astype(np.float16)
        noticed.append((np.abs(net.predict(x) - s.value) > s.error).mean())
    assert np.mean(noticed) > 0.4


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_rows(plan, dtype):
    # Predictions and costs go through the network some rows at a time.
    case = Case(7, (5, 9, 3), ("tanh", "softmax"), "cross_entropy", dtype, batch=2500)
    assert_core_is_reference(case, plan)


@pytest.mark.parametrize("dtype", DTYPES)
def test_labels_are_one_hot_rows(plan, dtype):
    for hidden in ELEMENTWISE:
        case = random_case(2, hidden, "softmax", "cross_entropy", dtype, sizes=[3, 8], batches=[32])
        net = case.network()
        assert net.plan(32)["plan"] == plan
        x, _, weight = case.samples()
        labels = np.random.default_rng(case.seed).integers(net.n_out, size=len(x))
        rows = one_hot(labels, net.n_out)
        for as_type in int, np.uint8, float:
            y = labels.astype(as_type)
            assert net.cost(x, y, weight) == net.cost(x, rows, weight)
            np.testing.assert_array_equal(
                net.value_and_grad(x, y, weight)[1], net.value_and_grad(x, rows, weight)[1]
            )


@pytest.mark.parametrize("loss", ["mse", "binary_cross_entropy"])
def test_single_output_takes_a_vector_of_targets(plan, loss):
    case = random_case(2, "tanh", "sigmoid", loss, batches=[32])
    net = Case(case.seed, (4, 3, 1), case.activations, loss).network()
    rng = np.random.default_rng(case.seed)
    x, y = rng.normal(size=(6, 4)), rng.uniform(size=6)
    assert net.cost(x, y) == net.cost(x, y[:, None])
    assert net.cost(x, y) == pytest.approx(reference_of(net).cost(x, y), rel=1e-14)


def test_one_sample_is_a_batch_of_one(plan):
    case = Case(1, (4, 3, 2), ("tanh", "identity"), "mse")
    net = case.network()
    x, y, _ = case.samples()
    np.testing.assert_array_equal(net.predict(x[0]), net.predict(x)[0])
    assert net.cost(x[0], y[0]) == net.cost(x, y)
    cost, gradient = net.value_and_grad(x[0], y[0])
    assert cost == net.cost(x, y)
    np.testing.assert_array_equal(gradient, net.value_and_grad(x, y)[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("loss", "z", "y", "cost", "delta"),
    [
        # Where s rounds to 0 or 1: C = 200, and half of 200 + 0.
        ("cross_entropy", [200, 0], [0, 1], 200, [1, -1]),
        ("binary_cross_entropy", [200, -200], [0, 0], 100, [0.5, 0]),
        ("binary_cross_entropy", [-200, 200], [1, 1], 100, [-0.5, 0]),
        # Where C is small: ln(1 + e^-20) is about e^-20, though 1 + e^-20 is 1 in float32.
        ("cross_entropy", [20, 0], [1, 0], np.log1p(np.exp(-20)), None),
        ("binary_cross_entropy", [20, -20], [1, 0], np.log1p(np.exp(-20)), None),
        # Where e^z overflows, in either dtype.
        ("cross_entropy", [1000, 990], [1, 0], np.log1p(np.exp(-10)), None),
        ("binary_cross_entropy", [1000, -1000], [1, 0], 0, [0, 0]),
    ],
)
def test_fused_pairs_are_stable(plan, loss, z, y, cost, delta, dtype):
    output = reference.LOSSES[loss].paired_activation
    assert fused(output, loss)
    net = cr.Network([cr.Input(2), cr.Dense(2, output, bias=False)], loss=loss, dtype=dtype)
    net.layers[1].weights[...] = np.eye(2)
    # log1p(e^..): two functions of the library and a handful of operations
    relative = 20 * float(np.finfo(dtype).eps)
    assert net.cost([z], [y]) == pytest.approx(cost, rel=relative, abs=1e-38)
    if delta is not None:
        np.testing.assert_allclose(net.trace([z], [y]).delta(2), [delta], rtol=relative, atol=1e-38)


@pytest.mark.once
def test_copies_do_not_draw_the_weights_anew():
    layers = [cr.Input(2000), cr.Dense(2000)]
    net = cr.Network(layers, rng=0)

    def cpu_seconds(work):
        times = []
        for _ in range(5):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
        return min(times)

    drawing = cpu_seconds(lambda: cr.Network(layers, rng=0))
    dumped = pickle.dumps(net)
    for copying in net.copy, lambda: copy.copy(net), lambda: pickle.loads(dumped):
        assert cpu_seconds(copying) < drawing / 2  # a tenth of it, as measured
    assert bits(net.copy()) == bits(pickle.loads(dumped)) == bits(net)


def test_all_calls_leave_the_network_as_it_was(plan):
    case = random_case(3, "relu", "softmax", "cross_entropy", "float32")
    net = case.network()
    x, y, weight = case.samples()
    before = bits(net)
    net.predict(x)
    net.cost(x, y, weight)
    net.value_and_grad(x, y, weight)
    net.trace(x, y)
    assert bits(net) == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_slope_of_relu_at_its_kink_is_0(dtype):
    net = cr.Network([cr.Input(1), cr.Dense(2, "relu"), cr.Dense(1)], dtype=dtype)
    net.parameters = [1, -1, 0, 0, 1, 1, 0.5]
    for z in 0.0, -0.0:
        trace = net.trace([z], [0.0])
        np.testing.assert_array_equal(trace.delta(2), [[0, 0]])
        np.testing.assert_array_equal(trace.a(2), [[0, 0]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_sample_of_no_weight_may_cost_infinitely_much(plan, dtype):
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], dtype=dtype)
    net.parameters = [1]
    x, y, weight = [[3.0], [float(np.finfo(dtype).max)]], [1.0, 0.0], [2, 0]
    assert net.cost(x, y, weight) == 4
    cost, gradient = net.value_and_grad(x, y, weight)
    assert (cost, gradient.tolist()) == (4, [12])
    net.train_step(x, y, cr.SGD(0.25), weight)
    assert net.parameters == -2


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_of_samples_may_be_tiny_or_huge(plan, dtype):
    case = Case(5, (4, 3, 2), ("tanh", "identity"), "mse", dtype, batch=9)
    net = case.network()
    x, y, weight = case.samples()
    cost, gradient = net.value_and_grad(x, y, weight)
    for scale in 1e-30, 1e-10, 1e30:
        assert net.cost(x, y, scale * weight) == pytest.approx(cost, rel=1e-6), scale
        _, scaled = net.value_and_grad(x, y, scale * weight)
        assert_relative(scaled, gradient, 1e-6, f"{scale}, {case}")
