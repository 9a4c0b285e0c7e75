"""Clipping by the norm of the whole gradient: the reference's steps, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from reference import GRADIENT_TRANSFORMS, OPTIMIZERS, train
from support import DTYPES, Case, assert_relative, bits, reference_of

KINDS = {
    "sgd": (cr.SGD, {"learning_rate": 0.5}),
    "momentum": (cr.SGD, {"learning_rate": 0.2, "momentum": 0.9, "nesterov": True}),
    "adam": (cr.Adam, {"learning_rate": 0.01, "eps": 1e-3}),
}


def case_of(dtype="float64"):
    return Case(7, (5, 17, 9, 3), ("tanh", "relu", "identity"), "mse", dtype=dtype, batch=70)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1e-3, 0.2, 1e6])
def test_steps_are_those_of_the_reference(plan, kind, limit):
    net, (x, y, weight) = case_of().network(), case_of().samples()
    assert net.plan(70)["plan"] == plan
    make, numbers = KINDS[kind]
    reference, order = reference_of(net), np.tile(np.arange(70), (3, 1))
    optimizer = OPTIMIZERS["adam" if make is cr.Adam else "sgd"](**numbers)
    clip = GRADIENT_TRANSFORMS["clip_norm"](limit)
    train(reference, optimizer, x, y, 32, order, weight, transforms=[clip])
    net.fit(
        x,
        y,
        optimizer=make(**numbers, clip_norm=limit),
        epochs=3,
        batch_size=32,
        order=order,
        sample_weight=weight,
    )
    assert_relative(net.parameters, reference.parameters, 1e-11, f"{kind}, {limit}, {plan}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gradient_below_the_limit_stays_as_it_is(plan, dtype):
    nets = [case_of(dtype).network() for _ in range(2)]
    x, y, _ = case_of(dtype).samples()
    for net, limit in zip(nets, (None, 1e30), strict=True):
        net.fit(x, y, optimizer=cr.Adam(0.01, clip_norm=limit), epochs=3)
    assert bits(nets[0]) == bits(nets[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", ["sqrt max", "half max", "max", "sqrt tiny", "tiny"])
def test_norms_whose_squares_overflow_or_underflow(plan, dtype, size):
    # One linear neuron with w = 0, y = -1/2: dC/dw = 2 (w x - y) x = x, whatever its square is.
    info = np.finfo(dtype)
    x = {
        "sqrt max": 4 * np.sqrt(info.max),
        "half max": info.max / 2,
        "max": info.max,
        "sqrt tiny": np.sqrt(info.tiny) / 4,
        "tiny": info.tiny * 4,
    }[size]
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], dtype=dtype)
    net.parameters = [0]
    limit = 0.25 if "max" in size else float(x)
    net.train_step([x], [-0.5], cr.SGD(1.0, clip_norm=limit))
    expected = -float(x) * min(1, limit / (float(x) + 1e-6))
    if abs(expected) >= info.tiny:  # what is less is flushed to 0
        assert net.parameters[0] == pytest.approx(expected, rel=1e-5)


def test_one_sample_at_a_time(plan):
    net, (x, y, _) = case_of().network(), case_of().samples()
    reference, order = reference_of(net), np.arange(70)[None]
    clip = GRADIENT_TRANSFORMS["clip_norm"](0.1)
    train(reference, OPTIMIZERS["sgd"](0.1), x, y, 1, order, transforms=[clip])
    net.fit(x, y, optimizer=cr.SGD(0.1, clip_norm=0.1), batch_size=1, order=order)
    assert_relative(net.parameters, reference.parameters, 1e-11, plan)


def test_a_gradient_that_is_not_finite_changes_nothing(plan):
    net = cr.Network([cr.Input(2), cr.Dense(3, "relu"), cr.Dense(1)], dtype="float32", rng=0)
    optimizer = cr.SGD(0.1, momentum=0.9, clip_norm=1.0)
    # The cost is 1, and dC/dW of the first layer the product of two numbers near the largest.
    net.layers[1].weights, net.layers[2].weights = np.zeros((3, 2)), np.full((1, 3), 1e30)
    net.layers[1].bias, net.layers[2].bias = np.full(3, 1e-30), [-3]
    before = bits(net)
    with pytest.raises(cr.TrainingDiverged, match="gradient"):
        net.fit(np.full((4, 2), 1e30), np.ones((4, 1)), optimizer=optimizer)
    assert bits(net) == before
    assert optimizer.steps == 0


def test_as_torch_clips():
    torch = pytest.importorskip("torch")
    net, (x, y, _) = case_of().network(), case_of().samples()
    modules = []
    for layer in net.layers[1:]:
        linear = torch.nn.Linear(layer.weights.shape[1], layer.n_out, bias=layer.bias is not None)
        linear.weight = torch.nn.Parameter(torch.tensor(layer.weights))
        if layer.bias is not None:
            linear.bias = torch.nn.Parameter(torch.tensor(layer.bias))
        activation = {"tanh": torch.nn.Tanh(), "relu": torch.nn.ReLU()}.get(layer.activation)
        modules += [linear, activation] if activation else [linear]
    model = torch.nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    ours = cr.SGD(0.5, momentum=0.9, clip_norm=0.05)
    for _ in range(10):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(torch.tensor(x)), torch.tensor(y)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        net.train_step(x, y, ours)
    np.testing.assert_allclose(net.predict(x), model(torch.tensor(x)).detach(), rtol=1e-10)
