"""Wrong samples, targets and weights of samples: a clear error, and nothing changed."""
# SPDX-License-Identifier: BSD-3-Clause

import datetime

import numpy as np
import pytest

import chainrule as cr
from chainrule import ShapeError
from support import ACTIVATIONS, DTYPES, squares
from undisturbed import GOOD_Y, LEARN, N_OUT, N, Pair, make, replaced, values, x
from undisturbed import labels as good_labels

USE = LEARN | {
    "validation": lambda pair, x_, y_: pair.net.fit(x, pair.y, validation_data=(x_, y_)),
    "trace": lambda pair, x_, y_: pair.net.trace(x_, y_),
    "explain": lambda pair, x_, y_: pair.net.explain(x_, y_, layer=1, j=1, k=1),
}


@pytest.fixture(params=USE)
def use(request):
    return USE[request.param]


@pytest.fixture(params=LEARN)
def learn(request):
    return LEARN[request.param]


class Unreadable:
    """An object whose conversion to an array fails with an error of its own."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("this table has no values")


X_SHAPE = r"this network expects \(batch, 4\)"
REAL = "must be an array of real numbers, got"
WITH_NAN = replaced(x, (2, 3), np.nan)

BAD_X = {
    "few columns": (x[:, :3], ShapeError, r"x has shape \(6, 3\), " + X_SHAPE),
    "many columns": (np.ones((6, 5)), ShapeError, r"x has shape \(6, 5\), " + X_SHAPE),
    "no columns": ([[]], ShapeError, r"x has shape \(1, 0\), " + X_SHAPE),
    "nothing": ([], ShapeError, r"x has shape \(0,\), " + X_SHAPE),
    "no rows, 5 columns": (np.ones((0, 5)), ShapeError, r"x has shape \(0, 5\), " + X_SHAPE),
    "one dimension": (np.ones(6), ShapeError, r"x has shape \(6,\), " + X_SHAPE),
    "no dimension": (1.5, ShapeError, r"x has shape \(\), " + X_SHAPE),
    "three dimensions": (np.ones((2, 3, 4)), ShapeError, r"x has shape \(2, 3, 4\), " + X_SHAPE),
    "NaN": (WITH_NAN, ValueError, "x has nan in row 2, column 3; expected finite"),
    "inf": (replaced(x, (5, 0), np.inf), ValueError, "x has inf in row 5, column 0; expected"),
    "-inf": (replaced(x, (0, 1), -np.inf), ValueError, "x has -inf in row 0, column 1; expected"),
    "float16 NaN": (WITH_NAN.astype("f2"), ValueError, "x has nan in row 2, column 3"),
    "long double NaN": (WITH_NAN.astype("g"), ValueError, "x has nan in row 2, column 3"),
    "big-endian NaN": (WITH_NAN.astype(">f8"), ValueError, "x has nan in row 2, column 3"),
    "Fortran NaN": (np.asfortranarray(WITH_NAN), ValueError, "x has nan in row 2, column 3"),
    "backwards NaN": (WITH_NAN[::-1], ValueError, "x has nan in row 3, column 3"),
    "None": (None, TypeError, f"x {REAL} NoneType"),
    "dict": ({"a": [1, 2]}, TypeError, f"x {REAL} dict"),
    "set": ({1, 2, 3, 4}, TypeError, f"x {REAL} set"),
    "function": (len, TypeError, f"x {REAL} builtin_function"),
    "generator": ((row for row in x), TypeError, f"x {REAL} generator"),
    "string": ("1 2 3 4", TypeError, f"x {REAL} str"),
    "strings": ([["1", "2", "3", "4"]], TypeError, f"x {REAL} dtype <U1"),
    "bytes": (b"1234", TypeError, f"x {REAL} bytes"),
    "None inside": ([[1, 2, 3, None]], TypeError, f"x {REAL} dtype object"),
    "objects": (x.astype(object), TypeError, f"x {REAL} dtype object"),
    "complex": (x + 0j, TypeError, f"x {REAL} dtype complex128"),
    "datetime": (x.astype("M8[D]"), TypeError, f"x {REAL} dtype datetime64"),
    "timedelta": (x.astype("m8[s]"), TypeError, f"x {REAL} dtype timedelta64"),
    "date": (datetime.date(2020, 1, 1), TypeError, f"x {REAL} date"),
    "structured": (np.zeros((6, 4), "i4,f4"), TypeError, f"x {REAL} dtype"),
    "ragged": ([[1, 2, 3, 4], [5, 6]], ValueError, "x cannot be read as an array"),
    "unreadable": (Unreadable(), RuntimeError, "this table has no values"),
}


@pytest.mark.parametrize("case", BAD_X)
def test_x(case, use):
    bad, exception, match = BAD_X[case]
    pair = Pair()
    with pair.refuses(exception, match, bad):
        use(pair, bad, values)


@pytest.mark.parametrize("case", BAD_X)
def test_x_in_predict(case):
    bad, exception, match = BAD_X[case]
    pair = Pair()
    with pair.refuses(exception, match, bad):
        pair.net.predict(bad)
    out = np.full((N, N_OUT), 0.5, np.float32)
    with pair.refuses(exception, match, bad, out):
        pair.net.predict(bad, out=out)


def test_bad_value_far_down_is_named():
    pair = Pair()
    many = np.zeros((5000, 4), np.float32)
    many[4321, 2] = np.nan
    with pair.refuses(ValueError, "x has nan in row 4321, column 2"):
        pair.net.predict(many)
    with pair.refuses(ValueError, "x has nan in row 4321, column 2"):
        pair.net.fit(many, np.zeros((5000, N_OUT)), optimizer=pair.optimizer)


def test_too_large_for_float32():
    pair = Pair()
    large = replaced(x, (1, 2), 1e300)
    for call in (pair.net.predict, lambda x: pair.net.fit(x, values)):
        with pair.refuses(ValueError, r"x has 1e\+300 in row 1, column 2, too large for float32"):
            call(large)
    with pair.refuses(ValueError, r"x has 1e\+300 in row 0, column 2, too large for float32"):
        pair.net.explain(large[1], values[1], layer=1, j=1, k=1)
    with pair.refuses(ValueError, r"y has -1e\+300 in row 3, column 0, too large for float32"):
        pair.net.fit(x, replaced(values, (3, 0), -1e300))
    assert np.isfinite(make(dtype="float64").predict(large)).all()


@pytest.mark.skipif(np.finfo("g").max == np.finfo("d").max, reason="long double is double here")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_finite_long_double_is_not_called_infinite(dtype):
    huge = replaced(x, (1, 2), np.longdouble("1e4000"), np.longdouble)
    with pytest.raises(ValueError, match=f"row 1, column 2, too large for {dtype}"):
        make(dtype=dtype).predict(huge)


@pytest.mark.parametrize("product", ["own", "blas"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nan_in_x_that_is_not_checked(activation, dtype, product):
    cr.set_product(product)
    layers = [cr.Input(4), *[cr.Dense(n, activation) for n in (40, 30, 3)]]
    net = cr.Network(layers, dtype=dtype, rng=0)
    whole = np.tile(x, (200, 1)).astype(dtype)
    rows = np.array([0, 77, 1199])
    wrong = replaced(whole, (rows, [0, 3, 2]), np.nan, dtype)
    expected = net.predict(whole)
    expected[rows] = np.nan
    with pytest.raises(ValueError, match="x has nan in row 0, column 0"):
        net.predict(wrong)
    out = np.zeros_like(expected)
    assert net.predict(wrong, check_finite=False, out=out) is out
    for s in (out, net.predict(wrong.astype("g"), check_finite=np.False_)):
        np.testing.assert_array_equal(s, expected, strict=True)
    assert np.isnan(net.predict(wrong[77], check_finite=False)).all()
    assert net.predict(whole, check_finite=False).tobytes() == net.predict(whole).tobytes()


def test_large_numbers_in_x_that_are_not_checked():
    net = make()
    for large in (np.inf, -np.inf, 1e300):
        s = net.predict(replaced(x, (1, 2), large), check_finite=False)
        expected = net.predict(replaced(x, (1, 2), np.copysign(1e30, large)))  # tanh is 1 or -1
        np.testing.assert_array_equal(s, expected, strict=True)


def test_kinds_and_shapes_of_x_are_checked_always():
    pair = Pair()
    for bad, exception, match in BAD_X.values():
        if "has nan" not in match and "inf in row" not in match:
            with pytest.raises(exception, match=match):
                pair.net.predict(bad, check_finite=False)
    with pair.refuses(cr.ShapeError, "out has shape"):
        pair.net.predict(x, out=np.zeros((N, 1), np.float32), check_finite=False)


@pytest.mark.parametrize("word", ["no", 0, 1, None, [], np.zeros(2)], ids=repr)
def test_check_finite_that_is_no_bool(word):
    pair = Pair()
    with pair.refuses(TypeError, "^check_finite must be True or False, got "):
        pair.net.predict(x, check_finite=word)


def test_check_finite_goes_by_name():
    with pytest.raises(TypeError):
        make().predict(x, None, False)


Y_SHAPE = r"expected \(6, 3\): x has 6 samples, this network 3 outputs"
BAD_VALUES = {
    "short": (values[:4], ShapeError, r"y has shape \(4, 3\), " + Y_SHAPE),
    "long": (np.ones((7, 3)), ShapeError, r"y has shape \(7, 3\), " + Y_SHAPE),
    "empty": (np.ones((0, 3)), ShapeError, r"y has shape \(0, 3\), " + Y_SHAPE),
    "few columns": (values[:, :2], ShapeError, r"y has shape \(6, 2\), " + Y_SHAPE),
    "one dimension": (good_labels, ShapeError, r"y has shape \(6,\), " + Y_SHAPE),
    "transposed": (values.T, ShapeError, r"y has shape \(3, 6\), " + Y_SHAPE),
    "three dimensions": (np.ones((6, 3, 1)), ShapeError, r"y has shape \(6, 3, 1\), " + Y_SHAPE),
    "no dimension": (1.0, ShapeError, r"y has shape \(\), " + Y_SHAPE),
    "NaN": (replaced(values, (4, 1), np.nan), ValueError, "y has nan in row 4, column 1; exp"),
    "-inf": (replaced(values, (0, 2), -np.inf), ValueError, "y has -inf in row 0, column 2; exp"),
    "None": (None, TypeError, f"y {REAL} NoneType"),
    "strings": ([["a", "b", "c"]] * N, TypeError, f"y {REAL} dtype <U1"),
    "complex": (values + 0j, TypeError, f"y {REAL} dtype complex128"),
    "objects": (values.astype(object), TypeError, f"y {REAL} dtype object"),
    "datetime": (values.astype("M8[D]"), TypeError, f"y {REAL} dtype datetime64"),
    "ragged": ([[1, 2, 3], [4]], ValueError, "y cannot be read as an array"),
}

LABELS_SHAPE = r"expected labels \(6,\) or probabilities \(6, 3\)"
WHOLE = "column 0; expected labels that are whole numbers from 0 to 2"
THIRDS = np.full((N, N_OUT), 1 / 3)


def labels(index, value, dtype=float):
    return replaced(good_labels, index, value, dtype)


BAD_LABELS = {
    "out of range": (labels(2, 3, int), ValueError, f"y has 3 in row 2, {WHOLE}"),
    "negative": (labels(5, -1, int), ValueError, f"y has -1 in row 5, {WHOLE}"),
    "not whole": (labels(0, 0.5), ValueError, f"y has 0.5 in row 0, {WHOLE}"),
    "nearly whole": (labels(0, 1 - 1e-15), ValueError, f"row 0, {WHOLE}"),
    "just negative": (labels(0, -1e-300), ValueError, f"row 0, {WHOLE}"),
    "NaN": (labels(3, np.nan), ValueError, "y has nan in row 3, column 0"),
    "1e300": (labels(3, 1e300), ValueError, r"y has 1e\+300 in row 3, column 0"),
    "2^64 - 1": (labels(3, 2**64 - 1, np.uint64), ValueError, f"row 3, {WHOLE}"),
    "-2^63": (labels(3, -(2**63), np.int64), ValueError, f"row 3, {WHOLE}"),
    "int8 -128": (labels(3, -128, np.int8), ValueError, f"y has -128 in row 3, {WHOLE}"),
    "all 7": (np.broadcast_to(7, N), ValueError, f"y has 7 in row 0, {WHOLE}"),
    "a column": (good_labels[:, None], ShapeError, r"y has shape \(6, 1\), " + LABELS_SHAPE),
    "short": (good_labels[:5], ShapeError, r"y has shape \(5,\), " + LABELS_SHAPE),
    "one number": (0, ShapeError, r"y has shape \(\), " + LABELS_SHAPE),
    "few classes": (np.full((6, 2), 0.5), ShapeError, r"y has shape \(6, 2\), " + LABELS_SHAPE),
    "strings": (["0", "1", "2"] * 2, TypeError, f"y {REAL} dtype <U1"),
    "None inside": ([0, 1, 2, 0, 1, None], TypeError, f"y {REAL} dtype object"),
    "sum 1.5": (THIRDS * 1.5, ValueError, "y sums to 1.5 in row 0; expected probabilities"),
    "sum 0": (replaced(THIRDS, 4, 0), ValueError, "y sums to 0 in row 4; expected probabilities"),
    "not one-hot": (np.eye(3, dtype=int)[good_labels] * 2, ValueError, "y sums to 2 in row 0"),
    "below 0": (replaced(THIRDS, 1, [1.5, -0.5, 0]), ValueError, "y has -0.5 in row 1, column 1"),
    "NaN inside": (replaced(THIRDS, (1, 2), np.nan), ValueError, "y has nan in row 1, column 2"),
}

ZEROS = np.zeros((N, N_OUT))
UNIT = "expected numbers from 0 to 1"
BAD_UNIT = {
    "above": (replaced(ZEROS, (2, 1), 1.25), ValueError, f"y has 1.25 in row 2, column 1; {UNIT}"),
    "below": (replaced(ZEROS, (0, 2), -0.5), ValueError, f"y has -0.5 in row 0, column 2; {UNIT}"),
    "-1 and 1": (np.where(values > 0, 1, -1), ValueError, f"y has -1 in row .*{UNIT}"),
    "one dimension": (good_labels, ShapeError, r"y has shape \(6,\), " + Y_SHAPE),
}

BAD_Y = [
    pytest.param(loss, *case, id=f"{loss}: {name}")
    for loss, cases in zip(GOOD_Y, (BAD_VALUES, BAD_LABELS, BAD_UNIT), strict=True)
    for name, case in cases.items()
]


@pytest.mark.parametrize("call", [name for name in USE if name != "explain"])
@pytest.mark.parametrize(("loss", "bad", "exception", "match"), BAD_Y)
def test_y(loss, bad, exception, match, call):
    pair = Pair(loss)
    with pair.refuses(exception, match, bad):
        USE[call](pair, x, bad)


def test_y_of_one_sample():
    pair = Pair()
    with pair.refuses(ShapeError, r"y has shape \(2,\), expected \(1, 3\): x has 1 sample"):
        USE["explain"](pair, x[0], [1, 2])
    with pair.refuses(ValueError, "y has nan in row 0, column 1"):
        USE["explain"](pair, x[0], [1, np.nan, 2])
    pair = Pair("cross_entropy")
    with pair.refuses(ValueError, f"y has 3 in row 0, {WHOLE}"):
        USE["explain"](pair, x[0], 3)


@pytest.mark.parametrize("loss", GOOD_Y)
def test_no_samples(loss, use):
    pair = Pair(loss)
    with pair.refuses(ValueError, "x has no samples"):
        use(pair, x[:0], GOOD_Y[loss][:0])


@pytest.mark.parametrize(
    "bad",
    [(x, values, None, None), (x,), (), x, 5, "x", {"x": x, "y": values}],
    ids=["four", "single", "empty", "array", "number", "string", "dict"],
)
def test_validation_data_that_is_no_pair(bad):
    pair = Pair()
    with pair.refuses(TypeError, r"validation_data must be \(x, y\) or \(x, y, sample_weight\)"):
        pair.net.fit(x, values, optimizer=pair.optimizer, validation_data=bad)


BAD_VALIDATION = {
    "columns": ((x[:, :3], values), ShapeError),
    "samples": ((x, values[:3]), ShapeError),
    "NaN in x": ((WITH_NAN, values), ValueError),
    "NaN in y": ((x, values * np.nan), ValueError),
    "no x": ((None, values), TypeError),
    "no y": ((x, None), TypeError),
}


@pytest.mark.parametrize("case", BAD_VALIDATION)
def test_message_tells_validation_data_from_training_data(case):
    bad, exception = BAD_VALIDATION[case]
    pair = Pair()
    with pair.refuses(exception, "validation"):
        pair.net.fit(x, values, optimizer=pair.optimizer, validation_data=bad)


ONES = np.ones(N)
BAD_WEIGHT = {
    "short": (np.ones(5), ShapeError, r"has shape \(5,\), expected \(6,\)"),
    "a column": (ONES[:, None], ShapeError, r"has shape \(6, 1\), expected \(6,\)"),
    "one number": (2.0, ShapeError, r"has shape \(\), expected \(6,\)"),
    "NaN": (replaced(ONES, 3, np.nan), ValueError, "has nan in row 3, column 0"),
    "inf": (replaced(ONES, 3, np.inf), ValueError, "has inf in row 3, column 0"),
    "negative": (replaced(ONES, 1, -0.5), ValueError, "has -0.5 in row 1, .*expected numbers >= 0"),
    "all zero": (np.zeros(6), ValueError, "is 0 for every sample"),
    "masked": (np.ma.array(ONES, mask=[1, 0, 0, 0, 0, 0]), TypeError, "is a masked array"),
    "1e300": (replaced(ONES, 2, 1e300), ValueError, r"has 1e\+300 in row 2, column 0, too large"),
    "strings": (["a"] * 6, TypeError, f"{REAL} dtype <U1"),
    "a name": ("balanced", TypeError, f"{REAL} str"),
    "complex": (ONES + 0j, TypeError, f"{REAL} dtype complex128"),
    "None inside": ([1, 1, 1, 1, 1, None], TypeError, f"{REAL} dtype object"),
    "dict": ({0: 1.0}, TypeError, f"{REAL} dict"),
}


@pytest.mark.parametrize("case", BAD_WEIGHT)
def test_sample_weight(case, learn):
    bad, exception, match = BAD_WEIGHT[case]
    pair = Pair()
    with pair.refuses(exception, f"sample_weight {match}", bad):
        learn(pair, x, values, sample_weight=bad)


@pytest.mark.parametrize("weight", [[1e308] * 6, [1.7e308, 1.7e308, 0, 0, 0, 0]])
def test_sample_weights_whose_sum_overflows(learn, weight):
    pair = Pair(dtype="float64")
    with pair.refuses(ValueError, "sample_weight sums to inf; expected at most 1e\\+200"):
        learn(pair, x, values, sample_weight=weight)


def test_sample_weights_that_would_overflow_times_the_costs(learn):
    # Before a first step is made: with batches of one, the first weights alone would do.
    pair, y = Pair(dtype="float64"), values * 1e3
    weight = np.r_[np.ones(N - 1), 1e306]
    more = {"batch_size": 1} if learn is LEARN["fit"] else {}
    with pair.refuses(ValueError, r"sample_weight sums to 1e\+306; expected at most 1e\+200"):
        learn(pair, x, y, sample_weight=weight, **more)
    # Only the ratios of weights count: smaller, they are right.
    even = np.full(N, 1e199)
    assert pair.net.cost(x, y, even) == pytest.approx(pair.net.cost(x, y), rel=1e-12)


def test_sample_weights_that_vanish_in_float32(learn):
    # sum(w_i C_i) / sum(w_i) does not depend on the scale of w: refused or right, never 0.
    pair = Pair()
    expected = pair.net.cost(x, values)
    try:
        cost = learn(pair, x, values, sample_weight=np.full(N, 1e-60))
    except ValueError:
        return
    assert cost == pytest.approx(expected, rel=1e-5)


def test_sample_weight_with_a_cost_function(learn):
    pair = Pair(squares)
    with pair.refuses(ValueError, "sample_weight goes with the named losses"):
        learn(pair, x, values, sample_weight=ONES)


@pytest.mark.parametrize("call", ["train_step", "fit"])
def test_training_on_the_networks_own_parameters(call):
    net = cr.Network([cr.Input(4), cr.Dense(4), cr.Dense(4)], dtype="float64", rng=0)
    W, before = net.layers[1].weights, net.parameters.tobytes()
    ones, optimizer = np.ones((4, 4)), cr.SGD(0.1)
    learns = {
        "train_step": lambda x, y, **more: net.train_step(x, y, optimizer, **more),
        "fit": lambda x, y, **more: net.fit(x, y, optimizer=optimizer, **more),
    }[call]
    for name, work in {
        "x": lambda: learns(W, ones),
        "y": lambda: learns(ones, W.T),
        "sample_weight": lambda: learns(ones, ones, sample_weight=net.parameters[8:16:2]),
        "validation_data: x": lambda: net.fit(ones, ones, validation_data=(W, ones)),
        "validation_data: y": lambda: net.fit(ones, ones, validation_data=(ones, W)),
    }.items():
        with pytest.raises(ValueError, match=f"{name} is part of the network's own parameters"):
            work()
    assert (net.parameters.tobytes(), optimizer.steps) == (before, 0)
    learns(W.copy(), W.T.copy())
    net.predict(W)  # reading them is fine
    own = cr.Network([cr.Input(4), cr.Dense(4)], loss=squares, rng=0)
    for part in own.layers[1].weights, own.layers[1].weights[::-1], own.layers[1].weights[:, :1]:
        with pytest.raises(ValueError, match="y is part of the network's own parameters"):
            own.train_step(ones, part, cr.SGD(0.1))
