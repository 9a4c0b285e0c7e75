"""The hyperparameters of losses in every plan: smoothing, weights, quantiles, logits, masks."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from all_members import classes
from chainrule import _core
from loss_cases import LOSSES, masks_nan, network, samples
from reference import central_difference
from rounded_network import RoundedNetwork
from support import (
    DTYPES,
    LOSS_NAMES,
    assert_relative,
    assert_within,
    bits,
    random_targets,
    reference_of,
)

with_losses = pytest.mark.parametrize("loss", LOSSES, ids=repr)
MASKED = pytest.mark.parametrize("loss", [each for each in LOSSES if masks_nan(each)], ids=repr)


@pytest.mark.parametrize("batch", [1, 33, 70])
@pytest.mark.parametrize("dtype", DTYPES)
@with_losses
def test_costs_and_gradients_are_those_of_the_reference(plan, loss, dtype, batch):
    net, (x, y, weight) = network(loss, dtype), samples(loss, batch)
    assert net.plan(batch)["plan"] == plan
    cost, gradient = net.value_and_grad(x, y, weight)
    assert net.cost(x, y, weight) == pytest.approx(cost, rel=1e-6)
    expected, of_reference = reference_of(net).value_and_grad(x, y, weight)
    if dtype == "float64":
        assert cost == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert_relative(gradient, of_reference, 1e-11, f"{loss}, {plan}")
        return
    bounds = RoundedNetwork(net).pass_through(x, y, weight)
    assert_within(cost, expected, bounds.cost.error, "cost")
    flat = [net.split(each) for each in (gradient, of_reference)]
    for number, (of_core, of_layer) in enumerate(zip(*flat, strict=True), start=1):
        assert_within(of_core[0], of_layer[0], bounds.dW[number].error, f"dW({number})")
        assert_within(of_core[1], of_layer[1], bounds.db[number].error, f"db({number})")


@with_losses
def test_gradients_are_those_of_central_differences(plan, loss):
    net, (x, y, weight) = network(loss), samples(loss, 7)

    def cost(parameters):
        net.parameters = parameters
        return net.cost(x, y, weight)

    w = net.parameters.copy()
    gradient = net.value_and_grad(x, y, weight)[1]
    assert_relative(gradient, central_difference(cost, w), 1e-6, f"{loss}, {plan}")


@with_losses
def test_training_is_that_of_the_reference(plan, loss):
    net, (x, y, weight) = network(loss), samples(loss, 50)
    ref, w = reference_of(net), net.parameters.copy()
    history = net.fit(
        x, y, optimizer=cr.SGD(0.1), batch_size=20, shuffle=False, sample_weight=weight
    )
    total = counted = 0
    for batch in slice(0, 20), slice(20, 40), slice(40, 50):
        cost, gradient = ref.value_and_grad(x[batch], y[batch], weight[batch])
        ref.parameters = ref.parameters - 0.1 * gradient
        counts = weight[batch] * ref.loss.counts(y[batch], net.n_out)
        total, counted = total + cost * counts.sum(), counted + counts.sum()
    assert_relative(net.parameters, ref.parameters, 1e-11, f"{loss}, {plan}")
    assert history.cost[0] == pytest.approx(total / counted, rel=1e-12)
    assert (net.parameters != w).any()


@pytest.mark.parametrize("dtype", DTYPES)
@with_losses
def test_steps_of_one_sample_are_those_of_batches(plan, loss, dtype):
    nets, (x, y, _) = [network(loss, dtype) for _ in range(2)], samples(loss, 9)
    there = ~np.isnan(y).all(axis=1)
    nets[0].fit(x, y, optimizer=cr.SGD(0.1), batch_size=1, shuffle=False)
    for i in np.flatnonzero(there):
        nets[1].train_step(x[[i]], y[[i]], cr.SGD(0.1))
    assert bits(nets[0]) == bits(nets[1])


# ---- Targets that are missing --------------------------------------------------------------------


@MASKED
def test_the_cost_is_the_mean_over_the_targets_that_are_there(plan, loss):
    net, (x, y, _) = network(loss), samples(loss, 40)
    per_target = [
        net.cost(x[i], np.where(np.arange(y.shape[1]) == j, y[i], np.nan))
        for i, j in np.argwhere(~np.isnan(y))
    ]
    assert net.cost(x, y) == pytest.approx(np.mean(per_target), rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@MASKED
def test_samples_without_targets_count_nothing(plan, loss, dtype):
    net, (x, y, weight) = network(loss, dtype), samples(loss, 40)
    there = ~np.isnan(y).all(axis=1)
    assert not there.all()
    rel = 1e-5 if dtype == "float32" else 1e-12
    cost, gradient = net.value_and_grad(x, y, weight)
    other_cost, other_gradient = net.value_and_grad(x[there], y[there], weight[there])
    assert cost == pytest.approx(other_cost, rel=rel)
    assert_relative(gradient, other_gradient, 10 * rel, f"{loss}, {plan}")
    # A batch of nothing but such changes nothing.
    twin, none = net.copy(), np.full_like(y, np.nan)
    none[39] = y[there][0]
    history = net.fit(x, none, optimizer=cr.SGD(0.1), batch_size=39, shuffle=False)
    assert history.cost == [twin.train_step(x[39:], none[39:], cr.SGD(0.1))]
    assert bits(net) == bits(twin)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name", [name for name in LOSS_NAMES if "mask_nan" in vars(classes("losses")[name]())]
)
def test_a_mask_that_masks_nothing_changes_no_bit(plan, name, dtype):
    kind = classes("losses")[name]
    nets = network(kind(), dtype), network(kind(mask_nan=True), dtype)
    x, y, _ = samples(kind(), 70)
    for net in nets:
        net.fit(x, y, batch_size=16, epochs=2)
    assert bits(nets[0]) == bits(nets[1])
    assert nets[0].cost(x, y) == nets[1].cost(x, y)


@MASKED
def test_bad_targets_beside_missing_ones(loss):
    net, (x, y, _) = network(loss), samples(loss, 5)
    with pytest.raises(ValueError, match="y has no targets: all are NaN"):
        net.cost(x, np.full_like(y, np.nan))
    y[3, 0] = np.inf
    with pytest.raises(ValueError, match=r"y has inf in row 3, column 0; expected .*, or NaN"):
        net.fit(x, y)
    weight = np.isnan(y).all(axis=1).astype(float)
    if weight.any():
        y[3, 0] = np.nan
        with pytest.raises(ValueError, match="no sample counts: sample_weight is 0, y is NaN"):
            net.cost(x, y, weight)


def test_without_a_mask_nan_is_refused():
    for name in LOSS_NAMES:
        net = network(classes("losses")[name]())
        x, y, _ = samples(net.loss, 5)
        y[2, 1] = np.nan
        with pytest.raises(ValueError, match=r"y has (nan|NaN) in row 2, column 1"):
            net.cost(x, y)


# ---- Quantiles -----------------------------------------------------------------------------------


def test_several_quantiles_of_each_target(plan):
    x, y, _ = samples(cr.Quantile([0.1, 0.9]), 30)
    assert y.shape == (30, 3)
    net = network(cr.Quantile([0.1, 0.9]))
    costs = []
    for j, tau in enumerate([0.1, 0.9]):
        one = network(cr.Quantile(tau), n_out=3)
        one.layers[1].weights, one.layers[1].bias = net.layers[1].weights, net.layers[1].bias
        one.layers[2].weights, one.layers[2].bias = (
            net.layers[2].weights[j::2],
            net.layers[2].bias[j::2],
        )
        costs.append(one.cost(x, y))
    assert net.cost(x, y) == pytest.approx(np.mean(costs), rel=1e-13)


def test_quantiles_of_one_target_take_a_vector():
    net = network(cr.Quantile([0.1, 0.5, 0.9]), n_out=3)
    x, y = np.ones((4, 5)), np.arange(4.0)
    assert net.cost(x, y) == net.cost(x, y[:, None])
    with pytest.raises(cr.ShapeError, match=r"y has shape \(4, 3\), expected \(4, 1\)"):
        net.cost(x, np.ones((4, 3)))


def test_quantiles_are_learned():
    y = np.random.default_rng(0).exponential(size=2000)
    net = cr.Network([cr.Input(1), cr.Dense(3)], loss=cr.Quantile([0.1, 0.5, 0.9]), rng=0)
    net.fit(np.zeros((2000, 1)), y, optimizer=cr.Adam(0.02), epochs=30, batch_size=100)
    below = (y[:, None] < net.predict([0])).mean(axis=0)
    np.testing.assert_allclose(below, [0.1, 0.5, 0.9], atol=0.03)


# ---- What is refused -----------------------------------------------------------------------------

WRONG = {
    "quantile 0": (
        lambda: cr.Quantile(0),
        ValueError,
        r"quantiles\[0\] must be a number > 0 and < 1",
    ),
    "quantile 1": (lambda: cr.Quantile([0.5, 1]), ValueError, r"quantiles\[1\] must be .*, got 1"),
    "quantile NaN": (lambda: cr.Quantile(np.nan), ValueError, "got nan"),
    "quantile text": (lambda: cr.Quantile("half"), TypeError, "quantiles must be a number"),
    "no quantiles": (lambda: network(cr.Quantile([])), ValueError, "quantiles must have one"),
    "quantiles": (
        lambda: network(cr.Quantile([0.1] * 4)),
        ValueError,
        "4 quantiles of each target.*6 outputs",
    ),
    "pos_weight": (
        lambda: cr.BinaryCrossEntropy(-1),
        ValueError,
        r"pos_weight\[0\] must be .*>= 0, got -1",
    ),
    "pos_weights": (
        lambda: network(cr.BinaryCrossEntropy([1, 2])),
        ValueError,
        "pos_weight has 2 numbers.*6 outputs",
    ),
    "smoothing": (
        lambda: cr.CrossEntropy(1),
        ValueError,
        r"label_smoothing must be a number in \[0, 1\), got 1",
    ),
    "class": (
        lambda: network(cr.CrossEntropy(class_weight={6: 1})),
        ValueError,
        "class 6, but layer 3.* classes 0 to 5",
    ),
    "class -1": (
        lambda: cr.CrossEntropy(class_weight={-1: 1}),
        ValueError,
        "class -1, but classes count from 0",
    ),
    "class text": (
        lambda: cr.CrossEntropy(class_weight={"a": 1}),
        TypeError,
        "must be a whole number, got 'a'",
    ),
    "weights": (
        lambda: network(cr.CrossEntropy(class_weight=[1, 2])),
        ValueError,
        "class_weight has 2 numbers.*6 classes",
    ),
    "weight": (
        lambda: cr.CrossEntropy(class_weight={0: -1}),
        ValueError,
        r"class_weight\[0\] must be .*got -1",
    ),
    "all 0": (
        lambda: network(cr.CrossEntropy(class_weight=[0] * 6)),
        ValueError,
        "class_weight is 0 for every class",
    ),
    "one weight": (
        lambda: cr.CrossEntropy(class_weight=2),
        TypeError,
        "class_weight must be a dict or one number for each",
    ),
    "matrix": (
        lambda: cr.CrossEntropy(class_weight=np.ones((2, 2))),
        TypeError,
        "class_weight must be a dict or",
    ),
    "logits": (lambda: cr.CrossEntropy(logits=1), TypeError, "logits must be True or False, got 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_hyperparameters(case):
    make, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("loss", "bad", "expected"),
    [("hinge", 0, "-1 or 1"), ("poisson", -1, "numbers >= 0"), ("focal", 2, "numbers from 0 to 1")],
)
def test_wrong_targets(loss, bad, expected):
    net = network(classes("losses")[loss]())
    x, y, _ = samples(net.loss, 5)
    y[2, 1] = bad
    with pytest.raises(ValueError, match=f"y has {bad} in row 2, column 1; expected {expected}"):
        net.fit(x, y)


def test_a_spec_with_entries_that_are_no_list_is_refused():
    for entry in (
        "class_weight[01]",
        "class_weight[-1]",
        "class_weight[]",
        "class_weight[1",
        "class",
    ):
        with pytest.raises(ValueError, match="has no number"):
            _core.check_loss(("cross_entropy", {entry: 1.0}, {}, []))


@with_losses
def test_losses_are_values(loss):
    for twin in copy.deepcopy(loss), pickle.loads(pickle.dumps(loss)), eval(f"cr.{loss!r}"):
        assert twin == loss
        assert hash(twin) == hash(loss)
    net = network(loss)
    x, y, _ = samples(loss, 5)
    for twin in net.copy(), pickle.loads(pickle.dumps(net)):
        assert twin.loss == loss
        assert twin.cost(x, y) == net.cost(x, y)


# ---- Targets out of reach ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "lowest"), [("sigmoid", 0), ("tanh", -1)], ids=["sigmoid", "tanh"]
)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.filterwarnings("default")
def test_targets_out_of_reach_are_warned_of_once(output, lowest, loss):
    net = network(classes("losses")[loss](), output=output, n_out=1)
    x, y = np.ones((3, 5)), [-2, 0.5, 3]
    message = f"y goes from -2 to 3, but the outputs of {output} lie between {lowest} and 1: {loss}"
    with pytest.warns(UserWarning, match=message) as caught:
        _twice(lambda: net.fit(x, y))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def _twice(call):
    call()
    call()


@pytest.mark.filterwarnings("error")
def test_targets_within_reach_are_not_warned_of():
    x = np.ones((3, 5))
    network(cr.Mse(), output="sigmoid", n_out=1).fit(x, [0, 0.5, 1])
    network(cr.Mse(), output="identity", n_out=1).fit(x, [-2, 0.5, 3])
    net = network(cr.Mse(), output="tanh", n_out=1)
    before = bits(net)
    with pytest.raises(UserWarning, match="cannot become small"):
        net.fit(x, [-2, 0.5, 3])
    assert bits(net) == before


def test_random_targets_are_taken():
    for name in LOSS_NAMES:
        y = random_targets(name, 5, 6, np.random.default_rng(0))
        assert np.isfinite(network(classes("losses")[name]()).cost(np.ones((5, 5)), y))
