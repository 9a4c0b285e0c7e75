"""Metrics: by hand, beside scikit-learn where it is installed, and in trainings."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule._measured import as_metrics, measure
from chainrule.metrics import METRICS
from support import bits

rng = np.random.default_rng(8)
OF_CLASSES = ["accuracy", "top_k", "balanced_accuracy", "f1", "auc", "log_loss"]
OF_LABELS = ["accuracy", "balanced_accuracy", "f1", "auc", "log_loss"]
OF_NUMBERS = ["mae", "rmse", "mape", "r2"]
NAMES = {"classes": OF_CLASSES, "labels": OF_LABELS, "numbers": OF_NUMBERS}


def make(kind, n_out):
    output, loss = {
        "classes": ("softmax", "cross_entropy"),
        "labels": ("sigmoid", "binary_cross_entropy"),
        "numbers": ("identity", "mse"),
    }[kind]
    return cr.Network([cr.Input(2), cr.Dense(n_out, output)], loss=loss, dtype="float64", rng=0)


def value(metric, kind, s, y, weight=None):
    s = np.asarray(s, float)
    net = make(kind, s.shape[1])
    (result,) = measure(as_metrics(metric, net), net, s, y, weight)
    return result


# ---- By hand -------------------------------------------------------------------------------------

S = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
CLASSES = [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", 2 / 4),
        (cr.TopK(2), 3 / 4),
        (cr.TopK(3), 1),
        ("balanced_accuracy", (1 / 2 + 1 / 2) / 2),
        ("f1", (2 / 4 + 2 / 3 + 0) / 3),  # of the classes 0, 1 and 2
        (cr.F1("micro"), 2 / 4),
        (cr.F1("weighted"), (2 * 2 / 4 + 2 * 2 / 3) / 4),
        ("log_loss", -np.log([0.7, 0.6, 0.3, 0.2]).mean()),
    ],
)
def test_of_classes(metric, expected):
    assert value(metric, "classes", S, CLASSES) == pytest.approx(expected, rel=1e-14)
    probabilities = np.eye(3)[CLASSES]
    assert value(metric, "classes", S, probabilities) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", 3 / 5),
        ("balanced_accuracy", (2 / 3 + 1 / 2) / 2),
        ("f1", 2 * 2 / (3 + 3)),
        # Pairs of yes and no: 0.9 and 0.6 before both noes 0.4 and, with 0.6, half; 0.4 half.
        ("auc", (2 + 1.5 + 0.5) / 6),
    ],
)
def test_of_one_label(metric, expected):
    s, y = [[0.9], [0.6], [0.4], [0.6], [0.4]], [1, 1, 1, 0, 0]
    assert value(metric, "labels", s, y) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("mae", 4 / 4),
        ("rmse", (np.sqrt(1 / 2) + np.sqrt(9 / 2)) / 2),
        ("mape", (1 / 1 + 0 + 0 + 3 / 2) / 4),
        ("r2", (1 - 1 / 2 + 1 - 9 / 2) / 2),
    ],
)
def test_of_numbers(metric, expected):
    y = np.array([[1.0, 4.0], [3.0, 2.0]])
    s = y + np.array([[1, 0], [0, 3]])
    assert value(metric, "numbers", s, y) == pytest.approx(expected, rel=1e-14)


def test_what_has_no_value():
    assert np.isnan(value("auc", "labels", [[0.1], [0.7]], [1, 1]))
    constant = np.ones((3, 1))
    assert value("r2", "numbers", constant, constant) == 1
    assert value("r2", "numbers", constant + 1, constant) == 0


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_a_weight_is_as_many_samples(name, kind):
    n, n_out = 40, 3
    s = rng.uniform(size=(n, n_out))
    y = rng.integers(n_out, size=n) if kind == "classes" else rng.integers(2, size=(n, n_out))
    net = make(kind, n_out)
    if name not in NAMES[kind] + (OF_NUMBERS if kind == "labels" else []):
        with pytest.raises(ValueError, match=f'the metric "{name}" needs outputs that are'):
            as_metrics(name, net)
        return
    metrics = as_metrics(name, net)
    weight = rng.integers(1, 4, size=n)
    weighted = measure(metrics, net, s, y, weight)
    repeated = measure(metrics, net, np.repeat(s, weight, 0), np.repeat(y, weight, 0), None)
    assert weighted == pytest.approx(repeated, rel=1e-12)


# ---- Beside scikit-learn -------------------------------------------------------------------------


def scores_of(kind, s, y, weight):
    scores = pytest.importorskip("sklearn.metrics")
    weight = {"sample_weight": weight}
    if kind == "numbers":
        return {
            "mae": scores.mean_absolute_error(y, s, **weight),
            "rmse": scores.root_mean_squared_error(y, s, **weight),
            "mape": scores.mean_absolute_percentage_error(y, s, **weight),
            "r2": scores.r2_score(y, s, **weight),
        }
    if kind == "labels":
        labels = (s > 0.5).astype(int)
        expected = {
            "accuracy": scores.accuracy_score(y, labels, **weight),
            "f1": scores.f1_score(y, labels, average="macro", **weight),
            "auc": scores.roc_auc_score(y, s, **weight),
        }
        if y.shape[1] == 1:
            expected["f1"] = scores.f1_score(y, labels, **weight)
            expected["balanced_accuracy"] = scores.balanced_accuracy_score(y, labels, **weight)
            expected["log_loss"] = scores.log_loss(y, s, **weight)
        return expected
    s = s / s.sum(axis=1, keepdims=True)
    labels, classes = s.argmax(axis=1), np.arange(s.shape[1])
    return {
        "accuracy": scores.accuracy_score(y, labels, **weight),
        "top_k": scores.top_k_accuracy_score(y, s, k=2, labels=classes, **weight),
        "balanced_accuracy": scores.balanced_accuracy_score(y, labels, **weight),
        "f1": scores.f1_score(y, labels, average="macro", **weight),
        "auc": scores.roc_auc_score(y, s, multi_class="ovr", **weight),
        "log_loss": scores.log_loss(y, s, labels=classes, **weight),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(
    ("kind", "n_out"),
    [("classes", 4), ("labels", 1), ("labels", 3), ("numbers", 1), ("numbers", 3)],
)
def test_as_scikit_learn(kind, n_out, ties, weighted):
    n = 60
    s = rng.uniform(0.01, 0.99, size=(n, n_out)).round(1 if ties and kind == "labels" else 9)
    y = rng.integers(n_out, size=n) if kind == "classes" else rng.integers(2, size=(n, n_out))
    weight = rng.uniform(0.1, 2, size=n) if weighted else None
    if kind == "classes":
        s /= s.sum(axis=1, keepdims=True)
    if kind == "numbers":
        y = rng.normal(size=(n, n_out))
    for name, expected in scores_of(kind, s, y, weight).items():
        metric = cr.TopK(2) if name == "top_k" else name
        assert value(metric, kind, s, y, weight) == pytest.approx(expected, rel=1e-10), name


# ---- In trainings --------------------------------------------------------------------------------

X = rng.normal(size=(50, 2))
TARGETS = {
    "classes": rng.integers(3, size=50),
    "labels": rng.integers(2, size=(50, 3)),
    "numbers": rng.normal(size=(50, 3)),
}


@pytest.mark.parametrize("kind", NAMES)
def test_after_each_epoch(kind):
    net, y = make(kind, 3), TARGETS[kind]
    held_out = X[:20], y[:20], np.arange(1.0, 21)
    seen = []

    class Watching(cr.Callback):
        def on_epoch_end(self, network, record):
            seen.append(record.metrics)

    history = net.fit(X, y, epochs=3, metrics=NAMES[kind], callbacks=Watching())
    assert list(history.metrics) == NAMES[kind]
    expected = net.evaluate(X, y, NAMES[kind])
    assert expected["cost"] == net.cost(X, y)
    assert {name: values[-1] for name, values in history.metrics.items()} == seen[-1]
    assert seen[-1] == {name: expected[name] for name in NAMES[kind]}
    assert len(seen) == 3

    history = net.fit(X, y, metrics=NAMES[kind], validation_data=held_out[:2])
    expected = net.evaluate(*held_out[:2], NAMES[kind])
    assert history.metrics == {f"validation_{name}": [expected[name]] for name in NAMES[kind]}


@pytest.mark.parametrize("kind", NAMES)
def test_they_change_no_bit(kind):
    nets = make(kind, 3), make(kind, 3)
    for net, metrics in zip(nets, ((), NAMES[kind]), strict=True):
        net.fit(X, TARGETS[kind], epochs=3, batch_size=8, metrics=metrics, optimizer=cr.Adam())
    assert bits(nets[0]) == bits(nets[1])


def test_a_function_gets_what_was_passed():
    seen = []

    def largest(s, y):
        seen.append((s, y))
        return np.float32(s.max())

    net, y = make("numbers", 3), TARGETS["numbers"].tolist()
    history = net.fit(X, y, metrics=[largest, "mae"])
    s, passed = seen[0]
    assert passed is y
    np.testing.assert_array_equal(s, net.predict(X))
    assert history.metrics["largest"] == [np.float32(s.max())]
    assert net.evaluate(X, y, largest)["largest"] == np.float32(s.max())


def test_an_exception_comes_through():
    net = make("numbers", 3)
    calls = []

    def failing(s, y):
        calls.append(1)
        if len(calls) == 3:
            raise LookupError("mine")
        return 1.0

    twin = net.copy()
    with pytest.raises(LookupError, match="mine"):
        net.fit(X, TARGETS["numbers"], epochs=9, metrics=failing)
    twin.fit(X, TARGETS["numbers"], epochs=3)
    assert bits(net) == bits(twin)  # at its last finished step
    assert net.history.stopped_by == "error"
    table = net.history.to_dict()
    assert {len(column) for column in table.values()} == {3}
    assert np.isnan(table["failing"][2])


@pytest.mark.parametrize("returned", [np.ones(3), [1.0], "1", None, 1j])
def test_no_number(returned):
    net = make("numbers", 3)
    with pytest.raises(TypeError, match='the metric "own" must return one number, got'):
        net.fit(X, TARGETS["numbers"], metrics=cr.Metric(lambda s, y: returned, "own"))


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        ("acuracy", ValueError, 'unknown metric "acuracy"; did you mean "accuracy"'),
        ("mae", ValueError, 'metric "mae" needs outputs that are numbers or labels, those of this'),
        (["f1", cr.F1("micro")], ValueError, 'different names, got two of "f1"'),
        (3, TypeError, "metrics must be names, metric objects or functions, got 3"),
        ([None], TypeError, "metrics must be names, metric objects or functions, got None"),
        (cr.Metric, TypeError, "got <class"),
        ([cr.Metric(max, "cost")], ValueError, 'two recorded quantities have the name "cost"'),
    ],
)
def test_metrics_that_cannot_be(metrics, error, message):
    net = make("classes", 3)
    before = bits(net)
    with pytest.raises(error, match=message):
        net.fit(X, TARGETS["classes"], metrics=metrics)
    assert bits(net) == before


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: cr.TopK(0), ValueError, "k must be >= 1, got 0"),
        (lambda: cr.TopK(1.5), TypeError, "k must be a whole number, got 1.5"),
        (lambda: cr.F1("all"), ValueError, 'average must be "macro", "micro" or "weighted"'),
        (lambda: cr.Metric(3), TypeError, "function must be a function"),
        (lambda: cr.Metric(max, ""), TypeError, "name must be the metric's name"),
        (lambda: cr.Metric(max, better="more"), ValueError, 'better must be "min", "max" or None'),
    ],
)
def test_arguments_out_of_range(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_metrics_are_values():
    for metric in cr.TopK(3), cr.F1("micro"), cr.Metric(max, better="max"):
        assert metric == copy.copy(metric) == pickle.loads(pickle.dumps(metric))
    assert eval(repr(cr.TopK(3)), {"TopK": cr.TopK}) == cr.TopK(3)


# ---- validation_split, evaluate, partial_fit -----------------------------------------------------


def test_validation_split():
    y, weight = TARGETS["numbers"], np.arange(1.0, 51)
    net, twin = make("numbers", 3), make("numbers", 3)
    history = net.fit(X, y, epochs=2, validation_split=0.3, sample_weight=weight, metrics="mae")
    assert history.n_samples == 35
    seen = []
    twin.fit(X, y, validation_split=0.3, metrics=cr.Metric(lambda s, y: seen.append(y) or 0, "own"))
    held_out = [i for i in range(50) if any((y[i] == row).all() for row in seen[0])]
    trained = [i for i in range(50) if i not in held_out]
    assert len(held_out) == 15
    assert held_out != list(range(35, 50))
    twin = make("numbers", 3)
    expected = twin.fit(
        X[trained],
        y[trained],
        epochs=2,
        sample_weight=weight[trained],
        validation_data=(X[held_out], y[held_out], weight[held_out]),
        metrics="mae",
    )
    assert bits(net) == bits(twin)
    assert history.cost == expected.cost
    assert history.validation_cost == expected.validation_cost
    assert history.metrics == expected.metrics


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"validation_split": 0}, ValueError, "validation_split must be > 0 and < 1, got 0"),
        ({"validation_split": 1.0}, ValueError, "validation_split must be > 0 and < 1, got 1.0"),
        ({"validation_split": "a"}, TypeError, "validation_split must be a number, got 'a'"),
        ({"validation_split": 1e-6}, ValueError, "leaves none to train or to validate with"),
        ({"validation_split": 0.5, "validation_data": (X, X)}, ValueError, "not both"),
        ({"validation_split": 0.5, "order": [range(50)]}, ValueError, "an order of samples goes"),
    ],
)
def test_splits_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        make("numbers", 3).fit(X, TARGETS["numbers"], **options)


def test_partial_fit_goes_on():
    y = TARGETS["numbers"]
    net, twin = make("numbers", 3), make("numbers", 3)
    assert net.optimizer is None
    assert net.partial_fit(X[:30], y[:30]) is net
    copies = net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))
    optimizer = cr.Adam()
    twin.fit(X[:30], y[:30], optimizer=optimizer)
    for each in (net, *copies):
        assert each.optimizer.steps == 1
        each.partial_fit(X[30:], y[30:], np.ones(20))
    twin.fit(X[30:], y[30:], optimizer=optimizer)
    assert {bits(each) for each in (net, twin, *copies)} == {bits(twin)}
    net.optimizer = cr.SGD(0.1)
    assert net.partial_fit(X, y).optimizer.steps == 2
    with pytest.raises(TypeError, match="optimizer must be an optimizer or None, got 'sgd'"):
        net.optimizer = "sgd"
