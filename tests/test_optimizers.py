"""Optimizers as objects: copies, pickles, whom they serve, what can be changed."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
import reference
from support import DTYPES, assert_relative, bits, reference_of
from training_problems import BATCH_SIZE, OPTIMIZERS, optimizer_of, problem, random_order


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "twin_of",
    [lambda pair: pickle.loads(pickle.dumps(pair)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
def test_copies_of_network_and_optimizer_go_on_alike(plan, optimizer, dtype, twin_of):
    net, x, y, weight = problem("binary_cross_entropy", ("tanh", "sigmoid"), dtype)
    own = optimizer_of(cr, optimizer)
    net.fit(x, y, optimizer=own, epochs=2, batch_size=BATCH_SIZE)
    net.train_step(x, y, own, weight)
    net_twin, own_twin = twin_of((net, own))
    assert bits(net_twin) == bits(net)
    assert own_twin.steps == own.steps == 9
    # An optimizer that was copied before its next step can be copied once more.
    own_twin = pickle.loads(pickle.dumps(own_twin))
    history, of_twin = (
        each.fit(x, y, optimizer=with_its, epochs=3, batch_size=BATCH_SIZE)
        for each, with_its in ((net, own), (net_twin, own_twin))
    )
    assert bits(net_twin) == bits(net)
    assert of_twin.cost == history.cost


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "sgd"])
def test_optimizer_serves_one_network(optimizer):
    net, x, y, _ = problem()
    undisturbed, other = net.copy(), net.copy()
    own, of_undisturbed = optimizer_of(cr, optimizer), optimizer_of(cr, optimizer)
    net.train_step(x, y, own)
    undisturbed.train_step(x, y, of_undisturbed)
    before = bits(other)
    with pytest.raises(ValueError, match="another network"):
        other.train_step(x, y, own)
    with pytest.raises(ValueError, match="another network"):
        other.fit(x, y, optimizer=own)
    assert bits(other) == before
    assert own.steps == 1
    net.fit(x, y, optimizer=own, epochs=2)
    undisturbed.fit(x, y, optimizer=of_undisturbed, epochs=2)
    assert bits(net) == bits(undisturbed)


def test_an_optimizer_without_state_goes_from_network_to_network():
    net, x, y, _ = problem()
    others, fresh = [net.copy() for _ in range(3)], cr.SGD(0.1, momentum=0.9)
    own = cr.SGD(0.1)
    net.train_step(x, y, own)
    own.momentum = 0.9  # there is no m yet: it belongs to nobody
    others[0].train_step(x, y, own)
    others[1].train_step(x, y, fresh)
    assert bits(others[0]) == bits(others[1])
    with pytest.raises(ValueError, match="holds the state of another network"):
        others[2].train_step(x, y, own)
    with pytest.raises(ValueError, match="holds the state of another network"):
        net.train_step(x, y, own)


@pytest.mark.parametrize("sizes", [(2, 300), (300, 2)])
@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float32", "float64")])
def test_a_first_step_that_fails_gives_nobody_the_optimizer(sizes, dtypes):
    nets = [
        cr.Network([cr.Input(n), cr.Dense(n)], dtype=dtype, rng=0)
        for n, dtype in zip(sizes, dtypes, strict=True)
    ]
    data = [(np.ones((3, n)), np.ones((3, n))) for n in sizes]
    own = cr.SGD(0.01)
    nets[0].train_step(*data[0], own)
    own.momentum = 0.9
    with pytest.raises(cr.TrainingDiverged):
        nets[1].train_step(data[1][0], data[1][1] * 1e30 * 1e170 ** (dtypes[1] == "float64"), own)
    twin, fresh = nets[0].copy(), cr.SGD(0.01, momentum=0.9)
    for _ in range(3):
        nets[0].train_step(*data[0], own)
        twin.train_step(*data[0], fresh)
    assert bits(nets[0]) == bits(twin)
    with pytest.raises(ValueError, match="another network"):
        nets[1].train_step(*data[1], own)
    # Without momentum it serves anybody, and what it holds of the first stays as it is.
    own.momentum = fresh.momentum = 0
    nets[1].train_step(*data[1], own)
    own.momentum = fresh.momentum = 0.9
    nets[0].train_step(*data[0], own)
    twin.train_step(*data[0], fresh)
    assert bits(nets[0]) == bits(twin)


def test_optimizer_restored_serves_a_network_of_its_size():
    net, x, y, _ = problem()
    own = cr.Adam()
    net.train_step(x, y, own)
    restored = pickle.loads(pickle.dumps(own))
    smaller = cr.Network([cr.Input(4), cr.Dense(3)], rng=0)
    before = bits(smaller)
    with pytest.raises(ValueError, match="parameters"):
        smaller.train_step(x, y, restored)
    assert bits(smaller) == before
    restored_twin = pickle.loads(pickle.dumps(own))
    copies = net.copy(), net.copy()
    copies[0].train_step(x, y, restored)
    copies[1].train_step(x, y, restored_twin)
    assert bits(copies[0]) == bits(copies[1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_learning_rate_can_be_changed(plan, optimizer):
    net, x, y, _ = problem()
    ref = reference_of(net)
    own, other = optimizer_of(cr, optimizer), optimizer_of(reference, optimizer)
    for rate, order in zip((0.1, 0.05, 0.0), random_order(3, len(x)), strict=True):
        own.learning_rate = other.epsilon = rate
        assert own.learning_rate == rate
        before = bits(net)
        net.fit(x, y, optimizer=own, batch_size=BATCH_SIZE, order=order[None])
        reference.train(ref, other, x, y, BATCH_SIZE, order[None])
        assert_relative(net.parameters, ref.parameters, 1e-10, f"{optimizer}, {rate}")
    assert bits(net) == before  # a rate of 0 holds everything


def test_copy_is_independent(plan):
    net, x, y, _ = problem()
    net.fit(x, y, epochs=2)
    twin = net.copy()
    before = bits(twin)
    assert bits(net) == before
    assert not np.shares_memory(net.parameters, twin.parameters)
    net.fit(x, y)
    assert bits(twin) == before
    # It goes on with the same order of samples.
    twin.fit(x, y)
    assert bits(twin) == bits(net)
    assert repr(twin) == repr(net)
    assert twin.seed == net.seed
