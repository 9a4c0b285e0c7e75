"""What `fit(on_divergence=...)` does with a training that diverges."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES, bits, squares

rng = np.random.default_rng(7)
X, Y = rng.normal(size=(50, 6)), rng.normal(size=(50, 2))
STEPS = 5  # of an epoch of batches of 10
LAYERS = [cr.Input(6), cr.Dense(9, "tanh"), cr.Dense(7, "tanh"), cr.Dense(2)]
OPTIMIZERS = {
    "sgd": cr.SGD,
    "momentum": lambda rate: cr.SGD(rate, momentum=0.5),
    "adam": cr.Adam,
    "nadam": cr.NAdam,  # carries a number from step to step
    "clipped": lambda rate: cr.Adam(rate, clip_norm=0.5),
}
TOO_LARGE = {"float32": 1e25, "float64": 1e200}


def make(dtype="float32", loss="mse", stages=()):
    return cr.Network([*LAYERS[:-1], *stages, LAYERS[-1]], loss=loss, dtype=dtype, rng=5)


class Spike:
    """A learning rate that is much too large once, in step `at` (from 0) of the optimizer."""

    def __init__(self, rate, at, dtype="float32", times=1):
        self.rate, self.at, self.left, self.height = rate, at, times, TOO_LARGE[dtype]

    def __call__(self, step, epoch):
        if step > self.at:  # the cost of this step overflows
            self.left -= 1
            self.at = self.at if self.left > 0 else 10**9
        return self.height if step == self.at else self.rate


class Failing:
    """Squares that become NaN in some of the calls, from 1."""

    def __init__(self, *calls):
        self.calls, self.at = 0, calls

    def __call__(self, s, y):
        self.calls += 1
        cost, gradient = squares(s, y)
        return (np.nan if self.calls in self.at else cost), gradient


def fit(net, optimizer, epochs, **options):
    return net.fit(X, Y, optimizer=optimizer, epochs=epochs, batch_size=10, **options)


def restoring(net, optimizer, epochs, count=1, **options):
    """Train with "restore", which warns so many times."""
    with pytest.warns(RuntimeWarning) as warned:
        history = fit(net, optimizer, epochs, on_divergence="restore", **options)
    assert len(warned) == len(history.restored) == count
    assert all(each.filename == __file__ for each in warned)
    return history, [str(each.message) for each in warned]


def state(net, optimizer):
    return (
        bits(net),
        [each.tobytes() for each in optimizer._states().values()],
        (optimizer.steps, optimizer.epochs, optimizer._running()),
        (net._steps_made, net._epochs_begun),
    )


# ---- "raise" and what is no choice ---------------------------------------------------------------


def test_raise_is_the_default():
    errors = []
    for options in {}, {"on_divergence": "raise"}:
        net = make()
        with pytest.raises(cr.TrainingDiverged) as caught:
            fit(net, cr.SGD(Spike(0.1, 7)), 4, **options)
        errors.append(str(caught.value))
        history = net.history
        assert caught.value.history is history
        assert (history.stopped_by, history.epochs, history.restored) == ("diverged", 1, [])
        assert str(history.diverged) == str(caught.value)
        assert (history.diverged.epoch, history.diverged.step) == (2, 4)
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    ("value", "error", "got"),
    [
        ("again", ValueError, "'again'"),
        ("", ValueError, "''"),
        (None, TypeError, "None"),
        (True, TypeError, "True"),
    ],
)
def test_wrong_values(value, error, got):
    net = make()
    before = bits(net)
    with pytest.raises(error, match=f'must be "raise", "stop" or "restore", got {got}$'):
        fit(net, cr.SGD(0.1), 1, on_divergence=value)
    assert bits(net) == before
    assert net.history is None


@pytest.mark.parametrize("how", ["stop", "restore"])
def test_a_training_that_does_not_diverge_is_as_ever(plan, how):
    results = []
    for options in {}, {"on_divergence": how}:
        net, optimizer = make(), cr.Adam(0.01)
        history = fit(net, optimizer, 3, **options)
        results.append((state(net, optimizer), history.cost))
        assert (history.restored, history.diverged) == ([], None)
    assert results[0] == results[1]


# ---- "stop" --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_stop_ends_with_the_last_finite_weights(plan, dtype):
    net, optimizer = make(dtype), cr.Adam(Spike(0.01, 7, dtype))
    with pytest.warns(RuntimeWarning, match="^the training has stopped: the cost became") as warned:
        history = fit(net, optimizer, 4, on_divergence="stop")
    assert warned[0].filename == __file__
    assert net.history is history
    assert (history.stopped_by, history.epochs, history.restored) == ("diverged", 1, [])
    assert isinstance(history.diverged, cr.TrainingDiverged)
    assert (history.diverged.epoch, history.diverged.step) == (2, 4)
    assert "in step 4 of epoch 2" in str(history.diverged)
    twin, own = make(dtype), cr.Adam(Spike(0.01, 7, dtype))
    with pytest.raises(cr.TrainingDiverged):
        fit(twin, own, 4)
    assert state(net, optimizer) == state(twin, own)
    assert np.isfinite(net.parameters).all()


def test_stop_is_an_end_like_others():
    # Callbacks hear of it, and the best weights are put back.
    told = []

    class Watch:
        def on_fit_end(self, net, record):
            told.append((record.epoch, record.step, bits(net)))

    net = make(loss=Failing(13))
    stop = cr.NoImprovement(restore_best=True)
    with pytest.warns(RuntimeWarning, match="in step 3 of epoch 3"):
        history = fit(net, cr.SGD(0.05), 9, stop=stop, callbacks=Watch(), on_divergence="stop")
    assert history.stopped_by == "diverged"
    assert [each[:2] for each in told] == [(3, 12)]
    twin = make(loss=squares)
    own = fit(twin, cr.SGD(0.05), int(np.argmin(history.cost)) + 1)
    assert own.cost == history.cost[: own.epochs]
    assert told[0][2] == bits(net) == bits(twin)


def test_stop_at_a_validation_cost():
    net = make()
    with pytest.warns(RuntimeWarning, match="validation cost of epoch 1 became inf"):
        history = net.fit(X, Y, epochs=3, validation_data=(X, Y * 1e30), on_divergence="stop")
    assert history.validation_cost == [np.inf]
    assert (history.stopped_by, history.diverged.step) == ("diverged", None)
    assert len(set(map(len, history.to_dict().values()))) == 1


def test_a_history_with_a_divergence_is_copied_and_pickled():
    net = make()
    with pytest.warns(RuntimeWarning):
        history = fit(net, cr.SGD(Spike(0.1, 7)), 4, on_divergence="stop")
    for twin in copy.deepcopy(history), pickle.loads(pickle.dumps(history)), history.copy():
        assert twin == history
        assert str(twin.diverged) == str(history.diverged)
        assert twin.diverged.layer == history.diverged.layer


def test_a_warning_that_is_an_error_ends_the_training():
    net, optimizer = make(), cr.SGD(Spike(0.1, 7))
    with pytest.raises(RuntimeWarning):  # the tests' own filter
        fit(net, optimizer, 4, on_divergence="restore")
    assert net.history.stopped_by == "error"
    assert optimizer.steps == STEPS
    assert np.isfinite(net.parameters).all()


# ---- "restore" -----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [2, 7])
@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_restore_is_a_training_that_was_cut_by_hand(plan, dtype, kind, at):
    whole_epochs = at // STEPS
    optimizer = OPTIMIZERS[kind](Spike(0.02, at, dtype))
    net = make(dtype)
    history, (warning,) = restoring(net, optimizer, 4)
    expected = whole_epochs + 1, at % STEPS + 2, 0.01
    assert history.restored == [expected]
    assert history.restored[0].learning_rate == 0.01
    assert warning.startswith("the cost became ")
    assert f"in step {expected[1]} of epoch {expected[0]}" in warning
    weights = "after epoch 1" if whole_epochs else "that it began with"
    assert f"goes on with the weights {weights} and half the learning rate, 0.01. " in warning
    own = OPTIMIZERS[kind](lambda step, epoch: 0.02 if epoch < whole_epochs else 0.01)
    twin = make(dtype)
    by_hand = fit(twin, own, 4)
    assert state(net, optimizer) == state(twin, own)
    assert (history.cost, history.learning_rate) == (by_hand.cost, by_hand.learning_rate)
    assert (history.epochs, history.stopped_by, history.diverged) == (4, "epochs", None)
    assert len(history.epoch_seconds) == 4


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_number_is_halved(plan, kind):
    net, optimizer = make(loss=Failing(8)), OPTIMIZERS[kind](0.02)
    restoring(net, optimizer, 4)
    assert optimizer.learning_rate == 0.01
    twin, own = make(loss=squares), OPTIMIZERS[kind](0.02)
    fit(twin, own, 1)
    own.learning_rate /= 2
    fit(twin, own, 3)
    assert state(net, optimizer) == state(twin, own)


SCHEDULES = {
    "decay": cr.ExponentialDecay(0.05, 0.9),
    "warm-up": cr.WarmUp(8, cr.CosineDecay(0.05, 25)),
    "plateau": cr.ReduceOnPlateau(0.05, factor=0.5, patience=0, threshold=0.5),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_gets_a_factor(schedule):
    net, optimizer = make(loss=Failing(13, 14)), cr.Adam(SCHEDULES[schedule])
    history, _ = restoring(net, optimizer, 5, count=2)
    twin, own = make(loss=squares), cr.Adam(SCHEDULES[schedule])
    first = fit(twin, own, 2)
    own._restore_schedule(own._schedule_memory() | {"rate_factor": 0.25})
    own = copy.copy(pickle.loads(pickle.dumps(own)))  # which keep it
    second = fit(twin, own, 3)
    assert state(net, optimizer) == state(twin, own)
    assert optimizer._schedule_memory() == own._schedule_memory()
    assert history.cost == first.cost + second.cost
    assert history.learning_rate == first.learning_rate + second.learning_rate
    assert [each[:2] for each in history.restored] == [(3, 3), (3, 1)]
    assert history.restored[0].learning_rate == 2 * history.restored[1].learning_rate
    if schedule == "decay":
        rates = [0.05 * 0.9 ** (5 * epoch - 1) for epoch in range(1, 6)]
        factors = [1, 1, 0.25, 0.25, 0.25]
        np.testing.assert_allclose(history.learning_rate, np.multiply(rates, factors), rtol=1e-12)


def test_another_schedule_has_no_factor():
    net, optimizer = make(loss=Failing(7)), cr.SGD(cr.ConstantRate(0.2))
    history, _ = restoring(net, optimizer, 3)
    assert history.learning_rate == [0.2, 0.1, 0.1]
    assert fit(net, optimizer, 1).learning_rate == [0.1]
    optimizer.learning_rate = cr.ExponentialDecay(0.2, 0.5, per="epoch")
    assert fit(net, optimizer, 2).learning_rate == [0.2, 0.1]


@pytest.mark.parametrize("bad", [0, -1, 2, np.nan])
def test_a_factor_that_is_none(bad):
    optimizer = cr.SGD(cr.ConstantRate(0.2))
    with pytest.raises(ValueError, match="rate_factor must be > 0 and <= 1"):
        optimizer._restore_schedule(optimizer._schedule_memory() | {"rate_factor": bad})


def test_masks_come_again(plan):
    # The dropout of an epoch that is made again is that of its steps.
    stages = [cr.Dropout(0.5)]
    net, optimizer = make(stages=stages), cr.SGD(Spike(0.02, 7))
    history, _ = restoring(net, optimizer, 3)
    twin = make(stages=stages)
    own = cr.SGD(lambda step, epoch: 0.02 if epoch < 1 else 0.01)
    assert fit(twin, own, 3).cost == history.cost
    assert bits(net) == bits(twin)


@pytest.mark.parametrize("plan", ["rows", "columns"], indirect=True)
@pytest.mark.usefixtures("plan")
def test_any_number_of_threads():
    x, y = rng.normal(size=(600, 48)), rng.normal(size=(600, 2))
    layers = [cr.Input(48), cr.Dense(128, "tanh"), cr.Dense(96, "tanh"), cr.Dense(2)]
    results = []
    for threads in 1, 2, 3, 8:
        net, optimizer = cr.Network(layers, rng=0), cr.Adam(Spike(0.01, 3))
        options = {"batch_size": 200, "epochs": 3, "on_divergence": "restore"}
        with cr.threads(threads), pytest.warns(RuntimeWarning):
            history = net.fit(x, y, optimizer=optimizer, **options)
        results.append((state(net, optimizer), history.cost, history.restored))
    assert all(each == results[0] for each in results)


@pytest.mark.parametrize("dtype", DTYPES)
def test_restores_are_used_up(plan, dtype):
    net, optimizer = make(dtype), cr.Adam(Spike(0.02, 7, dtype, times=99))
    with pytest.warns(RuntimeWarning) as warned, pytest.raises(cr.TrainingDiverged) as caught:
        fit(net, optimizer, 4, on_divergence="restore")
    error, history = caught.value, net.history
    assert len(warned) == len(history.restored) == 5
    rates = [each.learning_rate for each in history.restored]
    assert rates == [0.02 / 2**n for n in range(1, 6)]
    assert (error.epoch, error.step, history.stopped_by) == (2, 4, "diverged")
    assert ", after 5 restores; the weights are those after epoch 1. Likely cause: " in str(error)
    assert str(history.diverged) == str(error)
    twin, own = make(dtype), OPTIMIZERS["adam"](lambda step, epoch: 0.02)
    by_hand = fit(twin, own, 1)
    assert state(net, optimizer) == state(twin, own)
    assert history.cost == by_hand.cost


def test_restores_are_used_up_in_the_first_epoch():
    net = make(loss=Failing(*range(3, 99, 3)))
    before = bits(net)
    with pytest.warns(RuntimeWarning), pytest.raises(cr.TrainingDiverged) as caught:
        fit(net, cr.SGD(0.1), 4, on_divergence="restore")
    assert "; the weights are those that the training began with. " in str(caught.value)
    assert bits(net) == before
    assert (net.history.epochs, net.history.cost) == (0, [])


def test_restore_from_a_validation_cost():
    # Six calls an epoch; the last one is that of the validation data.
    net, optimizer = make(loss=Failing(12)), cr.Adam(0.02)
    history, (warning,) = restoring(
        net, optimizer, 3, validation_data=(X[:9], Y[:9]), metrics="mae", gradient_norm=True
    )
    assert history.restored == [(2, None, 0.01)]
    assert warning.startswith("the validation cost of epoch 2 became nan")
    assert len(history.validation_cost) == 3
    assert np.isfinite(history.validation_cost).all()
    assert {len(each) for each in history.to_dict().values()} == {3}
    twin, own = make(loss=squares), cr.Adam(0.02)
    fit(twin, own, 1)
    own.learning_rate = 0.01
    fit(twin, own, 2)
    assert state(net, optimizer) == state(twin, own)


def test_conditions_and_callbacks_go_on():
    told = []

    class Watch:
        def on_fit_begin(self, net, record):
            told.append("begin")

        def on_step_end(self, net, record):
            told.append((record.epoch, record.step))

        def on_epoch_end(self, net, record):
            told.append((record.epoch, record.learning_rate))

        def on_fit_end(self, net, record):
            told.append("end")

    net = make(loss=Failing(8))
    stop = [cr.CostBelow(0), cr.NoImprovement(patience=50, restore_best=True)]
    history, _ = restoring(net, cr.SGD(0.02), 3, stop=stop, callbacks=Watch())
    steps = [
        [(1 + n // 5, n + 1) for n in range(*part)] for part in ((5,), (5, 7), (5, 10), (10, 15))
    ]
    rates = [[(n, rate)] for n, rate in ((1, 0.02), (2, 0.01), (3, 0.01))]
    expected = ["begin", *steps[0], *rates[0], *steps[1], *steps[2], *rates[1], *steps[3]]
    assert told == [*expected, *rates[2], "end"]
    assert history.epochs == 3


def test_the_best_weights_are_kept_over_a_restore():
    net, optimizer = make(loss=Failing(13)), cr.SGD(0.02)
    restoring(net, optimizer, 4, stop=cr.NoImprovement(patience=50, restore_best=True))
    twin, own = make(loss=squares), cr.SGD(0.02)
    history = fit(twin, own, 2)
    own.learning_rate = 0.01
    assert min(fit(twin, own, 1).cost) < min(history.cost)
    fit(twin, own, 1)
    assert bits(net) == bits(twin)  # the last one was the best


def test_weights_that_were_there_before_are_put_back():
    # An optimizer with a state of its own, and a network that was trained before.
    net, optimizer = make(loss=Failing(8)), cr.Adam(0.02)
    fit(net, optimizer, 1)
    before = state(net, optimizer)
    net.loss.at = range(1, 99)
    with pytest.warns(RuntimeWarning), pytest.raises(cr.TrainingDiverged):
        fit(net, optimizer, 3, on_divergence="restore")
    assert state(net, optimizer) == before
    assert optimizer.learning_rate == 0.02 / 2**5
