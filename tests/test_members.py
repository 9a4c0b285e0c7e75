"""Activations and losses with numbers of their own: objects beside names, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from all_members import classes
from all_members import make as make_member
from support import (
    DTYPES,
    ELEMENTWISE,
    assert_relative,
    bits,
    named,
    output_of,
    random_targets,
    reference_of,
    tamed,
)

ACTIVATIONS = [cr.LeakyRelu(0), cr.LeakyRelu(2)]
ACTIVATIONS += [make_member("activations", name) for name in ELEMENTWISE]
LOSSES = [cr.Huber(3), *(make_member("losses", name) for name in classes("losses"))]
WRONG_NUMBERS = [-1, np.nan, np.inf, -np.inf]
WRONG_TYPES = ["0.1", b"1", None, 1j, [0.1], object()]


def make(activation=None, loss="mse", dtype="float64", output="identity"):
    f = activation or "tanh"
    layers = [cr.Input(5), cr.Dense(17, f), cr.Dense(40, f), cr.Dense(3, output)]
    return tamed(cr.Network(layers, loss=loss, dtype=dtype, rng=0))


def samples(batch):
    rng = np.random.default_rng(batch)
    return rng.normal(size=(batch, 5)), 2 * rng.normal(size=(batch, 3))


@pytest.mark.parametrize("batch", [1, 2, 33, 100])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activations_are_those_of_the_reference(plan, activation, batch):
    for net in make(activation), make(activation, output=activation):
        assert net.plan(batch)["plan"] == plan
        x, y = samples(batch)
        cost, gradient = net.value_and_grad(x, y)
        expected, of_reference = reference_of(net).value_and_grad(x, y)
        assert cost == pytest.approx(expected, rel=1e-12)
        assert_relative(gradient, of_reference, 1e-11, f"{activation}, {plan}")
        assert_relative(net.predict(x), reference_of(net).forward(x).s, 1e-12, "s")


@pytest.mark.parametrize("batch", [1, 2, 33, 100])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_losses_are_those_of_the_reference(plan, loss, batch):
    net, (x, _) = make(loss=loss, output=output_of(loss)), samples(batch)
    y = random_targets(loss._name, batch, 3, np.random.default_rng(batch))
    weight = np.arange(1, batch + 1) / batch
    cost, gradient = net.value_and_grad(x, y, weight)
    expected, of_reference = reference_of(net).value_and_grad(x, y, weight)
    assert cost == pytest.approx(expected, rel=1e-12)
    assert_relative(gradient, of_reference, 1e-11, f"{loss}, {plan}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_name_is_the_object_with_its_defaults(plan, dtype):
    x, y = samples(40)
    pairs = [
        (make(name, dtype=dtype), make(classes("activations")[name](), dtype=dtype))
        for name in ELEMENTWISE
    ]
    pairs.append((make(loss="huber", dtype=dtype), make(loss=cr.Huber(), dtype=dtype)))
    for by_name, by_object in pairs:
        histories = [net.fit(x, y, epochs=3) for net in (by_name, by_object)]
        assert histories[0].cost == histories[1].cost
        assert bits(by_name) == bits(by_object)


def test_a_slope_of_1_is_the_identity(plan):
    x, y = samples(40)
    nets = make(cr.LeakyRelu(1)), make("identity")
    for net in nets:
        net.fit(x, y, epochs=2)
    assert bits(nets[0]) == bits(nets[1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gelu_far_from_0(plan, dtype):
    z = np.array([[-1e30, -1e4, -40, 0, 40, 1e4, 1e30]]).T
    net = cr.Network([cr.Input(1), cr.Dense(1, "gelu", bias=False), cr.Dense(1)], dtype=dtype)
    net.parameters = [1, 1, 0]
    np.testing.assert_allclose(net.predict(z), np.maximum(z, 0), rtol=1e-6)
    trace = net.trace(z[1:-1], np.zeros((5, 1)))
    np.testing.assert_allclose(trace.f_prime(2).ravel(), [0, 0, 0.5, 1, 1], atol=1e-7)


@pytest.mark.parametrize("value", WRONG_NUMBERS)
def test_numbers_out_of_range(value):
    with pytest.raises(ValueError, match="slope must be a finite number >= 0, got"):
        cr.LeakyRelu(value)
    with pytest.raises(ValueError, match="delta must be a finite number > 0, got"):
        cr.Huber(value)


def test_a_delta_of_0_is_refused():
    with pytest.raises(ValueError, match="delta must be a finite number > 0, got 0"):
        cr.Huber(0)


@pytest.mark.parametrize("value", WRONG_TYPES, ids=named)
def test_no_numbers(value):
    with pytest.raises(TypeError, match="slope must be a number, got"):
        cr.LeakyRelu(value)
    with pytest.raises(TypeError, match="delta must be a number, got"):
        cr.Huber(value)


def test_a_class_is_no_member():
    with pytest.raises(TypeError, match="activation must be a name, got <class"):
        cr.Dense(2, cr.LeakyRelu)
    with pytest.raises(TypeError, match="loss must be a name or a function, got <class"):
        make(loss=cr.Huber)
    with pytest.raises(TypeError, match="loss must be a name or a function, got Gelu"):
        make(loss=cr.Gelu())


@pytest.mark.parametrize("member", [*ACTIVATIONS, *LOSSES], ids=repr)
def test_members_are_values(member):
    for twin in (
        copy.copy(member),
        copy.deepcopy(member),
        pickle.loads(pickle.dumps(member)),
        eval(f"cr.{member!r}"),
    ):
        assert twin == member
        assert hash(twin) == hash(member)
    with pytest.raises(AttributeError):
        member.slope = 5


def test_networks_keep_their_members():
    net = make(cr.LeakyRelu(0.3), cr.Huber(0.25))
    assert net.loss == cr.Huber(0.25)
    assert net.layers[1].activation == cr.LeakyRelu(0.3)
    assert "LeakyRelu(slope=0.3)" in repr(net)
    assert "Huber(delta=0.25)" in repr(net)
    x, y = samples(20)
    for twin in net.copy(), pickle.loads(pickle.dumps(net)):
        assert twin.cost(x, y) == net.cost(x, y)
        assert twin.layers[1] == net.layers[1]
