"""Messages say what came, what was expected, and what helps."""
# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES

X, Y = np.ones((6, 4)), np.ones((6, 3))


def make(loss="mse", output="identity", n_out=3, dtype="float32"):
    return cr.Network([cr.Input(4), cr.Dense(n_out, output)], loss=loss, dtype=dtype, rng=0)


def message_of(exception, work):
    with pytest.raises(exception) as caught:
        work()
    assert caught.type is exception
    return str(caught.value)


# ---- Names that other libraries use --------------------------------------------------------------

ELSEWHERE = {
    "activation": {
        "linear": "identity",
        "logistic": "sigmoid",
        "ReLU": "relu",
        "Tanh": "tanh",
        "soft-max": "softmax",
        "Sigmoid": "sigmoid",
    },
    "loss": {
        "mean_squared_error": "mse",
        "MSELoss": "mse",
        "squared_error": "mse",
        "bce": "binary_cross_entropy",
        "BCELoss": "binary_cross_entropy",
        "binary_crossentropy": "binary_cross_entropy",
        "crossentropy": "cross_entropy",
        "CrossEntropyLoss": "cross_entropy",
        "categorical_crossentropy": "cross_entropy",
        "sparse_categorical_crossentropy": "cross_entropy",
        "BCEWithLogitsLoss": "binary_cross_entropy",
        "negative_log_likelihood": "cross_entropy",
        "ce": "cross_entropy",
    },
    "initializer": {
        "xavier_uniform": "glorot_uniform",
        "kaiming_normal": "he_normal",
        "he": "he_uniform",
    },
}
BUILD = {
    "activation": lambda name: cr.Dense(2, name),
    "loss": lambda name: make(name),
    "initializer": lambda name: cr.Dense(2, init=name),
}


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, names in ELSEWHERE.items() for name in names]
)
def test_names_of_other_libraries_lead_to_ours(family, name):
    message = message_of(ValueError, lambda: BUILD[family](name))
    assert (
        f'unknown {family} "{name}", did you mean "{ELSEWHERE[family][name]}"? Known: ' in message
    )


def test_a_name_may_mean_two_of_ours():
    message = message_of(ValueError, lambda: make("log_loss"))
    assert 'did you mean "cross_entropy" or "binary_cross_entropy"?' in message


def test_a_name_like_none_of_ours_gets_no_suggestion():
    message = message_of(ValueError, lambda: cr.Dense(2, "qqqqqqqq"))
    assert message.startswith('unknown activation "qqqqqqqq". Known: identity, ')


@pytest.mark.parametrize(
    ("name", "meant"),
    [("adam", "Adam"), ("adamw", "AdamW"), ("AdamW", "AdamW"), ("sgd", "SGD"), ("rms", "RMSprop")],
)
def test_the_name_of_an_optimizer_leads_to_its_object(name, meant):
    for work in (
        lambda: make().fit(X, Y, optimizer=name),
        lambda: make().train_step(X, Y, name),
    ):
        assert f"such as cr.{meant}(), got {name!r}" in message_of(TypeError, work)


# ---- Calls ---------------------------------------------------------------------------------------

LONG = list(range(100_000))
CALLS = {
    "predict": lambda net, **wrong: net.predict(LONG, **wrong),
    "cost": lambda net, **wrong: net.cost(LONG, LONG, **wrong),
    "value_and_grad": lambda net, **wrong: net.value_and_grad(LONG, LONG, **wrong),
    "train_step": lambda net, **wrong: net.train_step(LONG, LONG, cr.SGD(), **wrong),
    "split": lambda net, **wrong: net.split(LONG, **wrong),
    "plan": lambda net, **wrong: net.plan(5, **wrong),
    "fit": lambda net, **wrong: net.fit(LONG, LONG, **wrong),
    "set_num_threads": lambda net, **wrong: cr.set_num_threads(**wrong),
    "set_product": lambda net, **wrong: cr.set_product("own", **wrong),
    "threads": lambda net, **wrong: cr.threads(2, **wrong),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_mistyped_keyword_is_refused_in_one_line(name):
    message = message_of(TypeError, lambda: CALLS[name](make(), sample_weights=LONG))
    assert "got an unexpected keyword argument 'sample_weights'" in message
    assert len(message) < 200
    assert "\n" not in message


def test_wrong_calls_are_refused_in_one_line():
    net = make()
    wrong = {
        "predict() missing required argument 'x'": lambda: net.predict(),
        "cost() missing required argument 'y'": lambda: net.cost(X),
        "train_step() missing required argument 'y'": lambda: net.train_step(X, optimizer=cr.SGD()),
        "predict() takes at most 1 positional argument, got 2": lambda: net.predict(X, Y),
        "plan() takes at most 1 positional argument, got 2": lambda: net.plan(3, True),
        "cost() takes at most 3 positional arguments, got 4": lambda: net.cost(X, Y, None, LONG),
        "cost() got multiple values for argument 'x'": lambda: net.cost(X, Y, x=X),
    }
    for text, work in wrong.items():
        assert message_of(TypeError, work) == text
    assert "doesn't apply to a 'int' object" in message_of(
        TypeError, lambda: cr.Network.predict(5, X)
    )


def test_a_wrong_value_is_shown_in_one_short_line():
    net = make()
    for work in (
        lambda: net.train_step(X, Y, LONG),
        lambda: net.fit(X, Y, optimizer=LONG),
        lambda: net.fit(X, Y, epochs=LONG),
        lambda: net.fit(X, Y, batch_size=LONG),
        lambda: net.fit(X, Y, shuffle=LONG),
        lambda: net.fit(X, Y, stop=LONG),
        lambda: net.predict(X, check_finite=LONG),
        lambda: net.plan(LONG),
        lambda: cr.Network(LONG),
        lambda: cr.Network([cr.Input(1), cr.Dense(1)], rng=LONG),
        lambda: cr.Network([cr.Input(1), cr.Dense(1)], loss=LONG),
        lambda: cr.Dense(LONG),
        lambda: cr.Dense(1, LONG),
        lambda: cr.SGD(LONG),
        lambda: cr.Adam(betas=LONG),
        lambda: cr.StopWhen(LONG),
        lambda: cr.CostBelow(LONG),
        lambda: cr.threads(LONG),
        lambda: cr.set_num_threads(LONG),
        lambda: cr.set_product(LONG),
    ):
        message = message_of(TypeError, work)
        assert len(message) < 400
        assert "\n" not in message


def test_a_keyword_that_is_no_text():
    assert "unexpected keyword argument" in message_of(
        TypeError, lambda: make().predict(X, **{"\udc80": 1})
    )


def test_arguments_may_be_given_in_any_way():
    net = make()
    expected = net.cost(X, Y, np.arange(6))
    assert net.cost(x=X, sample_weight=np.arange(6), y=Y) == expected
    assert net.cost(X, Y, sample_weight=np.arange(6)) == expected
    keywords = {"".join(["x"]): X, "".join(["check_", "finite"]): False}  # not interned
    assert net.predict(**keywords).tobytes() == net.predict(X).tobytes()
    assert cr.Network.predict(net, X).tobytes() == net.predict(X).tobytes()


# ---- Arrays --------------------------------------------------------------------------------------


class Missing:
    """Stands for pandas.NA."""


Missing.__name__ = "NAType"
NO_NUMBERS = {
    "text": (
        np.array([["a", "b"]]),
        "got dtype <U1; it holds text: turn labels into whole numbers",
    ),
    "text, as objects": (np.array([[1, "b"]], object), "got dtype object; it holds text"),
    "bytes": (np.array([[b"a"]]), r"got dtype |S1; it holds text"),
    "None": (np.array([[1.0, None]]), "got dtype object; it has missing values"),
    "NA": (np.array([[1.0, Missing()]]), "got dtype object; it has missing values"),
    "mixed": (np.array([[1.0, True]], object), "got dtype object; convert it by .astype(float)"),
    "complex": (np.array([[1j]]), "got dtype complex128; take .real or .imag"),
    "dates": (np.array([["2026-01-01"]], "M8[D]"), "got dtype datetime64[D]; count time"),
}


@pytest.mark.parametrize("case", NO_NUMBERS)
def test_arrays_that_hold_no_numbers_come_with_the_cure(case):
    array, text = NO_NUMBERS[case]
    net = make()
    for name, work in (
        ("x", lambda: net.predict(array)),
        ("y", lambda: net.cost(X, array)),
        ("sample_weight", lambda: net.cost(X, Y, array)),
    ):
        message = message_of(TypeError, work)
        assert message.startswith(f"{name} must be an array of real numbers, {text}"), message


def test_labels_as_text_become_numbers_as_the_message_says():
    names = np.array(["cat", "dog", "cat", "emu", "dog", "emu"])
    net = make("cross_entropy", "softmax")
    message = message_of(TypeError, lambda: net.fit(X, names))
    assert "numpy.unique(labels, return_inverse=True)[1]" in message
    net.fit(X, np.unique(names, return_inverse=True)[1])


def test_frames_of_mixed_or_nullable_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False], "d": [1, 2]})
    net = make()
    net.predict(frame[["a", "b", "d", "a"]])
    mixed = frame.astype({"a": "Int64"})
    for bad in mixed, mixed.assign(b=pandas.array([1, None], "Int64")), frame.assign(a=["x", "y"]):
        message = message_of(TypeError, lambda bad=bad: net.predict(bad))
        assert ".astype(float)" in message


def test_numbers_in_an_order_that_no_int64_holds():
    for dtype, value in ("u8", 2**64 - 1), ("u8", 2**63), ("i8", -1), ("i8", 6):
        order = np.arange(6, dtype=dtype)[None]
        order[0, 2] = value
        message = message_of(ValueError, lambda order=order: make().fit(X, Y, order=order))
        shown = float(re.match(r"order has (\S+) in row 0, column 2; ", message)[1])
        assert shown == pytest.approx(float(value), rel=1e-8)


def test_targets_as_a_vector_for_a_cost_function_of_the_users_own():
    def squares(s, y):
        d = s - y
        return (d**2).mean(), 2 * d / d.size

    net = make(squares, n_out=1)
    message = message_of(cr.ShapeError, lambda: net.cost(X, np.ones(6)))
    assert message == (
        "dC_ds from the cost function has shape (6, 6), expected (6, 1): y has shape (6,) but s "
        "(6, 1), and NumPy makes s - y as large as (6, 6); pass y as (6, 1), such as y[:, None]"
    )
    assert net.cost(X, np.ones(6)[:, None]) > 0


# ---- Divergence ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_huge_targets_are_named_and_the_learning_rate_is_not(dtype):
    huge = float(np.sqrt(np.finfo(dtype).max)) * 8
    for rate in 0, 0.01, 10:
        net = make(dtype=dtype)
        for work in (
            lambda net=net, rate=rate: net.fit(X, Y * huge, optimizer=cr.SGD(rate)),
            lambda net=net, rate=rate: net.train_step(X, Y * huge, cr.SGD(rate)),
        ):
            message = message_of(cr.TrainingDiverged, work)
            assert "the cost became inf" in message
            assert "y is not scaled: its column" in message
            assert "learning rate" not in message
            assert "the weights are the last finite ones" in message


def test_huge_inputs_are_named():
    message = message_of(cr.TrainingDiverged, lambda: make().fit(X * 1e20, Y))
    assert "x is not scaled: its column 0 is 1e+20; " in message
    assert message.endswith("What may help: x scaled to about 1")
    assert "learning rate" not in message


def test_a_learning_rate_that_is_too_large_is_named():
    message = message_of(
        cr.TrainingDiverged, lambda: make().fit(X, Y, optimizer=cr.SGD(1e6), epochs=99)
    )
    assert "a smaller learning rate than 1000000" in message
    assert "the learning rate 1000000 is too large" in message
    assert "is not scaled" not in message


def test_huge_weights_are_named():
    net = make()
    net.parameters = np.full(net.n_parameters, 1e30)
    message = message_of(cr.TrainingDiverged, lambda: net.fit(X, Y))
    assert "the weights that it began with are too large" in message
    assert message.endswith("help: smaller weights")


def test_a_cost_function_of_the_users_own_is_named():
    net = make(lambda s, y: (-np.nan, 0 * s))
    message = message_of(cr.TrainingDiverged, lambda: net.fit(X, Y))
    assert "the cost became nan in step 1" in message
    assert "the cost function, your own, left what is not finite" in message
    assert "another cost function: this one is your own" in message


def test_nan_has_no_sign():
    bad = X.copy()
    bad[1, 2] = np.copysign(np.nan, -1)
    assert "x has nan in row 1, column 2" in message_of(ValueError, lambda: make().predict(bad))
