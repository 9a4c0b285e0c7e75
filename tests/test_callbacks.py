"""Callbacks: what they are told, how they stop a training, and what is none."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import gc
import math
import pickle
import threading
import weakref

import numpy as np
import pytest

import chainrule as cr
from callbacks_at_work import STOPS, At, Log, X, Y, fit, make
from chainrule.callbacks import METHODS, hooks_of
from support import DTYPES, bits
from undisturbed import Pair, values, x


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_records(plan, dtype, validated):
    net, twin, log = make(dtype), make(dtype), Log()
    history = fit(net, log, validation_data=(Y @ np.ones((2, 6)), Y) if validated else None)
    optimizer = cr.Adam(0.01)
    costs = [twin.train_step(X[i : i + 16], Y[i : i + 16], optimizer) for i in (0, 16, 32, 48) * 2]
    assert bits(net) == bits(twin)

    names = [name for name, _ in log.told]
    assert names == ["begin", *["step"] * 4, "epoch", *["step"] * 4, "epoch", "end"]
    records = [record for _, record in log.told]
    assert [each.epoch for each in records] == [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert [each.step for each in records] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 8]
    assert math.isnan(records[0].cost)
    assert [each.cost for name, each in log.told if name == "step"] == costs
    assert [records[i].cost for i in (5, 10, 11)] == [*history.cost, history.cost[1]]
    of_epochs = [each.validation_cost for name, each in log.told if name in ("epoch", "end")]
    assert of_epochs == (
        [*history.validation_cost, history.validation_cost[1]] if validated else [None] * 3
    )
    assert all(each.validation_cost is None for name, each in log.told if name in ("begin", "step"))
    seconds = [each.seconds for each in records]
    assert seconds == sorted(seconds)
    assert 0 <= seconds[0] <= seconds[-1] <= history.seconds


def test_a_record_is_a_value():
    record = cr.Record(1, 2, 0.5, None, 3.0)
    known = cr.Record(1, 2, 0.5, None, 3.0, 0.1, 2.0, {"mae": 1.0})
    assert known == pickle.loads(pickle.dumps(known)) == copy.copy(known)
    assert repr(record).startswith(
        "Record(epoch=1, step=2, cost=0.5, validation_cost=None, seconds=3.0, learning_rate=nan, "
    )
    with pytest.raises(AttributeError):
        record.cost = 0


@pytest.mark.parametrize("method", METHODS)
def test_one_method_is_enough(method):
    seen, net = [], make()
    callback = At(method, lambda network: seen.append(network))
    fit(net, [callback])
    assert seen == [net]
    assert callback.told == {"on_step_end": 8, "on_epoch_end": 2}.get(method, 1)


@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nobody_sees_a_difference(plan, dtype, batch_size):
    nets = [make(dtype) for _ in range(4)]
    optimizers = [cr.Adam(0.01) for _ in nets]
    read = At("on_step_end", lambda network: network.predict(X) is None, n=3)
    for net, optimizer, callbacks in zip(
        nets, optimizers, [[], [Log()], [read], Log()], strict=True
    ):
        fit(net, callbacks, optimizer, batch_size=batch_size, shuffle=True)
    assert len({bits(net) for net in nets}) == 1
    assert len({each._states()["v"].tobytes() for each in optimizers}) == 1


# ---- Stopping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [True, np.True_], ids=repr)
@pytest.mark.parametrize(("method", "n", "steps", "epochs"), STOPS)
def test_true_stops(method, n, steps, epochs, answer):
    net, log = make(), Log()
    stop = At(method, lambda network: answer, n)
    history = fit(net, [stop, log], epochs=9)
    assert history.stopped_by is stop
    assert (net._steps_made, history.epochs) == (steps, epochs)
    assert len(history.cost) == epochs
    assert log.told[-1][0] == "end"  # all others are told, too
    assert log.told[-1][1].step == steps


@pytest.mark.parametrize("answer", [None, False, np.False_], ids=repr)
@pytest.mark.parametrize("method", METHODS)
def test_none_and_false_go_on(method, answer):
    history = fit(make(), At(method, lambda network: answer))
    assert (history.epochs, history.stopped_by) == (2, "epochs")


def test_true_at_the_end_has_nothing_to_stop():
    assert fit(make(), At("on_fit_end", lambda network: True)).stopped_by == "epochs"


def test_conditions_come_before_callbacks():
    condition = cr.NoImprovement(patience=1, min_delta=1e9)  # after the second epoch

    def both():
        of_epoch = At("on_epoch_end", lambda network: True, n=2)
        return of_epoch, At("on_step_end", lambda network: True, n=8)

    assert fit(make(), both(), epochs=9, stop=condition).stopped_by is condition
    callbacks = both()
    history = fit(make(), callbacks, epochs=9, stop=cr.CostBelow(-1))
    assert (history.stopped_by, history.epochs) == (callbacks[0], 2)


def test_without_a_number_of_epochs():
    stop = At("on_epoch_end", lambda network: True, n=3)
    assert fit(make(), stop, epochs=None).epochs == 3
    stop = At("on_step_end", lambda network: True, n=9)
    assert fit(make(), stop, epochs=None).epochs == 2
    # One may only look on: "auto" goes by the conditions.
    assert fit(make(), Log(), epochs="auto").epochs == 1
    assert fit(make(), Log(), epochs=0).epochs == 0
    end = At("on_fit_end", lambda network: None)
    with pytest.raises(ValueError, match="needs a stop condition or a callback that may stop it"):
        fit(make(), end, epochs=None)
    assert end.told == 0


def test_the_best_parameters_are_there_at_the_end():
    # A rate that is far too large in the second epoch.
    net, kept, seen = make(), [], []

    class Watch:
        def on_epoch_end(self, network, record):
            kept.append(bits(network))

        def on_fit_end(self, network, record):
            seen.append(bits(network))

    stop = cr.NoImprovement(patience=3, restore_best=True)
    history = fit(net, Watch(), cr.SGD(0.3, momentum=0.9), epochs=20, stop=stop)
    best = int(np.argmin(history.cost))
    assert best < history.epochs - 1
    assert seen == [bits(net)] == [kept[best]]
    assert kept[-1] != kept[best]


# ---- Bad input -----------------------------------------------------------------------------------

NEEDED = (
    "callbacks must be objects with one of the methods on_fit_begin, on_step_end, on_epoch_end "
    "and on_fit_end, got "
)


class NotCallable:
    on_epoch_end = 5


class OfKeras:
    def on_train_begin(self, logs=None):
        """Do nothing."""


BAD = {
    "None": (None, NEEDED + "None"),
    "number": (5, NEEDED + "5"),
    "text": ("log", NEEDED + "'l'"),
    "function": (print, NEEDED + "<built-in function print>"),
    "in a list": ([Log(), 5], NEEDED + "5"),
    "list in a list": ([[Log()]], NEEDED + r"\[<"),
    "condition": ([cr.TimeLimit(1)], NEEDED + r"TimeLimit\(seconds=1\)"),
    "other methods": (OfKeras(), NEEDED + "<test_callbacks.OfKeras"),
    "base class alone": (cr.Callback(), NEEDED + "<chainrule.callbacks.Callback"),
    "class": (
        Log,
        "callbacks must be objects, got the class <class 'callbacks_at_work.Log'>; call",
    ),
    "class in a list": ([Log], "callbacks must be objects, got the class <class"),
    "no method": (NotCallable(), "on_epoch_end of a callback must be a method, got 5 in <test_"),
}


@pytest.mark.parametrize("case", BAD)
def test_no_callback(case):
    bad, match = BAD[case]
    pair = Pair()
    with pair.refuses(TypeError, match):
        pair.net.fit(x, values, optimizer=pair.optimizer, callbacks=bad)


@pytest.mark.parametrize("answer", [1, 0, "stop", [], np.array([True]), 0.5, object], ids=repr)
@pytest.mark.parametrize("method", METHODS)
def test_no_answer(method, answer):
    net = make()
    with pytest.raises(
        TypeError, match=f"{method} of a callback must return True, False or None, got "
    ):
        fit(net, At(method, lambda network: answer))
    assert net._steps_made == {"on_fit_begin": 0, "on_step_end": 1, "on_epoch_end": 4}.get(
        method, 8
    )


# ---- What a callback is --------------------------------------------------------------------------


class OnlyEpochs(cr.Callback):
    """Leaves three methods as they are."""

    def __init__(self):
        self.epochs = []

    def on_epoch_end(self, network, record):
        self.epochs.append(record.epoch)
        return super().on_epoch_end(network, record)


def test_methods_of_the_base_class_are_not_called():
    callback = OnlyEpochs()
    hooks = hooks_of(make(), callback)
    assert [hook is not None for hook in hooks] == [name == "on_epoch_end" for name in METHODS]
    assert fit(make(), callback).epochs == 2
    assert callback.epochs == [1, 2]


def test_the_base_class_says_what_there_is():
    assert all(callable(getattr(cr.Callback, name)) for name in METHODS)
    net, record = make(), cr.Record(0, 0, 0.0, None, 0.0)
    assert [getattr(cr.Callback(), name)(net, record) for name in METHODS] == [None] * 4


def test_several_callbacks_in_their_order():
    told = []
    callbacks = [At("on_epoch_end", lambda network, i=i: told.append(i)) for i in range(3)]
    fit(make(), (each for each in callbacks), epochs=1)
    assert told == [0, 1, 2]


class Unpicklable:
    """Holds what no pickle can."""

    def __init__(self):
        self.lock = threading.Lock()

    def on_epoch_end(self, network, record):
        return True


@pytest.mark.parametrize(
    ("way", "by"),
    [
        (copy.copy, None),
        (copy.deepcopy, "callback"),
        (lambda net: pickle.loads(pickle.dumps(net)), "callback"),
    ],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_network_stopped_by_a_callback_is_copied(way, by):
    net, stop = make(), Unpicklable()
    fit(net, stop)
    assert way(net).history.stopped_by == (by or stop)
    assert way(net).history.cost == net.history.cost
    assert net.history.stopped_by is stop


def test_nothing_is_kept_afterwards():
    log = Log()
    gone = weakref.ref(log)
    net = make()
    fit(net, log)
    del log
    gc.collect()
    assert gone() is None
