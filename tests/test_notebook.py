"""How traces and explanations show themselves in a notebook."""
# SPDX-License-Identifier: BSD-3-Clause

import re
import xml.etree.ElementTree as ElementTree
from html import escape, unescape

import numpy as np
import pytest

import chainrule as cr
from chainrule._notebook import latex, mathml, number_text
from support import ACTIVATIONS


def make(*activations, sizes=(4, 2, 2, 1), **options):
    dense = [cr.Dense(n, f) for n, f in zip(sizes[1:], activations, strict=True)]
    return cr.Network([cr.Input(sizes[0]), *dense], dtype="float64", rng=0, **options)


ARTICLE = make("sigmoid", "sigmoid", "identity")
X, Y = [0.5, -1.0, 2.0, 0.25], [1.0]

SYMBOLS = {
    "dC/dw_22^(2)": (r"\dfrac{\partial C}{\partial w_{22}^{(2)}}", "∂C∂w22(2)"),
    "dC/dw_{1,12}^(1)": (r"\dfrac{\partial C}{\partial w_{1,12}^{(1)}}", "∂C∂w1,12(1)"),
    "dC/ds_1": (r"\dfrac{\partial C}{\partial s_{1}}", "∂C∂s1"),
    "ds_{10}/dz_2^(14)": (r"\dfrac{\partial s_{10}}{\partial z_{2}^{(14)}}", "∂s10∂z2(14)"),
    "f'(z_2^(3))": (r"f'\!\left(z_{2}^{(3)}\right)", "f′(z2(3))"),
    "a_2^(2)": ("a_{2}^{(2)}", "a2(2)"),
    "x_{12}": ("x_{12}", "x12"),
}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbols(symbol):
    as_latex, as_text = SYMBOLS[symbol]
    assert latex(symbol) == as_latex
    assert "".join(ElementTree.fromstring(mathml(symbol)).itertext()) == as_text


def text_rows(table):
    """Return the cells of a MathML table as text, row by row."""
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("mtr")]


def test_equation_has_its_numbers_under_its_symbols():
    explanation = ARTICLE.explain(X, Y, layer=2, j=2, k=2)
    numbers = [explanation.value, *(factor.value for factor in explanation.chain.factors)]
    as_text = list(map(number_text, numbers))

    lines = explanation._repr_latex_().splitlines()
    assert (lines[0], lines[-1]) == ("$$", "$$")
    assert lines[1] == r"\begin{array}{ccccccc}"
    symbols, below = (line.removesuffix(r" \\[1ex]").split(" & ") for line in lines[2:4])
    assert symbols[::2] == [
        latex(symbol) for symbol in ("dC/dw_22^(2)", "dC/da_2^(3)", "f'(z_2^(3))", "a_2^(2)")
    ]
    assert below[::2] == as_text
    assert symbols[1::2] == below[1::2] == ["=", r"\cdot", r"\cdot"]

    root = ElementTree.fromstring(explanation._repr_html_())
    equation, path = root.iter("mtable")
    above, below = text_rows(equation)
    assert above[::2] == ["∂C∂w22(2)", "∂C∂a2(3)", "f′(z2(3))", "a2(2)"]
    assert below[::2] == as_text
    assert above[1::2] == below[1::2] == ["=", "·", "·"]
    above, below = text_rows(path)
    assert above[0] == "∂C∂s1"
    assert below[-2:] == ["=", number_text(explanation.value)]
    assert "value_and_grad gives " + number_text(explanation.gradient) in "".join(root.itertext())


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_explanations_of_every_activation(hidden, output):
    net = make(hidden, output, sizes=(12, 11, 10))
    for layer, place in (1, {"j": 11, "k": 12}), (2, {"j": 10, "bias": True}):
        explanation = net.explain(np.ones(12), np.zeros(10), layer=layer, **place)
        root = ElementTree.fromstring(explanation._repr_html_())
        heading, paths = explanation.largest_paths()
        assert heading in "".join(root.itertext())
        assert len(list(root.iter("mtable"))) == 1 + len(paths)
        assert explanation._repr_latex_().count("&") % 2 == 0


def test_more_paths_than_can_be_listed():
    net = make("tanh", "tanh", "tanh", "identity", sizes=(1, 2, 400, 300, 1))
    root = ElementTree.fromstring(net.explain([1], [1], layer=1, j=1, k=1)._repr_html_())
    assert "the sum over 120,000 paths" in "".join(root.itertext())
    assert len(list(root.iter("mtable"))) == 1


def numbers_of(text):
    return [float(each) for each in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_trace_as_equations():
    trace = ARTICLE.trace(X, Y)
    lines = trace._repr_latex_().splitlines()
    assert lines[:2] == ["$$", r"\begin{aligned}"]
    assert lines[-2:] == [r"\end{aligned}", "$$"]
    sides = dict(line.removesuffix(r" \\").split(" &= ") for line in lines[2:-2])
    expected = {
        "x = a^{(1)}": trace.a(1),
        "z^{(2)} = W^{(1)} a^{(1)} + b^{(1)}": trace.z(2),
        "a^{(2)} = f(z^{(2)})": trace.a(2),
        "z^{(3)} = W^{(2)} a^{(2)} + b^{(2)}": trace.z(3),
        "a^{(3)} = f(z^{(3)})": trace.a(3),
        "z^{(4)} = W^{(3)} a^{(3)} + b^{(3)}": trace.z(4),
        "s = a^{(4)} = f(z^{(4)})": trace.a(4),
        "C": np.array([[trace.cost]]),
        r"\frac{\partial C}{\partial s}": trace.dC_ds,
        r"\delta^{(4)} = \frac{\partial C}{\partial z^{(4)}}": trace.delta(4),
        r"\delta^{(3)} = \frac{\partial C}{\partial z^{(3)}}": trace.delta(3),
        r"\delta^{(2)} = \frac{\partial C}{\partial z^{(2)}}": trace.delta(2),
    }
    assert list(sides) == list(expected)
    for left, values in expected.items():
        assert numbers_of(sides[left]) == pytest.approx(values[0].tolist(), rel=1e-3), left


def test_trace_as_a_table():
    trace = ARTICLE.trace([X, X], [Y, Y])
    text = trace._repr_html_().replace("<br>", " ")
    assert f"{escape(repr(trace))}, the first of 2 samples" in text
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    assert len(rows) == 5
    for layer, row in enumerate(rows[1:], start=1):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        shown = [layer, None, trace.a(1), None, None]
        if layer > 1:
            shown = [
                layer,
                trace.z(layer),
                trace.a(layer),
                trace.f_prime(layer),
                trace.delta(layer),
            ]
        for cell, values in zip(cells[1:], shown[1:], strict=True):
            expected = [] if values is None else values[0].tolist()
            assert numbers_of(cell) == pytest.approx(expected, rel=1e-3)


def test_trace_of_a_large_network_shows_some_numbers_only():
    net = make("relu", "softmax", sizes=(500, 400, 300), loss="cross_entropy")
    trace = net.trace(np.ones((3, 500)), [1, 2, 3])
    for text in trace._repr_html_(), trace._repr_latex_():
        assert len(text) < 5000
    assert "a matrix" in trace._repr_html_()
    assert "…" in unescape(trace._repr_html_())
    assert r"\vdots" in trace._repr_latex_()
