"""The reference itself: its gradients by central differences, its other numbers by hand."""
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise, product

import numpy as np
import pytest

from reference import (
    ACTIVATIONS,
    LOSSES,
    Network,
    central_difference,
    one_hot,
    share,
    train,
)
from reference.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
)

PAIRED = [name for name, loss in LOSSES.items() if loss.paired_activation]


def random_targets(loss, batch, n_out, rng):
    """Return targets (batch, n_out): rows of probabilities, or reals for mse."""
    if loss == "mse":
        return rng.normal(size=(batch, n_out))
    y = rng.uniform(size=(batch, n_out))
    return y / y.sum(axis=1, keepdims=True)


def random_network(sizes, activations, loss, rng):
    """Return a network whose last z is near a place where its activation makes s within 0 and 1."""
    W = [rng.normal(size=(n_out, n_in)) for n_in, n_out in pairwise(sizes)]
    b = [rng.normal(size=n_out) for n_out in sizes[1:]]
    if "exponential" in activations[:-1]:
        W = [each / 16 for each in W]  # e^(e^z) is soon too large
    W[-1] *= 0.02
    b[-1] = np.full(sizes[-1], -0.5 if activations[-1] in ("softplus", "exponential") else 0.5)
    return Network(W, b, activations, loss)


def cost_at(network, *data):
    """Return the function that gives the cost at other parameters."""

    def cost(parameters):
        network.parameters = parameters
        return network.cost(*data)

    return cost


def assert_gradient(network, *data):
    """Compare the gradient with central differences, within 1e-6 relative."""
    w = network.parameters
    cost, gradient = network.value_and_grad(*data)
    assert cost == network.cost(*data)
    by_differences = central_difference(cost_at(network, *data), w)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-6, atol=1e-9)


# Each activation inside with each at the output, and each loss with each output that it takes: what
# is inside meets a loss only through the output.
NETWORKS = [(hidden, output, "mse") for hidden, output in product(ACTIVATIONS, repeat=2)]
NETWORKS += [
    (hidden, output, name)
    for name, loss in LOSSES.items()
    if name != "mse"
    for output in loss.outputs or ACTIVATIONS
    for hidden in ("tanh", "softmax")
]


@pytest.mark.parametrize(("hidden", "output", "loss"), NETWORKS)
def test_gradient_is_that_of_central_differences(hidden, output, loss):
    rng = np.random.default_rng(0)
    network = random_network([4, 5, 3, 3], [hidden, hidden, output], loss, rng)
    x, y = rng.normal(size=(7, 4)), random_targets(loss, 7, 3, rng)
    assert_gradient(network, x, y)
    assert_gradient(network, x, y, rng.uniform(size=7))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_without_bias(loss):
    rng = np.random.default_rng(1)
    W = rng.normal(size=(3, 4)), rng.normal(size=(2, 3))
    output = LOSSES[loss].paired_activation or (LOSSES[loss].outputs or ["identity"])[0]
    network = Network(W, [None, None], ["tanh", output], loss)
    assert network.parameters.shape == (18,)
    assert_gradient(network, rng.normal(size=(7, 4)), random_targets(loss, 7, 2, rng))


@pytest.mark.parametrize("loss", PAIRED)
def test_pair_is_what_the_chain_rule_gives(loss):
    rng = np.random.default_rng(2)
    member = LOSSES[loss]()
    f = ACTIVATIONS[member.paired_activation]()
    z, y = rng.normal(size=(7, 3)), rng.uniform(size=(7, 3))
    s = f.forward(z)
    np.testing.assert_allclose(member.paired_cost(z, y), member.cost(s, y), rtol=1e-13)
    by_chain_rule = f.backward(z, s, member.gradient(s, y))
    np.testing.assert_allclose(member.paired_delta(z, s, y), by_chain_rule, rtol=0, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_by_hand(activation):
    a = ACTIVATIONS[activation]().forward(np.log([[1.0, 2.0, 0.25]]))
    np.testing.assert_allclose(a, [ACTIVATIONS[activation].by_hand], rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_by_hand(loss):
    cost = LOSSES[loss]().cost(np.array([[0.5, 0.25]]), np.array([LOSSES[loss].by_hand_y]))
    np.testing.assert_allclose(cost, [LOSSES[loss].by_hand], rtol=1e-15)


@pytest.mark.parametrize("loss", PAIRED)
def test_pair_where_the_output_saturates(loss):
    W = np.eye(2)
    network = Network([W], [None], [LOSSES[loss].paired_activation], loss)
    x, y = [[1000.0, 0.0]], [[0.0, 1.0]]
    per_output = {
        "cross_entropy": 1000.0,
        "kl_divergence": 1000.0,
        "binary_cross_entropy": (1000 + np.log(2)) / 2,
        "focal": (3 / 4 * 1000 + 1 / 4 * np.log(2) / 4) / 2,
    }
    assert network.cost(x, y) == pytest.approx(per_output[loss], rel=1e-14)
    delta = network.backward(network.forward(x), y).delta[2]
    by_hand = {
        "cross_entropy": [[1, -1]],
        "kl_divergence": [[1, -1]],
        "binary_cross_entropy": [[1 / 2, -1 / 4]],
        # Of the second, with p = q = 1/2 and ce = ln 2: 1/4 q^2 (q - 1 - 2 ce p).
        "focal": [[3 / 8, 1 / 16 * (-1 / 2 - np.log(2)) / 2]],
    }
    np.testing.assert_allclose(delta, by_hand[loss], rtol=1e-14)


def test_pair_where_the_cost_is_tiny():
    # ln(1 + e^-40) = e^-40 to 17 digits, though 1 + e^-40 rounds to 1.
    for loss, z, y in ("cross_entropy", [40, 0], [1, 0]), ("binary_cross_entropy", [40], [1]):
        cost = LOSSES[loss]().paired_cost(np.array([z]), np.array([y]))
        np.testing.assert_allclose(cost, [np.exp(-40)], rtol=1e-14)


def test_labels_are_one_hot_rows():
    np.testing.assert_array_equal(one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    rng = np.random.default_rng(3)
    network = random_network([4, 3], ["softmax"], "cross_entropy", rng)
    x, labels = rng.normal(size=(3, 4)), np.array([2, 0, 2])
    assert network.cost(x, labels) == network.cost(x, one_hot(labels, 3))


def test_single_output_takes_a_vector_of_targets():
    rng = np.random.default_rng(4)
    network = random_network([4, 1], ["identity"], "mse", rng)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=3)
    assert network.cost(x, y) == network.cost(x, y[:, None])


def test_whole_weights_repeat_samples():
    np.testing.assert_array_equal(share(4), [0.25, 0.25, 0.25, 0.25])
    np.testing.assert_array_equal(share(3, [2, 1, 1]), [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(share(2, [0, 0]), [0, 0])
    rng = np.random.default_rng(5)
    network = random_network([4, 3, 2], ["tanh", "identity"], "mse", rng)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 2))
    twice = [0, 0, 1, 2]
    cost, gradient = network.value_and_grad(x, y, [2, 1, 1])
    cost_repeated, gradient_repeated = network.value_and_grad(x[twice], y[twice])
    assert cost == pytest.approx(cost_repeated, rel=1e-14)
    np.testing.assert_allclose(gradient, gradient_repeated, rtol=1e-13, atol=1e-15)


def test_flat_layout():
    W = [[1, 2, 3], [4, 5, 6]], [[9, 10]]  # (n_out, n_in): (2, 3) and (1, 2)
    network = Network(W, [[7, 8], None], ["identity", "identity"])
    np.testing.assert_array_equal(network.parameters, [1, 4, 2, 5, 3, 6, 7, 8, 9, 10])
    network.parameters = np.arange(10.0)
    np.testing.assert_array_equal(network.W[1], [[0, 2, 4], [1, 3, 5]])
    np.testing.assert_array_equal(network.b[1], [6, 7])
    np.testing.assert_array_equal(network.W[2], [[8, 9]])


# Two steps from w = 1 with g = 1, then g = 2 (Adam: 2.5, so that the roots come out even).
@pytest.mark.parametrize(
    ("optimizer", "gradients", "by_hand"),
    [
        # 1 - 0.1*1,  0.9 - 0.1*2
        (SGD(0.1), (1, 2), (0.9, 0.7)),
        # m = 1, then 0.9*1 + 2 = 2.9:  1 - 0.1*1,  0.9 - 0.1*2.9
        (SGD(0.1, momentum=0.9), (1, 2), (0.9, 0.61)),
        # 1 - 0.1*(1 + 0.9*1),  0.81 - 0.1*(2 + 0.9*2.9)
        (SGD(0.1, momentum=0.9, nesterov=True), (1, 2), (0.81, 0.349)),
        # m = 0.5,  v = 0.25,  m^ = 0.5/0.5 = 1,   v^ = 0.25/0.25 = 1:    1 - 0.1*1/(1 + 1)
        # m = 1.5,  v = 1.75,  m^ = 1.5/0.75 = 2,  v^ = 1.75/0.4375 = 4:  0.95 - 0.1*2/(2 + 1)
        (Adam(0.1, betas=(0.5, 0.75), eps=1.0), (1, 2.5), (0.95, 0.95 - 0.2 / 3)),
        # The same with 1 - 0.1*0.5 = 0.95 of w first:  0.95 - 0.05,  0.95*0.9 - 0.2/3
        (AdamW(0.1, (0.5, 0.75), 1.0, 0.5), (1, 2.5), (0.9, 0.855 - 0.2 / 3)),
        # v = 0.25,  root 0.5;  v = 0.75*0.25 + 0.25*0.25 = 0.25 (amsgrad: 0.25, too)
        #   1 - 0.1*1/(0.5 + 0.5),  0.9 - 0.1*0.5/(0.5 + 0.5)
        (RMSprop(0.1, alpha=0.75, eps=0.5), (1, 0.5), (0.9, 0.85)),
        # mean = 0.5,  variance 0.5 - 0.25 = 0.25:    1 - 0.1*1/(0.5 + 0.5)
        # mean = 1,  v = 0.25 + 1.125 = 1.375, less 1 is 0.375; m = 0.5*1 + 1.5/(sqrt(0.375) + 0.5)
        (
            RMSprop(0.1, alpha=0.5, eps=0.5, momentum=0.5, centered=True),
            (1, 1.5),
            (0.9, 0.9 - 0.1 * (0.5 + 1.5 / (0.375**0.5 + 0.5))),
        ),
        # v = 3 + 1 = 4:  1 - 0.1*1/(2 + 0.5);  v = 4 + 2.25 = 6.25, rate 0.1/2:  - 0.05*1.5/3
        (Adagrad(0.1, 1.0, 3.0, eps=0.5), (1, 1.5), (0.96, 0.935)),
        # v = 0.5, root of 0.5 + 0.5 is 1; d = sqrt(0.5)*1, u = 0.25
        # v = 0.25 + 2*2/2 = 2.25, less eps: root of 2.75; d = sqrt(0.75)/sqrt(2.75)*2
        (
            Adadelta(0.5, rho=0.5, eps=0.5),
            (1, 2),
            (1 - 0.5**1.5, 1 - 0.5**1.5 - (0.75 / 2.75) ** 0.5),
        ),
        # mu = 0.5 (1 - 1/2) = 0.25 always: m = 0.5, v = 0.25, v^ = 1, p = 0.25, p mu = 0.0625:
        #   1 - 0.1*(1*1 + 0.25/0.9375*0.5)/(1 + 1)
        # m = 0.75, v = 0.4375, v^ = 1, p = 0.0625, p mu = 1/64:
        #   - 0.1*(0.75/0.9375*1 + 0.25*64/63*0.75)/2
        (
            NAdam(0.1, (0.5, 0.75), 1.0, momentum_decay=0.0),
            (1, 1),
            (1 - 0.05 * (1 + 2 / 15), 1 - 0.05 * (1 + 2 / 15 + 0.8 + 4 / 21)),
        ),
        # rho = 7, 7 - 2*0.75/0.25 = 1, 7 - 4*0.5625/0.4375 < 5: m^ = 1, then 2
        (RAdam(0.1, (0.5, 0.75), eps=1.0), (1, 2.5), (0.9, 0.7)),
        # sign 1;  m = 0.25, 0.5*0.25 - 0.5*0.125 > 0; 0.9 of w first
        (Lion(0.1, (0.5, 0.75), 1.0), (1, -0.125), (0.8, 0.62)),
        # d = 0.1;  another sign: d = 0.05, and w waits
        (Rprop(0.1), (1, -1), (0.9, 0.9)),
        # d = 0.1;  the same sign: d = 0.12
        (Rprop(0.1), (1, 2), (0.9, 0.78)),
    ],
    ids=[
        "sgd",
        "momentum",
        "nesterov",
        "adam",
        "adamw",
        "rmsprop",
        "centered",
        "adagrad",
        "adadelta",
        "nadam",
        "radam",
        "lion",
        "rprop waits",
        "rprop",
    ],
)
def test_optimizers_by_hand(optimizer, gradients, by_hand):
    w = np.array([1.0])
    for g, expected in zip(gradients, by_hand, strict=True):
        w = optimizer.step(w, np.array([g]))
        np.testing.assert_allclose(w, [expected], rtol=1e-14)


def test_training_by_hand():
    # s = w x, C_i = (s - y)^2, epsilon = 0.125; batches of 2 in the order 2, 0 | 1 from w = 0:
    # C = (3^2 + 1^2)/2 = 5,      dC/dw = 2 (-3*3 - 1*1)/2 = -10,  w = 1.25
    # C = (1.25*2 - 2)^2 = 0.25,  dC/dw = 2 * 0.5 * 2 = 2,          w = 1
    network = Network([[[0.0]]], [None], ["identity"])
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 3.0])
    step_costs, epoch_costs = train(network, SGD(0.125), x, y, 2, [[2, 0, 1], [0, 1, 2]])
    assert step_costs == [5, 0.25, 0, 0]
    assert epoch_costs == [(2 * 5 + 0.25) / 3, 0]
    assert network.W[1] == 1
