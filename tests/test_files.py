"""What is saved comes back: every member, with equal bits, to predict and to train on."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import json
import os
import pickle

import numpy as np
import pytest

import chainrule as cr
import loss_cases
from all_members import make
from chainrule import _core
from chainrule._loss import Loss
from child_processes import environment_with, python
from loss_cases import LOSSES
from optimizer_kinds import KINDS
from support import ACTIVATIONS, DTYPES, INITIALIZERS, LOSS_NAMES, bits, output_of, squares

rng = np.random.default_rng(1)
X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))


def through_file(net, path, **options):
    net.save(path, **options)
    return type(net).load(path, loss=net.loss if callable(net.loss) else None)


def assert_same(found, net, x=X):
    assert bits(found) == bits(net)
    assert found._spec() == net._spec()
    assert found.layers == net.layers
    assert found.predict(x).tobytes() == net.predict(x).tobytes()
    assert (found.seed, found._epochs_begun, found._steps_made) == (
        net.seed,
        net._epochs_begun,
        net._steps_made,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, dtype, tmp_path):
    for each in (name, make("activations", name)):
        net = cr.Network([cr.Input(5), cr.Dense(3, each), cr.Dense(2)], dtype=dtype, rng=2)
        assert_same(through_file(net, tmp_path / "net"), net)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_losses_by_name(name, tmp_path):
    net = cr.Network([cr.Input(5), cr.Dense(2, output_of(name))], loss=name, rng=2)
    assert_same(through_file(net, tmp_path / "net"), net)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_losses(loss, tmp_path):
    net = loss_cases.network(loss)
    x, y, weight = loss_cases.samples(loss, 7)
    found = through_file(net, tmp_path / "net")
    assert_same(found, net, x)
    assert isinstance(found.loss, Loss)
    assert found.loss == loss
    assert found.cost(x, y, weight) == net.cost(x, y, weight)


@pytest.mark.parametrize("init", INITIALIZERS)
def test_initializers(init, tmp_path):
    net = cr.Network([cr.Input(5), cr.Dense(2, init=init)], rng=2)
    assert_same(through_file(net, tmp_path / "net"), net)


def test_weights_that_came_from_outside(tmp_path):
    layers = [cr.Input(5), cr.Dense(2, init=(np.ones((2, 5)), [1, 2])), cr.Dense(2, bias=False)]
    net = cr.Network(layers, rng=2)
    found = through_file(net, tmp_path / "net")
    assert_same(found, net)
    assert found.layers[1].init == "custom"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", _core.stages())
def test_stages(name, dtype, tmp_path):
    stage = make("stages", name)
    net = cr.Network([cr.Input(5), stage, cr.Dense(3), stage, cr.Dense(2)], dtype=dtype, rng=2)
    net.fit(X, Y)
    assert_same(through_file(net, tmp_path / "net"), net)


def test_options_of_layers(tmp_path):
    options = {"l1": 0.1, "l2": 0.2, "max_norm": 3, "learning_rate_factor": 0.5}
    layers = [cr.Input(5), cr.Dense(3, **options), cr.Dense(3, trainable=False)]
    layers += [cr.LayerNorm(trainable=False, learning_rate_factor=2), cr.Dense(2, bias=False)]
    net = cr.Network(layers, rng=2)
    found = through_file(net, tmp_path / "net")
    assert_same(found, net)
    net.layers[1].l2 = 0.25
    assert_same(through_file(net, tmp_path / "net"), net)
    assert bits(found) == bits(net)
    for each in (found, net):
        each.layers[1].l2 = 0.5
        each.fit(X, Y)
    assert bits(found) == bits(net)


# ---- Going on ------------------------------------------------------------------------------------


def assert_goes_on(net, optimizer, path):
    """Train a network that was loaded, and the one that was saved: the bits are the same."""
    found = through_file(net, path, include_optimizer=True)
    assert_same(found, net)
    own = found.optimizer
    assert own._spec() == optimizer._spec()
    assert (own.steps, own.epochs) == (optimizer.steps, optimizer.epochs)
    for each, its in ((net, optimizer), (found, own)):
        each.fit(X, Y, optimizer=its, epochs=3, batch_size=8)
    assert bits(found) == bits(net)
    assert found.history.cost == net.history.cost
    assert found.history.learning_rate == net.history.learning_rate
    if net.average is not None:
        assert found.average.tobytes() == net.average.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_optimizers(kind, dtype, tmp_path):
    make, arguments = KINDS[kind]
    optimizer = make(**arguments)
    net = cr.Network([cr.Input(5), cr.Dense(7, "tanh"), cr.Dense(2)], dtype=dtype, rng=2)
    net.fit(X, Y, optimizer=optimizer, epochs=2, batch_size=8)
    assert_goes_on(net, optimizer, tmp_path / "net")


@pytest.mark.parametrize("name", _core.schedules())
def test_schedules(name, tmp_path):
    optimizer = cr.SGD(make("schedules", name), momentum=0.9)
    net = cr.Network([cr.Input(5), cr.Dense(7, "tanh"), cr.Dense(2)], rng=2)
    net.fit(X, Y, optimizer=optimizer, epochs=2, batch_size=8)
    assert_goes_on(net, optimizer, tmp_path / "net")
    assert through_file(net, tmp_path / "net").optimizer is None


def test_what_every_optimizer_takes(tmp_path):
    optimizer = cr.Adam(0.01, clip_norm=0.5, clip_value=0.1, accumulate=3, ema=0.9)
    net = cr.Network([cr.Input(5), cr.Dense(7), cr.Dropout(0.5), cr.Dense(2)], rng=2)
    net.fit(X, Y, optimizer=optimizer, epochs=2, batch_size=8)
    for x in range(0, 16, 8):  # some gradients that wait for others
        net.train_step(X[x : x + 8], Y[x : x + 8], optimizer)
    assert_goes_on(net, optimizer, tmp_path / "net")


def test_the_optimizer_of_partial_fit(tmp_path):
    net = cr.Network([cr.Input(5), cr.Dense(2)], rng=2)
    net.partial_fit(X, Y)
    found = through_file(net, tmp_path / "net", include_optimizer=True)
    again = through_file(found, tmp_path / "net", include_optimizer=True)
    for each in (net, found, again):
        each.partial_fit(X, Y)
    assert bits(again) == bits(found) == bits(net)


def test_an_optimizer_that_made_single_steps(tmp_path):
    net, optimizer = cr.Network([cr.Input(5), cr.Dense(2)], rng=2), cr.Adam()
    net.train_step(X, Y, optimizer)
    found = through_file(net, tmp_path / "net", include_optimizer=optimizer)
    assert found.optimizer.steps == 1
    for each, its in ((net, optimizer), (found, found.optimizer)):
        each.train_step(X, Y, its)
    assert bits(found) == bits(net)


@pytest.mark.parametrize(
    ("prepare", "include", "error", "message"),
    [
        (lambda net: None, True, ValueError, "there was none; pass the optimizer itself"),
        (lambda net: None, "adam", TypeError, r"such as cr.Adam\(\), got 'adam'"),
        (lambda net: None, cr.Adam, TypeError, "optimizer must be an optimizer"),
        (lambda net: None, 1, TypeError, "optimizer must be an optimizer"),
        (lambda net: None, None, TypeError, "optimizer must be an optimizer"),
        (
            lambda net: net.partial_fit(X, Y).fit(X, Y, optimizer=cr.LBFGS(), epochs=1),
            True,
            TypeError,
            "it trains in fit alone",
        ),
        (
            lambda net: net.fit(X, Y, optimizer=cr.SGD(lambda step, epoch: 0.1)),
            True,
            ValueError,
            "is a function, which no file can hold",
        ),
    ],
)
def test_optimizers_that_cannot_be_saved(prepare, include, error, message, tmp_path):
    net = cr.Network([cr.Input(5), cr.Dense(2)], rng=2)
    prepare(net)
    with pytest.raises(error, match=message):
        net.save(tmp_path / "net", include_optimizer=include)
    assert not os.listdir(tmp_path)


def test_the_state_of_another_network_is_refused(tmp_path):
    other, optimizer = cr.Network([cr.Input(5), cr.Dense(2)], rng=2), cr.Adam()
    other.fit(X, Y, optimizer=optimizer)
    net = cr.Network([cr.Input(5), cr.Dense(3)], rng=2)
    with pytest.raises(ValueError, match="holds the state of another network"):
        net.save(tmp_path / "net", include_optimizer=optimizer)
    assert not os.listdir(tmp_path)


# ---- Functions, classes, attributes --------------------------------------------------------------


def test_a_cost_of_the_users_own(tmp_path):
    path = tmp_path / "net"
    net = cr.Network([cr.Input(5), cr.Dense(2)], loss=squares, rng=2)
    net.fit(X, Y)
    assert_same(through_file(net, path), net)
    with pytest.raises(ValueError, match="is a function, which no file holds: pass it as `loss`"):
        cr.Network.load(path)
    for wrong in ("mse", cr.Mse(), 3, cr.Mse):
        with pytest.raises(TypeError, match="loss must be a function"):
            cr.Network.load(path, loss=wrong)
    cr.Network([cr.Input(5), cr.Dense(2)]).save(path)
    with pytest.raises(ValueError, match="is 'mse', not a function"):
        cr.Network.load(path, loss=squares)


class Own(cr.Network):
    """A class of the user's own, with an attribute."""

    mark = None


def test_classes_of_the_users_own(tmp_path):
    net = Own([cr.Input(5), cr.Dense(2)], rng=2)
    net.mark = "mine"
    found = through_file(net, tmp_path / "net")
    assert type(found) is Own
    assert found.mark is None
    assert type(cr.Network.load(tmp_path / "net")) is cr.Network


def test_an_average_in_the_place_of_the_weights(tmp_path):
    net = cr.Network([cr.Input(5), cr.Dense(2)], rng=2)
    net.fit(X, Y, optimizer=cr.Adam(0.1, ema=0.9), epochs=3)
    with net.averaged():
        found = through_file(net, tmp_path / "net")
    assert found.predict(X).tobytes() == net.predict(X, ema=True).tobytes()


# ---- The file itself -----------------------------------------------------------------------------


def trained():
    layers = [cr.Input(5), cr.Dense(7, cr.Elu(0.5)), cr.LayerNorm(), cr.Dense(2)]
    net, optimizer = cr.Network(layers, rng=2), cr.Adam(ema=0.9)
    net.fit(X, Y, optimizer=optimizer)
    return net


def test_equal_networks_make_equal_files(tmp_path):
    for name in ("a", "b"):
        trained().save(tmp_path / name, include_optimizer=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    cr.Network.load(tmp_path / "a").save(tmp_path / "b", include_optimizer=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_programs_can_read_it(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    net = trained()
    net.save(tmp_path / "net")
    arrays = numpy.load_file(tmp_path / "net")
    assert sorted(arrays) == sorted(
        f"{average}layers.{number}.{part}"
        for average in ("", "average.")
        for number in (1, 2, 3)
        for part in ("weights", "bias")
    )
    assert (arrays["layers.1.weights"] == net.layers[1].weights).all()
    assert (arrays["layers.2.bias"] == net.layers[2].beta).all()
    of_average = net.split(net.average)
    assert (arrays["average.layers.3.weights"] == of_average[2][0]).all()
    size = int.from_bytes((tmp_path / "net").read_bytes()[:8], "little")
    assert size % 8 == 0
    header = json.loads((tmp_path / "net").read_bytes()[8 : 8 + size])
    assert list(header["__metadata__"]) == ["chainrule"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_not_saved(value, tmp_path):
    net = trained()
    net.layers[3].weights[1, 2] = value
    with pytest.raises(ValueError, match=r"layers\.3\.weights holds NaN or an infinity"):
        net.save(tmp_path / "net")
    assert not os.listdir(tmp_path)


def test_what_a_newer_version_has(tmp_path, monkeypatch):
    net = cr.Network([cr.Input(5), cr.Dense(7, cr.Elu(0.5)), cr.Dense(2)], rng=2)
    net.save(tmp_path / "net")
    monkeypatch.setattr(cr.Elu, "_name", "elu2")
    with pytest.raises(cr.ModelFormatError, match=r"chainrule .* has no activation 'elu'"):
        cr.Network.load(tmp_path / "net")


# ---- Pickles and copies --------------------------------------------------------------------------

WAYS = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "net.copy": lambda net: net.copy(),
}


@pytest.mark.parametrize("way", WAYS)
def test_copies_have_the_same_bits_and_no_optimizer_of_a_fit(way):
    net = trained()
    found = WAYS[way](net)
    assert_same(found, net)
    assert found.average.tobytes() == net.average.tobytes()
    assert found._last_optimizer is None
    assert net._last_optimizer is not None


def test_joblib(tmp_path):
    joblib = pytest.importorskip("joblib")
    net = trained()
    joblib.dump(net, tmp_path / "net.joblib", compress=3)
    assert_same(joblib.load(tmp_path / "net.joblib"), net)


@pytest.mark.parametrize("target", _core.cpu_targets())
def test_a_pickle_and_a_file_of_another_cpu_target(target, tmp_path):
    """What one process makes, with any kernels, another one loads."""
    code = f"""
        import pickle
        import numpy as np
        import chainrule as cr
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
        net = cr.Network([cr.Input(5), cr.Dense(7, "gelu"), cr.Dense(2)], rng=2)
        optimizer = cr.Adam()
        net.fit(x, y, optimizer=optimizer)
        with open({str(tmp_path / "pickle")!r}, "wb") as file:
            pickle.dump((net, optimizer, net.parameters), file)
        net.save({str(tmp_path / "net")!r}, include_optimizer=True)
    """
    python(code, env=environment_with(CHAINRULE_CPU=target))
    with open(tmp_path / "pickle", "rb") as file:
        net, optimizer, parameters = pickle.load(file)
    found = cr.Network.load(tmp_path / "net")
    assert net.parameters.tobytes() == found.parameters.tobytes() == parameters.tobytes()
    for each, its in ((net, optimizer), (found, found.optimizer)):
        each.fit(X, Y, optimizer=its)
    assert bits(found) == bits(net)
