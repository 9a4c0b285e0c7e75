"""L-BFGS: scipy's iterations on the cost of all samples, watched and stopped as any training."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from child_processes import environment_with, python
from lbfgs_problem import AfterEpoch, X, Y, make, make_trained
from reference import Network as Reference
from support import DTYPES, bits, squares

optimize = pytest.importorskip("scipy.optimize")

rng = np.random.default_rng(1)
X_VAL, Y_VAL = X[:20] + 0.25, Y[:20]


def directly(cost_and_gradient, first, iterations):
    """Return scipy's iterates and their costs, without chainrule in between."""
    points, costs = [], []

    def keep(intermediate_result):
        points.append(intermediate_result.x.copy())
        costs.append(float(intermediate_result.fun))

    optimize.minimize(
        cost_and_gradient,
        first,
        jac=True,
        method="L-BFGS-B",
        callback=keep,
        options={"maxiter": iterations},
    )
    return points, costs


# ---- The iterations ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_iterates_are_those_of_scipy_on_the_networks_cost(plan, dtype):
    net, own = make(dtype), make(dtype)

    def cost_and_gradient(point):
        own.parameters = point
        cost, gradient = own.value_and_grad(X, Y)
        return cost, gradient.astype(float)

    points, costs = directly(cost_and_gradient, net.parameters.astype(float), 25)
    seen = []
    watcher = AfterEpoch(lambda network: seen.append(network.parameters.copy()))
    history = net.fit(X, Y, optimizer=cr.LBFGS(), epochs=25, callbacks=watcher)
    assert len(points) == 25
    assert np.array_equal(seen, np.array(points, dtype))
    assert history.cost == costs
    assert history.stopped_by == "epochs"
    assert (history.epochs, history.n_samples, len(history.epoch_seconds)) == (25, 60, 25)


@pytest.mark.parametrize("weighted", [False, True])
def test_costs_are_those_of_scipy_on_the_reference_network(weighted):
    layers = [cr.Input(4), cr.Dense(6, "tanh", l2=0.01, l1=0.001), cr.LayerNorm(), cr.Dense(2)]
    net = make(layers=layers)
    weight = rng.uniform(size=60) if weighted else None
    reference = Reference.from_chainrule(net)

    def cost_and_gradient(point):
        reference.parameters = point
        cost, gradient = reference.value_and_grad(X, Y, weight)
        return cost, gradient

    # Rounding in the 16th digit is a hundred times larger after each few iterations.
    _, costs = directly(cost_and_gradient, net.parameters.copy(), 8)
    history = net.fit(X, Y, optimizer=cr.LBFGS(), epochs=8, sample_weight=weight)
    np.testing.assert_allclose(history.cost, costs, rtol=1e-10)
    assert history.cost[-1] < 0.6 * history.cost[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_regression_converges_to_the_least_squares(dtype):
    net = make(dtype, layers=[cr.Input(4), cr.Dense(2)])
    history = net.fit(X, Y, optimizer=cr.LBFGS(tol_cost=0, tol_gradient=1e-6))
    assert history.stopped_by == "converged"
    assert 0 < history.epochs < 30
    with_ones = np.column_stack([X, np.ones(60)])
    exact = np.linalg.lstsq(with_ones, Y, rcond=None)[0].T
    # Either each dC/dw is at most 1e-6, or the cost C + e^T H e / 2 is C but for its rounding.
    smallest = np.linalg.eigvalsh(with_ones.T @ with_ones / 60)[0]  # eigenvalue of H
    by_gradient = 1e-6 * np.sqrt(10) / smallest
    by_cost = np.sqrt(2 * 4 * np.finfo(dtype).eps * history.cost[-1] / smallest)
    found = np.column_stack([net.layers[1].weights, net.layers[1].bias])
    assert np.linalg.norm(found - exact) < max(by_gradient, by_cost)


def test_converged_before_the_first_iteration():
    net = make(layers=[cr.Input(4), cr.Dense(2)])
    net.fit(X, Y, optimizer=cr.LBFGS(tol_cost=0, tol_gradient=1e-6))
    before = bits(net)
    history = net.fit(X, Y, optimizer=cr.LBFGS(tol_gradient=1e-5))
    assert (history.stopped_by, history.epochs, history.cost) == ("converged", 0, [])
    assert bits(net) == before


def test_fits_a_classifier():
    x, y = cr.datasets.load_digits()[:2]
    x, y = np.asarray(x)[:400], np.asarray(y)[:400]
    layers = [cr.Input(x.shape[1]), cr.Dense(20, "tanh", l2=1e-4), cr.Dense(10, "softmax")]
    net = cr.Network(layers, loss="cross_entropy", rng=0)
    x = x / np.max(x)
    options = {"class_weight": "balanced", "metrics": "accuracy"}
    history = net.fit(x, y, optimizer=cr.LBFGS(), epochs=60, **options)
    assert history.metrics["accuracy"][-1] == 1
    assert history.cost[-1] < 0.1 * history.cost[0]


def test_a_second_fit_starts_anew():
    twice, optimizer = make(), cr.LBFGS()
    twice.fit(X, Y, optimizer=optimizer, epochs=5)
    again = twice.copy()
    assert (
        twice.fit(X, Y, optimizer=optimizer, epochs=5).cost
        == again.fit(X, Y, optimizer=cr.LBFGS(), epochs=5).cost
    )
    assert bits(twice) == bits(again)
    assert bits(twice) != bits(make_trained(10))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_are_the_same_for_any_number_of_threads(dtype):
    x, y = np.tile(X, (20, 1)), np.tile(Y, (20, 1))
    results = set()
    for n in (1, 2, 5):
        net = make(dtype, layers=[cr.Input(4), cr.Dense(90, "tanh"), cr.Dense(2)])
        net.threads = n
        history = net.fit(x, y, optimizer=cr.LBFGS(), epochs=6, gradient_norm=True)
        results.add((bits(net), tuple(history.cost), tuple(history.gradient_norm)))
    assert len(results) == 1


def test_bits_are_the_same_for_any_number_of_threads_of_scipy():
    code = """
        import zlib, numpy as np, chainrule as cr
        x, y = np.random.default_rng(0).normal(size=(2, 100, 80))
        layers = [cr.Input(80), cr.Dense(300, "tanh"), cr.Dense(80)]
        net = cr.Network(layers, dtype="float64", rng=0)
        net.fit(x, y, optimizer=cr.LBFGS(), epochs=10)
        print(zlib.crc32(net.parameters))
    """
    results = {python(code, env=environment_with(OPENBLAS_NUM_THREADS=str(n))) for n in (1, 2, 3)}
    assert len(results) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_frozen_layers_keep_their_weights(dtype):
    layers = [cr.Input(4), cr.Dense(6, "tanh", trainable=False), cr.Dense(2)]
    net = make(dtype, layers=layers)
    frozen, trained = net.layers[1].weights.copy(), net.layers[2].weights.copy()
    net.fit(X, Y, optimizer=cr.LBFGS(), epochs=20)
    assert np.array_equal(net.layers[1].weights, frozen)
    assert not np.array_equal(net.layers[2].weights, trained)


def test_the_average_of_other_trainings_stays():
    net = make()
    net.fit(X, Y, optimizer=cr.Adam(ema=0.9), epochs=2)
    average = net.average
    net.fit(X, Y, optimizer=cr.LBFGS(), epochs=3)
    assert np.array_equal(net.average, average)
    with net.averaged(), pytest.raises(ValueError, match="can be trained again after"):
        net.fit(X, Y, optimizer=cr.LBFGS(), epochs=1)
    assert net.history.epochs == 3


def test_a_cost_of_ones_own_gets_all_samples_at_once():
    shapes = set()

    def cost(s, y):
        shapes.add(s.shape)
        return squares(s, y)

    named, own = make(), make(loss=cost)
    costs = [net.fit(X, Y, optimizer=cr.LBFGS(), epochs=6).cost for net in (named, own)]
    assert shapes == {Y.shape}
    # As for the reference network.
    np.testing.assert_allclose(*costs, rtol=1e-10)


# ---- What the history has ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_is_that_of_the_weights_after_an_iteration(dtype):
    net = make(dtype)
    rows = []

    class Watcher(cr.Callback):
        def on_step_end(self, network, record):
            rows.append((network.cost(X, Y), network.value_and_grad(X, Y)[1], record))

        def on_epoch_end(self, network, record):
            rows.append((network.cost(X_VAL, Y_VAL), None, record))

    history = net.fit(
        X,
        Y,
        optimizer=cr.LBFGS(),
        epochs=4,
        validation_data=(X_VAL, Y_VAL),
        metrics="mae",
        gradient_norm=True,
        callbacks=Watcher(),
    )
    steps, epochs = rows[::2], rows[1::2]
    assert [record.step for _, _, record in steps] == [1, 2, 3, 4]
    assert [record.epoch for _, _, record in epochs] == [1, 2, 3, 4]
    assert [record.epoch for _, _, record in steps] == [1, 2, 3, 4]
    assert all(np.isnan(record.learning_rate) for _, _, record in rows)
    # Costs are added by 1024 rows at a time in cost(), and in the order of the batch in training.
    roundoff = 60 * np.finfo(dtype).eps
    np.testing.assert_allclose(history.cost, [cost for cost, _, _ in steps], rtol=roundoff)
    np.testing.assert_allclose(history.validation_cost, [cost for cost, _, _ in epochs])
    norms = [np.linalg.norm(gradient.astype(float)) for _, gradient, _ in steps]
    np.testing.assert_allclose(history.gradient_norm, norms, rtol=roundoff)
    assert [record.cost for _, _, record in epochs] == history.cost
    assert history.learning_rate == []
    columns = history.to_dict()
    assert columns["epoch"] == [1, 2, 3, 4]
    assert np.isnan(columns["learning_rate"]).all()
    assert len(columns["validation_mae"]) == len(columns["seconds"]) == 4
    assert history.seconds >= sum(history.epoch_seconds) > 0
    assert net.history is history


def test_epochs_count_in_the_life_of_the_network():
    net = make_trained(7)
    assert (net._epochs_begun, net._steps_made) == (7, 7)


def test_progress_and_validation_split(capsys):
    net = make()
    history = net.fit(X, Y, optimizer=cr.LBFGS(), epochs=3, validation_split=0.25, progress=True)
    assert (history.n_samples, len(history.validation_cost)) == (45, 3)
    assert "3/3" in capsys.readouterr().err


# ---- What ends it --------------------------------------------------------------------------------


def test_goes_on_until_it_has_converged():
    for epochs in ("auto", None):
        net = make(layers=[cr.Input(4), cr.Dense(2)])
        history = net.fit(X, Y, optimizer=cr.LBFGS(), epochs=epochs)
        assert (history.stopped_by, history.epochs > 3) == ("converged", True)


def test_conditions_are_asked_after_each_iteration():
    costs = make_trained(30).history.cost
    middle = (costs[11] + costs[12]) / 2
    for stop, epochs in (
        (cr.CostBelow(middle), 13),
        (cr.TimeLimit(1e-9), 1),
        (cr.NoImprovement(patience=1, min_delta=1e3), 2),
    ):
        history = make().fit(X, Y, optimizer=cr.LBFGS(), stop=stop)
        assert (history.stopped_by, history.epochs) == (stop, epochs)
        assert history.cost == costs[:epochs]


def test_gradient_below_ends_it():
    norms = make().fit(X, Y, optimizer=cr.LBFGS(), epochs=40, gradient_norm=True).gradient_norm
    limit = sorted(norms)[3] * 1.0001
    history = make().fit(X, Y, optimizer=cr.LBFGS(), stop=cr.GradientBelow(limit))
    assert history.gradient_norm == norms[: history.epochs]
    assert history.epochs == next(i for i, norm in enumerate(norms, 1) if norm < limit)


def test_the_best_weights_are_put_back():
    stop = cr.NoImprovement(patience=10**6, restore_best=True)
    net = make(layers=[cr.Input(4), cr.Dense(30, "tanh"), cr.Dense(2)])
    history = net.fit(
        X[:20],
        Y[:20],
        optimizer=cr.LBFGS(),
        epochs=150,
        validation_data=(X[20:], Y[20:]),
        stop=stop,
    )
    best = min(history.validation_cost)
    assert history.validation_cost.index(best) < history.epochs - 1
    assert net.cost(X[20:], Y[20:]) == pytest.approx(best, rel=1e-12)


def test_a_callback_ends_it():
    callback = AfterEpoch(lambda network: True, 3)
    history = make().fit(X, Y, optimizer=cr.LBFGS(), callbacks=callback, progress=True)
    assert (history.stopped_by, history.epochs) == (callback, 3)


def test_evaluations_end_it():
    calls = 0

    def cost(s, y):
        nonlocal calls
        calls += 1
        return squares(s, y)

    history = make(loss=cost).fit(X, Y, optimizer=cr.LBFGS(max_evaluations=9))
    assert history.stopped_by == "max_evaluations"
    assert history.epochs <= calls
    assert 9 < calls < 9 + 20


def test_a_slope_that_leads_nowhere_ends_it():
    def wrong(s, y):
        cost, gradient = squares(s, y)
        return cost, -gradient

    net = make(loss=wrong)
    before = bits(net)
    history = net.fit(X, Y, optimizer=cr.LBFGS())
    assert (history.stopped_by, history.epochs) == ("line_search", 0)
    assert bits(net) == before


def test_no_epochs():
    net = make()
    before = bits(net)
    history = net.fit(X, Y, optimizer=cr.LBFGS(), epochs=0)
    assert (history.epochs, history.stopped_by, bits(net)) == (0, "epochs", before)
