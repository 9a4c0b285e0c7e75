"""A training that is left after any of its steps and goes on elsewhere: the bits are the same."""
# SPDX-License-Identifier: BSD-3-Clause

import math
import pickle
import subprocess
import sys
import textwrap
from contextlib import nullcontext

import numpy as np
import pytest

import chainrule as cr
import pieces
from chainrule import _core
from pieces import result
from support import DTYPES, squares

N = 50  # four epochs of five steps
ALL_EPOCHS = -1
rng = np.random.default_rng(4)
X, Y, WEIGHT = rng.normal(size=(N, 6)), rng.normal(size=(N, 2)), rng.uniform(size=N)
HELD_OUT = rng.normal(size=(30, 6)), rng.normal(size=(30, 2))
ORDER = np.array([rng.permutation(N) for _ in range(4)])
PATIENT = cr.NoImprovement(patience=3, restore_best=True)


class Run:
    """One training, in any number of pieces."""

    def __init__(
        self,
        optimizer,
        dtype="float32",
        loss="mse",
        sizes=(9, 7),
        stages=(),
        data=(X, Y),
        weights=(),
        **options,
    ):
        self.data, self.options = data, pieces.OPTIONS | options
        of_hidden = zip(sizes, weights or ({},) * len(sizes), strict=True)
        hidden = [cr.Dense(n, "tanh", **each) for n, each in of_hidden]
        layers = [cr.Input(data[0].shape[1]), *hidden, *stages, cr.Dense(2)]
        net = cr.Network(layers, loss=loss, dtype=dtype, rng=3)
        net.train_step(data[0][:5], data[1][:5], optimizer)  # it has a life before this training
        self.start = net, optimizer, _core.Position()

    def piece(self, state, leave_after=None):
        return pieces.piece(state, self.data, leave_after, **self.options)

    def whole(self):
        return self.piece(self.start)


OPTIMIZERS = {
    "sgd": lambda: cr.SGD(0.2),
    "momentum": lambda: cr.SGD(0.05, momentum=0.9),
    "adam": lambda: cr.Adam(0.05),
    "clipped": lambda: cr.SGD(0.2, momentum=0.5, clip_norm=0.5),
    "nadam": lambda: cr.NAdam(0.05),  # carries a number from step to step
    "accumulate": lambda: cr.Adam(0.05, accumulate=3, ema=0.9),
    "ema": lambda: cr.SGD(0.2, momentum=0.5, ema=0.5),
}
OPTIONS = {
    "plain": {},
    "validated": {"validation_data": HELD_OUT, "sample_weight": WEIGHT},
    "in order": {"shuffle": False, "batch_size": 11},  # the last batch of an epoch has six
    "given order": {"order": ORDER, "sample_weight": WEIGHT},
    "stages": {"stages": [cr.LayerNorm(), cr.Dropout(0.4)], "validation_data": HELD_OUT},
    "frozen": {"weights": [{"trainable": False}, {"l1": 0.01, "learning_rate_factor": 0.5}]},
    "max_norm": {"weights": [{"l2": 0.1, "max_norm": 0.5}, {"max_norm": 0.4}], "batch_size": 11},
    "stopping": {"stop": [cr.CostBelow(0), PATIENT], "validation_data": HELD_OUT, "epochs": -1},
    "all of": {"stop": [cr.AllOf([cr.CostBelow(9), PATIENT]), cr.GradientBelow(1e-9)], "epochs": 4},
}


def assert_cuts_leave_no_trace(run):
    whole = run.whole()
    steps = whole[0][0]._steps_made - 1
    expected = result(*whole)
    for cut in range(steps + 1):
        left, history = run.piece(run.start, cut)
        assert history.stopped_by == -2
        assert left[0]._steps_made == 1 + cut
        assert left[2].state[1]["steps"] == cut
        assert result(*run.piece(left)) == expected, f"cut after step {cut}"
    # After every one of its steps.
    state = run.start
    for _ in range(steps):
        state, _ = run.piece(state, 1)
        assert not state[2].empty
    assert result(*run.piece(state)) == expected
    return expected


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cut_after_every_step(plan, dtype, optimizer, options):
    run = Run(OPTIMIZERS[optimizer](), dtype, **OPTIONS[options])
    left = assert_cuts_leave_no_trace(run)
    later_epochs = len(left.columns["cost"]) - 1
    accumulate = run.start[1].accumulate
    # The batch before the training counts with those of its first epoch.
    updates = math.ceil((1 + 5) / accumulate) + later_epochs * math.ceil(5 / accumulate)
    assert left.optimizer_steps == updates
    assert left.stopped_by == (1 if options == "stopping" else ALL_EPOCHS)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cut_with_a_cost_of_the_users_own(plan, dtype):
    run = Run(cr.Adam(0.05), dtype, loss=squares, validation_data=HELD_OUT)
    assert_cuts_leave_no_trace(run)


@pytest.mark.parametrize("sizes", [(2, 2), (9, 7), (200, 60)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cut_within_steps_that_are_made_in_one_go(dtype, optimizer, sizes):
    run = Run(
        OPTIMIZERS[optimizer](),
        dtype,
        sizes=sizes,
        data=(X[:20] / 8, Y[:20]),
        batch_size=1,
        epochs=2,
        stop=[cr.NoImprovement(restore_best=True)],
    )
    assert_cuts_leave_no_trace(run)


@pytest.mark.parametrize("plan", ["rows", "columns"], indirect=True)
@pytest.mark.usefixtures("plan")
def test_cut_between_numbers_of_threads():
    x, y = rng.normal(size=(900, 48)), rng.normal(size=(900, 2))
    run = Run(cr.Adam(0.01), data=(x, y), sizes=(128, 96), batch_size=300, epochs=3)
    with cr.threads(3):
        assert run.start[0].plan(300)["threads"] == 3
    expected, state = result(*run.whole()), run.start
    for threads in (1, 3, 2, 8, 1, 2, 3, 1):
        with cr.threads(threads):
            state, _ = run.piece(state, 1)
    with cr.threads(4):
        assert result(*run.piece(state)) == expected


def test_restored_parameters_are_those_of_the_best_epoch(plan):
    run = Run(cr.SGD(0.2), validation_data=HELD_OUT, stop=[PATIENT], epochs=-1)
    (net, *_), history = run.whole()
    best = int(np.argmin(history.validation_cost))
    assert best < len(history.validation_cost) - 1
    left, _ = run.piece(run.start, 5 * (best + 1))
    assert net.parameters.tobytes() == left[0].parameters.tobytes()
    assert net.cost(*HELD_OUT) == pytest.approx(history.validation_cost[best], rel=1e-6)


def test_goes_on_in_another_process(tmp_path):
    run = Run(cr.Adam(0.05), **OPTIONS["stopping"])
    expected = result(*run.whole())
    left, _ = run.piece(run.start, 7)
    stop = [each._spec_with([]) for each in run.options["stop"]]
    path = tmp_path / "left.pickle"
    path.write_bytes(pickle.dumps((left, run.data, run.options | {"stop": stop})))
    code = textwrap.dedent("""
        import pickle, sys
        import chainrule as cr
        from chainrule import _core
        (net, optimizer, position), data, options = pickle.load(open(sys.argv[1], "rb"))
        history = _core.History()
        net._fit(*data, optimizer, history=history, position=position, **options)
        print(net.parameters.tobytes().hex(), history.cost, history.validation_cost)
    """)
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60
    )
    costs = f"{expected.columns['cost']} {expected.columns['validation_cost']}"
    assert done.stdout == f"{expected.parameters.hex()} {costs}\n", done.stderr


class Fault(Exception):
    """An exception of the user's own."""


class Failing:
    """Squares that raise in one of the calls."""

    def __init__(self, at):
        self.left = at

    def __call__(self, s, y):
        self.left -= 1
        if self.left == 0:
            raise Fault
        return squares(s, y)


@pytest.mark.parametrize("call", range(1, 25))
def test_an_exception_leaves_a_position(call):
    # Six calls an epoch, the last of which is its validation.
    stop = [cr.NoImprovement(restore_best=True)]
    whole = Run(cr.Adam(0.05), loss=squares, validation_data=HELD_OUT, stop=stop)
    expected = result(*whole.whole())
    net, optimizer, position = whole.start
    net._loss = Failing(call)
    options = whole.options | {"stop": [each._spec_with([]) for each in stop]}
    with pytest.raises(Fault):
        net._fit(*whole.data, optimizer, **options, position=position)
    finished = call - 1 - (call - 1) // 6
    assert (position.state[1]["steps"], net._steps_made - 1) == (finished, finished)
    net._loss = squares
    assert result(*whole.piece((net, optimizer, position))) == expected


@pytest.mark.parametrize(
    ("stop", "calls"),
    [
        (cr.CostBelow(1e9), {"on_epoch_end": 1}),
        (cr.NoImprovement(1), {"on_epoch_end": 2, "on_step_end": 10}),
        (cr.TimeLimit(1e-9), {"on_step_end": 1}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["on_step_end", "on_epoch_end"])
def test_who_has_said_stop_has_said_so_for_good(stop, calls, method):
    """Where a callback raises after a condition has said stop, going on comes to the end."""
    run = Run(cr.SGD(0.0), stop=[stop])
    (net, *_), history = run.whole()
    expected = net.parameters.tobytes(), history.cost, history.stopped_by
    assert history.stopped_by == 0
    asked = 0

    def raise_at_last(*record):
        nonlocal asked
        asked += 1
        if asked == calls.get(method):
            raise Fault
        return False

    net, optimizer, position = run.start
    hooks = [None, raise_at_last, None, None]
    if method == "on_epoch_end":
        hooks = [None, None, raise_at_last, None]
    options = run.options | {"stop": [stop._spec()], "callbacks": [tuple(hooks)]}
    with pytest.raises(Fault) if method in calls else nullcontext():
        net._fit(*run.data, optimizer, **options, position=position)
    if method in calls:
        (net, *_), history = run.piece((net, optimizer, position))
        assert (net.parameters.tobytes(), history.cost, history.stopped_by) == expected


def test_an_end_leaves_no_position():
    run = Run(cr.SGD(0.1))
    (_, _, position), _ = run.whole()
    assert position.empty
    assert (position.state, position.arrays) == (("", {}, {}, []), {})


def test_epochs_are_those_of_the_whole_training():
    run = Run(cr.SGD(0.1), epochs=3)
    left, _ = run.piece(run.start, 12)
    longer = Run(cr.SGD(0.1), epochs=4)
    assert result(*longer.piece(left)) == result(*longer.whole())


def test_a_position_is_named_numbers_and_arrays():
    run = Run(cr.SGD(0.2), **OPTIONS["stopping"])
    (_, _, position), history = run.piece(run.start, 12)
    name, numbers, words, parts = position.state
    assert (name, words) == ("position", {"seed": "3"})
    expected = {
        "samples": N,
        "batch_size": 10,
        "epoch": 2,
        "first": 20,
        "steps": 12,
        "epochs_begun": 3,
        "steps_made": 13,
    }
    assert {key: numbers[key] for key in expected} == expected
    assert numbers["best_value"] == min(history.validation_cost)
    assert [role for role, _ in parts] == ["stop", "stop"]
    entries = [dict(entry[3]) for _, entry in parts]
    assert [each["condition"][0] for each in entries] == ["cost_below", "no_improvement"]
    assert set(entries[1]["memory"][1]) == {"best", "epochs_without"}
    arrays = position.arrays
    assert list(arrays) == ["cost", "validation_cost", "learning_rate", "epoch_seconds", "best"]
    assert arrays["validation_cost"].tolist() == history.validation_cost
    assert arrays["best"].shape == (run.start[0].n_parameters,)
    twin = _core.Position(position.state, arrays)
    assert twin.state == position.state


def stop_entry(condition, **memory):
    """Return what a position has of one stop condition."""
    parts = [("condition", condition._spec()), ("memory", ("memory", memory, {}, []))]
    return [("stop", ("stop", {}, {}, parts))]


def changed(position, number=None, value=None, array=None, size=None, parts=None, word=None):
    """Return a copy of a position that is not quite the same."""
    name, numbers, words, old_parts = position.state
    words = words if word is None else {"seed": word}
    arrays = position.arrays
    if number is not None:
        numbers = numbers | {number: value}
        if value is None:
            del numbers[number]
    if array is not None:
        arrays[array] = np.zeros(size) if isinstance(size, int) else np.array(size)
    return _core.Position((name, numbers, words, old_parts if parts is None else parts), arrays)


BAD = {
    "samples": ({"number": "samples", "value": 9}, "with 9 samples; this one has 50"),
    "batch": ({"number": "batch_size", "value": 9}, "with 9 samples in a batch; this one has 10"),
    "parameters": ({"number": "parameters", "value": 9}, "with 9 parameters; this one has 149"),
    "no epoch": ({"number": "epoch"}, "epoch"),
    "epoch -1": ({"number": "epoch", "value": -1}, "checkpoint's epoch must be .* 0 to .*, got -1"),
    "epoch 1.5": ({"number": "epoch", "value": 1.5}, "checkpoint's epoch must be .*, got 1.5"),
    "epoch 5": (
        {"number": "epoch", "value": 5},
        "has 5 whole epochs; this training ends with epoch 4",
    ),
    "epoch NaN": ({"number": "epoch", "value": np.nan}, "checkpoint's epoch must be .*, got nan"),
    "first 60": ({"number": "first", "value": 60}, "checkpoint's first must be .* to 50, got 60"),
    "first 7": ({"number": "first", "value": 7}, "first must be that of a batch, got 7"),
    "steps": ({"number": "steps", "value": np.inf}, "checkpoint's steps must be .*, got inf"),
    "seconds": ({"number": "seconds", "value": -1}, "checkpoint's seconds must be >= 0, got -1"),
    "weight": ({"number": "weight_sum", "value": -1}, "weight_sum must be >= 0, got -1"),
    "begun": ({"number": "epochs_begun", "value": 0}, "epochs_begun must be .* from 1 .*, got 0"),
    "made": ({"number": "steps_made", "value": 0.5}, "steps_made must be .*, got 0.5"),
    "infinite": ({"number": "weight_sum", "value": np.inf}, "weight_sum must be finite, got inf"),
    "cost NaN": ({"number": "cost_sum", "value": np.nan}, "cost_sum must be finite, got nan"),
    "best NaN": ({"number": "best_value", "value": np.nan}, "best_value must be a number, got nan"),
    "stopped": ({"number": "stopped_by", "value": 1}, "stopped_by must be .* 0 to 0, got 1"),
    "unknown": ({"number": "unknown", "value": 1}, 'position has no number "unknown"'),
    "seed": ({"word": "4"}, "of a network with seed 4; this one has 3"),
    "cost": ({"array": "cost", "size": 1}, "checkpoint's cost has 1 elements, expected 2"),
    "costs": ({"array": "cost", "size": [1, np.nan]}, "checkpoint's cost must be finite, got nan"),
    "validation": ({"array": "validation_cost", "size": 0}, "without .validation_cost. in what"),
    "best": ({"array": "best", "size": 3}, "checkpoint's best has 3 elements, expected 149"),
    "best inf": ({"array": "best", "size": [1e300] * 149}, "best must be finite, got 1e\\+300"),
    "no conditions": ({"parts": []}, "with 0 stop conditions; this one has 1"),
    "another condition": (
        {"parts": stop_entry(cr.NoImprovement(3, restore_best=True))},
        "the stop condition no_improvement.*; this one has no_improvement",
    ),
    "memory": (
        {"parts": stop_entry(cr.NoImprovement(restore_best=True), best=1, epochs_without=-1e18)},
        "epochs without improvement must be a whole number from 0 to patience, got -1e",
    ),
    "memory NaN": (
        {"parts": stop_entry(cr.NoImprovement(restore_best=True), best=np.nan, epochs_without=1)},
        "the best value must be a number, got nan",
    ),
    "unknown memory": (
        {"parts": stop_entry(cr.NoImprovement(restore_best=True), worst=1)},
        'memory has no number "worst"',
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_position_of_another_training_is_refused(case):
    change, message = BAD[case]
    run = Run(cr.Adam(0.05), validation_data=HELD_OUT, stop=[cr.NoImprovement(restore_best=True)])
    (net, optimizer, position), _ = run.piece(run.start, 12)
    before = net.parameters.tobytes(), net._steps_made, net._epochs_begun, optimizer.steps
    options = run.options | {"stop": [each._spec_with([]) for each in run.options["stop"]]}
    with pytest.raises(ValueError, match=message):
        net._fit(*run.data, optimizer, **options, position=changed(position, **change))
    assert (net.parameters.tobytes(), net._steps_made, net._epochs_begun, optimizer.steps) == before
    assert result(*run.piece((net, optimizer, position))) == result(*run.whole())
