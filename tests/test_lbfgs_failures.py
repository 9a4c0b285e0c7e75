"""L-BFGS: what goes wrong in it, and what is refused."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import inspect
import pickle
import signal
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from child_processes import python
from lbfgs_problem import AfterEpoch, X, Y, make, make_trained
from signals import sending
from support import DTYPES, bits, squares

pytest.importorskip("scipy.optimize")

rng = np.random.default_rng(2)


def fails(network):
    raise LookupError("mine")


# ---- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("what", ["cost", "gradient"])
def test_divergence_at_the_first_weights(dtype, what):
    def cost(s, y):
        value, gradient = squares(s, y)
        return (np.inf, gradient) if what == "cost" else (value, gradient * np.nan)

    net = make(dtype, loss=cost)
    before = bits(net)
    with pytest.raises(cr.TrainingDiverged, match="before the first iteration") as caught:
        net.fit(X, Y, optimizer=cr.LBFGS())
    assert bits(net) == before
    assert caught.value.history is net.history
    assert (net.history.epochs, net.history.stopped_by) == (0, "diverged")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_line_search_goes_back_from_a_cost_that_is_not_finite(value):
    # -log(1 - w) - 3 w has a pole at 1 and its minimum at 2/3; w is the one output.
    tried = []

    def cost(s, y):
        w = float(s[0, 0])
        tried.append(w)
        if w >= 1:
            return value, np.full((1, 1), value)
        return -np.log(1 - w) - 3 * w, np.array([[1 / (1 - w) - 3]])

    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], loss=cost, dtype="float64", rng=0)
    net.parameters = [-3.0]
    history = net.fit([[1.0]], [[0.0]], optimizer=cr.LBFGS(tol_gradient=1e-8, tol_cost=0))
    assert max(tried) >= 1
    assert history.stopped_by == "converged"
    assert net.parameters[0] == pytest.approx(2 / 3, abs=1e-8)
    assert np.isfinite(history.cost).all()
    assert history.cost == sorted(history.cost, reverse=True)


def test_a_validation_cost_that_is_not_finite_is_divergence():
    net = make("float32", layers=[cr.Input(4), cr.Dense(2)])
    huge = np.full((1, 2), 1e38)
    with pytest.raises(cr.TrainingDiverged, match="the validation cost of epoch 1") as caught:
        net.fit(X, Y, optimizer=cr.LBFGS(), validation_data=(X[:1], huge))
    assert "learning rate" not in str(caught.value)
    assert net.history.stopped_by == "diverged"
    assert np.isfinite(net.parameters).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_exception_leaves_the_last_finished_iteration(dtype):
    calls = 0

    def cost(s, y):
        nonlocal calls
        calls += 1
        if calls == 8:
            raise LookupError("mine")
        return squares(s, y)

    net, points = make(dtype, loss=cost), []
    watcher = AfterEpoch(lambda network: points.append(bits(network)))
    with pytest.raises(LookupError, match="mine") as caught:
        net.fit(X, Y, optimizer=cr.LBFGS(), callbacks=watcher)
    assert points
    assert bits(net) == points[-1]
    assert caught.value.history is net.history
    assert (net.history.epochs, net.history.stopped_by) == (len(points), "error")


def test_an_exception_of_a_callback_comes_through():
    net = make()
    with pytest.raises(LookupError, match="mine"):
        net.fit(X, Y, optimizer=cr.LBFGS(), callbacks=AfterEpoch(fails, 4))
    assert net.history.epochs == 4
    assert bits(net) == bits(make_trained(4))
    net.fit(X, Y, epochs=1)  # nobody uses it any more


def test_a_stop_iteration_of_a_callback_is_its_own():
    def ends(network):
        raise StopIteration("mine")

    net = make()
    with pytest.raises(StopIteration, match="mine"):
        net.fit(X, Y, optimizer=cr.LBFGS(), callbacks=AfterEpoch(ends, 2))
    assert (net.history.epochs, net.history.stopped_by) == (2, "error")


def test_ctrl_c():
    # Random targets of many samples: no minimum is near.
    x, y = rng.normal(size=(2, 20_000, 8))
    net = make(layers=[cr.Input(8), cr.Dense(100, "tanh"), cr.Dense(8)])
    points = []
    watcher = AfterEpoch(lambda network: points.append(bits(network)))
    with (
        sending(signal.SIGINT, lambda: len(points) >= 3),
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        net.fit(x, y, optimizer=cr.LBFGS(tol_cost=0, tol_gradient=0), callbacks=watcher)
    assert bits(net) == points[-1]
    assert caught.value.history is net.history
    assert (net.history.epochs, net.history.stopped_by) == (len(points), "interrupted")


def test_the_network_is_taken_meanwhile():
    def trains(network):
        assert np.isfinite(network.predict(X)).all()
        network.train_step(X, Y, cr.SGD(0.1))

    with pytest.raises(cr.ConcurrentUseError, match="being trained by the call"):
        make().fit(X, Y, optimizer=cr.LBFGS(), callbacks=AfterEpoch(trains, 1))


def test_the_objective_ends_with_its_training():
    kept = []

    def minimizer(objective):
        kept.append(objective)
        with pytest.raises(cr.ShapeError, match=r"the point has 3 numbers, expected \(44,\)"):
            objective.value_and_grad(np.zeros(3))

    net, record = make(), _core.History()
    arguments = {
        "x": X,
        "y": Y,
        "optimizer": cr.SGD(0),
        "epochs": 5,
        "batch_size": 60,
        "shuffle": False,
        "order": None,
        "stop": [],
        "validation_data": None,
        "sample_weight": None,
        "history": record,
        "minimizer": minimizer,
    }
    net._fit(**arguments)
    assert (record.stopped_by, record.cost) == (0, [])
    with pytest.raises(RuntimeError, match="the training of this objective has ended"):
        kept[0].finish_iteration()
    for bad, match in (
        ({"position": _core.Position()}, "no part of a position"),
        ({"batch_size": 59}, "all samples at once"),
        ({"order": [range(60)] * 5}, "all samples at once"),
        ({"on_divergence": "restore"}, "a minimizer such as LBFGS does not have"),
    ):
        with pytest.raises(ValueError, match=match):
            net._fit(**arguments | bad)


# ---- What is refused -----------------------------------------------------------------------------

REFUSED = {
    "batch_size": ({"batch_size": 16}, None, "leave batch_size out, or let it be 60"),
    "order": ({"order": [range(60)], "epochs": 1}, None, "neither batches nor an order"),
    "restore": ({"on_divergence": "restore"}, None, "such as LBFGS does not have"),
    "dropout": ({}, [cr.Dropout(0.5)], "but layer 2, dropout, is random"),
    "max_norm": ({}, [cr.Dense(3), cr.Dense(3, max_norm=1.0)], "but layer 3 has a max_norm"),
    "rate": ({}, [cr.Dense(3, learning_rate_factor=0.5)], "no learning rate .* of layer 2 could"),
    "norm": ({}, [cr.LayerNorm(learning_rate_factor=2.0)], "no learning rate .* of layer 2 could"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case):
    options, layers, match = REFUSED[case]
    net = make(layers=[cr.Input(4), *(layers or []), cr.Dense(2)])
    before = bits(net)
    with pytest.raises(ValueError, match=match):
        net.fit(X, Y, optimizer=cr.LBFGS(), **options)
    assert (bits(net), net.history) == (before, None)


def test_what_changes_nothing_is_taken():
    layers = [
        cr.Input(4),
        cr.Dense(6, "tanh", trainable=False, max_norm=1.0, learning_rate_factor=0.5),
        cr.Dropout(0.0),
        cr.Dense(2),
    ]
    for batch_size in (32, 60, 1000):
        net = make(layers=layers)
        net.fit(X, Y, optimizer=cr.LBFGS(), epochs=2, batch_size=batch_size, shuffle=False)
        assert net.history.epochs == 2


def test_single_steps_are_refused():
    net, optimizer = make(), cr.LBFGS()
    with pytest.raises(TypeError, match=r"LBFGS\(history_size=10.* trains in fit alone"):
        net.train_step(X, Y, optimizer)
    with pytest.raises(TypeError, match=r"LBFGS\(history_size=10.* trains in fit alone"):
        net.optimizer = optimizer
    with pytest.raises(TypeError, match=r"such as cr.LBFGS\(\), got 'lbfgs'"):
        net.fit(X, Y, optimizer="lbfgs")
    assert (net.optimizer, net.history) == (None, None)


@pytest.mark.parametrize(
    ("options", "exception", "match"),
    [
        ({"history_size": 0}, ValueError, "history_size must be from 1 to .*, got 0"),
        ({"history_size": 2.5}, TypeError, "history_size must be a whole number, got 2.5"),
        ({"max_evaluations": 2**31}, ValueError, "max_evaluations must be from 1"),
        ({"tol_gradient": -1e-9}, ValueError, "tol_gradient must be finite and >= 0, got -1e-09"),
        ({"tol_cost": np.nan}, ValueError, "tol_cost must be finite and >= 0, got nan"),
        ({"tol_cost": "1"}, TypeError, "tol_cost must be a number, got '1'"),
        ({"clip_norm": 1.0}, TypeError, "clip_norm"),
        ({"learning_rate": 1.0}, TypeError, "learning_rate"),
        (
            {"max_iter": 3},
            TypeError,
            r"LBFGS\(\) got an unexpected keyword argument 'max_iter'; "
            "it has history_size, tol_gradient, tol_cost, max_evaluations$",
        ),
    ],
)
def test_wrong_options(options, exception, match):
    with pytest.raises(exception, match=match):
        cr.LBFGS(**options)


def test_too_many_arguments_are_answered_with_those_that_there_are():
    with pytest.raises(TypeError, match=r"too many positional arguments; it has history_size, "):
        cr.LBFGS(10, 1e-5, 1e-9, 100, 3)
    assert list(inspect.signature(cr.LBFGS).parameters) == [
        "history_size",
        "tol_gradient",
        "tol_cost",
        "max_evaluations",
    ]


def test_options_that_are_set_later_are_those_that_count():
    net = make(layers=[cr.Input(4), cr.Dense(3, max_norm=1.0), cr.Dense(2)])
    net.layers[1].trainable = False
    net.fit(X, Y, optimizer=cr.LBFGS(), epochs=1)
    net.layers[1].trainable = True
    with pytest.raises(ValueError, match="layer 2 has a max_norm"):
        net.fit(X, Y, optimizer=cr.LBFGS(), epochs=1)


def test_it_is_a_value():
    one = cr.LBFGS(history_size=np.int64(5), tol_cost=0)
    assert repr(one) == (
        "LBFGS(history_size=5, tol_gradient=1e-05, tol_cost=0.0, max_evaluations=15000)"
    )
    assert one == pickle.loads(pickle.dumps(one)) == copy.copy(one) != cr.LBFGS()
    with pytest.raises(AttributeError):
        one.tol_cost = 1.0


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    net = make()
    with pytest.raises(ImportError, match=r'LBFGS needs scipy.* pip install "chainrule\[scipy\]"'):
        net.fit(X, Y, optimizer=cr.LBFGS())
    assert net.history is None


def test_scipy_is_imported_when_it_is_used():
    python("import sys, chainrule as cr; cr.LBFGS(); assert 'scipy' not in sys.modules")
