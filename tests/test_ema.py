"""ema=d: the exponential average of the weights, and predictions with it."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import threading

import numpy as np
import pytest

import chainrule as cr
from optimizer_kinds import KINDS
from support import DTYPES, assert_relative
from weight_options import CASES, network, samples

D = 0.9


def raw(array):
    return array.tobytes()


class Weights(cr.Callback):
    """Averages the weights that it sees."""

    def __init__(self):
        self.average = None

    def on_step_end(self, network, record):
        """Apply the definition."""
        w = network.parameters.astype(float)
        self.average = w if self.average is None else D * self.average + (1 - D) * w


def trained(net, optimizer, callbacks=(), **options):
    x, y, _ = samples(40)
    options = {"batch_size": 8, "epochs": 3} | options
    net.fit(x, y, optimizer=optimizer, callbacks=callbacks, **options)
    return net


def averaged(dtype="float64"):
    return trained(network([{}, {}, {}], dtype=dtype), cr.Adam(0.01, ema=D))


# The weights of the cases are penalized, limited, frozen, or have a learning rate of their own.
@pytest.mark.parametrize("batch_size", [1, 8])
@pytest.mark.parametrize("case", CASES)
def test_average_is_that_of_the_weights_after_each_step(plan, case, batch_size):
    seen, options = Weights(), CASES[case]
    net = trained(network(options), cr.Adam(0.01, ema=D), seen, batch_size=batch_size)
    assert_relative(net.average, seen.average, 1e-13, "average")
    # Steps that nobody watches may be made several at a time.
    twin = trained(network(options), cr.Adam(0.01, ema=D), batch_size=batch_size)
    assert raw(twin.average) == raw(net.average)
    plain = trained(network(options), cr.Adam(0.01), batch_size=batch_size)
    assert raw(plain.parameters) == raw(net.parameters)
    assert plain.average is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_takes_it(kind):
    make, arguments = KINDS[kind]
    seen = Weights()
    net = trained(network([{}, {}, {}], dtype="float32"), make(**arguments, ema=D), seen)
    np.testing.assert_allclose(net.average, seen.average, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions(plan, dtype):
    net = averaged(dtype)
    x, y, _ = samples(33)
    last, of_average = net.predict(x), net.predict(x, ema=True)
    assert raw(last) != raw(of_average)
    twin = network([{}, {}, {}], dtype=dtype)
    twin.parameters = net.average
    assert raw(twin.predict(x)) == raw(of_average)
    before = raw(net.parameters)
    with net.averaged() as same:
        assert same is net
        assert raw(net.predict(x)) == raw(net.predict(x, ema=True)) == raw(of_average)
        assert net.cost(x, y) == twin.cost(x, y)
        assert raw(net.parameters) == raw(net.average) == raw(twin.parameters)
        assert raw(net.layers[1].weights) == raw(twin.layers[1].weights)
        with net.averaged():  # is in place already, and stays until the outer one ends
            assert raw(net.predict(x)) == raw(of_average)
        assert raw(net.predict(x)) == raw(of_average)
    assert raw(net.parameters) == before
    assert raw(net.predict(x)) == raw(last)
    assert raw(net.predict(x, ema=True)) == raw(of_average)


def test_place_of_the_weights_is_given_back_after_an_exception():
    net = averaged()
    before = raw(net.parameters), raw(net.average)
    with pytest.raises(KeyError), net.averaged():
        raise KeyError
    assert (raw(net.parameters), raw(net.average)) == before


def test_weights_come_back_when_no_thread_reads_them_any_longer():
    net = averaged()
    x, before = np.ones((200_000, 5)), raw(net.parameters)
    reader = threading.Thread(target=net.predict, args=(x,))
    with net.averaged():
        reader.start()
        while reader.is_alive() and is_free(net):
            pass
    reader.join()
    assert raw(net.parameters) == before
    trained(net, cr.SGD(0.1))


def is_free(net):
    try:
        net._exclusive(lambda: None)
    except cr.ConcurrentUseError:
        return False
    return True


@pytest.mark.parametrize("options", [{}, {"max_norm": 1e30}], ids=["fused", "apart"])
def test_a_failed_step_and_the_average(plan, options):
    net = cr.Network([cr.Input(2), cr.Dense(1, bias=False, **options)], rng=0)
    net.parameters = [1, 1]
    optimizer = cr.SGD(0.0, ema=0.5)
    net.train_step([[1, 0]], [0], optimizer=optimizer)
    net.parameters = [5, 1]
    optimizer.learning_rate = 1e38
    with pytest.raises(cr.TrainingDiverged, match=r"new weights of layer 2.*learning rate than 1e"):
        net.train_step([[0, 1e4]], [0], optimizer=optimizer)
    # One weight has overflowed, and kept its value; the average takes both as they are.
    np.testing.assert_array_equal(net.parameters, [5, 1])
    np.testing.assert_array_equal(net.average, [3, 1])


def test_no_training_while_the_average_is_in_place():
    net = averaged()
    x, y, _ = samples(8)
    with net.averaged():
        before = raw(net.parameters)
        with pytest.raises(ValueError, match="the average of the weights is in their place"):
            net.fit(x, y)
        with pytest.raises(ValueError, match="the average of the weights is in their place"):
            net.train_step(x, y, optimizer=cr.SGD())
        assert raw(net.parameters) == before
    net.fit(x, y)


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda net: net.copy(), lambda net: pickle.loads(pickle.dumps(net))],
    ids=["copy", "deepcopy", "own copy", "pickle"],
)
def test_copies_have_it(again):
    net = averaged()
    twin = again(net)
    assert raw(twin.average) == raw(net.average)
    with net.averaged():
        kept = again(net)
    assert raw(kept.parameters) == raw(kept.average) == raw(net.average)
    # Both go on alike, and apart.
    trained(net, cr.SGD(0.1, ema=D), epochs=1)
    trained(twin, cr.SGD(0.1, ema=D), epochs=1)
    assert raw(twin.average) == raw(net.average) != raw(kept.average)


def test_later_trainings_go_on_with_it():
    seen, net = Weights(), network([{}, {}, {}])
    trained(net, cr.Adam(0.01, ema=D), seen, epochs=1)
    trained(net, cr.SGD(0.1, ema=D), seen, epochs=2)
    assert_relative(net.average, seen.average, 1e-13, "average")
    kept = raw(net.average)
    trained(net, cr.SGD(0.1), epochs=1)  # keeps none
    assert raw(net.average) == kept


def test_average_is_one_of_steps_not_of_batches():
    def average(batch_size, k):
        optimizer = cr.SGD(0.1, ema=D, accumulate=k)
        return trained(
            network([{}, {}, {}]), optimizer, batch_size=batch_size, shuffle=False
        ).average

    assert_relative(average(4, 2), average(8, 1), 1e-12, "average")


def test_none():
    net = network([{}, {}, {}])
    assert net.average is None
    with pytest.raises(ValueError, match=r"no average of its weights.*cr.Adam\(ema=0.999\)"):
        net.predict(samples(2)[0], ema=True)
    with pytest.raises(ValueError, match="no average of its weights"), net.averaged():
        pass
    with pytest.raises(TypeError, match="ema"):
        net.predict(samples(2)[0], ema=1)
    trained(net, cr.Adam(0.01, ema=D), epochs=0)
    assert net.average is None


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "ema must be a number > 0 and < 1, got 0"),
        (1, ValueError, "ema must be a number > 0 and < 1, got 1"),
        (-0.5, ValueError, "ema must be a number > 0 and < 1, got -0.5"),
        (float("nan"), ValueError, "ema must be a number > 0 and < 1, got nan"),
        ("x", TypeError, "ema must be a number, got 'x'"),
    ],
)
def test_wrong_numbers(value, error, message):
    with pytest.raises(error, match=message):
        cr.SGD(ema=value)
    optimizer = cr.SGD(ema=0.5)
    with pytest.raises(error, match=message):
        optimizer.ema = value
    assert optimizer.ema == 0.5
    optimizer.ema = None
    assert optimizer.ema is None
