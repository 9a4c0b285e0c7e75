"""Weights of classes, in losses and in calls, and of the samples of validation data."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from loss_cases import network
from support import DTYPES, assert_relative, bits, reference_of

RNG = np.random.default_rng(0)
N = 60
X = RNG.normal(size=(N, 5))
LABELS = RNG.integers(6, size=N)
WEIGHT = RNG.integers(1, 5, size=N) / 4
BY_CLASS = np.array([0.5, 1, 4, 0, 2, 1])
# A loss with labels that each sample has one of, and the weights of its classes.
CASES = {
    "cross_entropy": (cr.CrossEntropy(), 6, LABELS, BY_CLASS),
    "logits": (cr.CrossEntropy(logits=True), 6, LABELS, BY_CLASS),
    "kl_divergence": (cr.KlDivergence(), 6, LABELS, BY_CLASS),
    "binary_cross_entropy": (cr.BinaryCrossEntropy(), 1, LABELS % 2, BY_CLASS[1:3]),
    "focal": (cr.Focal(), 1, LABELS % 2, BY_CLASS[1:3]),
    "hinge": (cr.Hinge(), 1, LABELS % 2 * 2 - 1, BY_CLASS[1:3]),
}
with_cases = pytest.mark.parametrize("case", CASES)


def parts(case, dtype="float64"):
    """Return a network, labels, weights of classes, and those of samples that come to the same."""
    loss, n_out, y, weights = CASES[case]
    net = network(loss, dtype, n_out)
    return net, y, weights, weights[np.searchsorted(np.unique(y), y)]


@pytest.mark.parametrize("dtype", DTYPES)
@with_cases
def test_weights_of_classes_are_weights_of_samples(plan, case, dtype):
    net, y, by_class, of_samples = parts(case, dtype)
    cost, gradient = net.value_and_grad(X, y, class_weight=by_class)
    expected, of_weights = net.value_and_grad(X, y, of_samples)
    assert cost == expected == net.cost(X, y, class_weight=by_class)
    np.testing.assert_array_equal(gradient, of_weights)
    assert net.trace(X, y, class_weight=by_class).cost == pytest.approx(cost, rel=1e-5)
    twin = net.copy()
    steps = [
        net.train_step(X, y, cr.SGD(0.1), WEIGHT, class_weight=by_class),
        twin.train_step(X, y, cr.SGD(0.1), WEIGHT * of_samples),
    ]
    validation = X[:20], y[:20]
    histories = [
        net.fit(X, y, batch_size=16, class_weight=by_class, validation_data=validation),
        twin.fit(
            X, y, batch_size=16, sample_weight=of_samples,
            validation_data=(*validation, of_samples[:20]),
        ),
    ]  # fmt: skip
    assert steps[0] == steps[1]
    assert histories[0].cost == histories[1].cost
    assert histories[0].validation_cost == histories[1].validation_cost
    assert bits(net) == bits(twin)


def test_weights_of_classes_in_partial_fit_and_evaluate():
    net, y, by_class, of_samples = parts("cross_entropy")
    twin = net.copy()
    net.partial_fit(X, y, class_weight=by_class)
    twin.partial_fit(X, y, of_samples)
    assert bits(net) == bits(twin)
    found = net.evaluate(X, y, class_weight=by_class)
    assert found == {"cost": net.cost(X, y, of_samples)}


@with_cases
def test_classes_by_name(case):
    net, y, by_class, _ = parts(case)
    classes = np.unique(y)
    named = dict(zip(classes.tolist(), by_class.tolist(), strict=True))
    expected = net.cost(X, y, class_weight=by_class)
    assert net.cost(X, y, class_weight=named) == expected
    assert net.cost(X, y, class_weight=dict(zip(classes, by_class, strict=True))) == expected
    assert net.cost(X, y, class_weight=list(by_class)) == expected
    assert net.cost(X, y, class_weight=by_class.astype("float32")[::-1][::-1]) == expected
    # Who is not named has 1.
    one = {classes[1].item(): 3}
    weights = np.where(np.arange(len(classes)) == 1, 3, 1)
    assert net.cost(X, y, class_weight=one) == net.cost(X, y, class_weight=weights)
    assert net.cost(X, y, class_weight={}) == net.cost(X, y)


@with_cases
def test_balanced_gives_all_classes_as_much(case):
    net, y, _, _ = parts(case)
    labels, counts = np.unique(y, return_counts=True)
    weights = N / (len(labels) * counts)
    twin = net.copy()
    net.fit(X, y, class_weight="balanced")
    twin.fit(X, y, sample_weight=weights[np.searchsorted(labels, y)])
    np.testing.assert_allclose(net.parameters, twin.parameters, rtol=1e-13, atol=1e-16)
    with pytest.raises(TypeError, match="got 'balanced'; fit takes \"balanced\", too"):
        net.cost(X, y, class_weight="balanced")


def test_probabilities_have_the_mean_weight(plan):
    net, y, by_class, of_samples = parts("cross_entropy")
    rows = np.eye(6)[y]
    expected = net.cost(X, y, of_samples)
    assert net.cost(X, rows, class_weight=by_class) == pytest.approx(expected, rel=1e-14)
    soft = 0.75 * rows + 0.25 * rows[:, ::-1]
    expected = net.cost(X, soft, soft @ by_class)
    assert net.cost(X, soft, class_weight=by_class) == pytest.approx(expected, rel=1e-14)
    net, y, by_class, of_samples = parts("binary_cross_entropy")
    expected = net.cost(X, 0.75 * y, (1 - 0.75 * y) * by_class[0] + 0.75 * y * by_class[1])
    assert net.cost(X, 0.75 * y, class_weight=by_class) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("labels", [True, False], ids=["labels", "probabilities"])
@pytest.mark.parametrize("smoothing", [0, 0.2])
@pytest.mark.parametrize("weights", [None, BY_CLASS, {2: 5.0}], ids=["none", "list", "dict"])
def test_weights_in_the_loss_are_those_of_the_reference(plan, labels, smoothing, weights):
    loss = cr.CrossEntropy(smoothing, weights)
    net, y = network(loss), LABELS if labels else np.eye(6)[LABELS]
    cost, gradient = net.value_and_grad(X, y, WEIGHT)
    expected, of_reference = reference_of(net).value_and_grad(X, y, WEIGHT)
    assert cost == pytest.approx(expected, rel=1e-12)
    assert_relative(gradient, of_reference, 1e-11, f"{loss}, {plan}")


def test_weights_in_the_loss_weigh_labels_as_weights_of_samples(plan):
    nets = network(cr.CrossEntropy(class_weight=BY_CLASS)), network(cr.CrossEntropy())
    nets[0].fit(X, LABELS, epochs=3, batch_size=16)
    nets[1].fit(X, LABELS, epochs=3, batch_size=16, class_weight=BY_CLASS)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-8)
    assert nets[0].cost(X, LABELS) == pytest.approx(
        nets[1].cost(X, LABELS, class_weight=BY_CLASS), rel=1e-8
    )


def test_missing_targets_have_no_class(plan):
    loss = cr.BinaryCrossEntropy(mask_nan=True)
    net, y = network(loss, n_out=1), LABELS % 2.0
    y[::3] = np.nan
    there = ~np.isnan(y)
    weights = {0: 2, 1: 5}
    assert net.cost(X, y, class_weight=weights) == pytest.approx(
        net.cost(X[there], y[there], class_weight=weights), rel=1e-13
    )


WRONG = {
    "class": (
        {6: 1},
        ValueError,
        "class_weight has class 6, but this network has the classes 0 to 5",
    ),
    "half": ({0.5: 1}, ValueError, "class_weight has class 0.5"),
    "text": ({"a": 1}, TypeError, "class_weight must name classes as y does, got 'a'"),
    "value": ({1: "a"}, TypeError, "class_weight of class 1 must be a number, got 'a'"),
    "negative": ({1: -1}, ValueError, r"class_weight\[1\] must be a finite number >= 0, got -1"),
    "nan": ({1: np.nan}, ValueError, r"class_weight\[1\] must be a finite number >= 0, got nan"),
    "length": ([1, 2], cr.ShapeError, r"class_weight has shape \(2,\), expected \(6,\)"),
    "number": (2, cr.ShapeError, r"class_weight has shape \(\), expected \(6,\)"),
    "word": ("even", TypeError, "class_weight must be a dict .* or one number for each class"),
    "zero": (np.zeros(6), ValueError, "no sample counts: class_weight is 0, for each of them"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_weights(case):
    weights, error, message = WRONG[case]
    net = network(cr.CrossEntropy())
    before = bits(net)
    for use in (
        lambda: net.fit(X, LABELS, class_weight=weights),
        lambda: net.cost(X, LABELS, class_weight=weights),
        lambda: net.value_and_grad(X, LABELS, class_weight=weights),
        lambda: net.train_step(X, LABELS, cr.SGD(), class_weight=weights),
        lambda: net.trace(X, LABELS, class_weight=weights),
    ):
        with pytest.raises(error, match=message):
            use()
    assert bits(net) == before


def test_losses_without_classes_refuse_weights_of_classes():
    y = np.ones((N, 6))
    for loss, n_out in [("mse", 6), ("binary_cross_entropy", 6), (lambda s, y: (0.0, 0 * s), 6)]:
        layers = [cr.Input(5), cr.Dense(n_out, "sigmoid")]
        net = cr.Network(layers, loss=loss)
        with pytest.raises(ValueError, match="class_weight goes with targets that are one class"):
            net.fit(X, y, class_weight={0: 2})


def test_balanced_needs_labels():
    with pytest.raises(ValueError, match=r'"balanced" needs labels.*shape \(60, 6\)'):
        network(cr.CrossEntropy()).fit(X, np.eye(6)[LABELS], class_weight="balanced")


# ---- Weights of validation data ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_validation_data_may_have_weights(plan, dtype):
    net = network(cr.Mse(), dtype)
    x, y = X, np.random.default_rng(1).normal(size=(N, 6))
    kinds = [(x, y, WEIGHT), [x, y, list(WEIGHT)], (x, y, None), (x, y)]
    found = [
        net.fit(x, y, epochs=1, optimizer=cr.SGD(0), validation_data=each).validation_cost[0]
        for each in kinds
    ]
    weighted, plain = net.cost(x, y, WEIGHT), net.cost(x, y)
    assert found == [weighted, weighted, plain, plain]
    assert weighted != plain


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (WEIGHT[:5], cr.ShapeError, r"validation_data: sample_weight has shape \(5,\)"),
        (-WEIGHT, ValueError, "validation_data: sample_weight has .* row 0"),
        (0 * WEIGHT, ValueError, "validation_data: sample_weight is 0 for every sample"),
        ("x", TypeError, "validation_data: sample_weight must be an array of real numbers"),
    ],
)
def test_wrong_weights_of_validation_data(weight, error, message):
    net, y = network(cr.Mse()), np.ones((N, 6))
    before = bits(net)
    with pytest.raises(error, match=message):
        net.fit(X, y, validation_data=(X, y, weight))
    assert bits(net) == before
