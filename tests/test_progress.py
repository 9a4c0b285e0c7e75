"""What people see of a training, and what writers are told."""
# SPDX-License-Identifier: BSD-3-Clause

import importlib.util
import io
from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule import progress as shown_progress
from support import bits

X, Y = np.ones((10, 3)), np.ones((10, 1))


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


def make():
    return cr.Network([cr.Input(3), cr.Dense(1)], rng=0)


@pytest.fixture(params=[False, True], ids=["file", "terminal"])
def stderr(request, monkeypatch):
    stream = Stream(request.param)
    # Not sys.stderr itself, which pytest sets between fixtures and test.
    monkeypatch.setattr(shown_progress, "sys", SimpleNamespace(stderr=stream))
    return stream


@pytest.fixture
def without_tqdm(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tqdm" else found(name)
    )


def test_a_line(stderr, without_tqdm):
    history = make().fit(X, Y, epochs=3, validation_data=(X, Y), progress=True)
    text = stderr.getvalue()
    assert text.endswith("\n")
    last = text.splitlines()[-1].split("\r")[-1]
    assert last.startswith(
        f"epoch 3/3, cost {history.cost[-1]:.4g}, validation_cost {history.validation_cost[-1]:.4g}"
    )
    assert "samples/s" in last
    assert last.rstrip().endswith("00:00 left")


def test_without_a_number_of_epochs(stderr, without_tqdm):
    make().fit(X, Y, stop=cr.NoImprovement(1, min_delta=1e9), progress=True)
    assert "epoch 2, cost" in stderr.getvalue()
    assert "left" not in stderr.getvalue()


def test_a_bar(stderr):
    pytest.importorskip("tqdm")
    history = make().fit(X, Y, epochs=3, progress=True)
    text = stderr.getvalue()
    assert "3/3" in text
    assert f"cost={history.cost[-1]:.4g}" in text


def test_auto(stderr, without_tqdm):
    make().fit(X, Y, progress="auto")
    assert bool(stderr.getvalue()) == stderr.terminal


def test_quiet_by_default(stderr):
    make().fit(X, Y, epochs=3)
    assert stderr.getvalue() == ""


def test_without_a_stream(monkeypatch):
    monkeypatch.setattr(shown_progress, "sys", SimpleNamespace(stderr=None))
    assert make().fit(X, Y, progress=True).epochs == 1


def test_the_line_ends_after_an_exception(stderr, without_tqdm):
    class Failing(cr.Callback):
        def on_epoch_end(self, network, record):
            if record.epoch == 2:
                raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        make().fit(X, Y, epochs=9, progress=True, callbacks=Failing())
    assert stderr.getvalue().endswith("\n")


def test_nobody_sees_a_difference(stderr):
    nets = make(), make()
    for net, progress in zip(nets, (False, True), strict=True):
        net.fit(X, Y, epochs=3, batch_size=4, optimizer=cr.Adam(), progress=progress)
    assert bits(nets[0]) == bits(nets[1])
    assert nets[1].history.stopped_by == "epochs"


def test_durations():
    assert shown_progress._duration(75) == "01:15"
    assert shown_progress._duration(100 * 3600 + 62) == "100:01:02"


@pytest.mark.parametrize("wrong", ["yes", 1, None])
def test_what_progress_cannot_be(wrong):
    with pytest.raises(TypeError, match='progress must be True, False or "auto", got'):
        make().fit(X, Y, progress=wrong)


class Writer:
    def __init__(self):
        self.told = []

    def add_scalar(self, tag, value, step):
        self.told.append((tag, value, step))


def test_scalar_logger():
    writer, net = Writer(), make()
    logger = cr.ScalarLogger(writer, "a/")
    for _ in range(2):
        net.fit(X, Y, epochs=2, metrics="mae", gradient_norm=True, callbacks=logger)
    history = net.history
    expected = [
        ("a/cost", history.cost[1], 4),
        ("a/learning_rate", 0.001, 4),
        ("a/gradient_norm", history.gradient_norm[1], 4),
        ("a/mae", history.metrics["mae"][1], 4),
    ]
    assert writer.told[-4:] == expected
    assert [step for *_, step in writer.told] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4


@pytest.mark.parametrize("wrong", [None, 3, Writer, object()])
def test_what_is_no_writer(wrong):
    with pytest.raises(TypeError, match="writer must have a method add_scalar, got"):
        cr.ScalarLogger(wrong)
