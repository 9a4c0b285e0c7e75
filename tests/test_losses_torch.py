"""Costs and gradients beside those of PyTorch, in float64, where it is installed."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from loss_cases import network

torch = pytest.importorskip("torch")
F = torch.nn.functional

RNG = np.random.default_rng(3)
N, N_OUT = 23, 6
X = RNG.normal(size=(N, 5))
REAL = 3 * RNG.normal(size=(N, N_OUT))
UNIT = RNG.uniform(size=(N, N_OUT))
YES = (UNIT > 0.6).astype(float)
COUNTS = RNG.poisson(2, size=(N, N_OUT)).astype(float)
LABELS = RNG.integers(N_OUT, size=N)
SOFT = UNIT / UNIT.sum(axis=1, keepdims=True)
WEIGHTS = [0.5, 1, 4, 0, 2, 1]


def tensor(values):
    return torch.tensor(np.asarray(values))


def focal(z, y, alpha=0.25, gamma=2.0):
    """torchvision.ops.sigmoid_focal_loss with reduction="mean"."""
    p = torch.sigmoid(z)
    ce = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    return ((alpha * y + (1 - alpha) * (1 - y)) * ce * (1 - p_t) ** gamma).mean()


def cross_entropy(**options):
    return lambda z, y: F.cross_entropy(z, y, **options)


def pinball(*quantiles):
    """The mean over targets and quantiles; y has a column for each target."""

    def cost(z, y):
        tau = tensor(np.tile(quantiles, z.shape[1] // len(quantiles)))
        e = y.repeat_interleave(len(quantiles), dim=1) - z
        return torch.maximum(tau * e, (tau - 1) * e).mean()

    return cost


def masked(loss):
    """The mean over the targets that are there."""
    return lambda z, y: loss(z[~torch.isnan(y)], y[~torch.isnan(y)])


def with_holes(y):
    holes = y.copy()
    holes[UNIT < 0.3] = np.nan
    holes[4] = np.nan
    return holes


BCE = F.binary_cross_entropy_with_logits
CE_WEIGHTS = tensor(np.array(WEIGHTS, float))
# A loss, the activation at the output, targets, and the cost from z by PyTorch.
CASES = {
    "mse": (cr.Mse(), "identity", REAL, F.mse_loss),
    "mse of tanh": (cr.Mse(), "tanh", UNIT, lambda z, y: F.mse_loss(torch.tanh(z), y)),
    "mae": (cr.Mae(), "identity", REAL, F.l1_loss),
    "huber": (cr.Huber(), "identity", REAL, F.huber_loss),
    "huber 0.3": (cr.Huber(0.3), "identity", REAL, lambda z, y: F.huber_loss(z, y, delta=0.3)),
    "log_cosh": (cr.LogCosh(), "identity", REAL, lambda z, y: torch.log(torch.cosh(z - y)).mean()),
    "cross_entropy": (cr.CrossEntropy(), "softmax", LABELS, F.cross_entropy),
    "soft": (cr.CrossEntropy(), "softmax", SOFT, F.cross_entropy),
    "smoothed": (cr.CrossEntropy(0.1), "softmax", LABELS, cross_entropy(label_smoothing=0.1)),
    "weighted": (
        cr.CrossEntropy(class_weight=WEIGHTS, logits=True),
        "identity",
        LABELS,
        cross_entropy(weight=CE_WEIGHTS),
    ),
    "smoothed and weighted": (
        cr.CrossEntropy(0.2, WEIGHTS),
        "softmax",
        LABELS,
        cross_entropy(label_smoothing=0.2, weight=CE_WEIGHTS),
    ),
    "soft, smoothed and weighted": (
        cr.CrossEntropy(0.2, WEIGHTS, logits=True),
        "identity",
        SOFT,
        cross_entropy(label_smoothing=0.2, weight=CE_WEIGHTS),
    ),
    "binary": (cr.BinaryCrossEntropy(), "sigmoid", UNIT, BCE),
    "pos_weight": (
        cr.BinaryCrossEntropy(WEIGHTS),
        "sigmoid",
        YES,
        lambda z, y: BCE(z, y, pos_weight=CE_WEIGHTS),
    ),
    "pos_weight 3": (
        cr.BinaryCrossEntropy(3, logits=True),
        "identity",
        UNIT,
        lambda z, y: BCE(z, y, pos_weight=tensor([3.0] * N_OUT)),
    ),
    "binary smoothed": (
        cr.BinaryCrossEntropy(label_smoothing=0.1),
        "sigmoid",
        YES,
        lambda z, y: BCE(z, 0.9 * y + 0.05),
    ),
    "poisson": (
        cr.Poisson(),
        "sigmoid",
        COUNTS,
        lambda z, y: F.poisson_nll_loss(torch.sigmoid(z), y, log_input=False),
    ),
    "poisson of softmax": (
        cr.Poisson(1e-3),
        "softmax",
        COUNTS,
        lambda z, y: F.poisson_nll_loss(torch.softmax(z, 1), y, log_input=False, eps=1e-3),
    ),
    "poisson logits": (cr.Poisson(logits=True), "identity", COUNTS, F.poisson_nll_loss),
    "focal": (cr.Focal(), "sigmoid", YES, focal),
    "focal logits": (
        cr.Focal(0.5, 0.6, logits=True),
        "identity",
        UNIT,
        lambda z, y: focal(z, y, 0.6, 0.5),
    ),
    "kl_divergence": (
        cr.KlDivergence(),
        "softmax",
        SOFT,
        lambda z, y: F.kl_div(F.log_softmax(z, 1), y, reduction="batchmean"),
    ),
    "hinge": (
        cr.Hinge(),
        "tanh",
        2 * YES - 1,
        lambda z, y: torch.clamp(1 - y * torch.tanh(z), min=0).mean(),
    ),
    "quantile": (cr.Quantile(0.3), "identity", REAL, pinball(0.3)),
    "quantiles": (cr.Quantile([0.1, 0.5, 0.9]), "identity", REAL[:, :2], pinball(0.1, 0.5, 0.9)),
    "mse masked": (cr.Mse(mask_nan=True), "identity", with_holes(REAL), masked(F.mse_loss)),
    "huber masked": (cr.Huber(mask_nan=True), "identity", with_holes(REAL), masked(F.huber_loss)),
    "binary masked": (
        cr.BinaryCrossEntropy(mask_nan=True),
        "sigmoid",
        with_holes(YES),
        masked(BCE),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_costs_gradients_and_trajectories(plan, case):
    loss, output, y, cost_of = CASES[case]
    net = network(loss, output=output)
    twin = [torch.nn.Linear(5, 17), torch.nn.Linear(17, N_OUT)]
    for of_torch, layer in zip(twin, net.layers[1:], strict=True):
        of_torch.weight = torch.nn.Parameter(tensor(layer.weights.copy()))
        of_torch.bias = torch.nn.Parameter(tensor(layer.bias.copy()))
    parameters = [each for layer in twin for each in (layer.weight, layer.bias)]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    own = cr.SGD(0.1)
    for _ in range(4):
        cost, gradient = net.value_and_grad(X, y)
        optimizer.zero_grad()
        expected = cost_of(twin[1](torch.tanh(twin[0](tensor(X)))), tensor(y))
        expected.backward()
        assert cost == pytest.approx(expected.item(), rel=1e-10, abs=1e-10)
        pairs = net.split(gradient)
        for (dW, db), layer in zip(pairs, twin, strict=True):
            np.testing.assert_allclose(dW, layer.weight.grad.numpy(), rtol=1e-10, atol=1e-10)
            np.testing.assert_allclose(db, layer.bias.grad.numpy(), rtol=1e-10, atol=1e-10)
        optimizer.step()
        net.train_step(X, y, own)
    for layer, of_torch in zip(net.layers[1:], twin, strict=True):
        np.testing.assert_allclose(layer.weights, of_torch.weight.detach().numpy(), rtol=1e-10)
