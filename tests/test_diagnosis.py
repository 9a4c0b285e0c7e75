"""What `Network.diagnose` says of the layers, against numbers computed by hand."""
# SPDX-License-Identifier: BSD-3-Clause

import math
import re

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core, _slopes
from support import DTYPES

# h = f(W x + b), s = V h, C = mean of (s - y)^2: x = 1 and 2, y = 0.
X, Y = [[1.0], [2.0]], [[0.0], [0.0]]


def make(activation="relu", W=(1.0, -1.0), V=(1.0, 0.0), dtype="float64", **options):
    layers = [cr.Input(1), cr.Dense(2, activation, **options), cr.Dense(1, bias=False)]
    net = cr.Network(layers, dtype=dtype, rng=0)
    net.layers[1].weights = np.array([W]).T
    if net.layers[1].bias is not None:
        net.layers[1].bias = [0, 0]
    net.layers[2].weights = [V]
    return net


def rows(diagnosis):
    """Return the rows as dicts."""
    columns = diagnosis.to_dict()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_by_hand(dtype):
    # s = 1 and 2, C = 5/2, dC/ds = 1 and 2; dV = (1 * 1 + 2 * 2, 0), dW = (1 * 1 + 2 * 2, 0).
    diagnosis = make(dtype=dtype).diagnose(X, Y, learning_rate=0.1)
    assert (diagnosis.cost, diagnosis.learning_rate) == (2.5, 0.1)
    hidden, output = rows(diagnosis)
    assert hidden == {
        "layer": 2,
        "kind": "Dense",
        "activation": "relu",
        "neurons": 2,
        "zero": 0.5,
        "dead": 0.5,
        "saturated": None,
        "gradient_norm": 5.0,
        "weight_norm": pytest.approx(math.sqrt(2), rel=1e-15),
        "gradient_to_weight": pytest.approx(5 / math.sqrt(2), rel=1e-15),
        "update_to_weight": pytest.approx(0.5 / math.sqrt(2), rel=1e-15),
    }
    assert output == hidden | {
        "layer": 3,
        "activation": "identity",
        "neurons": 1,
        "zero": 0.0,
        "dead": 0.0,
        "weight_norm": 1.0,
        "gradient_to_weight": 5.0,
        "update_to_weight": 0.5,
    }


def test_a_neuron_that_is_0_for_some_samples_is_not_dead():
    hidden, _ = rows(make(W=(1.0, 1.0)).diagnose([[1.0], [-1.0], [-2.0], [3.0]], np.zeros(4)))
    assert (hidden["zero"], hidden["dead"]) == (0.5, 0.0)


def test_weights_of_samples_count_for_the_cost_alone():
    net = make()
    hidden, _ = rows(net.diagnose(X, Y, [0, 1], learning_rate=1))
    # dC/dW = dC/ds x V = 4 * 2 * 1 of the second sample.
    assert (hidden["gradient_norm"], hidden["zero"]) == (8.0, 0.5)
    assert net.diagnose(X, Y, [0, 1]).cost == net.cost(X, Y, [0, 1]) == 4.0
    layers = [cr.Input(1), cr.Dense(2, "softmax")]
    classes = cr.Network(layers, loss="cross_entropy", dtype="float64", rng=0)
    found = classes.diagnose(X, [0, 1], class_weight={0: 3})
    assert found.cost == classes.cost(X, [0, 1], class_weight={0: 3})
    assert found.cost != classes.cost(X, [0, 1])


# The first |z| beyond which |f'(z)| is below 0.05 of its maximum.
EDGES = {
    "sigmoid": 2 * math.atanh(math.sqrt(0.95)),  # f' = (1 - tanh(z/2)^2) / 4
    "tanh": math.atanh(math.sqrt(0.95)),
    "softsign": math.sqrt(20) - 1,  # f' = 1 / (1 + |z|)^2
    "hard_sigmoid": 3.0,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", EDGES)
def test_saturated_neurons(activation, dtype):
    edge = EDGES[activation]
    z = np.array([[0.0], [0.99], [-0.99], [1.01], [-1.01], [100.0], [-100.0], [0.5]]) * edge
    hidden, output = rows(make(activation, W=(1, 1), dtype=dtype).diagnose(z, np.zeros(8)))
    assert hidden["saturated"] == 0.5
    assert output["saturated"] is None


def test_relu6_is_saturated_at_both_ends():
    hidden, _ = rows(make("relu6", W=(1, 1)).diagnose([[-1], [3], [5], [7], [9]], np.zeros(5)))
    assert (hidden["saturated"], hidden["zero"]) == (0.6, 0.2)


def test_saturated_softmax():
    # a_j (1 - a_j) is below 0.05 / 4 where a_j is below 0.0127 or above 0.9873.
    net = cr.Network([cr.Input(2), cr.Dense(2, "softmax")], loss="cross_entropy", rng=0)
    net.layers[1].weights, net.layers[1].bias = np.eye(2), [0, 0]
    x = [[math.log(0.98 / 0.02), 0], [math.log(0.99 / 0.01), 0], [0, 9], [0, 0]]
    (row,) = rows(net.diagnose(x, [0, 0, 1, 1]))
    assert row["saturated"] == 0.5


def test_activations_with_bounds_are_those_that_the_help_names():
    bounded = {f for f in _core.activations() if _slopes.largest_of_bounded(f) is not None}
    text = cr.Network.diagnose.__doc__
    named = text.partition("of an activation with bounds")[2].partition(")")[0]
    assert set(re.findall(r'"(\w+)"', named)) == bounded


def test_objects_with_numbers_of_their_own():
    hidden, _ = rows(make(cr.LeakyRelu(0.1)).diagnose(X, Y))
    assert (hidden["activation"], hidden["saturated"]) == (repr(cr.LeakyRelu(0.1)), None)


def test_no_nan_for_weights_of_0():
    hidden, output = rows(make(W=(0, 0), V=(0, 0)).diagnose(X, [[1.0], [1.0]], learning_rate=0))
    assert (hidden["weight_norm"], hidden["gradient_norm"]) == (0, 0)
    assert (hidden["gradient_to_weight"], hidden["update_to_weight"]) == (0, 0)
    net = make("sigmoid", W=(0, 0), V=(0, 0))
    diagnosis = net.diagnose(X, [[1.0], [1.0]])
    _, output = rows(diagnosis)
    # h = 1/2 twice, dC/ds = -1 twice.
    assert output["gradient_norm"] == pytest.approx(math.sqrt(2), rel=1e-15)
    assert (output["gradient_to_weight"], output["update_to_weight"]) == (np.inf, np.inf)
    assert "nan" not in repr(diagnosis)
    assert rows(net.diagnose(X, [[1.0], [1.0]], learning_rate=0))[1]["update_to_weight"] == 0


def test_tiny_and_huge_numbers_have_a_norm():
    hidden, _ = rows(make(W=(3e-200, 4e-200)).diagnose(X, Y))
    assert hidden["weight_norm"] == pytest.approx(5e-200, rel=1e-15)
    hidden, _ = rows(make(W=(3e200, 4e200), V=(0, 0)).diagnose(X, Y))
    assert hidden["weight_norm"] == pytest.approx(5e200, rel=1e-15)


def test_options_of_the_training():
    # The penalty's 2 l2 W comes to dW = (5, 0); a frozen layer has neither a penalty nor an update.
    hidden, _ = rows(make(l2=0.5, learning_rate_factor=2.0).diagnose(X, Y, learning_rate=0.1))
    assert hidden["gradient_norm"] == pytest.approx(math.hypot(6, 1), rel=1e-15)
    assert hidden["update_to_weight"] == pytest.approx(0.2 * math.sqrt(37 / 2), rel=1e-15)
    hidden, _ = rows(make(l2=0.5, trainable=False).diagnose(X, Y, learning_rate=0.1))
    assert (hidden["gradient_norm"], hidden["update_to_weight"]) == (5.0, 0.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_stages(dtype):
    layers = [cr.Input(2), cr.LayerNorm(), cr.Dense(3, "tanh", bias=False), cr.Dropout(0.9)]
    net = cr.Network([*layers, cr.Dense(1)], dtype=dtype, rng=0)
    x, y = [[1.0, 3.0], [5.0, 1.0]], [0.0, 1.0]
    diagnosis = net.diagnose(x, y)
    assert repr(diagnosis) == repr(net.diagnose(x, y))  # nothing is dropped
    norm, hidden, output = rows(diagnosis)
    assert [row["layer"] for row in (norm, hidden, output)] == [2, 3, 5]
    assert [row["kind"] for row in (norm, hidden, output)] == ["LayerNorm", "Dense", "Dense"]
    gamma = np.linalg.norm(net.split(net.value_and_grad(x, y)[1])[0][0].astype(float))
    assert norm["gradient_norm"] == pytest.approx(gamma, rel=8 * float(np.finfo(dtype).eps))
    assert norm["weight_norm"] == pytest.approx(math.sqrt(2), rel=1e-15)
    assert (norm["activation"], norm["saturated"], norm["zero"]) == ("", None, 0)


def test_a_cost_of_ones_own():
    layers = [cr.Input(1), cr.Dense(1, bias=False)]
    net = cr.Network(layers, loss=lambda s, y: (s.sum(), np.ones_like(s)), dtype="float64", rng=0)
    net.parameters = [2.0]
    (row,) = rows(net.diagnose(X, Y))
    assert (row["gradient_norm"], row["gradient_to_weight"]) == (3.0, 1.5)


def test_the_rate_is_that_of_an_optimizer():
    net = make()
    for optimizer, rate in ((cr.SGD(0.25), 0.25), (cr.Adam(), 0.001)):
        diagnosis = net.diagnose(X, Y, optimizer=optimizer)
        assert diagnosis.learning_rate == rate
        assert rows(diagnosis) == rows(net.diagnose(X, Y, learning_rate=rate))
    assert net.diagnose(X, Y).learning_rate == 0.01


@pytest.mark.parametrize(
    ("options", "exception", "match"),
    [
        ({"learning_rate": -1}, ValueError, "learning_rate must be finite and >= 0, got -1.0"),
        ({"learning_rate": np.inf}, ValueError, "learning_rate must be finite and >= 0, got inf"),
        ({"learning_rate": "1"}, TypeError, "learning_rate must be a number, got '1'"),
        ({"learning_rate": 1, "optimizer": cr.SGD()}, ValueError, "not both"),
        ({"optimizer": "sgd"}, TypeError, r"such as cr.SGD\(\), got 'sgd'"),
        ({"optimizer": cr.SGD(cr.StepDecay(0.1, 3))}, ValueError, "changes, it is StepDecay"),
        ({"optimizer": cr.SGD(lambda step, epoch: 0.1)}, ValueError, "changes, it is <function"),
    ],
)
def test_wrong_options(options, exception, match):
    with pytest.raises(exception, match=match):
        make().diagnose(X, Y, **options)


def test_wrong_samples():
    with pytest.raises(cr.ShapeError, match=r"this network expects \(batch, 1\)"):
        make().diagnose([[1.0, 2.0]], Y)


def test_how_it_looks():
    net = cr.Network([cr.Input(1), cr.Dense(20, "tanh"), cr.Dense(1)], rng=0)
    lines = repr(net.diagnose(X, Y)).splitlines()
    assert lines[0].startswith("Diagnosis: cost ")
    assert len({len(line) for line in lines[1:]}) == 1
    html = net.diagnose(X, Y)._repr_html_()
    assert html.count("<tr>") == 3
    assert html.count("<th ") == len(net.diagnose(X, Y).to_dict())


def test_the_dict_is_a_copy():
    diagnosis = make().diagnose(X, Y)
    diagnosis.to_dict()["zero"][0] = 7
    assert diagnosis.to_dict()["zero"][0] == 0.5
