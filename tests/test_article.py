"""The article's 4-2-2-1 network worked out by hand, against the reference and against chainrule.

Every number can be followed with a calculator; they are given to 8 decimals.

Sigmoid hidden layers, an output layer with no bias and no activation, cost C = (s - y)^2.

    x = (1, 2, -1, 0.5), y = 1

    W^(1) = |  0.5  -0.25  0.5    1 |   b^(1) = |  1    |
            | -0.5   0.5   0.25  -1 |           | -0.25 |

    W^(2) = |  1    -2 |                b^(2) = |  0.25 |        W^(3) = | 2  -1 |
            |  0.5   2 |                        | -1    |
"""
# SPDX-License-Identifier: BSD-3-Clause

from types import SimpleNamespace

import numpy as np
import pytest

from reference import SGD, Network

x, y = np.array([[1, 2, -1, 0.5]]), np.array([[1.0]])
W = {
    1: [[0.5, -0.25, 0.5, 1], [-0.5, 0.5, 0.25, -1]],
    2: [[1, -2], [0.5, 2]],
    3: [[2, -1]],
}
b = {1: [1, -0.25], 2: [0.25, -1], 3: None}

# Forward: z^(l+1) = W^(l) a^(l) + b^(l), a = f(z) = 1 / (1 + e^-z), s = W^(3) a^(3)
z = {
    2: [
        1.0,  # 0.5*1 - 0.25*2 + 0.5*(-1) + 1*0.5 + 1
        -0.5,  # -0.5*1 + 0.5*2 + 0.25*(-1) - 1*0.5 - 0.25
    ],
    3: [
        0.22597724,  # 1*0.73105858 - 2*0.37754067 + 0.25
        0.12061063,  # 0.5*0.73105858 + 2*0.37754067 - 1
    ],
    4: [0.58239409],  # 2*0.55625512 - 1*0.53011616
}
a = {
    1: [1, 2, -1, 0.5],  # x
    2: [
        0.73105858,  # 1 / (1 + e^-1)
        0.37754067,  # 1 / (1 + e^0.5)
    ],
    3: [
        0.55625512,  # 1 / (1 + e^-0.22597724)
        0.53011616,  # 1 / (1 + e^-0.12061063)
    ],
    4: z[4],  # s
}
C = 0.17439470  # (0.58239409 - 1)^2

# Backward: delta^(4) = dC/ds = 2 (s - y), delta_k^(l) = sum_j delta_j^(l+1) w_jk^(l) f'(z_k^(l))
# with f'(z) = a (1 - a)
delta = {
    4: [-0.83521183],  # 2 (0.58239409 - 1)
    3: [
        -0.41231963,  # -0.83521183*2 * 0.55625512 (1 - 0.55625512) = -1.67042366 * 0.24683536
        0.20804543,  # -0.83521183*(-1) * 0.53011616 (1 - 0.53011616) = 0.83521183 * 0.24909302
    ],
    2: [
        -0.06061485,  # (-0.41231963*1 + 0.20804543*0.5) 0.19661193 = -0.30829691 * 0.19661193
        0.29157618,  # (-0.41231963*(-2) + 0.20804543*2) 0.23500371 = 1.24073012 * 0.23500371
    ],
}

# Gradients: dC/dw_jk^(l) = delta_j^(l+1) a_k^(l), dC/db_j^(l) = delta_j^(l+1)
dW = {
    1: [
        [-0.06061485, -0.12122970, 0.06061485, -0.03030743],  # -0.06061485 times 1, 2, -1, 0.5
        [0.29157618, 0.58315237, -0.29157618, 0.14578809],  # 0.29157618 times 1, 2, -1, 0.5
    ],
    2: [
        [-0.30142980, -0.15566743],  # -0.41231963 times 0.73105858, 0.37754067
        [0.15209340, 0.07854561],  # 0.20804543 times 0.73105858, 0.37754067
    ],
    3: [[-0.46459086, -0.44275929]],  # -0.83521183 times 0.55625512, 0.53011616
}
db = {1: delta[2], 2: delta[3], 3: None}

# The single weight w_22^(2), from a_2^(2) to z_2^(3): the way to C is z_2^(3), a_2^(3), s.
# dC/dw_22^(2) = dC/da_2^(3) * f'(z_2^(3)) * a_2^(2), where dC/da_2^(3) = dC/ds * w_12^(3)
dC_da_23 = 0.83521183  # -0.83521183 * (-1)
slope_23 = 0.24909302  # 0.53011616 (1 - 0.53011616)
dC_dw_22 = 0.07854561  # 0.83521183 * 0.24909302 * 0.37754067

# One step of gradient descent with epsilon = 0.5: w := w - 0.5 dC/dw, b := b - 0.5 dC/db
epsilon = 0.5
W_next = {
    1: [
        [0.53030743, -0.18938515, 0.46969257, 1.01515371],  # 0.5 + 0.5*0.06061485, ...
        [-0.64578809, 0.20842382, 0.39578809, -1.07289405],  # -0.5 - 0.5*0.29157618, ...
    ],
    2: [
        [1.15071490, -1.92216629],  # 1 + 0.5*0.30142980, -2 + 0.5*0.15566743
        [0.42395330, 1.96072719],  # 0.5 - 0.5*0.15209340, 2 - 0.5*0.07854561
    ],
    3: [[2.23229543, -0.77862036]],  # 2 + 0.5*0.46459086, -1 + 0.5*0.44275929
}
b_next = {
    1: [1.03030743, -0.39578809],  # 1 + 0.5*0.06061485, -0.25 - 0.5*0.29157618
    2: [0.45615981, -1.10402272],  # 0.25 + 0.5*0.41231963, -1 - 0.5*0.20804543
    3: None,
}
C_next = 0.10916923  # s is 1.33040767 now: the step went beyond y = 1, but nearer to it


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
        import chainrule as cr

        hidden = [cr.Dense(2, "sigmoid"), cr.Dense(2, "sigmoid")]
        self.net = cr.Network([cr.Input(4), *hidden, cr.Dense(1, bias=False)], dtype="float64")
        self.optimizer = cr.SGD(epsilon)
        self.W = {i: self.net.layers[i].weights for i in W}
        self.b = {i: self.net.layers[i].bias for i in b}
        self.cost = self.net.cost
        for i in W:
            self.W[i][...] = W[i]
            if b[i] is not None:
                self.b[i][...] = b[i]

    def trace(self):
        return self.net.trace(x, y)

    def train_step(self):
        return self.net.train_step(x, y, self.optimizer)


@pytest.fixture(params=[ByReference, ByChainrule])
def article(request):
    """Return the network of the article, once of the reference and once of chainrule."""
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
    net = ByChainrule().net
    assert_same(net.explain(x[0], y[0], layer=2, j=2, k=2).value, dC_dw_22)
    assert_same(net.explain(x[0], y[0], layer=2, j=2, bias=True).value, db[2][1])


def test_one_step_of_gradient_descent(article):
    assert_same(article.train_step(), C)
    for i in W:
        assert_same(article.W[i], W_next[i])
        assert_same(article.b[i], b_next[i])
    assert_same(article.cost(x, y), C_next)
