"""What `print(net.explain(...))` shows."""
# SPDX-License-Identifier: BSD-3-Clause

import re
import tracemalloc
from math import prod

import numpy as np
import pytest

import article_by_hand as article
import chainrule as cr
from chainrule.explain import MAX_PATHS
from explained import Reading, assert_aligned, at, explain, network, places


def test_print_of_the_articles_weight():
    net = article.network()
    text = str(net.explain(article.x[0], article.y[0], layer=2, j=2, k=2))
    lines = text.splitlines()
    assert lines[0] == "dC/dw_22^(2) = dC/da_2^(3) * f'(z_2^(3)) * a_2^(2)"
    # The two sides of the equation: the left one ends, the right ones start at the same column.
    symbol, product = lines[0].split(" = ")
    value, numbers = lines[1].split(" = ")
    assert len(value) == len(symbol)
    assert float(value) == pytest.approx(article.dC_dw_22, abs=1e-8)
    by_symbol, rest = assert_aligned(product, numbers)
    assert rest == []
    by_hand = {
        "dC/da_2^(3)": article.dC_da_23,
        "f'(z_2^(3))": article.slope_23,
        "a_2^(2)": article.a[2][1],
    }
    assert by_symbol == pytest.approx(by_hand, abs=1e-8)

    assert lines[3] == "Along the one path from C:"
    by_symbol, rest = assert_aligned(lines[4], lines[5])
    by_hand = {
        "dC/ds_1": article.delta[4][0],
        "f'(z_1^(4))": 1,
        "w_12^(3)": article.W[3][0][1],
        "f'(z_2^(3))": article.slope_23,
        "a_2^(2)": article.a[2][1],
    }
    assert by_symbol == pytest.approx(by_hand, abs=1e-8)
    assert [float(each) for each in rest] == pytest.approx([article.dC_dw_22], abs=1e-8)

    checks = [float(re.search(r"(\S+)(  \(h|$)", line).group(1)) for line in lines[7:]]
    assert checks == pytest.approx([article.dC_dw_22] * 2, abs=1e-8)
    assert all(line == line.rstrip() for line in lines)


def test_both_lines_of_the_equation_have_their_sign_below_each_other():
    wider = set()
    for activations in ("tanh", "softmax"), ("softmax", "identity"):
        net, x, y = network("mse", activations)
        for place in places(net):
            explanation = explain(net, x, y, *place)
            first, second = str(explanation).splitlines()[:2]
            assert first.index(" = ") == second.index(" = ")
            assert_aligned(*(line.split(" = ")[1] for line in (first, second)))
            value = second.split(" = ")[0].strip()
            assert float(value) == pytest.approx(explanation.value, rel=1e-7)
            wider.add(len(value) > len(explanation.symbol))
    assert wider == {False, True}


def shown_paths(text):
    """Return the values of the paths in print, aligned all of them."""
    lines = [line[2:] for line in text.splitlines() if line.startswith("  ") and " * " in line]
    values = []
    for symbols, numbers in zip(lines[::2], lines[1::2], strict=True):
        by_symbol, (value,) = assert_aligned(symbols, numbers)
        assert prod(by_symbol.values()) == pytest.approx(float(value), rel=1e-6)
        values.append(float(value))
    return values


def test_print_shows_all_of_eight_paths_and_the_largest_of_more():
    for n, shown in (8, 8), (9, 8), (1, 1), (2, 2):
        layers = [cr.Input(2), cr.Dense(2, "tanh"), cr.Dense(n, "sigmoid"), cr.Dense(1)]
        explanation = cr.Network(layers, rng=0).explain([1, 2], [0.5], layer=1, j=2, k=1)
        assert explanation.n_paths == len(explanation.paths) == n
        text = str(explanation)
        values = sorted((path.value for path in explanation.paths), key=abs, reverse=True)
        assert shown_paths(text) == pytest.approx(values[:shown], rel=1e-7)
        assert (f"the sum over {n} paths" in text) == (n > 1)
        assert ("the 8 largest" in text) == (n > 8)


def test_more_paths_than_can_be_listed():
    widths = 400, 300
    assert widths[0] * widths[1] > MAX_PATHS
    layers = [cr.Input(1), cr.Dense(2, "tanh"), *(cr.Dense(n, "tanh") for n in widths), cr.Dense(1)]
    net = cr.Network(layers, dtype="float64", rng=0)
    explanation = net.explain([1.5], [0.5], layer=1, j=2, k=1)
    assert explanation.n_paths == 120_000
    with pytest.raises(ValueError, match="120,000"):
        _ = explanation.paths
    assert explanation.value == pytest.approx(explanation.gradient, rel=1e-10)
    assert explanation.value == pytest.approx(explanation.central_difference, rel=1e-6)
    assert "120,000 paths" in str(explanation)
    assert len(str(explanation).splitlines()) == 7


@pytest.mark.once
def test_softmax_of_many_neurons():
    # The Jacobian has a hundred million elements; it is never there as a whole.
    net = cr.Network([cr.Input(2), cr.Dense(9_999, "softmax")], rng=0)
    tracemalloc.start()
    explanation = net.explain([1, 2], np.zeros(9_999), layer=1, j=2, k=1)
    text = str(explanation)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8
    assert "the sum over 9,999 paths from C; the 8 largest" in text
    total = sum(path.value for path in explanation.paths)
    assert total == pytest.approx(explanation.value, rel=1e-6, abs=1e-18)


def test_a_thousand_layers():
    layers = [cr.Input(1), *[cr.Dense(1, "identity", init="uniform")] * 1000]
    net = cr.Network(layers, dtype="float64", rng=0)
    for layer in net.layers[1:]:
        layer.weights = [[1.0]]
    explanation = net.explain([2.0], [0.0], layer=1, j=1, k=1)
    (path,) = explanation.paths
    assert len(path.factors) == 1 + 1000 + 999 + 1
    assert explanation.value == pytest.approx(path.value) == pytest.approx(explanation.gradient)
    assert len(str(explanation)) > 10_000
    assert len(explanation._repr_html_()) > 10_000


def test_numbers_of_two_digits():
    # Without braces w_112 could be w_{1,12} or w_{11,2}.
    layers = [cr.Input(12), cr.Dense(11, "sigmoid"), cr.Dense(2)]
    net = cr.Network(layers, dtype="float64", rng=0)
    x, y = np.arange(12.0), [0.0, 1.0]
    reading, gradient = Reading(net, x, y), net.value_and_grad(x, y)[1]
    symbols = set()
    for place in places(net):
        explanation = explain(net, x, y, *place)
        assert explanation.value == pytest.approx(at(net, gradient, *place), rel=1e-10)
        for chain in explanation.chain, *explanation.paths:
            reading.check(chain, *place)
        symbols.add(explanation.symbol)
    assert len(symbols) == net.n_parameters
    assert {"dC/dw_{1,12}^(1)", "dC/dw_{11,2}^(1)", "dC/dw_99^(1)", "dC/db_{10}^(1)"} < symbols
    lines = str(net.explain(x, y, layer=1, j=11, k=12)).splitlines()
    assert lines[0] == "dC/dw_{11,12}^(1) = dC/da_{11}^(2) * f'(z_{11}^(2)) * x_{12}"
    assert_aligned(*(line.split("=")[1] for line in lines[:2]))
    assert "w_{1,11}^(2)" in "".join(lines)
