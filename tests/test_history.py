"""The history of a training is there however the training ends."""
# SPDX-License-Identifier: BSD-3-Clause

import signal

import numpy as np
import pytest

import chainrule as cr
from signals import sending
from support import DTYPES, bits

X, Y = np.ones((10, 3)), np.ones((10, 1))


class Failing:
    """A cost function that raises, or returns NaN, in its n-th call."""

    def __init__(self, n, error=None):
        self.left, self.error = n, error

    def __call__(self, s, y):
        self.left -= 1
        if self.left == 0 and self.error is not None:
            raise self.error
        return (np.nan if self.left == 0 else ((s - y) ** 2).mean()), 2 * (s - y) / s.size


def make(loss="mse", dtype="float32"):
    return cr.Network(
        [cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(1)], loss=loss, dtype=dtype, rng=0
    )


def test_none_before_the_first_training():
    net = make()
    assert net.history is None
    net.train_step(X, Y, cr.SGD(0.01))
    with pytest.raises(ValueError, match="batch_size"):
        net.fit(X, Y, batch_size=0)
    assert net.history is None
    assert net.fit(X, Y, epochs=3) is net.history
    assert net.fit(X, Y) is net.history
    assert net.history.epochs == 1
    with pytest.raises(cr.ShapeError):
        net.fit(X, Y[1:])
    assert net.history.epochs == 1
    with pytest.raises(AttributeError):
        net.history = None


def test_cost_is_the_mean_over_the_samples():
    # Batches of 8 and 2, with a rate of 0: the mean of the steps would be another number.
    net, x = make(), np.random.default_rng(0).normal(size=(10, 3))
    history = net.fit(x, Y, optimizer=cr.SGD(0), batch_size=8)
    assert history.cost == [pytest.approx(net.cost(x, Y), rel=1e-6)]
    weight = np.arange(10.0)
    history = net.fit(x, Y, optimizer=cr.SGD(0), batch_size=8, sample_weight=weight)
    assert history.cost == [pytest.approx(net.cost(x, Y, weight), rel=1e-6)]


def test_after_divergence():
    # Two steps an epoch: the fifth is in the third epoch.
    net = make(Failing(5))
    with pytest.raises(cr.TrainingDiverged, match="nan in step 1 of epoch 3") as caught:
        net.fit(X, Y, epochs=9, batch_size=5)
    assert caught.value.history is net.history
    assert net.history.epochs == len(net.history.cost) == 2
    assert net.history.stopped_by == "diverged"
    assert net.history.seconds > 0


def test_after_an_exception_of_a_cost_function():
    error = LookupError("mine")
    net = make(Failing(5, error))
    with pytest.raises(LookupError) as caught:
        net.fit(X, Y, epochs=9, batch_size=5)
    assert caught.value is error
    assert error.history is net.history
    assert (net.history.epochs, net.history.stopped_by) == (2, "error")


def test_an_attribute_of_the_users_own_exception_stays():
    error = LookupError("mine")
    error.history = "of my own"
    net = make(Failing(3, error))
    with pytest.raises(LookupError):
        net.fit(X, Y, epochs=9)
    assert error.history == "of my own"
    assert net.history.epochs == 2


def test_an_exception_that_takes_no_attributes_comes_through():
    class Stubborn(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    net = make(Failing(3, Stubborn()))
    with pytest.raises(Stubborn):
        net.fit(X, Y, epochs=9)
    assert net.history.epochs == 2


def test_after_ctrl_c():
    net, optimizer = make(), cr.Adam()
    with (
        sending(signal.SIGINT, lambda: optimizer.steps >= 100),
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        net.fit(X, Y, optimizer=optimizer, stop=cr.TimeLimit(60))
    assert caught.value.history is net.history
    assert net.history.stopped_by == "interrupted"
    assert net.history.epochs in (optimizer.steps - 1, optimizer.steps)
    assert len(net.history.cost) == net.history.epochs >= 99


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("epochs", [1, 4])
def test_validation_cost_that_is_not_finite_is_divergence(dtype, epochs):
    net = make(dtype=dtype)
    huge = float(np.sqrt(np.finfo(dtype).max)) * 4
    with pytest.raises(
        cr.TrainingDiverged, match="validation cost of epoch 1 became inf"
    ) as caught:
        net.fit(X, Y, epochs=epochs, validation_data=(X, Y * huge))
    assert "y is not scaled: its column 0 is" in str(caught.value)
    assert "learning rate" in str(caught.value)
    assert caught.value.history.validation_cost == [np.inf]
    assert np.isfinite(caught.value.history.cost).all()
    twin = make(dtype=dtype)
    twin.fit(X, Y)  # the weights are those of the last finished step
    assert bits(net) == bits(twin)


def test_a_mean_that_overflows_is_divergence():
    # Each sample's cost is finite, their sum is not.
    net = cr.Network([cr.Input(1), cr.Dense(1, init="zeros")], dtype="float64")
    before = bits(net)
    with pytest.raises(cr.TrainingDiverged, match="inf in step 1"):
        net.fit(np.ones((4, 1)), np.full(4, 1e154), optimizer=cr.SGD(1e-300), batch_size=4)
    assert bits(net) == before


@pytest.mark.parametrize("metrics", [(), "mae"])
def test_plot(metrics):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    net = make()
    history = net.fit(X, Y, epochs=4, validation_data=(X, Y), metrics=metrics)
    drawn = np.atleast_1d(history.plot())
    lines = [{line.get_label(): list(line.get_ydata()) for line in ax.get_lines()} for ax in drawn]
    assert lines[0] == {"cost": history.cost, "validation cost": history.validation_cost}
    of_metrics = {name.replace("_", " "): each for name, each in history.metrics.items()}
    assert lines[1:] == ([of_metrics] if metrics else [])
    assert len(of_metrics) == bool(metrics)
    _, ax = plt.subplots()
    assert history.plot(ax) is ax
    assert len(ax.get_lines()) == 2
    plt.close("all")
