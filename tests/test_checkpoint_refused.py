"""Checkpoints that do not fit, or cannot be written or read: refused, with all as before."""
# SPDX-License-Identifier: BSD-3-Clause

import os
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from resumed_trainings import PATIENT, X, Y, fit, network
from support import squares


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "run.safetensors"
    fit(network(), cr.Adam(), epochs=2, callbacks=cr.Checkpoint(path))
    return path


def other_network(**changes):
    options = {"n": 6, "width": 9, "loss": "mse", "dtype": "float32"} | changes
    layers = [cr.Input(options["n"]), cr.Dense(options["width"], "gelu"), cr.Dense(2)]
    return cr.Network(layers, loss=options["loss"], dtype=options["dtype"], rng=3)


@pytest.mark.parametrize(
    ("make", "optimizer", "options", "message"),
    [
        (other_network, cr.Adam, {}, r"another network: layer 2 is Dense\(9, 'gelu', l2=0.01, "),
        (lambda: network("float64"), cr.Adam, {}, "dtype is float32, that of this one float64"),
        (lambda: network(loss="mae"), cr.Adam, {}, "its loss is 'mse', that of this one 'mae'"),
        (network, cr.SGD, {}, "another optimizer: the kind is adam there, sgd here"),
        (network, lambda: cr.Adam(0.1), {}, "learning_rate is 0.001 there, 0.1 here"),
        (network, lambda: cr.Adam(ema=0.9), {}, "ema is None there, 0.9 here"),
        (
            network,
            lambda: cr.Adam(clip_norm=1),
            {},
            "clip_norm is None there, clip_norm",
        ),
        (network, cr.Adam, {"x": X[:40], "y": Y[:40]}, "with 50 samples; this one has 40"),
        (network, cr.Adam, {"batch_size": 20}, "10 samples in a batch; this one has 20"),
        (network, cr.Adam, {"epochs": 1}, "has 2 whole epochs; this training ends with epoch 1"),
        (network, cr.Adam, {"stop": [PATIENT]}, "with 0 stop conditions; this one has 1"),
        (network, cr.Adam, {"validation_split": 0.2}, "50 samples; this one has 40"),
        (network, lambda: cr.LBFGS(), {}, "LBFGS"),
        (network, cr.Adam, {"x": X * np.nan}, "x has nan in row 0"),
    ],
)
def test_another_training_is_refused(make, optimizer, options, message, checkpoint):
    net, own = make(), optimizer()
    arguments = {"x": X, "y": Y, "epochs": 4, "batch_size": 10, "resume": checkpoint} | options
    before = net.parameters.tobytes(), net.seed, net._epochs_begun, net._steps_made, net.history
    with pytest.raises(ValueError, match=message):
        net.fit(optimizer=own, **arguments)
    after = net.parameters.tobytes(), net.seed, net._epochs_begun, net._steps_made, net.history
    assert after == before
    if isinstance(own, cr.LBFGS):
        return
    assert (own.steps, own._states(), own.epochs) == (0, {}, 0)
    fresh = make()
    arguments = {"epochs": 1, "batch_size": 10}
    net.fit(X, Y, optimizer=own, **arguments)
    fresh.fit(X, Y, optimizer=optimizer(), **arguments)
    assert net.parameters.tobytes() == fresh.parameters.tobytes()


def test_the_file_is_named(checkpoint):
    with pytest.raises(ValueError, match=rf"^{checkpoint}: this checkpoint is that of a training"):
        fit(network(), cr.Adam(), resume=checkpoint, batch_size=20)
    message = "the stop condition time_limit.seconds=9.; this one has time_limit.seconds=99."
    path = checkpoint.parent / "limited"
    fit(network(), cr.Adam(), stop=cr.TimeLimit(9), callbacks=cr.Checkpoint(path))
    with pytest.raises(ValueError, match=message):
        fit(network(), cr.Adam(), stop=cr.TimeLimit(99), resume=path)


def test_a_cost_of_the_users_own_that_does_not_fit(checkpoint):
    with pytest.raises(ValueError, match=f"{checkpoint} is a checkpoint of another network"):
        fit(network(loss=squares), cr.Adam(), resume=checkpoint)


def test_the_optimizer_of_another_network_stays_its_own(checkpoint):
    other, optimizer = network(), cr.Adam()
    fit(other, optimizer)
    net = network()
    with pytest.raises(ValueError, match="holds the state of another network"):
        fit(net, optimizer, resume=checkpoint)
    with pytest.raises(ValueError, match="holds the state of another network"):
        net.save(checkpoint.parent / "net", include_optimizer=optimizer)
    assert net._steps_made == 0
    fit(other, optimizer, epochs=1)


def test_a_rate_that_is_a_function_there(tmp_path):
    path = tmp_path / "run"
    rate = cr.Adam(lambda step, epoch: 0.001)
    fit(network(), rate, callbacks=cr.Checkpoint(path))
    with pytest.raises(ValueError, match=r"learning_rate is a function there, 0\.001 here"):
        fit(network(), cr.Adam(), resume=path)
    assert cr.Network.load(path).optimizer is None


def test_a_network_alone_is_no_checkpoint(tmp_path):
    path = tmp_path / "net.safetensors"
    network().save(path)
    with pytest.raises(ValueError, match="holds a network alone; a training goes on from a Check"):
        fit(network(), cr.Adam(), resume=path)


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        fit(network(), cr.Adam(), resume=tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        fit(network(), cr.Adam(), resume=tmp_path)
    (tmp_path / "text").write_text("no checkpoint")
    with pytest.raises(cr.ModelFormatError, match="text: it is no complete safetensors file"):
        fit(network(), cr.Adam(), resume=tmp_path / "text")
    with pytest.raises(TypeError):
        fit(network(), cr.Adam(), resume=3.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"every_seconds": "x"}, TypeError, "every_seconds must be a number, got 'x'"),
        ({"path": 3}, TypeError, "path must be a str or a path, got 3"),
        ({"every_epochs": 0}, ValueError, "every_epochs must be >= 1, got 0"),
        ({"every_epochs": 1.5}, TypeError, "every_epochs must be a whole number"),
        ({"every_seconds": 0}, ValueError, "every_seconds must be > 0, got 0"),
        ({"every_seconds": float("nan")}, ValueError, "every_seconds must be > 0, got nan"),
        ({"keep": 0}, ValueError, "keep must be >= 1, got 0"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        cr.Checkpoint(**{"path": "run"} | arguments)


@pytest.mark.parametrize("where", ["folder", "no folder", "closed folder"])
def test_paths_that_cannot_be_written_are_refused_before_a_step(where, tmp_path, monkeypatch):
    path = {"folder": tmp_path, "no folder": tmp_path / "none" / "run"}.get(where, tmp_path / "run")
    if where == "closed folder":
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    net = network()
    with pytest.raises(OSError, match=str(path)):
        fit(net, cr.Adam(), callbacks=cr.Checkpoint(path))
    assert (net._steps_made, net.history) == (0, None)


def test_a_disk_that_fills_up_ends_the_training(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    first = cr.Checkpoint(path)
    fit(network(), cr.Adam(), epochs=1, callbacks=first)
    kept = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    net = network()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fit(net, cr.Adam(), callbacks=cr.Checkpoint(path, every_epochs=2))
    assert net._steps_made == 10
    assert path.read_bytes() == kept
    assert os.listdir(tmp_path) == [path.name]


def test_lbfgs_has_no_checkpoints(tmp_path):
    pytest.importorskip("scipy")
    layers = [cr.Input(6), cr.Dense(2)]
    with pytest.raises(ValueError, match="LBFGS"):
        cr.Network(layers).fit(
            X, Y, optimizer=cr.LBFGS(), callbacks=cr.Checkpoint(Path(tmp_path) / "run")
        )
