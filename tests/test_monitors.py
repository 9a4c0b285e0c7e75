"""What stop conditions go by, and several that must hold at once."""
# SPDX-License-Identifier: BSD-3-Clause

import threading

import numpy as np
import pytest

import chainrule as cr
from scripted_costs import FALLING, fit
from support import bits

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X.sum(axis=1, keepdims=True) > 0).astype(float)


def classifier(**kwargs):
    layers = [cr.Input(3), cr.Dense(5, "tanh"), cr.Dense(1, "sigmoid")]
    return cr.Network(layers, loss="binary_cross_entropy", dtype="float64", rng=0, **kwargs)


def given(values, name="given", better="max"):
    """Return a metric with a given value for each epoch."""
    values = iter(values)
    return cr.Metric(lambda s, y: next(values), name, better)


@pytest.mark.parametrize("validated", [False, True])
def test_a_metric_is_monitored_in_its_direction(validated):
    data = (X[:20], Y[:20]) if validated else None
    name = "validation_given" if validated else "given"
    values = [0.5, 0.7, 0.6, 0.7, 0.65, 0.9]
    stop = cr.NoImprovement(patience=3, monitor=name)
    history = classifier().fit(X, Y, validation_data=data, metrics=given(values), stop=stop)
    assert history.metrics == {name: values[:5]}
    falling = classifier().fit(
        X,
        Y,
        metrics=given([1, 2, 3], better="min"),
        stop=[cr.NoImprovement(patience=2, monitor="given")],
    )
    assert falling.epochs == 3


def test_mode_says_what_is_better():
    for better in None, "min":
        stop = cr.NoImprovement(patience=2, monitor="given", mode="max")
        metric = given([1, 2, 3, 3, 3, 9], better=better)
        assert classifier().fit(X, Y, metrics=metric, stop=stop).epochs == 5


def test_the_best_epoch_is_that_of_the_monitor():
    net, twin = classifier(), classifier()
    stop = cr.NoImprovement(patience=2, monitor="given", restore_best=True)
    net.fit(X, Y, optimizer=cr.Adam(), metrics=given([1, 3, 2, 2]), stop=stop)
    twin.fit(X, Y, optimizer=cr.Adam(), epochs=2)
    assert bits(net) == bits(twin)


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        (cr.NoImprovement(monitor="validation_cost"), "does not record; it records cost, learning"),
        (cr.NoImprovement(monitor="f1"), '"f1", which this training does not record'),
        (cr.NoImprovement(monitor="own"), '"own" is better is not known: say mode="min" or'),
        (
            [
                cr.NoImprovement(restore_best=True),
                cr.NoImprovement(monitor="cost", restore_best=True),
            ],
            "two stop conditions would put the best parameters back",
        ),
    ],
)
def test_monitors_that_cannot_be(stop, message):
    net = classifier()
    before = bits(net)
    with pytest.raises(ValueError, match=message):
        net.fit(X, Y, metrics=cr.Metric(lambda s, y: 0.0, "own"), stop=stop)
    assert bits(net) == before
    assert net.history is None


def test_gradient_below():
    net, twin = classifier(), classifier()
    stop = cr.GradientBelow(0.15)
    history = net.fit(X, Y, optimizer=cr.SGD(0.5), batch_size=20, epochs=500, stop=stop)
    assert history.stopped_by is stop
    assert history.gradient_norm[-1] < 0.15 <= min(history.gradient_norm[:-1])
    # The mean over the steps of an epoch, each with the parameters before its update.
    optimizer, norms = cr.SGD(0.5), []
    for first in range(0, 60, 20):
        rows = slice(first, first + 20)
        norms.append(np.linalg.norm(twin.value_and_grad(X[rows], Y[rows])[1]))
        twin.train_step(X[rows], Y[rows], optimizer)
    expected = classifier().fit(
        X, Y, optimizer=cr.SGD(0.5), batch_size=20, shuffle=False, gradient_norm=True
    )
    assert expected.gradient_norm == [pytest.approx(np.mean(norms), rel=1e-12)]


@pytest.mark.parametrize("clip", [None, 0.1])
def test_to_record_the_norm_changes_no_bit(plan, clip):
    nets = classifier(), classifier()
    for net, recorded in zip(nets, (False, True), strict=True):
        optimizer = cr.Adam(0.01, clip_norm=clip)
        net.fit(X, Y, optimizer=optimizer, epochs=3, batch_size=7, gradient_norm=recorded)
        assert len(net.history.gradient_norm) == 3 * recorded
        assert all(norm > 0.1 for norm in net.history.gradient_norm)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-12)


def test_all_of():
    early, late = cr.CostBelow(4.5), cr.NoImprovement(patience=2)
    both = cr.AllOf([early, late])
    history = fit([5, 4, 5, 5, 4, 4], epochs=None, stop=[cr.CostBelow(0), both])
    # After the fourth epoch the cost has not improved for two, but is 5; after the fifth it is 4.
    assert history.epochs == 5
    assert history.stopped_by is both
    assert fit([5, 4, 5, 5, 5], epochs=5, stop=both).stopped_by == "epochs"


def test_all_of_with_a_condition_on_steps():
    button = threading.Event()
    stop = cr.AllOf([cr.StopWhen(button), cr.CostBelow(3.5)])
    assert fit(FALLING, epochs=5, stop=stop).stopped_by == "epochs"
    button.set()
    history = fit(FALLING, epochs=5, stop=stop)
    assert history.stopped_by is stop
    assert history.epochs == 3


def test_all_of_within_another():
    inner = cr.AllOf([cr.CostBelow(4.5), cr.CostBelow(3.5)])
    assert fit(FALLING, epochs=5, stop=cr.AllOf([inner, cr.CostBelow(2.5)])).epochs == 4
    assert fit(FALLING, epochs=5, stop=inner).epochs == 3


def test_all_of_restores_the_best():
    net, twin = classifier(), classifier()
    stop = cr.AllOf([cr.NoImprovement(2, monitor="given", restore_best=True), cr.TimeLimit(1e-9)])
    net.fit(X, Y, optimizer=cr.Adam(), metrics=given([1, 3, 2, 2, 2]), stop=stop)
    twin.fit(X, Y, optimizer=cr.Adam(), epochs=2)
    assert bits(net) == bits(twin)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: cr.AllOf([]), ValueError, "conditions must be at least one, got none"),
        (lambda: cr.AllOf(3), TypeError, "conditions must be stop conditions, got 3"),
        (lambda: cr.AllOf([cr.CostBelow]), TypeError, "stop conditions, got <class"),
        (lambda: cr.GradientBelow(0), ValueError, "norm must be a finite number > 0, got 0"),
        (lambda: cr.NoImprovement(mode="less"), ValueError, 'mode must be "min" or "max"'),
        (lambda: cr.NoImprovement(monitor=3), TypeError, "monitor must be a str, got 3"),
        (lambda: cr.NoImprovement(patience=-1), ValueError, "patience must be a whole number"),
    ],
)
def test_conditions_that_cannot_be(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()
