"""Training against the reference in every plan: the same numbers, the same bits however cut."""
# SPDX-License-Identifier: BSD-3-Clause

import pickle
import time

import numpy as np
import pytest

import chainrule as cr
import reference
import rounded_network
from rounded_network import RoundedNetwork
from support import DTYPES, assert_relative, assert_within, bits, reference_of
from training_problems import BATCH_SIZE, OPTIMIZERS, optimizer_of, problem, random_order

NETWORKS = [
    ("mse", ("tanh", "sigmoid", "identity")),
    ("cross_entropy", ("sigmoid", "softmax")),
    ("binary_cross_entropy", ("relu", "tanh", "sigmoid")),
]


def batches(samples):
    """Return the mini-batches of one epoch."""
    return np.split(samples, range(BATCH_SIZE, len(samples), BATCH_SIZE))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("loss", "activations"), NETWORKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_three_epochs_are_those_of_the_reference(plan, loss, activations, optimizer, weighted):
    net, x, y, weight = problem(loss, activations)
    weight = weight if weighted else None
    assert net.plan(BATCH_SIZE)["plan"] == plan
    ref = reference_of(net)
    own, other = optimizer_of(cr, optimizer), optimizer_of(reference, optimizer)
    for epoch, order in enumerate(random_order(3, len(x))):
        history = net.fit(
            x,
            y,
            optimizer=own,
            batch_size=BATCH_SIZE,
            order=order[None],
            sample_weight=weight,
        )
        _, costs = reference.train(ref, other, x, y, BATCH_SIZE, order[None], weight)
        what = f"{loss}, {optimizer}, epoch {epoch}"
        assert_relative(history.cost, costs, 1e-10, f"cost of {what}")
        assert_relative(net.parameters, ref.parameters, 1e-10, f"parameters of {what}")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("loss", "activations"), NETWORKS)
def test_every_step_is_that_of_the_reference(plan, loss, activations, optimizer):
    net, x, y, weight = problem(loss, activations)
    assert net.plan(BATCH_SIZE)["plan"] == plan
    ref = reference_of(net)
    own, other = optimizer_of(cr, optimizer), optimizer_of(reference, optimizer)
    for step, i in enumerate(i for order in random_order(3, len(x)) for i in batches(order)):
        cost = net.train_step(x[i], y[i], own, weight[i])
        expected, gradient = ref.value_and_grad(x[i], y[i], weight[i])
        ref.parameters = other.step(ref.parameters, gradient)
        what = f"{loss}, {optimizer}, step {step}"
        assert cost == pytest.approx(expected, rel=1e-10), what
        assert_relative(net.parameters, ref.parameters, 1e-10, what)
        assert own.steps == step + 1


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "adam"])
@pytest.mark.parametrize(("loss", "activations"), NETWORKS)
def test_three_epochs_in_float32_are_within_bounds(plan, loss, activations, optimizer):
    net, x, y, weight = problem(loss, activations, "float32")
    assert net.plan(BATCH_SIZE)["plan"] == plan
    ref, bounds = reference_of(net), RoundedNetwork(net)
    own, other, of_bounds = (
        optimizer_of(module, optimizer) for module in (cr, reference, rounded_network)
    )
    for epoch, order in enumerate(random_order(3, len(x))):
        history = net.fit(
            x, y, optimizer=own, batch_size=BATCH_SIZE, order=order[None], sample_weight=weight
        )
        _, costs = reference.train(ref, other, x, y, BATCH_SIZE, order[None], weight)
        cost = 0
        for i in batches(order):
            passed = bounds.pass_through(x[i], y[i], weight[i])
            bounds.update(of_bounds, passed)
            cost = cost + passed.cost * weight[i].sum()
        w = bounds.parameters
        what = f"{loss}, {optimizer}, epoch {epoch}"
        assert_relative(w.value, ref.parameters, 1e-10, f"bounds of {what}")
        assert_within(net.parameters, ref.parameters, w.error, what)
        assert_within(history.cost[0], costs[0], cost.error / weight.sum(), f"cost of {what}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_for_given_gradients(optimizer, dtype):
    # s = w.x and dC/ds = 1, so that dC/dw = x: gradients from nothing to huge, step by step.
    gradients = np.ldexp(np.random.default_rng(0).normal(size=(5, 200)), np.arange(-100, 100) // 2)
    gradients[:, ::50] = 0
    gradients = gradients.astype(np.float32).astype(float)
    net = cr.Network(
        [cr.Input(200), cr.Dense(1, bias=False)],
        loss=lambda s, y: (0.0, np.ones_like(s)),
        dtype=dtype,
        rng=0,
    )
    own, other, of_bounds = (
        optimizer_of(module, optimizer) for module in (cr, reference, rounded_network)
    )
    w = net.parameters.astype(float)
    bounds = rounded_network.exact(w)
    for step, g in enumerate(gradients):
        net.train_step(g, 0, own)
        w = other.step(w, g)
        of_bounds.begin_step()
        bounds = of_bounds.step("w", bounds, rounded_network.exact(g))
        # w may cancel on its way; what it is made of does not.
        way = 1 + np.abs(gradients[: step + 1]).sum(axis=0)
        bound = bounds.error if dtype == "float32" else 1e-14 * way
        assert_within(net.parameters, w, bound, f"{optimizer}, {dtype}, step {step}")
        if dtype == "float32":  # which is narrow: some roundings of the way that w has gone
            assert (bounds.error <= 1e-6 * way).all()


def fitted(dtype="float32", *, optimizer="adam", seed=0, calls=(5,), **kwargs):
    """Return the bits of a network and its costs after so many epochs in each call of fit."""
    net, x, y, _ = problem("cross_entropy", ("relu", "softmax"), dtype, seed=seed)
    own = optimizer_of(cr, optimizer)
    kwargs = {"batch_size": BATCH_SIZE, "optimizer": own} | kwargs
    histories = [net.fit(x, y, epochs=epochs, **kwargs) for epochs in calls]
    return bits(net), [cost for history in histories for cost in history.cost]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shuffle", [True, False])
def test_epochs_go_on_from_call_to_call(plan, optimizer, dtype, shuffle):
    at_once = fitted(dtype, optimizer=optimizer, shuffle=shuffle)
    for calls in (2, 3), (1, 1, 1, 1, 1), (0, 5), (4, 0, 1):
        assert fitted(dtype, optimizer=optimizer, shuffle=shuffle, calls=calls) == at_once


def test_same_seed_same_bits():
    assert fitted() == fitted()


def test_other_seed_other_order():
    weights = []
    for seed in 1, 2:
        net, x, y, _ = problem()
        other = cr.Network(net.layers, dtype="float64", rng=seed)
        other.parameters = net.parameters
        other.fit(x, y, optimizer=cr.SGD(0.1), batch_size=BATCH_SIZE)
        weights.append(bits(other))
    assert weights[0] != weights[1]


def test_every_epoch_visits_every_sample_once_in_another_order():
    visited = []

    def cost(s, y):
        visited.append(y)
        return 0.0, np.zeros_like(s)

    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=cost, rng=0)
    net.fit(np.zeros((50, 1)), np.arange(50), epochs=4, batch_size=BATCH_SIZE)
    assert [len(y) for y in visited] == 4 * [16, 16, 16, 2]
    epochs = np.concatenate(visited).reshape(4, 50)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), [np.arange(50)] * 4)
    orders = {tuple(epoch) for epoch in epochs.tolist()}
    assert len(orders) == 4
    assert tuple(range(50)) not in orders


def test_without_shuffling_samples_come_as_they_stand(plan):
    for optimizer in OPTIMIZERS:
        plain = fitted(optimizer=optimizer, shuffle=False)
        assert plain == fitted(optimizer=optimizer, order=np.tile(np.arange(50), (5, 1)))
        assert plain != fitted(optimizer=optimizer)


@pytest.mark.parametrize("as_type", [np.int8, np.uint16, np.int64, ">i4"])
def test_order_may_repeat_samples_and_leave_some_out(plan, as_type):
    net, x, y, _ = problem()
    ref = reference_of(net)
    order = np.random.default_rng(1).integers(20, size=(2, 50)).astype(as_type)
    net.fit(
        x,
        y,
        optimizer=optimizer_of(cr, "momentum"),
        epochs=2,
        batch_size=BATCH_SIZE,
        order=order,
    )
    other = optimizer_of(reference, "momentum")
    reference.train(ref, other, x, y, BATCH_SIZE, order.astype(int))
    assert_relative(net.parameters, ref.parameters, 1e-10, f"order of {as_type}")


@pytest.mark.parametrize("batch_size", [50, 51, 10**9, 2**62])
def test_batch_of_all_samples(plan, batch_size):
    net, x, y, _ = problem()
    stepped = net.copy()
    net.fit(x, y, optimizer=cr.SGD(0.1), epochs=3, batch_size=batch_size, shuffle=False)
    for _ in range(3):
        stepped.train_step(x, y, own := cr.SGD(0.1))
    assert own.steps == 1
    assert_relative(net.parameters, stepped.parameters, 1e-14, "three steps")


def test_train_step_returns_the_cost_before_it(plan):
    net, x, y, weight = problem()
    before = net.cost(x, y, weight)
    assert net.train_step(x, y, cr.SGD(0.1), weight) == pytest.approx(before, rel=1e-15)
    assert net.cost(x, y, weight) < before


def test_default_optimizer_is_adam():
    net, x, y, _ = problem()
    twin = net.copy()
    net.fit(x, y, epochs=2)
    twin.fit(x, y, epochs=2, optimizer=cr.Adam(1e-3, betas=(0.9, 0.999), eps=1e-8), batch_size=32)
    assert bits(net) == bits(twin)


# Weights of samples


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_samples_of_weight_0_are_left_out(plan, optimizer):
    net, x, y, _ = problem()
    fewer = net.copy()
    kept = np.random.default_rng(0).integers(2, size=len(x))
    net.fit(
        x,
        y,
        optimizer=optimizer_of(cr, optimizer),
        epochs=5,
        batch_size=len(x),
        sample_weight=kept,
    )
    x, y = x[kept == 1], y[kept == 1]
    fewer.fit(x, y, optimizer=optimizer_of(cr, optimizer), epochs=5, batch_size=len(x))
    assert_relative(net.parameters, fewer.parameters, 1e-12, optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_whole_weights_repeat_samples(plan, optimizer):
    net, x, y, _ = problem()
    repeated = net.copy()
    weight = np.random.default_rng(0).integers(1, 4, size=len(x))
    kwargs = {"epochs": 5, "batch_size": 200}
    history = net.fit(x, y, optimizer=optimizer_of(cr, optimizer), sample_weight=weight, **kwargs)
    again = np.repeat(np.arange(len(x)), weight)
    expected = repeated.fit(x[again], y[again], optimizer=optimizer_of(cr, optimizer), **kwargs)
    assert_relative(net.parameters, repeated.parameters, 1e-12, optimizer)
    assert history.cost == pytest.approx(expected.cost, rel=1e-12)


def test_batch_of_no_weight_changes_nothing(plan):
    net, x, y, _ = problem()
    before = bits(net)
    weight = np.zeros(50)
    weight[16:] = 1
    order = np.concatenate([np.arange(16)] * 3)[None, :48]
    padded = np.concatenate([order, [[0, 1]]], axis=1)
    history = net.fit(
        x, y, optimizer=cr.SGD(0.1), batch_size=16, order=padded, sample_weight=weight
    )
    assert bits(net) == before
    assert history.cost == [0.0]


# What a fit reports


def test_history():
    net, x, y, _ = problem()
    begin = time.perf_counter()
    history = net.fit(x, y, epochs=4, batch_size=BATCH_SIZE)
    seconds = time.perf_counter() - begin
    assert isinstance(history, cr.History)
    assert history.epochs == 4
    assert len(history.cost) == 4
    assert all(type(cost) is float for cost in history.cost)
    assert history.validation_cost == []
    assert type(history.seconds) is float
    assert 0 < history.seconds <= seconds
    assert history.stopped_by == "epochs"
    assert history.cost == sorted(history.cost, reverse=True)


def test_no_epochs():
    net, x, y, _ = problem()
    before = bits(net)
    history = net.fit(x, y, epochs=0, validation_data=(x, y), stop=[cr.CostBelow(1e9)])
    assert (history.cost, history.validation_cost, history.epochs) == ([], [], 0)
    assert history.stopped_by == "epochs"
    assert bits(net) == before


def test_validation_cost_is_the_cost_after_each_epoch(plan):
    net, x, y, _ = problem()
    twin = net.copy()
    own, of_twin = cr.Adam(0.01), cr.Adam(0.01)
    rng = np.random.default_rng(1)
    validation = rng.normal(size=(1500, 4)), rng.normal(size=(1500, 3))
    history = net.fit(x, y, optimizer=own, epochs=3, validation_data=validation)
    assert len(history.validation_cost) == 3
    for cost, validation_cost in zip(history.cost, history.validation_cost, strict=True):
        assert twin.fit(x, y, optimizer=of_twin).cost == [cost]
        assert twin.cost(*validation) == validation_cost
    assert bits(net) == bits(twin)


def test_cost_of_one_step_is_the_cost_before_it():
    net, x, y, weight = problem()
    before = net.cost(x, y, weight)
    history = net.fit(x, y, batch_size=len(x), sample_weight=weight)
    assert history.cost == pytest.approx([before], rel=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 10])
def test_steps_are_counted_over_the_life_of_a_network(dtype, batch_size):
    rng = np.random.default_rng(4)
    n, x, y = 50, rng.normal(size=(50, 6)), rng.normal(size=(50, 2))
    net = cr.Network([cr.Input(6), cr.Dense(3, "tanh"), cr.Dense(2)], dtype=dtype, rng=0)
    assert net._steps_made == 0
    net.fit(x, y, epochs=2, batch_size=batch_size)
    net.train_step(x, y, cr.SGD(0.1))
    steps = 2 * n // batch_size + 1
    assert net._steps_made == steps
    net.predict(x)
    net.value_and_grad(x, y)
    for twin in net.copy(), pickle.loads(pickle.dumps(net)):
        twin.train_step(x, y, cr.SGD(0.1))
        assert twin._steps_made == steps + 1
    # A step that fails does not count.
    with pytest.raises(cr.TrainingDiverged):
        net.train_step(x, y * 1e300 if dtype == "float64" else y * 1e30, cr.SGD(0.1))
    assert net._steps_made == steps
