"""The core against the reference: every activation x loss x dtype on random networks."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
import reference
import rounded_network
from chainrule import _core
from reference import central_difference, one_hot
from rounded_network import RoundedNetwork
from support import (
    ACTIVATIONS,
    DTYPES,
    PAIRS,
    SIZES,
    Case,
    assert_relative,
    assert_within,
    bits,
    blocks,
    fused,
    ids_of_members,
    members,
    random_case,
    reference_of,
    small_case,
)

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


def assert_core_is_reference(case):
    net = case.network()
    x, y, weight = case.samples()
    for w, numbers in (weight, by_core(net, x, y, weight)), (None, by_core_traced(net, x, y)):
        expected = by_reference(net, x, y, w)
        bounds = with_bounds(net, x, y, w) if net.dtype == np.float32 else None
        what = f"{case}, {'not ' if w is None else ''}weighted"
        assert_agree(net, numbers, expected, bounds, what)
        assert_agree(net, {"cost": net.cost(x, y, w)}, expected, bounds, what)
    assert numbers.keys() == expected.keys()


@pytest.mark.parametrize(
    ("dtype", "pair", "hidden"), members(DTYPES, PAIRS, ACTIVATIONS), ids=ids_of_members
)
def test_core_is_the_reference(dtype, pair, hidden):
    loss, output = pair
    for n_dense in range(1, 6):
        assert_core_is_reference(random_case(n_dense, hidden, output, loss, dtype))


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 70), min_size=2, max_size=6),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=5, max_size=5),
    pair=st.sampled_from(PAIRS),
    dtype=st.sampled_from(DTYPES),
    batch=st.integers(1, 130),
)
@settings(max_examples=60)
def test_core_is_the_reference_for_mixed_layers(seed, sizes, activations, pair, dtype, batch):
    loss, output = pair
    hidden = activations[: len(sizes) - 2]
    if output == "softmax":
        sizes[-1] = max(sizes[-1], 2)
    assert_core_is_reference(Case(seed, tuple(sizes), (*hidden, output), loss, dtype, batch))


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


def cost_at(net, *data):
    """Return the function that gives the cost at other parameters."""

    def cost(parameters):
        net.parameters = parameters
        return net.cost(*data)

    return cost


@pytest.mark.parametrize(("pair", "hidden"), members(PAIRS, ACTIVATIONS), ids=ids_of_members)
def test_gradient_is_that_of_central_differences(pair, hidden):
    loss, output = pair
    for n_dense in 1, 2, 4:
        case = small_case(hidden, output, loss, n_dense=n_dense)
        net = case.network()
        w = net.parameters.copy()
        for data in case.samples()[:2], case.samples():
            _, gradient = net.value_and_grad(*data)
            by_differences = central_difference(cost_at(net, *data), w)
            net.parameters = w
            assert_relative(gradient, by_differences, 1e-6, case)


KINKED = ["relu", "leaky_relu"]


def kinks(net, x, y):
    """Return on which side of its kink each neuron is, and each error of a cost that has some."""
    passed = reference_of(net).forward(x)
    sides = [
        (passed.z[n] > 0).tobytes()
        for n, layer in enumerate(net.layers[1:], start=2)
        if layer.activation in KINKED
    ]
    if net.loss == "huber":
        sides.append((np.abs(passed.s - y) > 1).tobytes())
    return b"".join(sides)


def slope_along(net, direction, data, h):
    """Return dC/dt at w + t direction by a difference of fourth order; None across a kink.

    dC/dt ~ (8 (C(h) - C(-h)) - (C(2h) - C(-2h))) / 12h
    """
    w = net.parameters.copy()
    slope, sides = 0, set()
    for t, factor in (1, 8), (-1, -8), (2, -1), (-2, 1):
        net.parameters = w + t * h * direction
        slope += factor * net.cost(*data) / (12 * h)
        sides.add(kinks(net, *data[:2]))
    net.parameters = w
    return slope if len(sides) == 1 else None


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_of_large_networks_along_directions(loss, output):
    # Along each layer's own gradient g the slope is |g|, along any direction v it is g.v.
    compared = 0
    for hidden in ACTIVATIONS:
        h = (
            1e-5 if {hidden, output} & {*KINKED} or loss == "huber" else 1e-3
        )  # near enough that few neurons cross their kink
        case = random_case(3, hidden, output, loss, sizes=[16, 33, 70])
        net, data = case.network(), case.samples()
        cost, gradient = net.value_and_grad(*data)
        rng = np.random.default_rng(case.seed)
        for i, g in enumerate(blocks(gradient, net)):
            length = np.linalg.norm(g)
            for v in g / length, rng.normal(size=g.shape) / g.size**0.5:
                direction = np.zeros_like(gradient)
                blocks(direction, net)[i][...] = v
                slope = slope_along(net, direction, data, h)
                if slope is not None:
                    # Costs that are off by 4 u C make 18 / 12h times as much of the slope.
                    bound = 1e-6 * length + 4 * 2.0**-53 * cost * 1.5 / h
                    assert_within(slope, (g * v).sum(), bound, f"block {i} of {case}")
                    compared += 1
    assert compared >= 30


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_rows(dtype):
    # Predictions and costs go through the network some rows at a time.
    case = Case(7, (5, 9, 3), ("tanh", "softmax"), "cross_entropy", dtype, batch=2500)
    assert_core_is_reference(case)


@pytest.mark.parametrize("dtype", DTYPES)
def test_labels_are_one_hot_rows(dtype):
    for hidden in ACTIVATIONS:
        case = random_case(2, hidden, "softmax", "cross_entropy", dtype, sizes=[3, 8], batches=[32])
        net = case.network()
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
def test_single_output_takes_a_vector_of_targets(loss):
    case = random_case(2, "tanh", "sigmoid", loss, batches=[32])
    net = Case(case.seed, (4, 3, 1), case.activations, loss).network()
    rng = np.random.default_rng(case.seed)
    x, y = rng.normal(size=(6, 4)), rng.uniform(size=6)
    assert net.cost(x, y) == net.cost(x, y[:, None])
    assert net.cost(x, y) == pytest.approx(reference_of(net).cost(x, y), rel=1e-14)


def test_one_sample_is_a_batch_of_one():
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
def test_fused_pairs_are_stable(loss, z, y, cost, delta, dtype):
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

    def seconds(work):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    drawing = seconds(lambda: cr.Network(layers, rng=0))
    dumped = pickle.dumps(net)
    for copying in net.copy, lambda: copy.copy(net), lambda: pickle.loads(dumped):
        assert seconds(copying) < drawing / 2
    assert bits(net.copy()) == bits(pickle.loads(dumped)) == bits(net)


def test_all_calls_leave_the_network_as_it_was():
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
def test_sample_of_no_weight_may_cost_infinitely_much(dtype):
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], dtype=dtype)
    net.parameters = [1]
    x, y, weight = [[3.0], [float(np.finfo(dtype).max)]], [1.0, 0.0], [2, 0]
    assert net.cost(x, y, weight) == 4
    cost, gradient = net.value_and_grad(x, y, weight)
    assert (cost, gradient.tolist()) == (4, [12])
    net.train_step(x, y, cr.SGD(0.25), weight)
    assert net.parameters == -2


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_of_samples_may_be_tiny_or_huge(dtype):
    case = Case(5, (4, 3, 2), ("tanh", "identity"), "mse", dtype, batch=9)
    net = case.network()
    x, y, weight = case.samples()
    cost, gradient = net.value_and_grad(x, y, weight)
    for scale in 1e-30, 1e-10, 1e30:
        assert net.cost(x, y, scale * weight) == pytest.approx(cost, rel=1e-6), scale
        _, scaled = net.value_and_grad(x, y, scale * weight)
        assert_relative(scaled, gradient, 1e-6, f"{scale}, {case}")
