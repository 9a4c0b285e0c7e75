"""Schedules of the learning rate: their formulas, and trainings that follow them."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import math
import pickle

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES, bits, named

rng = np.random.default_rng(5)
X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
STEPS = 4  # of an epoch


def cosine(t):
    return (1 + math.cos(math.pi * t)) / 2


def one_cycle(t):
    """Return the rate of OneCycle(0.5, 20)."""
    up, end = 0.3 * 20 - 1, 19
    first = 0.5 / 25
    last = first / 1e4
    if t <= up:
        return 0.5 + (first - 0.5) * cosine(t / up)
    return last + (0.5 - last) * cosine(min(t - up, end - up) / (end - up))


# Schedules, with the article's formula of their rate at time t.
FORMULAS = [
    (cr.ConstantRate(0.5), lambda t: 0.5),
    (cr.StepDecay(0.5, 3, 0.2), lambda t: 0.5 * 0.2 ** (t // 3)),
    (cr.ExponentialDecay(0.5, 0.9), lambda t: 0.5 * 0.9**t),
    (cr.ExponentialDecay(0.5, 0.9, every=7), lambda t: 0.5 * 0.9 ** (t / 7)),
    (cr.ExponentialDecay(0.5, 1.1, every=3), lambda t: 0.5 * 1.1 ** (t / 3)),
    (cr.InverseScaling(0.5), lambda t: 0.5 / math.sqrt(1 + t)),
    (cr.InverseScaling(0.5, 1.0, every=4), lambda t: 0.5 / (1 + t / 4)),
    (cr.InverseScaling(0.5, 0.0), lambda t: 0.5),
    (cr.CosineDecay(0.5, 10), lambda t: 0.5 * cosine(min(t, 10) / 10)),
    (cr.CosineDecay(0.5, 10, 0.1), lambda t: 0.1 + 0.4 * cosine(min(t, 10) / 10)),
    (cr.CosineDecay(0.5, 10, restarts=True), lambda t: 0.5 * cosine(t % 10 / 10)),
    (
        cr.CosineDecay(0.5, 10, 0.1, restarts=True, growth=2),
        lambda t: (
            0.1 + 0.4 * cosine(t / 10 if t < 10 else (t - 10) / 20 if t < 30 else (t - 30) / 40)
        ),
    ),
    (cr.OneCycle(0.5, 20), one_cycle),
    (cr.WarmUp(5, 0.5), lambda t: 0.5 * min(t / 5, 1)),
    (cr.WarmUp(5, 0.5, start_factor=0.2), lambda t: 0.5 * min(0.2 + 0.8 * t / 5, 1)),
    (
        cr.WarmUp(5, cr.ExponentialDecay(0.5, 0.9)),
        lambda t: 0.5 * t / 5 if t < 5 else 0.5 * 0.9 ** (t - 5),
    ),
]
SCHEDULES = [schedule for schedule, _ in FORMULAS] + [cr.ReduceOnPlateau(0.5)]


@pytest.mark.parametrize(("schedule", "formula"), FORMULAS, ids=named)
def test_formulas(schedule, formula):
    for t in range(70):
        assert schedule.rate_at(t) == pytest.approx(formula(t), rel=1e-14, abs=1e-17), t


def test_far_away():
    far = 10**15
    assert cr.StepDecay(1, 3).rate_at(far) == 0
    assert cr.ExponentialDecay(1, 0.5).rate_at(far) == 0
    assert cr.InverseScaling(1).rate_at(far) == pytest.approx(far**-0.5, rel=1e-12)
    assert cr.CosineDecay(1, 10, restarts=True, growth=3).rate_at(far) <= 1
    assert cr.CosineDecay(1, 3, restarts=True).rate_at(3 * (far // 3)) == 1
    assert cr.OneCycle(1, 1).rate_at(0) == pytest.approx(1 / 25e4)


def rates_of_torch(make_scheduler, n, **scheduler):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    made, rates = make_scheduler(torch.optim.lr_scheduler, optimizer), []
    for _ in range(n):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return rates


@pytest.mark.parametrize(
    ("schedule", "make", "n"),
    [
        (cr.StepDecay(0.5, 3, 0.2), lambda all, o: all.StepLR(o, 3, 0.2), 20),
        (cr.ExponentialDecay(0.5, 0.9), lambda all, o: all.ExponentialLR(o, 0.9), 50),
        (cr.CosineDecay(0.5, 10, 0.1), lambda all, o: all.CosineAnnealingLR(o, 10, 0.1), 11),
        (
            cr.CosineDecay(0.5, 4, 0.1, restarts=True, growth=2),
            lambda all, o: all.CosineAnnealingWarmRestarts(o, 4, 2, eta_min=0.1),
            40,
        ),
        (cr.OneCycle(0.5, 20), lambda all, o: all.OneCycleLR(o, 0.5, total_steps=20), 19),
        (
            cr.WarmUp(5, cr.ExponentialDecay(0.5, 0.9), start_factor=0.2),
            lambda all, o: all.SequentialLR(
                o, [all.LinearLR(o, 0.2, total_iters=5), all.ExponentialLR(o, 0.9)], [5]
            ),
            20,
        ),
    ],
    ids=named,
)
def test_as_torch(schedule, make, n):
    rates = rates_of_torch(make, n)
    assert [schedule.rate_at(t) for t in range(n)] == pytest.approx(rates, rel=1e-10, abs=1e-16)


# ---- In trainings --------------------------------------------------------------------------------


def make(dtype="float64"):
    return cr.Network([cr.Input(5), cr.Dense(8, "tanh"), cr.Dense(2)], dtype=dtype, rng=0)


def fit(net, optimizer, epochs=1, **options):
    return net.fit(X, Y, optimizer=optimizer, epochs=epochs, batch_size=10, **options)


def by_hand(rates, kind=cr.SGD, dtype="float64", shuffle=False):
    """Return a network after a step with each of these rates, batch after batch."""
    net, optimizer = make(dtype), kind(0.1)
    for i, rate in enumerate(rates):
        optimizer.learning_rate = rate
        rows = slice(i % STEPS * 10, i % STEPS * 10 + 10)
        net.train_step(X[rows], Y[rows], optimizer)
    return net


@pytest.mark.parametrize("kind", [cr.SGD, cr.Adam])
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_step_has_its_rate(plan, dtype, kind):
    schedule = cr.InverseScaling(0.1)
    net = make(dtype)
    history = fit(net, kind(schedule), 3, shuffle=False)
    assert bits(net) == bits(by_hand([schedule.rate_at(t) for t in range(12)], kind, dtype))
    assert history.learning_rate == [schedule.rate_at(t) for t in (3, 7, 11)]


def test_steps_of_one_sample_have_theirs(plan):
    nets, schedule = (make(), make()), cr.CosineDecay(0.1, 100)
    nets[0].fit(X, Y, optimizer=cr.SGD(schedule), batch_size=1, shuffle=False, epochs=2)
    optimizer = cr.SGD(schedule)
    for i in range(80):
        nets[1].train_step(X[[i % 40]], Y[[i % 40]], optimizer)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-12)
    assert nets[0].history.learning_rate == [schedule.rate_at(39), schedule.rate_at(79)]


def test_by_epochs():
    schedule = cr.ExponentialDecay(0.1, 0.5, per="epoch")
    net, optimizer = make(), cr.SGD(schedule)
    history = fit(net, optimizer, 3, shuffle=False)
    assert history.learning_rate == [0.1, 0.05, 0.025]
    assert bits(net) == bits(by_hand(np.repeat([0.1, 0.05, 0.025], STEPS)))
    assert optimizer.epochs == 3


@pytest.mark.parametrize("per", ["step", "epoch"])
def test_a_second_fit_goes_on(per):
    schedule = cr.WarmUp(3, cr.CosineDecay(0.1, 10, per=per), per=per)
    whole, parts = make(), make()
    optimizer = cr.Adam(schedule)
    history = fit(whole, cr.Adam(schedule), 5)
    rates = fit(parts, optimizer, 2).learning_rate
    optimizer = pickle.loads(pickle.dumps(optimizer))
    rates += fit(parts, optimizer, 3).learning_rate
    assert bits(whole) == bits(parts)
    assert rates == history.learning_rate


def test_a_new_schedule_begins_at_0():
    net, optimizer = make(), cr.SGD(0.1)
    fit(net, optimizer, 2)
    optimizer.learning_rate = cr.StepDecay(0.1, 2, 0.5, per="epoch")
    assert fit(net, optimizer, 4).learning_rate == [0.1, 0.1, 0.05, 0.05]
    optimizer.learning_rate = 0.2
    assert fit(net, optimizer).learning_rate == [0.2]
    # What is set besides changes nothing.
    optimizer.learning_rate = schedule = cr.StepDecay(0.1, 2, 0.5, per="epoch")
    fit(net, optimizer, 2)
    optimizer.clip_norm = 5
    optimizer.momentum = 0.5
    assert fit(net, optimizer).learning_rate == [0.05]
    assert optimizer.learning_rate is schedule


def test_a_function():
    asked = []

    def rate(step, epoch):
        asked.append((step, epoch))
        return 0.1 / (1 + step)

    net = make()
    optimizer = cr.SGD(rate)
    history = fit(net, optimizer, 2, shuffle=False)
    assert optimizer.learning_rate is rate
    assert asked == [(step, step // STEPS) for step in range(2 * STEPS)]
    assert history.learning_rate == [0.1 / 4, 0.1 / 8]
    assert bits(net) == bits(by_hand([0.1 / (1 + step) for step in range(8)]))
    net.train_step(X, Y, optimizer)
    assert asked[-1] == (8, 2)


@pytest.mark.parametrize("returned", [math.nan, -0.1, math.inf])
def test_a_function_that_returns_no_rate(returned):
    net, twin = make(), make()
    optimizer = cr.SGD(lambda step, epoch: 0.1 if step < 6 else returned)
    with pytest.raises(ValueError, match="learning rate of step 6, epoch 1"):
        fit(net, optimizer, 3)
    twin_optimizer = cr.SGD(0.1)
    position = cr._core.Position()
    twin._fit(
        X, Y, twin_optimizer, 3, 10, True, None, [], None, None, position=position, leave_after=6
    )
    assert bits(net) == bits(twin)  # at its last finished step
    assert optimizer.steps == 6
    assert net.history.stopped_by == "error"


def test_a_function_that_raises():
    def failing(step, epoch):
        raise LookupError("mine")

    net = make()
    before = bits(net)
    with pytest.raises(LookupError, match="mine"):
        fit(net, cr.SGD(failing))
    with pytest.raises(TypeError, match=r"learning_rate\(step, epoch\) returns must be a number"):
        net.train_step(X, Y, cr.SGD(lambda step, epoch: "0.1"))
    assert bits(net) == before


# ---- On a plateau --------------------------------------------------------------------------------


def rates_on(values, schedule, better="min"):
    values = iter(values)
    metric = cr.Metric(lambda s, y: next(values), "given", better)
    return fit(make(), cr.SGD(schedule), 12, metrics=metric).learning_rate


PLATEAU = [5, 4, 4, 4, 3, 3, 3, 3, 3, 2.9999, 2.9998, 2.9]


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5},
        {"patience": 0, "cooldown": 2},
        {"patience": 1, "threshold": 0.1, "min_rate": 0.02},
    ],
    ids=named,
)
def test_as_torch_on_a_plateau(options):
    schedulers = pytest.importorskip("torch").optim.lr_scheduler
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    of_torch = {"min_lr" if name == "min_rate" else name: each for name, each in options.items()}
    scheduler, expected = schedulers.ReduceLROnPlateau(optimizer, **of_torch), []
    for value in PLATEAU:
        expected.append(optimizer.param_groups[0]["lr"])
        scheduler.step(value)
    schedule = cr.ReduceOnPlateau(0.5, monitor="given", **options)
    assert rates_on(PLATEAU, schedule) == pytest.approx(expected, rel=1e-12)


def test_on_a_plateau():
    schedule = cr.ReduceOnPlateau(0.5, patience=1, monitor="given")
    # No better than 4 for two epochs, then no better than 3 for two, and again.
    expected = [0.5] * 4 + [0.05] * 3 + [0.005] * 2 + [0.0005] * 2 + [0.00005]
    assert rates_on(PLATEAU, schedule) == pytest.approx(expected, rel=1e-12)
    negative = cr.ReduceOnPlateau(0.5, patience=1, monitor="given", mode="max")
    rising = [-each for each in PLATEAU]
    assert rates_on(rising, negative, better=None) == pytest.approx(expected, rel=1e-12)


def test_a_plateau_goes_on():
    def schedule():
        return cr.ReduceOnPlateau(0.1, 0.5, patience=1, threshold=0.5, cooldown=1)

    whole, parts = make(), make()
    expected = fit(whole, cr.SGD(schedule()), 9).learning_rate
    assert len(set(expected)) > 2
    rates, optimizer = [], cr.SGD(schedule())
    for epochs in 1, 3, 1, 4:
        optimizer = pickle.loads(pickle.dumps(optimizer))
        rates += fit(parts, optimizer, epochs).learning_rate
    assert rates == expected
    assert bits(whole) == bits(parts)


def test_a_plateau_without_its_quantity():
    with pytest.raises(ValueError, match='monitor is "validation_cost", which this training does'):
        fit(make(), cr.SGD(cr.ReduceOnPlateau(0.1, monitor="validation_cost")))


def test_a_plateau_behind_a_warm_up():
    schedule = cr.WarmUp(2, cr.ReduceOnPlateau(0.4, 0.5, patience=0, monitor="given"), per="epoch")
    rates = rates_on([5, 4, 3, 3, 3, 2, 2, 1, 1, 0, -1, -2], schedule)
    assert rates == [0, 0.2, 0.4, 0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.025]


# ---- Values, and what is none --------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES, ids=named)
def test_schedules_are_values(schedule):
    for twin in copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule)):
        assert twin == schedule
    assert eval(f"cr.{schedule!r}".replace("then=", "then=cr.").replace("cr.0", "0")) == schedule
    optimizer = cr.Adam(schedule, clip_norm=2.0)
    for each in optimizer, copy.copy(optimizer), pickle.loads(pickle.dumps(optimizer)):
        assert each.learning_rate == schedule
        assert f"Adam(learning_rate={schedule!r}, " in repr(each)
        assert each.clip_norm == 2


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: cr.StepDecay(-1, 3), ValueError, "rate must be a finite number >= 0, got -1"),
        (lambda: cr.StepDecay(1, 0), ValueError, "every must be a whole number >= 1, got 0"),
        (lambda: cr.StepDecay(1, 3, 0), ValueError, "factor must be a finite number > 0, got 0"),
        (lambda: cr.StepDecay("1", 3), TypeError, "rate must be a number, got '1'"),
        (lambda: cr.StepDecay(1, 3, per="day"), ValueError, 'per must be "step" or "epoch"'),
        (lambda: cr.StepDecay(1, 3, per=1), TypeError, "per must be a str, got 1"),
        (lambda: cr.CosineDecay(1, 3, restarts=1), TypeError, "restarts must be True or False"),
        (
            lambda: cr.CosineDecay(1, 3, growth=0.5),
            ValueError,
            "growth must be a whole number >= 1",
        ),
        (lambda: cr.OneCycle(1, 3, 1.0), ValueError, "pct_start must be a number > 0 and < 1"),
        (lambda: cr.ReduceOnPlateau(1, 1.5), ValueError, "factor must be a number > 0 and < 1"),
        (lambda: cr.ReduceOnPlateau(1, mode="up"), ValueError, 'mode must be "min" or "max"'),
        (lambda: cr.WarmUp(3, "0.1"), TypeError, "then must be a number, got '0.1'"),
        (lambda: cr.WarmUp(3, cr.StepDecay(1, 3, per="epoch")), ValueError, "must count the same"),
        (lambda: cr.SGD(cr.StepDecay), TypeError, "learning_rate must be an object, got the class"),
        (lambda: cr.SGD("0.1"), TypeError, "learning_rate must be a number, got '0.1'"),
        (lambda: cr.SGD(None), TypeError, "learning_rate must be a number, got None"),
        (lambda: cr.ConstantRate(1).rate_at(-1), ValueError, "t must be >= 0, got -1"),
        (lambda: cr.ConstantRate(1).rate_at(0.5), TypeError, "t must be a whole number, got 0.5"),
    ],
)
def test_schedules_that_cannot_be(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_what_is_refused_changes_nothing():
    optimizer = cr.SGD(schedule := cr.StepDecay(0.1, 3))
    for wrong in "0.1", -1, cr.StepDecay:
        with pytest.raises((TypeError, ValueError)):
            optimizer.learning_rate = wrong
        assert optimizer.learning_rate is schedule
