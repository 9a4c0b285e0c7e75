"""The termination conditions, on costs that are given epoch by epoch."""
# SPDX-License-Identifier: BSD-3-Clause

import threading
import time
from itertools import repeat

import numpy as np
import pytest

import chainrule as cr
from meanwhile import until
from scripted_costs import FALLING, TRAINING, VALIDATION, Script, fit
from support import bits


def test_cost_below():
    stop = cr.CostBelow(3)
    history = fit(FALLING, epochs=5, stop=[stop])
    assert history.cost == [5, 4, 3, 2]  # 3 is not below 3
    assert history.epochs == 4
    assert history.stopped_by is stop


def test_cost_below_a_negative_number():
    assert fit([1, 0, -1, -2.5], epochs=9, stop=[cr.CostBelow(-2)]).epochs == 4


def test_cost_never_below():
    history = fit(FALLING, epochs=5, stop=[cr.CostBelow(0.5)])
    assert history.epochs == 5
    assert history.stopped_by == "epochs"


def test_condition_met_in_the_last_epoch_is_named():
    stop = cr.CostBelow(1.5)
    assert fit(FALLING, epochs=5, stop=[stop]).stopped_by is stop


@pytest.mark.parametrize(
    ("patience", "min_delta", "costs", "epochs"),
    [
        # Three epochs that are not below the best, 4.
        (3, 0, [5, 4, 4, 4, 4, 3], 5),
        (3, 0, [5, 4, 6, 7, 8, 3], 5),
        # 3 is an improvement, the count starts again.
        (3, 0, [5, 4, 6, 7, 3, 8, 8, 8, 8], 8),
        (1, 0, [5, 4, 3, 3, 2], 4),
        (1, 0, [1, 1], 2),
        # Down by 1, which is not more than min_delta; by 2 in two epochs, which is.
        (2, 1, [5, 4, 3, 2.5, 2, 0], 5),
        (1, 1, [5, 4, 3], 2),
        (2, 0.5, [5, 4.5, 4.25, 4.125, 4], 5),
        # Small steps count from the best that counted: 5 to 4.4 only in the third epoch.
        (3, 0.5, [5, 4.8, 4.6, 4.4, 4.4, 4.4, 4.4], 7),
        # A first epoch is always an improvement.
        (1, 1e300, [5, -1e9], 2),
    ],
)
@pytest.mark.parametrize("on_validation", [False, True])
def test_no_improvement(patience, min_delta, costs, epochs, on_validation):
    stop = cr.NoImprovement(patience, min_delta)
    end = list(repeat(-1e299, 20))  # a further improvement, were it asked for
    script = (FALLING * 10, [*costs, *end]) if on_validation else ([*costs, *end],)
    history = fit(*script, epochs=None, stop=[stop])
    assert history.epochs == epochs
    assert history.stopped_by is stop
    watched = history.validation_cost if on_validation else history.cost
    assert watched == costs[:epochs]


def test_no_improvement_defaults():
    stop = cr.NoImprovement()
    assert (stop.patience, stop.min_delta) == (10, 0)
    assert fit(repeat(1.0), epochs=None, stop=[stop]).epochs == 11


def test_conditions_watch_the_validation_cost():
    rising = list(reversed(FALLING))
    history = fit(rising, FALLING, epochs=5, stop=[cr.CostBelow(3.5)])
    assert history.cost == [1, 2, 3]
    assert history.validation_cost == [5, 4, 3]


def test_conditions_can_be_used_again():
    stop = cr.NoImprovement(patience=2)
    for _ in range(2):
        assert fit([2, 1, 1, 1], epochs=None, stop=[stop]).epochs == 4


def test_first_of_several_conditions_is_named():
    never, late, early = cr.CostBelow(0), cr.CostBelow(1.5), cr.CostBelow(2.5)
    assert fit(FALLING, epochs=5, stop=[never, late, early]).stopped_by is early
    # Of two that are met in one epoch, the first in the list.
    same = cr.CostBelow(2.25)
    assert fit(FALLING, epochs=5, stop=[never, same, early]).stopped_by is same
    assert fit(FALLING, epochs=5, stop=[never, early, same]).stopped_by is early
    # Equal conditions are told apart.
    twin = cr.CostBelow(2.5)
    assert twin == early
    assert fit(FALLING, epochs=5, stop=[twin, early]).stopped_by is twin


def test_every_condition_sees_every_epoch():
    patient = cr.NoImprovement(patience=3)
    history = fit([3, 3, 3, 3, 3], epochs=None, stop=[cr.CostBelow(0), patient, cr.TimeLimit(60)])
    assert history.epochs == 4
    assert history.stopped_by is patient


def test_with_a_condition_training_goes_on_until_it_is_met():
    patient = cr.NoImprovement(patience=3)
    assert fit([3, 3, 3, 3, 3], stop=[patient]).epochs == 4
    assert fit([3, 3, 3, 3, 3], stop=patient).stopped_by is patient
    assert fit(FALLING).epochs == 1
    assert fit(FALLING, stop=[]).epochs == 1
    assert fit(FALLING, stop=patient, epochs=1).stopped_by == "epochs"
    order = np.arange(len(FALLING))[None]
    assert fit(FALLING, stop=patient, order=order[:, :1]).stopped_by == "epochs"


class Button:
    """An event that is set when it is looked at for the n-th time."""

    def __init__(self, n):
        self.left = n

    def is_set(self):
        self.left -= 1
        return self.left <= 0


def test_stop_when():
    net = cr.Network([cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(1)], rng=0)
    x, y = np.ones((10, 3)), np.ones(10)
    stop = cr.StopWhen(Button(3))
    history = net.fit(x, y, stop=stop)
    assert history.stopped_by is stop
    assert history.epochs > 1
    # It is looked at after a step: one that is set before has one step made.
    optimizer = cr.SGD(0.01)
    event = threading.Event()
    event.set()
    history = net.fit(x, y, optimizer=optimizer, batch_size=2, stop=[cr.StopWhen(event)])
    assert (optimizer.steps, history.epochs) == (1, 0)
    assert history.stopped_by == cr.StopWhen(event)


def test_stop_when_another_thread_says_so():
    net = cr.Network([cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(1)], rng=0)
    event, optimizer = threading.Event(), cr.Adam()

    def press():
        until(lambda: optimizer.steps >= 100)
        event.set()

    thread = threading.Thread(target=press)
    thread.start()
    stop = [cr.CostBelow(-1), cr.StopWhen(event)]
    history = net.fit(np.ones((10, 3)), np.ones(10), optimizer=optimizer, stop=stop)
    thread.join()
    assert history.stopped_by is stop[1]
    assert optimizer.steps >= 100


def test_stop_when_its_event_fails():
    class Broken:
        def is_set(self):
            raise LookupError("mine")

    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    optimizer = cr.SGD(0.01)
    with pytest.raises(LookupError, match="mine") as caught:
        net.fit(
            np.ones((3, 1)),
            np.ones(3),
            batch_size=1,
            optimizer=optimizer,
            stop=cr.StopWhen(Broken()),
        )
    assert optimizer.steps >= 1  # the network is at its last finished step
    assert caught.value.history is net.history
    assert net.history.stopped_by == "error"


@pytest.mark.parametrize("event", [None, 5, "set", lambda: True, threading.Lock(), threading.Event])
def test_stop_when_needs_an_event(event):
    with pytest.raises(TypeError, match=r"event must have a method is_set\(\), got"):
        cr.StopWhen(event)


def test_single_condition_needs_no_list():
    stop = cr.CostBelow(3.5)
    assert fit(FALLING, epochs=5, stop=stop).stopped_by is stop
    assert fit(FALLING, epochs=5, stop=(stop,)).stopped_by is stop


@pytest.mark.parametrize("epochs", [None, 10**12])
def test_time_limit(epochs):
    net = cr.Network([cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(1)], rng=0)
    x, y = np.ones((10, 3)), np.ones(10)
    stop = cr.TimeLimit(0.05)
    begin = time.perf_counter()
    history = net.fit(x, y, epochs=epochs, stop=[stop])
    seconds = time.perf_counter() - begin
    assert history.stopped_by is stop
    assert history.epochs > 0
    # No sooner; how much later, only the machine decides.
    assert stop.seconds <= history.seconds <= seconds


def test_time_limit_ends_an_epoch_between_its_steps():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    x = np.ones((1000, 1))
    before = bits(net)
    optimizer = cr.SGD(0.01)
    history = net.fit(x, x, optimizer=optimizer, batch_size=1, stop=[cr.TimeLimit(1e-9)])
    assert history.cost == []
    assert history.epochs == 0
    assert optimizer.steps == 1
    assert bits(net) != before
    # An epoch of one step is whole.
    history = net.fit(x, x, optimizer=optimizer, batch_size=1000, stop=[cr.TimeLimit(1e-9)])
    assert history.epochs == 1
    assert optimizer.steps == 2


def test_without_epochs_a_condition_is_needed():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    before = bits(net)
    with pytest.raises(ValueError, match="stop condition"):
        net.fit([[1]], [1], epochs=None)
    with pytest.raises(ValueError, match="order"):
        net.fit([[1]], [1], epochs=None, stop=[cr.CostBelow(1)], order=[[0]])
    assert bits(net) == before


# ---- The best parameters -------------------------------------------------------------------------


class Walk:
    """Writes down the parameters after each epoch; they change by the same step each time."""

    def __init__(self, training, validation=()):
        self.script, self.kept = Script(training, validation), []

    def __call__(self, s, y):
        cost, gradient = self.script(s, y)
        return cost, gradient + (y[0] == TRAINING)

    def on_epoch_end(self, network, record):
        self.kept.append(bits(network))

    def fit(self, stop, **options):
        net = cr.Network([cr.Input(1), cr.Dense(1)], loss=self, rng=0)
        data, optimizer = np.ones((1, 1)), cr.SGD(0.125)
        validation_data = (data, [VALIDATION]) if "validated" in options else None
        options.pop("validated", None)
        net.fit(
            data,
            [TRAINING],
            stop=stop,
            optimizer=optimizer,
            callbacks=self,
            validation_data=validation_data,
            **options,
        )
        assert len(set(self.kept)) == len(self.kept)
        return net


BEST = cr.NoImprovement(patience=2, restore_best=True)


@pytest.mark.parametrize(
    ("costs", "best", "epochs"),
    [
        ([5, 4, 6, 7], 1, 4),
        ([5, 4, 4, 4], 1, 4),  # of equal ones the first
        ([5, 6, 4, 7, 3, 8, 9], 4, 7),
        ([5, 6, 7], 0, 3),
    ],
)
@pytest.mark.parametrize("on_validation", [False, True])
def test_best_parameters_are_put_back(costs, best, epochs, on_validation):
    if on_validation:
        walk = Walk(FALLING * 2, costs)
        net = walk.fit(BEST, epochs=None, validated=True)
    else:
        walk = Walk(costs)
        net = walk.fit(BEST, epochs=None)
    assert len(walk.kept) == net.history.epochs == epochs
    assert bits(net) == walk.kept[best]
    assert net.history.stopped_by is BEST
    # Training goes on from there.
    walk.script = Script([1.0])
    net.fit(np.ones((1, 1)), [TRAINING], optimizer=cr.SGD(0.125))
    assert bits(net) == walk.kept[best + 1]


def test_best_parameters_are_those_of_the_lowest_cost_whatever_counts_as_an_improvement():
    walk = Walk([5, 4.5, 4.25, 4.5])
    net = walk.fit(cr.NoImprovement(3, min_delta=1, restore_best=True), epochs=None)
    assert bits(net) == walk.kept[2]


ENDS = {
    "epochs": {"epochs": 3, "stop": [BEST]},
    "another condition": {"epochs": 9, "stop": [cr.CostBelow(4.2), BEST]},
    "two that keep": {"epochs": 3, "stop": [BEST, cr.NoImprovement(9, 0, True)]},
    "time": {"epochs": 9, "stop": [cr.TimeLimit(1e-9), BEST]},
}


@pytest.mark.parametrize("end", ENDS)
def test_best_parameters_are_put_back_at_every_end(end):
    walk = Walk([5, 4, 4.5, 1])
    net = walk.fit(**ENDS[end])
    if end == "another condition":
        assert len(walk.kept) == 2
    assert bits(net) == walk.kept[0 if end == "time" else 1]


def test_best_parameters_are_put_back_when_a_training_stops_within_an_epoch():
    walk = Walk([5, 4, 6, 9, 9, 9])
    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=walk, rng=0)

    class Stop:
        def on_step_end(self, network, record):
            return record.step == 5

    x = np.ones((2, 1))
    options = {"optimizer": cr.SGD(0.125), "batch_size": 1, "epochs": 9}
    history = net.fit(x, [TRAINING] * 2, stop=BEST, callbacks=[walk, Stop()], **options)
    assert history.cost == [4.5, 7.5]
    assert bits(net) == walk.kept[0]


def test_without_a_whole_epoch_there_is_nothing_to_put_back():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    x, optimizer = np.ones((9, 1)), cr.SGD(0.1)
    before = bits(net)
    net.fit(x, x, optimizer=optimizer, batch_size=1, stop=[cr.TimeLimit(1e-9), BEST])
    assert optimizer.steps == 1
    assert bits(net) != before
    after = bits(net)
    net.fit(x, x, optimizer=optimizer, epochs=0, stop=BEST)
    assert bits(net) == after


def test_best_parameters_are_not_put_back_unless_asked_for():
    walk = Walk([5, 4, 6, 7])
    assert bits(walk.fit(cr.NoImprovement(2), epochs=None)) == walk.kept[3]
    assert not cr.NoImprovement().restore_best


@pytest.mark.parametrize("value", [1, 0, None, "yes", 0.5], ids=repr)
def test_restore_best_is_true_or_false(value):
    with pytest.raises(TypeError, match="restore_best must be True or False, got"):
        cr.NoImprovement(restore_best=value)
    assert cr.NoImprovement(restore_best=np.True_)._spec()[1]["restore_best"] == 1
