"""Wrong options, settings and places: a clear error, and nothing changed."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from chainrule import ShapeError
from child_processes import python
from support import squares
from undisturbed import N, Pair, make, replaced, state, values, x

OPTIMIZER = "optimizer must be an optimizer such as"
BAD_FIT = {
    "epochs -1": ({"epochs": -1}, ValueError, "epochs must be >= 0, got -1"),
    "epochs 2.0": ({"epochs": 2.0}, TypeError, "epochs must be a whole number, got 2.0"),
    "epochs '3'": ({"epochs": "3"}, TypeError, "epochs must be a whole number, got '3'"),
    "epochs NaN": ({"epochs": np.nan}, TypeError, "epochs must be a whole number, got nan"),
    "no end": ({"epochs": None}, ValueError, "without a number of epochs, training needs a stop"),
    "batch 0": ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
    "batch -5": ({"batch_size": -5}, ValueError, "batch_size must be >= 1, got -5"),
    "batch 2.5": ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number, got 2.5"),
    "batch None": ({"batch_size": None}, TypeError, "batch_size must be a whole number, got None"),
    "batch 'auto'": ({"batch_size": "auto"}, TypeError, "batch_size must be a whole number"),
    "batch array": ({"batch_size": np.array([2])}, TypeError, "batch_size must be a whole number"),
    "optimizer name": ({"optimizer": "adam"}, TypeError, f"{OPTIMIZER} .* got 'adam'"),
    "optimizer class": ({"optimizer": cr.Adam}, TypeError, f"{OPTIMIZER} .* got <class"),
    "optimizer number": ({"optimizer": 0.1}, TypeError, f"{OPTIMIZER} .* got 0.1"),
    "stop 5": ({"stop": 5}, TypeError, "stop must .*got 5"),
    "stop None": ({"stop": None}, TypeError, "stop must .*got None"),
    "stop 'time'": ({"stop": "time"}, TypeError, "stop must hold stop conditions, got 't"),
    "stop class": ({"stop": [cr.TimeLimit]}, TypeError, "stop must hold stop conditions, got <cl"),
}

ORDER = np.arange(N)[None]
BAD_ORDER = {
    "1-D": (ORDER[0], ShapeError, r"has shape \(6,\), expected \(epochs, samples\)"),
    "3-D": (ORDER[None], ShapeError, r"has shape \(1, 1, 6\), expected \(epochs, samples\)"),
    "epochs": (np.tile(ORDER, (2, 1)), ShapeError, r"has shape \(2, 6\), expected \(1, 6\)"),
    "samples": (ORDER[:, :3], ShapeError, r"has shape \(1, 3\), expected \(1, 6\)"),
    "6 of 6": (replaced(ORDER, (0, 4), 6, int), ValueError, "has 6 in row 0, column 4; .* to 5"),
    "-1": (replaced(ORDER, (0, 2), -1, int), ValueError, "has -1 in row 0, column 2; expected"),
    "2^64 - 1": (replaced(ORDER, (0, 2), 2**64 - 1, "u8"), ValueError, "has .* row 0, column 2"),
    "floats": (ORDER * 1.0, TypeError, "must hold whole numbers"),
    "bools": (ORDER > 2, TypeError, "must hold whole numbers"),
    "strings": (ORDER.astype("U1"), TypeError, "must .* got dtype <U1"),
    "objects": (ORDER.astype(object), TypeError, "must .* got dtype object"),
}


@pytest.mark.parametrize("case", BAD_FIT)
def test_fit(case):
    bad, exception, match = BAD_FIT[case]
    pair = Pair()
    with pair.refuses(exception, match):
        pair.net.fit(x, values, **{"optimizer": pair.optimizer} | bad)


@pytest.mark.parametrize("case", BAD_ORDER)
def test_order(case):
    bad, exception, match = BAD_ORDER[case]
    pair = Pair()
    with pair.refuses(exception, f"order {match}", bad):
        pair.net.fit(x, values, optimizer=pair.optimizer, order=bad)


def test_order_needs_epochs():
    pair = Pair()
    with pair.refuses(ValueError, "an order of samples goes with a number of epochs"):
        pair.net.fit(x, values, epochs=None, stop=[cr.TimeLimit(1)], order=ORDER)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("huge", [2**63, 10**30, -(10**30)])
def test_whole_numbers_that_no_int64_holds(name, huge):
    # Training with a batch size larger than the data is allowed, so it may also just work.
    pair = Pair()
    before = state(pair.net, pair.optimizer)
    options = {"stop": [cr.TimeLimit(0.01)], "optimizer": pair.optimizer, name: huge}
    message = None
    try:
        pair.net.fit(x, values, **options)
    except (ValueError, OverflowError) as error:
        message = str(error)
    if message is None:
        assert huge > 0
    else:
        assert name in message
        assert len(message) < 200
        assert state(pair.net, pair.optimizer) == before


@pytest.mark.parametrize("optimizer", [None, "adam", cr.Adam, 0.1])
def test_train_step_needs_an_optimizer(optimizer):
    pair = Pair()
    with pair.refuses(TypeError, OPTIMIZER):
        pair.net.train_step(x, values, optimizer)


RATE = "learning_rate must be a finite number >= 0, got"
NUMBER = "must be a number, got"


@pytest.mark.parametrize(
    ("name", "value", "exception", "match"),
    [
        ("learning_rate", -1, ValueError, f"{RATE} -1"),
        ("learning_rate", np.nan, ValueError, f"{RATE} nan"),
        ("learning_rate", "a", TypeError, f"learning_rate {NUMBER} 'a'"),
        ("learning_rate", None, TypeError, f"learning_rate {NUMBER} None"),
        ("eps", -1, ValueError, "eps must be a finite number >= 0, got -1"),
        ("betas", (0.1, 1), ValueError, r"betas\[1\] must be a number in \[0, 1\), got 1"),
        ("betas", 0.9, TypeError, "betas must be a pair of numbers, got 0.9"),
        ("steps", 0, AttributeError, "no setter"),
    ],
)
def test_setting_a_number(name, value, exception, match):
    pair = Pair()
    with pair.refuses(exception, match):
        setattr(pair.optimizer, name, value)


@pytest.mark.parametrize("batch", [2**63 - 1, 2**62, 10**12])
def test_plan_of_a_huge_batch(batch):
    for training in True, False:
        plan = make().plan(batch, training=training)
        assert plan == make().plan(10**9, training=training)
    with pytest.raises(ValueError, match=r"batch must be a whole number below 2\^63"):
        make().plan(2**63)


def test_nesterov_keeps_its_momentum():
    optimizer = cr.SGD(momentum=0.9, nesterov=True)
    with pytest.raises(ValueError, match="nesterov must be False, or True together"):
        optimizer.momentum = 0
    assert optimizer.momentum == 0.9


def last(shape, value):
    return replaced(np.zeros(shape), (-1,) * len(shape), value)


BAD_PARAMETERS = {
    "shape": (lambda s: np.zeros([n + 1 for n in s]), ShapeError, "has shape .* expected"),
    "dimension": (lambda s: np.zeros((1, *s)), ShapeError, r"has shape \(1, .* expected"),
    "one number": (lambda s: 0.0, ShapeError, r"has shape \(\), expected"),
    "NaN": (lambda s: last(s, np.nan), ValueError, "must be finite, got NaN or infinity"),
    "inf": (lambda s: last(s, np.inf), ValueError, "must be finite, got NaN or infinity"),
    "1e300": (lambda s: last(s, 1e300), ValueError, "must be finite|too large for float32"),
    "complex": (lambda s: np.zeros(s, complex), TypeError, "must be real .* dtype complex128"),
    "strings": (lambda s: np.zeros(s, str), TypeError, "must be real numbers, got dtype <U1"),
    "objects": (lambda s: np.zeros(s, object), TypeError, "must be real numbers, got dtype object"),
    "None": (lambda s: None, TypeError, "must be real numbers, got"),
    "masked": (
        lambda s: np.ma.array(np.zeros(s), mask=last(s, 1)),
        TypeError,
        "is a masked array, whose mask would be lost",
    ),
}
SETTERS = {
    "parameters": lambda net: (net, net.parameters),
    "weights": lambda net: (net.layers[1], net.layers[1].weights),
    "bias": lambda net: (net.layers[2], net.layers[2].bias),
}


@pytest.mark.parametrize("case", BAD_PARAMETERS)
@pytest.mark.parametrize("name", SETTERS)
def test_setting_parameters(name, case):
    build, exception, match = BAD_PARAMETERS[case]
    pair = Pair()
    owner, before = SETTERS[name](pair.net)
    with pair.refuses(exception, f"{name} {match}"):
        setattr(owner, name, build(before.shape))


class Labelled(np.ndarray):
    """An array with a `mask` of its own that masks nothing."""

    mask = None


def test_masks():
    masked = [np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[0, 1, 0, 0])]
    net = make()
    for work in (
        lambda: net.predict(masked),
        lambda: net.predict(tuple(masked)),
        lambda: setattr(
            cr.Network([cr.Input(4), cr.Dense(1, bias=False)]), "parameters", masked[0]
        ),
        lambda: setattr(cr.Network([cr.Input(4), cr.Dense(1)]).layers[1], "weights", masked),
    ):
        with pytest.raises(TypeError, match="is a masked array, whose mask would be lost"):
            work()
    net.predict(np.ones((2, 4)).view(Labelled))
    net.predict([np.ma.array([1.0, 2.0, 3.0, 4.0])])


@pytest.mark.parametrize("name", SETTERS)
def test_setting_parameters_that_underflow(name):
    # Whatever NumPy is told to do about underflow in the caller's own arithmetic.
    owner, before = SETTERS[name](make())
    with np.errstate(all="raise"):
        setattr(owner, name, np.full(before.shape, 1e-60))
        setattr(owner, name, np.ma.array(np.full(before.shape, 1e-60), mask=False))
    assert (getattr(owner, name) == 0).all()
    with np.errstate(all="raise"), pytest.raises(ValueError, match="too large for float32"):
        setattr(owner, name, np.full(before.shape, 1e300))


def test_setting_transposed_weights():
    pair = Pair()
    with pair.refuses(ShapeError, r"weights has shape \(4, 5\), expected \(5, 4\)"):
        pair.net.layers[1].weights = np.zeros((4, 5))


@pytest.mark.parametrize("value", [[1.0], None, 0])
def test_setting_a_bias_that_is_not_there(value):
    net = cr.Network([cr.Input(2), cr.Dense(1, bias=False)], rng=0)
    with pytest.raises(AttributeError, match="this layer has no bias"):
        net.layers[1].bias = value


def test_a_description_has_no_parameters():
    with pytest.raises(AttributeError, match=r"the layer with its parameters is net.layers\[i\]"):
        _ = cr.Dense(2).weights
    with pytest.raises(AttributeError, match=r"the layer with its parameters is net.layers\[i\]"):
        cr.Dense(2).bias = [1, 2]


@pytest.mark.parametrize("name", ["n_in", "n_out", "n_parameters", "dtype", "seed", "layers"])
def test_what_a_network_is_cannot_be_set(name):
    pair = Pair()
    with pair.refuses(AttributeError, "no setter"):
        setattr(pair.net, name, getattr(pair.net, name))


@pytest.mark.parametrize("loss", ["cross_entropy", squares, 5])
def test_loss_is_what_the_network_trains_with(loss):
    # What net.loss and repr say, and what a copy has, is what the network does.
    pair = Pair()
    with pytest.raises((AttributeError, TypeError, ValueError)):
        pair.net.loss = loss
    assert pair.net.loss == "mse"
    assert pair.net.copy().cost(x, values) == pair.net.cost(x, values)


@pytest.mark.parametrize(
    ("block", "exception", "match"),
    [
        (np.zeros(3), ShapeError, r"block .*has shape \(3,\), expected \(43,\)"),
        (np.zeros((43, 1)), ShapeError, r"block .*has shape \(43, 1\), expected \(43,\)"),
        (np.zeros(()), ShapeError, r"block .*has shape \(\), expected \(43,\)"),
        (None, TypeError, "block"),
        ("gradient", TypeError, "block"),
    ],
    ids=["short", "column", "number", "None", "string"],
)
def test_split(block, exception, match):
    pair = Pair()
    with pair.refuses(exception, match):
        pair.net.split(block)


LAYER = "layer must be from 1 to 2, got"
BAD_PLACES = {
    "layer 0": ({"layer": 0, "j": 1, "k": 1}, IndexError, f"{LAYER} 0"),
    "layer 3": ({"layer": 3, "j": 1, "k": 1}, IndexError, f"{LAYER} 3"),
    "layer -1": ({"layer": -1, "j": 1, "k": 1}, IndexError, f"{LAYER} -1"),
    "layer 1.0": ({"layer": 1.0, "j": 1, "k": 1}, TypeError, "layer must be a whole number"),
    "j 0": ({"layer": 1, "j": 0, "k": 1}, IndexError, "j must be from 1 to 5, .* got 0"),
    "j 6": ({"layer": 1, "j": 6, "k": 1}, IndexError, "j must be from 1 to 5, .* got 6"),
    "j None": ({"layer": 1, "j": None, "k": 1}, TypeError, "j must be a whole number"),
    "k 0": ({"layer": 1, "j": 1, "k": 0}, ValueError, "k counts from 1.* bias=True"),
    "k 5": ({"layer": 1, "j": 1, "k": 5}, IndexError, "k must be from 1 to 4, .* got 5"),
    "k -1": ({"layer": 1, "j": 1, "k": -1}, IndexError, "k must be from 1 to 4, .* got -1"),
    "k 1.0": ({"layer": 1, "j": 1, "k": 1.0}, TypeError, "k must be a whole number"),
    "no k": ({"layer": 1, "j": 1}, ValueError, "give k, .* or bias=True"),
    "bias, k": ({"layer": 1, "j": 1, "k": 1, "bias": True}, ValueError, "b_j has no k"),
}


@pytest.mark.parametrize("case", BAD_PLACES)
def test_explain(case):
    bad, exception, match = BAD_PLACES[case]
    pair = Pair()
    with pair.refuses(exception, match):
        pair.net.explain(x[0], values[0], **bad)


def test_explain_takes_one_sample():
    pair = Pair()
    with pair.refuses(ValueError, "explain takes one sample, got 2"):
        pair.net.explain(x[:2], values[:2], layer=1, j=1, k=1)


@pytest.mark.parametrize(
    ("name", "layer", "match"),
    [
        ("z", 1, r"z\(1\): this network of 3 layers has z\(2\) to z\(3\)"),
        ("a", 0, r"a\(0\): .* has a\(1\) to a\(3\)"),
        ("a", -1, r"a\(-1\): .* has a\(1\) to a\(3\)"),
        ("delta", 4, r"delta\(4\): .* has delta\(2\) to delta\(3\)"),
        ("dW", 3, r"dW\(3\): .* has dW\(1\) to dW\(2\)"),
        ("db", 0, r"db\(0\): .* has db\(1\) to db\(2\)"),
    ],
)
def test_layer_of_a_trace(name, layer, match):
    with pytest.raises(IndexError, match=match):
        getattr(make().trace(x, values), name)(layer)


@pytest.mark.parametrize(
    "use",
    [
        "net.predict([1.0])",
        "net.parameters",
        "net.n_in",
        "net.fit([1.0], [1.0])",
        "net.copy()",
        "repr(net)",
        "repr(sgd)",
        "sgd.steps",
        "cr.Network([cr.Input(1), cr.Dense(1)]).train_step([1.0], [1.0], sgd)",
        "cr.Network.predict(5, [1.0])",
    ],
)
def test_object_whose_init_never_ran(use):
    # A subclass that uses itself before super().__init__(), or a debugger that prints such a self.
    code = (
        "import chainrule as cr\n"
        "net, sgd = cr.Network.__new__(cr.Network), cr.SGD.__new__(cr.SGD)\n"
        f"try: {use}\n"
        "except Exception as error: print('refused', type(error).__name__)\n"
    )
    assert python(code).startswith("refused")
