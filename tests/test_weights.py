"""Options of the weights: penalties, limits, frozen layers, learning rates of their own; in every
plan as the reference and torch have them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
import reference
from all_members import make, of_reference
from chainrule import _core
from reference import GRADIENT_TRANSFORMS, OPTIMIZERS, central_difference
from reference.weights import Options
from support import DTYPES, assert_relative, bits, reference_of, squares
from weight_options import CASES, network, samples


@pytest.mark.parametrize("batch", [1, 33, 70])
@pytest.mark.parametrize("case", CASES)
def test_costs_and_gradients(plan, case, batch):
    net = network(CASES[case])
    x, y, weight = samples(batch)
    assert net.plan(batch)["plan"] == plan
    expected, of_parameters = reference_of(net).value_and_grad(x, y, weight)
    cost, gradient = net.value_and_grad(x, y, weight)
    assert cost == pytest.approx(expected, rel=1e-12)
    assert net.cost(x, y, weight) == pytest.approx(expected, rel=1e-12)
    assert_relative(gradient, of_parameters, 1e-11, "gradient")
    frozen = np.isnan(reference_of(net).rate_factors)
    assert not gradient[frozen].any()


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_central_differences(plan, case):
    net = network(CASES[case], sizes=(3, 4, 5, 2), stage={})
    x, y, weight = samples(7, 3, 2)

    def cost(parameters):
        net.parameters = parameters
        return net.cost(x, y, weight)

    w = net.parameters.copy()
    gradient = net.value_and_grad(x, y, weight)[1]
    expected = central_difference(cost, w)
    expected[np.isnan(reference_of(net).rate_factors)] = 0
    assert_relative(gradient, expected, 1e-6, "gradient")


def test_derivative_of_l1_is_0_at_0(plan):
    net = network([{"l1": 1.0, "init": "zeros"}, {"l1": 1.0}, {}])
    without = network([{"init": "zeros"}, {}, {}])
    x, y, _ = samples(4)
    gradient, expected = (each.split(each.value_and_grad(x, y)[1]) for each in (net, without))
    np.testing.assert_array_equal(gradient[0][0], expected[0][0])
    assert (gradient[1][0] != expected[1][0]).all()


STAGES = [None, {"trainable": False}, {"learning_rate_factor": 0.5}]


# Each optimizer with one stage, with the norm of the gradient limited or not.
@pytest.mark.parametrize(
    ("optimizer", "clip_norm", "stage"),
    [
        (optimizer, [None, 0.2][number % 2], STAGES[number % 3])
        for number, optimizer in enumerate(OPTIMIZERS)
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_trainings_are_those_of_the_reference(plan, case, optimizer, clip_norm, stage):
    net, of_net = network(CASES[case], stage=stage), make("optimizers", optimizer)
    of_net.clip_norm = clip_norm
    frozen = np.isnan(reference_of(net).rate_factors)
    before = net.parameters.copy()
    x, y, weight = samples(40)
    ref, order = reference_of(net), np.tile(np.arange(40), (3, 1))
    clip = GRADIENT_TRANSFORMS["clip_norm"]
    transforms = [] if clip_norm is None else [clip(clip_norm)]
    own = of_reference(OPTIMIZERS, of_net)
    _, costs = reference.train(ref, own, x, y, 16, order, weight, transforms)
    history = net.fit(
        x,
        y,
        optimizer=of_net,
        epochs=3,
        batch_size=16,
        order=order,
        sample_weight=weight,
        validation_data=(x, y),
    )
    assert_relative(net.parameters, ref.parameters, 1e-9, f"{case}, {optimizer}, {plan}")
    np.testing.assert_allclose(history.cost, costs, rtol=1e-9)
    assert history.validation_cost[-1] == pytest.approx(ref.cost(x, y), rel=1e-9)
    assert (net.parameters[frozen] == before[frozen]).all()
    assert (net.parameters[~frozen] != before[~frozen]).any()
    for state in of_net._states().values():
        assert len(set(state[frozen])) <= 1  # as it was at first


@pytest.mark.parametrize("batch", [1, 7, 40])
@pytest.mark.parametrize("case", CASES)
def test_a_cost_of_the_users_own(plan, case, batch):
    nets = [network(CASES[case], loss=loss) for loss in ("mse", squares)]
    x, y, _ = samples(40)
    histories = [
        each.fit(x, y, optimizer=cr.Adam(0.01), epochs=2, batch_size=batch) for each in nets
    ]
    assert_relative(nets[1].parameters, nets[0].parameters, 1e-9, case)
    np.testing.assert_allclose(histories[1].cost, histories[0].cost, rtol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_bits_depend_on_neither_threads_nor_plan(plan, case, dtype):
    found = {}
    for each in {plan, "layerwise"} - {"narrow"} or {plan}:
        _core._force_plan(each)
        for threads in 1, 4:
            net = network(CASES[case], dtype, sizes=(20, 60, 40, 10))
            x, y, weight = samples(610, 20, 10)
            with cr.threads(threads):
                history = net.fit(
                    x, y, optimizer=cr.Adam(0.01), batch_size=600, sample_weight=weight, epochs=2
                )
                costs = history.cost, net.cost(x, y), net.value_and_grad(x, y)[0]
            found[each, threads] = bits(net), costs
    assert len({each for each, _ in found.values()}) == 1, found.keys()
    first, *others = (costs for _, costs in found.values())
    assert all(costs == first for costs in others)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_penalty_of_a_step_is_that_of_the_weights_before_it(plan, dtype, threads):
    # Summed while the step before was made, or anew: the same bits.
    options, (x, y, _) = CASES["penalties"], samples(300, 40, 30)
    nets = [network(options, dtype, sizes=(40, 300, 250, 30)) for _ in range(2)]
    with cr.threads(threads):
        history = nets[0].fit(x, y, optimizer=cr.SGD(0.1), epochs=4, batch_size=300, shuffle=False)
        optimizer = cr.SGD(0.1)
        costs = [nets[1].train_step(x, y, optimizer) for _ in range(4)]
    assert history.cost == costs
    assert bits(nets[0]) == bits(nets[1])


def test_learning_rates_come_first():
    # Where a factor of it finds them in the core.
    for declared in _core.declared_parameters()["optimizers"]:
        assert declared[1][0][0] == "learning_rate", declared[0]


# ---- Limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_norm_is_larger_than_the_limit(plan, dtype):
    net = network([{"max_norm": 0.3}, {"max_norm": 1e-3}, {"max_norm": 1e3}], dtype)
    free = network([{}, {}, {}], dtype)
    x, y, _ = samples(20)
    for each in net, free:
        each.train_step(x, y, cr.SGD(0.1))
    eps = np.finfo(dtype).eps
    for i, limit in (1, 0.3), (2, 1e-3), (3, 1e3):
        norms = np.linalg.norm(net.layers[i].weights.astype(float), axis=1)
        # The sum of squares is one chain of n_in terms; root, factor and product round once more.
        n_in = net.layers[i].weights.shape[1]
        assert norms.max() <= limit * (1 + (n_in + 4) * eps)
        without = free.layers[i].weights
        longer = np.linalg.norm(without, axis=1) > limit
        np.testing.assert_array_equal(net.layers[i].weights[~longer], without[~longer])
        assert longer.any() == (limit < 1)


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("float32", 1e25), ("float32", 1e-12), ("float64", 1e200), ("float64", 1e-12)],
)
def test_norms_whose_squares_leave_the_range(plan, dtype, scale):
    net = cr.Network([cr.Input(4), cr.Dense(3, max_norm=scale)], dtype=dtype, rng=0)
    W = scale * np.array([[3, 4, 0, 0], [0.1, 0.2, 0, 0], [0, 0, 0, 0]])
    net.layers[1].weights = W
    net.train_step(np.zeros(4), np.zeros(3), cr.SGD(0.0))
    eps = 8 * np.finfo(dtype).eps
    expected = Options(max_norm=scale).limited(W)
    np.testing.assert_allclose(net.layers[1].weights, expected, rtol=eps)


# ---- torch ---------------------------------------------------------------------------------------

TORCH_OPTIMIZERS = {
    "SGD": (cr.SGD, {"momentum": 0.5}),
    "Adam": (cr.Adam, {"betas": (0.8, 0.9)}),
}


@pytest.mark.parametrize("clip_norm", [None, 0.2])
@pytest.mark.parametrize("optimizer", TORCH_OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_torch(plan, case, optimizer, clip_norm):
    torch = pytest.importorskip("torch")
    options = CASES[case]
    net, (x, y, _) = network(options), samples(24)
    dense = [torch.nn.Linear(*each, dtype=torch.float64) for each in ((5, 17), (17, 9), (9, 3))]
    for of_torch, layer, each in zip(dense, net.layers[1:], options, strict=True):
        of_torch.weight.data = torch.tensor(layer.weights)
        of_torch.bias.data = torch.tensor(layer.bias)
        of_torch.requires_grad_(each.get("trainable", True))
    trained = [
        (of_torch, each)
        for of_torch, each in zip(dense, options, strict=True)
        if each.get("trainable", True)
    ]
    groups = [
        {"params": of_torch.parameters(), "lr": 0.05 * each.get("learning_rate_factor", 1)}
        for of_torch, each in trained
    ]
    kind, arguments = TORCH_OPTIMIZERS[optimizer]
    of_net = kind(0.05, clip_norm=clip_norm, **arguments)
    of_torch_ = getattr(torch.optim, optimizer)(groups, **arguments)
    model = torch.nn.Sequential(dense[0], torch.nn.Tanh(), dense[1], torch.nn.ReLU(), dense[2])
    for _ in range(5):
        cost = torch.nn.functional.mse_loss(model(torch.tensor(x)), torch.tensor(y))
        for of_torch, each in trained:
            W = of_torch.weight
            cost = cost + each.get("l1", 0) * W.abs().sum() + each.get("l2", 0) * (W**2).sum()
        of_torch_.zero_grad()
        cost.backward()
        gradient = net.split(net.value_and_grad(x, y)[1])
        for of_torch, (dW, db) in zip(dense, gradient, strict=True):
            if of_torch.weight.grad is not None:
                assert_relative(dW, of_torch.weight.grad.numpy(), 1e-10, "dW")
                assert_relative(db, of_torch.bias.grad.numpy(), 1e-10, "db")
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        of_torch_.step()
        for of_torch, each in trained:
            if "max_norm" in each:
                limited = torch.renorm(of_torch.weight.data, 2, 0, each["max_norm"])
                of_torch.weight.data = limited
        assert net.train_step(x, y, of_net) == pytest.approx(cost.item(), rel=1e-10)
        for of_torch, layer in zip(dense, net.layers[1:], strict=True):
            assert_relative(layer.weights, of_torch.weight.detach().numpy(), 1e-10, "W")
            assert_relative(layer.bias, of_torch.bias.detach().numpy(), 1e-10, "b")
