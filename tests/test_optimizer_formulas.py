"""Every optimizer with each of its options: the reference's steps and PyTorch's, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from optimizer_kinds import KINDS, optimizer
from reference import OPTIMIZERS, train
from support import DTYPES, Case, assert_relative, bits, reference_of

STEPS = 300


def case_of(dtype="float64", batch=40):
    sizes, activations = (5, 17, 9, 3), ("tanh", "sigmoid", "identity")
    return Case(7, sizes, activations, "mse", dtype=dtype, batch=batch)


def reference_like(own):
    """Return the reference of an optimizer."""
    arguments = {name: getattr(own, name) for name in own._arguments}
    return OPTIMIZERS[own._name](**arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [1, 16])
def test_steps_are_those_of_the_reference(plan, kind, batch):
    net, (x, y, weight) = case_of().network(), case_of().samples()
    assert net.plan(batch)["plan"] == plan
    own, reference, order = optimizer(kind), reference_of(net), np.tile(np.arange(40), (3, 1))
    train(reference, reference_like(own), x, y, batch, order, weight)
    net.fit(x, y, optimizer=own, epochs=3, batch_size=batch, order=order, sample_weight=weight)
    assert_relative(net.parameters, reference.parameters, 1e-10, f"{kind}, {plan}")


@pytest.mark.parametrize("kind", KINDS)
def test_steps_in_float32_are_near_those_in_float64(plan, kind):
    # Ten steps of one linear neuron by costs whose gradients are given: dC/dw = x.
    cost = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    gradients = np.random.default_rng(3).normal(size=(10, 70)).astype(np.float32)
    ends = []
    for dtype in DTYPES:
        net = cr.Network([cr.Input(70), cr.Dense(1, bias=False)], loss=cost, dtype=dtype, rng=0)
        net.parameters = np.linspace(-1, 1, 70).astype(np.float32)
        own = optimizer(kind)
        for g in gradients:
            net.train_step(g, 0, own)
        ends.append(net.parameters.astype(float))
    # Each step rounds some numbers, to 2^-24 of themselves; the roots of differences lose half.
    assert_relative(*ends, 2**-12 if "centered" in kind else 2**-18, kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Lion" not in kind])
def test_trajectories_are_those_of_torch(kind):
    torch = pytest.importorskip("torch")
    net, (x, y, _) = case_of().network(), case_of().samples()
    make, arguments = KINDS[kind]
    own = make(**arguments)
    renamed = {{"learning_rate": "lr"}.get(name, name): each for name, each in arguments.items()}
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # which NAdam keeps its product of mu in
    try:
        w = torch.tensor(net.parameters, requires_grad=True)
        theirs = getattr(torch.optim, make.__name__)([w], **renamed)
        for step in range(STEPS):
            i = np.arange(step % 3, 40, 3)
            _, gradient = net.value_and_grad(x[i], y[i])
            net.train_step(x[i], y[i], own)
            w.grad = torch.tensor(gradient)
            theirs.step()
            assert_relative(net.parameters, w.detach().numpy(), 1e-10, f"{kind}, step {step}")
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Lion" not in kind])
def test_defaults_are_those_of_torch(kind):
    torch = pytest.importorskip("torch")
    make, _ = KINDS[kind]
    theirs = getattr(torch.optim, make.__name__)([torch.zeros(1)]).param_groups[0]
    own = make()
    for name in own._arguments:
        if (make, name) != (cr.SGD, "learning_rate"):
            assert getattr(own, name) == theirs[{"learning_rate": "lr"}.get(name, name)], name


# ---- The state -----------------------------------------------------------------------------------

COPIES = {
    "pickle": lambda pair: pickle.loads(pickle.dumps(pair)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", COPIES)
def test_copies_go_on_with_the_same_bits(way, kind, dtype):
    net, (x, y, _) = case_of(dtype).network(), case_of(dtype).samples()
    own = optimizer(kind)
    net.fit(x, y, optimizer=own, epochs=2, batch_size=16)
    twin, of_twin = COPIES[way]((net, own))
    assert (repr(of_twin), of_twin.steps) == (repr(own), own.steps)
    assert of_twin._running() == own._running()
    for each, with_its in (net, own), (twin, of_twin):
        each.fit(x, y, optimizer=with_its, epochs=2, batch_size=16)
    assert bits(twin) == bits(net)


def test_states_have_names():
    net, (x, y, _) = case_of().network(), case_of().samples()
    own = cr.RMSprop(1e-3, centered=True)
    assert own._states() == {}
    net.train_step(x, y, own)
    assert list(own._states()) == ["v", "mean"]
    own.momentum = 0.5  # its m starts now, and the mean stays the mean
    mean = own._states()["mean"]
    net.train_step(x, y, own)
    assert list(own._states()) == ["v", "mean", "m"]
    assert (own._states()["mean"] != mean).any()
    with pytest.raises(ValueError, match=r'unknown state of this optimizer "g"'):
        own._restore(1, {"g": np.zeros(3)}, {})
    with pytest.raises(ValueError, match=r'unknown running number of this optimizer "mu"'):
        own._restore(1, {}, {"mu": 1.0})
    assert own.steps == 2


def test_options_may_be_switched_on_and_off():
    (x, y, _), nets = case_of().samples(), [case_of().network() for _ in range(2)]
    own, other = cr.RMSprop(1e-3, momentum=0.5), OPTIMIZERS["rmsprop"](1e-3, momentum=0.5)
    reference = reference_of(nets[0])
    order = np.arange(40)[None]
    for centered, momentum in (False, 0.5), (True, 0.5), (True, 0.25), (False, 0.5):
        own.centered, own.momentum = centered, momentum
        if centered and not other.centered:
            other.mean = 0.0
        other.centered, other.mu = centered, momentum
        nets[0].fit(x, y, optimizer=own, batch_size=16, order=order)
        train(reference, other, x, y, 16, order)
    assert_relative(nets[0].parameters, reference.parameters, 1e-10, "switched")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_finite_keeps_value_and_state(plan, kind, dtype):
    """The cost is 1, and dC/dW of the first layer the product of two numbers near the largest."""
    net = cr.Network([cr.Input(2), cr.Dense(3, "relu"), cr.Dense(1)], dtype=dtype, rng=0)
    big = float(np.sqrt(np.finfo(dtype).max)) * 2**30
    own = optimizer(kind)
    # A first step with gradients of the same signs, so that Rprop's weights do not wait later.
    net.layers[1].bias, net.layers[2].weights = np.ones(3), np.ones((1, 3))
    net.train_step(np.full((4, 2), 1e-3), np.full((4, 1), 10), own)
    net.layers[1].weights, net.layers[2].weights = np.zeros((3, 2)), np.full((1, 3), big)
    net.layers[1].bias, net.layers[2].bias = np.full(3, 1 / big), [-3]
    before, states, running = net.copy(), own._states(), own._running()
    with pytest.raises(cr.TrainingDiverged):
        net.fit(np.full((4, 2), big), np.ones((4, 1)), optimizer=own)
    np.testing.assert_array_equal(net.layers[1].weights, before.layers[1].weights)
    assert net.layers[2].bias[0] != before.layers[2].bias[0]
    assert (own.steps, own._running()) == (1, running)
    for name, state in own._states().items():
        assert np.isfinite(state).all()
        np.testing.assert_array_equal(net.split(state)[0][0], net.split(states[name])[0][0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_all_sizes(plan, kind, dtype):
    """Of 0, denormal, tiny and large ones the weights stay finite, and those of 0 do not move."""
    cost = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    info = np.finfo(dtype)
    g = np.array([0, info.smallest_subnormal, info.tiny, 1e-20, 1, 1e4, 1e10, -1e4], dtype)
    net = cr.Network([cr.Input(len(g)), cr.Dense(1, bias=False)], loss=cost, dtype=dtype, rng=0)
    net.parameters = w = np.full(len(g), 0.5, dtype)
    own = optimizer(kind)
    for sign in 1, 1, -1, 1:
        net.train_step(sign * g, 0, own)
    assert np.isfinite(net.parameters).all()
    if not getattr(own, "weight_decay", 0):
        assert net.parameters[0] == w[0]


def test_rprop_takes_its_rate_as_the_first_step():
    own, net = cr.Rprop(0.5), case_of().network()
    x, y, _ = case_of().samples()
    before = net.parameters.copy()
    net.train_step(x, y, own)
    np.testing.assert_allclose(np.abs(net.parameters - before), 0.5, rtol=1e-14)
    twin, of_twin = copy.deepcopy((net, own))
    own.learning_rate = 1e-3
    net.train_step(x, y, own)
    twin.train_step(x, y, of_twin)
    assert bits(twin) == bits(net)
