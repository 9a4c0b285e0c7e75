"""One weight explained: its factors, its paths, its equation in print."""
# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np
import pytest

import chainrule as cr
from explained import Reading, assert_aligned, at, explain, network, places
from reference import central_difference
from rounded_network import RoundedNetwork
from support import ACTIVATIONS, OUTPUTS, PAIRS, bits, fused, members, reference_of

# Activations of the layers after the input.
NETWORKS = [
    ("mse", *each)
    for each in [
        *members(ACTIVATIONS, ACTIVATIONS),
        ("sigmoid", "softmax", "tanh"),
        ("softmax", "relu", "softmax"),
        ("softmax",),
        ("sigmoid",),
    ]
]
NETWORKS += [
    (loss, *hidden, OUTPUTS[loss][0])
    for loss in ("cross_entropy", "binary_cross_entropy")
    for hidden in [(), *members(ACTIVATIONS), ("sigmoid", "softmax"), ("softmax", "relu")]
]


def n_paths(net, layer):
    """Return how many ways there are: through each later neuron, softmax from each to each."""
    dense = dict(enumerate(net.layers, start=1))
    count, L = 1, len(dense)
    for n in range(layer + 1, L + 1):
        if dense[n].activation == "softmax" and not (n == L and fused("softmax", net.loss)):
            count *= dense[n].n_out
        if n < L:
            count *= dense[n + 1].n_out
    return count


@pytest.mark.parametrize("case", NETWORKS, ids="-".join)
def test_every_weight_and_bias(case):
    loss, *activations = case
    net, x, y = network(loss, activations)
    reading = Reading(net, x, y)
    _, by_reference = reading.ref.value_and_grad([x], [y])
    _, by_core = net.value_and_grad(x, y)
    scale = np.abs(by_reference).max()

    elsewhere = reference_of(net)

    def cost(parameters):
        elsewhere.parameters = parameters
        return elsewhere.cost([x], [y])

    by_differences = central_difference(cost, elsewhere.parameters)
    before = bits(net)
    for place in places(net):
        explanation = explain(net, x, y, *place)
        close = {"rel": 1e-12, "abs": 1e-13 * scale}
        value = explanation.value
        assert value == pytest.approx(at(net, by_reference, *place), **close)
        assert explanation.gradient == at(net, by_core, *place)
        assert explanation.gradient == pytest.approx(value, **close)
        differences = explanation.central_difference, at(net, by_differences, *place)
        assert differences == pytest.approx((value, value), rel=1e-6, abs=1e-6 * scale)

        paths = explanation.paths
        assert sum(path.value for path in paths) == pytest.approx(value, **close)
        assert len(paths) == explanation.n_paths == n_paths(net, place[0])
        assert len({tuple(f.symbol for f in path.factors) for path in paths}) == len(paths)
        assert explanation.chain.value == value
        for chain in explanation.chain, *paths:
            reading.check(chain, *place)
    assert bits(net) == before


def test_symbol_of_the_derivative():
    net = cr.Network([cr.Input(2), cr.Dense(3, "tanh"), cr.Dense(2)], rng=0)
    data = [1, 2], [3, 4]
    assert net.explain(*data, layer=1, j=3, k=2).symbol == "dC/dw_32^(1)"
    assert net.explain(*data, layer=2, j=2, bias=True).symbol == "dC/db_2^(2)"


def test_custom_cost():
    def quartic(s, y):
        return float(((s - y) ** 4).sum()), 4 * (s - y) ** 3

    for output in "identity", "softmax":
        layers = [cr.Input(2), cr.Dense(3, "tanh"), cr.Dense(2, output)]
        net = cr.Network(layers, loss=quartic, dtype="float64", rng=0)
        x, y = [0.5, -1.0], [2.0, 1.0]
        _, gradient = net.value_and_grad(x, y)
        for place in places(net):
            explanation = explain(net, x, y, *place)
            derivative = at(net, gradient, *place)
            assert explanation.gradient == derivative
            assert explanation.value == pytest.approx(derivative, rel=1e-12)
            assert sum(path.value for path in explanation.paths) == pytest.approx(derivative)
            assert explanation.central_difference == pytest.approx(derivative, rel=1e-6)
            assert explanation.paths[0].factors[0].symbol.startswith("dC/ds_")


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_float32_network(loss, output):
    net, x, y = network(loss, ("tanh", output), "float32")
    # In float64 from the network's own weights; only `gradient` is that of the network.
    _, by_reference = reference_of(net).value_and_grad([x], [y])
    _, by_core = net.value_and_grad(x, y)
    bounds = RoundedNetwork(net).pass_through(x[None], y[None])
    for place in places(net):
        layer, j, k = place
        explanation = explain(net, x, y, *place)
        expected = at(net, by_reference, *place)
        assert explanation.value == pytest.approx(expected, rel=1e-12, abs=1e-14)
        assert explanation.gradient == float(at(net, by_core, *place))
        of_block = bounds.db[layer][j - 1] if k is None else bounds.dW[layer][j - 1, k - 1]
        assert abs(explanation.gradient - expected) <= of_block.error
        assert explanation.central_difference == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_neuron_off():
    # A relu that is off: no derivative goes through it.
    net = cr.Network([cr.Input(1), cr.Dense(2, "relu"), cr.Dense(1)], dtype="float64")
    net.parameters = [1, -1, 0, 0, 1, 1, 0]
    on, off = (net.explain([2], [0], layer=1, j=j, k=1) for j in (1, 2))
    assert (on.value, off.value) == (8, 0)  # 2 s x = 2*2*2
    assert off.central_difference == off.gradient == 0
    assert "-0" not in str(off).split()


# In print


def test_repr():
    net, x, y = network("mse", ("tanh", "identity"))
    explanation = net.explain(x, y, layer=1, j=1, k=1)
    assert repr(explanation) == f"Explanation(dC/dw_11^(1) = {explanation.value:.6g})"
    assert isinstance(explanation, cr.Explanation)
    symbols, numbers = str(explanation.chain).splitlines()
    assert len(assert_aligned(symbols, numbers)[0]) == 3


# What there is not


def test_no_neuron_0():
    net = cr.Network([cr.Input(4), cr.Dense(3, "tanh"), cr.Dense(2, bias=False)], rng=0)
    for place, error, says in (
        ({"layer": 1, "j": 1, "k": 0}, ValueError, "bias=True"),
        ({"layer": 1, "j": 0, "k": 1}, IndexError, "1 to 3, a neuron of layer 2, got 0"),
        ({"layer": 0, "j": 1, "k": 1}, IndexError, "1 to 2, got 0"),
        ({"layer": 2, "j": 1, "bias": True}, ValueError, "no bias"),
    ):
        with pytest.raises(error, match=re.escape(says)):
            net.explain(np.ones(4), np.ones(2), **place)


def test_one_sample_only():
    net = cr.Network([cr.Input(4), cr.Dense(2)], rng=0)
    with pytest.raises(ValueError, match="one sample, got 3"):
        net.explain(np.ones((3, 4)), np.ones((3, 2)), layer=1, j=1, k=1)
    with pytest.raises(cr.ShapeError):
        net.explain(np.ones(3), np.ones(2), layer=1, j=1, k=1)
    row = net.explain(np.ones((1, 4)), np.ones((1, 2)), layer=1, j=1, k=1)
    assert row.value == net.explain(np.ones(4), np.ones(2), layer=1, j=1, k=1).value


def test_labels():
    layers = [cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(3, "softmax")]
    net = cr.Network(layers, loss="cross_entropy", rng=0)
    by_label = net.explain([1, 2, 3], 2, layer=1, j=1, k=1)
    assert by_label.value == net.explain([1, 2, 3], [0, 0, 1], layer=1, j=1, k=1).value


def test_explaining_disturbs_no_training():
    nets = [cr.Network([cr.Input(4), cr.Dense(3), cr.Dense(2)], rng=0) for _ in range(2)]
    x, y = np.random.default_rng(0).normal(size=(2, 20, 4))
    y = y[:, :2]
    for net in nets:
        optimizer = cr.Adam()
        for i in range(3):
            net.fit(x, y, optimizer=optimizer, batch_size=8)
            if net is nets[1]:
                net.explain(x[i], y[i], layer=1, j=1, k=1)
    assert bits(nets[0]) == bits(nets[1])
