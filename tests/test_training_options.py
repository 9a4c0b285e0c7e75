"""Options of the training, as users set, see and forget them."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from reference.weights import Options
from support import DTYPES, assert_relative, bits, reference_of
from weight_options import CASES, FROZEN, network, samples

# ---- Frozen layers -------------------------------------------------------------------------------


def test_a_network_of_frozen_layers_is_not_trained(plan):
    net = network([FROZEN, FROZEN, FROZEN], stage={"trainable": False})
    x, y, _ = samples(7)
    cost, gradient = net.value_and_grad(x, y)
    assert cost == pytest.approx(reference_of(net).cost(x, y), rel=1e-12)
    assert not gradient.any()
    before = bits(net)
    for train in (
        lambda: net.fit(x, y),
        lambda: net.train_step(x, y, cr.SGD(0.1)),
    ):
        with pytest.raises(ValueError, match="all layers of this network are frozen"):
            train()
    assert bits(net) == before
    net.layers[3].trainable = True
    net.fit(x, y)
    assert bits(net) != before


def test_layers_are_frozen_and_thawed_between_trainings(plan):
    # As a network that is made so, with the weights and the optimizer of before.
    net, x, y = network(CASES["rates"]), *samples(30)[:2]
    optimizer = cr.Adam(0.01)
    net.fit(x, y, optimizer=optimizer)
    for change in {"trainable": False}, {"trainable": True, "l2": 0.1}, {"max_norm": 0.2, "l2": 0}:
        other_optimizer = copy.deepcopy(optimizer)
        for name, value in change.items():
            setattr(net.layers[2], name, value)
        options = [
            {**each, **(net.layers[2]._description if i == 1 else {})}
            for i, each in enumerate(CASES["rates"])
        ]
        options[1] = {k: options[1][k] for k in ("trainable", "l2", "max_norm")}
        other = network(options)
        other.parameters = net.parameters
        other._epochs_begun, other._steps_made = net._epochs_begun, net._steps_made
        assert other.layers == net.layers
        for each, with_optimizer in (net, optimizer), (other, other_optimizer):
            each.fit(x, y, optimizer=with_optimizer)
        assert bits(net) == bits(other)


def test_options_of_a_networks_layer():
    net = network([{}, {}, {}], stage={})
    view, same_view = net.layers[1], net.layers[1]
    view.trainable = False
    view.l1, view.l2, view.max_norm, view.learning_rate_factor = 0.1, 0.2, 3, 4
    text = (
        "Dense(17, 'tanh', l1=0.1, l2=0.2, max_norm=3.0, trainable=False, learning_rate_factor=4.0)"
    )
    copies = [net.copy(), pickle.loads(pickle.dumps(net)), copy.deepcopy(net)]
    for layer in view, same_view, *(each.layers[1] for each in (net, *copies)):
        assert repr(layer) == text
        assert not layer.trainable
        assert layer == eval(text, {"Dense": cr.Dense})
    x, y, _ = samples(3)
    for each in copies:
        np.testing.assert_array_equal(each.value_and_grad(x, y)[1], net.value_and_grad(x, y)[1])
    net.layers[3].trainable = False
    assert repr(net.layers[3]) == "LayerNorm(eps=1e-05, trainable=False)"
    assert eval(repr(net.layers[3]), {"LayerNorm": cr.LayerNorm}) == net.layers[3]
    before = bits(net)
    for name, value, error in (
        ("l1", -1, ValueError),
        ("max_norm", 0, ValueError),
        ("trainable", 1, TypeError),
        ("learning_rate_factor", "fast", TypeError),
        ("l2", None, TypeError),
    ):
        with pytest.raises(error, match=f"{name} must be"):
            setattr(net.layers[1], name, value)
    with pytest.raises(AttributeError, match="n_out of a network's layer cannot be changed"):
        net.layers[1].n_out = 3
    with pytest.raises(AttributeError, match="Dropout has no setting"):
        cr.Dropout(0.5).trainable = False
    assert repr(net.layers[1]) == text
    assert bits(net) == before


def test_options_are_shown():
    net = network([{"l2": 0.5}, {}, {"trainable": False}])
    assert repr(net).splitlines()[1:] == [
        "  layer  kind   neurons  activation  W        b      parameters  options",
        "      1  Input        5",
        "      2  Dense       17  tanh        (17, 5)  (17,)         102  l2=0.5",
        "      3  Dense        9  relu        (9, 17)  (9,)          162",
        "      4  Dense        3  identity    (3, 9)   (3,)           30  trainable=False",
    ]


def test_options_are_not_changed_during_a_training():
    net, errors = network([{}, {}, {}]), []

    class Freeze(cr.Callback):
        def on_epoch_end(self, network, record):
            try:
                network.layers[1].trainable = False
            except cr.ConcurrentUseError as error:
                errors.append(error)

    net.fit(*samples(5)[:2], callbacks=Freeze())
    assert len(errors) == 1
    assert net.layers[1].trainable


def test_a_view_in_a_pickle_sets_the_options_of_its_network():
    view = pickle.loads(pickle.dumps(network([{}, {}, {}]).layers[2]))
    view.trainable = False
    assert not view._place.network.layers[2].trainable


REFUSED = {
    "l1": [(-1, ValueError), (np.nan, ValueError), (np.inf, ValueError), (None, TypeError)],
    "l2": [(-1e-9, ValueError), ("a", TypeError)],
    "max_norm": [(0, ValueError), (-1, ValueError), (np.inf, ValueError), (np.nan, ValueError)],
    "trainable": [(1, TypeError), (None, TypeError), ("no", TypeError)],
    "learning_rate_factor": [(-1, ValueError), (np.nan, ValueError), ([1, 2], TypeError)],
}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [(name, *each) for name, refused in REFUSED.items() for each in refused],
)
def test_options_out_of_range_are_refused(name, value, error):
    with pytest.raises(error, match=f"Dense: {name} must be"):
        cr.Dense(3, **{name: value})


def test_a_penalty_that_overflows_changes_no_weight(plan):
    net = network([{}, {}, {"l2": 1e300}])
    net.layers[3].weights[...] = 1e10
    before = bits(net)
    x, y, _ = samples(5)
    with pytest.raises(cr.TrainingDiverged, match="the cost became inf"):
        net.fit(x, y, optimizer=cr.SGD(1e-3))
    assert bits(net) == before


# ---- Trace and explanations ----------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_trace_has_penalties_and_shows_frozen_layers(case):
    net, (x, y, weight) = network(CASES[case]), samples(6)
    trace, ref = net.trace(x, y, weight), reference_of(net)
    gradients = ref.backward(ref.forward(x), y, weight)
    assert trace.cost == pytest.approx(ref.cost(x, y, weight), rel=1e-12)
    for layer in 1, 2, 3:
        assert_relative(trace.dW(layer), gradients.dW[layer], 1e-11, f"dW({layer})")
        assert_relative(trace.db(layer), gradients.db[layer], 1e-11, f"db({layer})")
        assert_relative(trace.delta(layer + 1), gradients.delta[layer + 1], 1e-11, "delta")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_explanations_are_without_penalties(case, dtype):
    net, (x, y, _) = network(CASES[case], dtype), samples(1)
    plain = network([{}, {}, {}], dtype)
    for layer in 1, 2, 3:
        for place in {"j": 2, "k": 3}, {"j": 2, "bias": True}:
            found = net.explain(x, y, layer=layer, **place)
            expected = plain.explain(x, y, layer=layer, **place)
            assert str(found).startswith(str(expected))

            options = CASES[case][layer - 1]
            w = float(net.layers[layer].weights[1, 2])
            slope = Options(**options).penalty_slope(np.array(w))
            assert found.penalty == pytest.approx(0.0 if "bias" in place else slope)
            assert ("the penalty of w adds" in str(found)) == (found.penalty != 0)
            assert ("The penalty of w adds" in found._repr_html_()) == (found.penalty != 0)
