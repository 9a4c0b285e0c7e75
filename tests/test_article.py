"""The article's network worked out by hand, against the reference and against chainrule."""
# SPDX-License-Identifier: BSD-3-Clause

from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from article_by_hand import (
    C,
    C_next,
    W,
    W_next,
    a,
    b,
    b_next,
    db,
    dC_da_23,
    dC_dw_22,
    delta,
    dW,
    epsilon,
    network,
    slope_23,
    x,
    y,
    z,
)
from reference import SGD, Network


class ByReference:
    """The network of the reference, with the calls of this test."""

    def __init__(self):
        self.net = Network(W.values(), b.values(), ["sigmoid", "sigmoid", "identity"], loss="mse")
        self.W, self.b, self.cost = self.net.W, self.net.b, self.net.cost

    def trace(self):
        passed = self.net.forward(x)
        back = self.net.backward(passed, y)
        of = {"z": passed.z, "a": passed.a, "delta": back.delta, "dW": back.dW, "db": back.db}
        calls = {name: values.__getitem__ for name, values in of.items()}
        return SimpleNamespace(**calls, s=passed.s, cost=self.net.cost(x, y))

    def train_step(self):
        cost, gradient = self.net.value_and_grad(x, y)
        self.net.parameters = SGD(epsilon).step(self.net.parameters, gradient)
        return cost


class ByChainrule:
    """The network of chainrule, with the calls of this test."""

    def __init__(self):
        self.net = network()
        self.optimizer = cr.SGD(epsilon)
        self.W = {i: self.net.layers[i].weights for i in W}
        self.b = {i: self.net.layers[i].bias for i in b}
        self.cost = self.net.cost

    def trace(self):
        return self.net.trace(x, y)

    def train_step(self):
        return self.net.train_step(x, y, self.optimizer)


@pytest.fixture(params=[ByReference, ByChainrule])
def article(request, plan):
    """Return the network of the article, of the reference and, in every plan, of chainrule."""
    return request.param()


def assert_same(values, by_hand):
    """Compare to all 8 decimals; None stands for no bias."""
    if by_hand is None:
        assert values is None
        return
    assert np.shape(values) == np.shape(by_hand)
    np.testing.assert_allclose(values, by_hand, rtol=0, atol=1e-8)


def test_forward_pass_and_cost(article):
    trace = article.trace()
    for i in z:
        assert_same(trace.z(i), [z[i]])
    for i in a:
        assert_same(trace.a(i), [a[i]])
    assert_same(trace.s, [a[4]])
    assert_same(trace.cost, C)
    assert_same(article.cost(x, y), C)


def test_local_gradients(article):
    trace = article.trace()
    for i in delta:
        assert_same(trace.delta(i), [delta[i]])


def test_gradients_of_weights_and_biases(article):
    trace = article.trace()
    for i in dW:
        assert_same(trace.dW(i), dW[i])
        assert_same(trace.db(i), db[i])


def test_single_weight(article):
    assert_same(dC_da_23 * slope_23 * a[2][1], dC_dw_22)
    assert_same(article.trace().dW(2)[1, 1], dC_dw_22)


def test_single_weight_explained():
    net = network()
    assert_same(net.explain(x[0], y[0], layer=2, j=2, k=2).value, dC_dw_22)
    assert_same(net.explain(x[0], y[0], layer=2, j=2, bias=True).value, db[2][1])


def test_one_step_of_gradient_descent(article):
    assert_same(article.train_step(), C)
    for i in W:
        assert_same(article.W[i], W_next[i])
        assert_same(article.b[i], b_next[i])
    assert_same(article.cost(x, y), C_next)
