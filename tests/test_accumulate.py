"""accumulate=k: k batches make one step, that of one batch with all their samples."""
# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest

import chainrule as cr
from optimizer_kinds import KINDS
from support import DTYPES, assert_relative, squares
from weight_options import CASES, network, samples

N = 50


def raw(array):
    return array.tobytes()


def train(net, optimizer, batch_size, epochs=3, **options):
    x, y, weight = samples(N)
    options = {"shuffle": False, "sample_weight": weight} | options
    net.fit(x, y, optimizer=optimizer, batch_size=batch_size, epochs=epochs, **options)
    return net


# 50 samples: the last step of an epoch takes what is left, whole batches or not.
@pytest.mark.parametrize(("batch_size", "k"), [(8, 2), (8, 4), (1, 7), (16, 3), (64, 4)])
@pytest.mark.parametrize("case", CASES)
def test_steps_are_those_of_large_batches(plan, case, batch_size, k):
    small, large = network(CASES[case]), network(CASES[case])
    of_small, of_large = cr.SGD(0.1, momentum=0.9, accumulate=k), cr.SGD(0.1, momentum=0.9)
    train(small, of_small, batch_size)
    train(large, of_large, batch_size * k)
    assert of_small.steps == of_large.steps == 3 * -(-N // (batch_size * k))
    assert_relative(small.parameters, large.parameters, 1e-12, "parameters")


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_takes_it(kind):
    make, arguments = KINDS[kind]
    small, large = network([{}, {}, {}]), network([{}, {}, {}])
    train(small, make(**arguments, accumulate=4), 8)
    train(large, make(**arguments), 32)
    # Formulas that divide by tiny gradients, or look at their signs, magnify what rounding does.
    assert_relative(small.parameters, large.parameters, 1e-6, "parameters")
    assert raw(small.parameters) != raw(network([{}, {}, {}]).parameters)


@pytest.mark.parametrize("loss", ["mse", squares])
def test_costs_are_those_of_the_batches(loss):
    def make():
        return cr.Network([cr.Input(3), cr.Dense(2)], loss=loss, dtype="float64", rng=0)

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    net, start = make(), make()
    net.fit(x, y, optimizer=cr.SGD(0.5, accumulate=3), batch_size=4, shuffle=False)
    assert net.history.cost[0] == pytest.approx(start.cost(x, y), rel=1e-14)


def test_norms_are_those_of_the_steps():
    (x, y, _), norms = samples(48), []
    for batch_size, k in (8, 3), (24, 1):
        net = network([{}, {}, {}])
        limited = cr.SGD(0.1, clip_norm=1e-3, accumulate=k)
        net.fit(x, y, optimizer=limited, batch_size=batch_size, epochs=2, gradient_norm=True)
        norms.append([*net.history.gradient_norm, *net.parameters])
    np.testing.assert_allclose(*norms, rtol=1e-10)


def test_single_steps_accumulate_from_call_to_call():
    x, y, _ = samples(30)
    net, expected = network([{}, {}, {}]), network([{}, {}, {}])
    optimizer, once = cr.SGD(0.1, accumulate=3), cr.SGD(0.1)
    start = raw(net.parameters)
    for first in (0, 10):
        net.train_step(x[first : first + 10], y[first : first + 10], optimizer=optimizer)
        assert raw(net.parameters) == start
    assert optimizer.steps == 0
    optimizer = pickle.loads(pickle.dumps(optimizer))  # with what has been added up
    net.train_step(x[20:], y[20:], optimizer=optimizer)
    expected.train_step(x, y, optimizer=once)
    assert optimizer.steps == 1
    assert_relative(net.parameters, expected.parameters, 1e-12, "parameters")


def test_what_waits_belongs_to_one_network():
    x, y, _ = samples(10)
    net, other, optimizer = network([{}] * 3), network([{}] * 3), cr.SGD(0.1, accumulate=2)
    net.train_step(x, y, optimizer=optimizer)
    with pytest.raises(ValueError, match="holds the state of another network"):
        other.train_step(x, y, optimizer=optimizer)
    net.train_step(x, y, optimizer=optimizer)  # a step: nothing waits any longer
    other.train_step(x, y, optimizer=optimizer)


def test_a_failed_batch_leaves_what_was_added_up():
    x, y, _ = samples(20)
    net, expected = network([{}, {}, {}]), network([{}, {}, {}])
    optimizer = cr.SGD(0.1, accumulate=2)
    net.train_step(x[:10], y[:10], optimizer=optimizer)
    with pytest.raises(cr.TrainingDiverged):
        net.train_step(x[:10], y[:10] * 1e200, optimizer=optimizer)
    net.train_step(x[10:], y[10:], optimizer=optimizer)
    expected.train_step(x, y, optimizer=cr.SGD(0.1))
    assert_relative(net.parameters, expected.parameters, 1e-12, "parameters")


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_threads(plan, dtype):
    of_threads = set()
    for threads in (1, 2, 3):
        net = network([{}, {"l2": 0.01}, {}], dtype=dtype)
        net.threads = threads
        train(net, cr.Adam(0.01, accumulate=3, ema=0.9), 8, shuffle=True)
        of_threads.add((raw(net.parameters), raw(net.average)))
    assert len(of_threads) == 1


def test_weightless_batches():
    weight = np.repeat([0.0, 1.0], 8)
    small, large = network([{}, {}, {}]), network([{}, {}, {}])
    train(small, cr.SGD(0.1, accumulate=2), 8, sample_weight=np.resize(weight, N))
    train(large, cr.SGD(0.1), 16, sample_weight=np.resize(weight, N))
    assert_relative(small.parameters, large.parameters, 1e-12, "parameters")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "accumulate must be a whole number >= 1, got 0"),
        (1e30, ValueError, r"accumulate must be at most 2\^53, got 1e\+30"),
        (-2, ValueError, "accumulate must be a whole number >= 1, got -2"),
        (1.5, ValueError, "accumulate must be a whole number >= 1, got 1.5"),
        ("2", TypeError, "accumulate must be a number, got '2'"),
    ],
)
def test_wrong_numbers(value, error, message):
    with pytest.raises(error, match=message):
        cr.Adam(accumulate=value)
    optimizer = cr.Adam(accumulate=3, ema=0.5)
    with pytest.raises(error, match=message):
        optimizer.accumulate = value
    assert (optimizer.accumulate, optimizer.ema) == (3, 0.5)
    assert "accumulate=3, ema=0.5" in repr(optimizer)


def test_a_gradient_that_is_not_finite_is_not_added_up():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    net.parameters = [0, 0]
    optimizer = cr.SGD(1e-3, accumulate=2)
    with pytest.raises(cr.TrainingDiverged, match="layer 2 on the way back"):
        net.train_step([[1e30]], [1e15], optimizer=optimizer)
    for _ in range(2):
        net.train_step([[1]], [1], optimizer=optimizer)
    assert optimizer.steps == 1
    np.testing.assert_allclose(net.parameters, 2e-3, rtol=1e-6)


def test_a_sum_that_overflows_is_dropped():
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], rng=0)
    net.parameters = [0]
    optimizer = cr.SGD(1e-3, accumulate=3)
    net.train_step([[1e19]], [-1e19], optimizer=optimizer)
    with pytest.raises(cr.TrainingDiverged):
        net.train_step([[1e19]], [-1e19], optimizer=optimizer)
    for _ in range(3):
        net.train_step([[1]], [1], optimizer=optimizer)
    np.testing.assert_allclose(net.parameters, 2e-3, rtol=1e-6)


def test_an_update_that_fails_uses_up_what_was_added_up():
    net = cr.Network([cr.Input(2), cr.Dense(1, bias=False)], rng=0)
    net.parameters = [0, 0]
    optimizer = cr.SGD(
        1e31, accumulate=2
    )  # the step of one weight is finite, that of the other not
    net.train_step([[1, 0]], [1], optimizer=optimizer)
    with pytest.raises(cr.TrainingDiverged, match="new weights of layer 2"):
        net.train_step([[0, 1e4]], [1e4], optimizer=optimizer)
    made = net.parameters.copy()
    np.testing.assert_allclose(made, [1e31, 0], rtol=1e-6)
    net.train_step([[0, 1e-3]], [0], optimizer=optimizer)
    np.testing.assert_array_equal(net.parameters, made)


def test_batches_that_wait_have_no_norm():
    class Norms(cr.Callback):
        seen = ()

        def on_step_end(self, network, record):
            """Keep the norm."""
            self.seen = (*self.seen, record.gradient_norm)

    x, y, _ = samples(32)
    norms = Norms()
    network([{}, {}, {}]).fit(
        x,
        y,
        optimizer=cr.SGD(0.01, accumulate=3),
        batch_size=8,
        gradient_norm=True,
        callbacks=norms,
    )
    assert [each is None for each in norms.seen] == [True, True, False, False]
    assert all(each > 0 for each in norms.seen[2:])
