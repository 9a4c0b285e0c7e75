"""A cost function of the user's own that fails, and optimizers in the wrong place."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule import ShapeError
from support import squares
from undisturbed import LEARN, N, Pair, make, state, values, x


class Cost:
    """A cost function that is right until told to answer something else."""

    def __init__(self, answer):
        self.answer = answer
        self.wrong = False

    def __call__(self, s, y):
        return self.answer(s) if self.wrong else squares(s, y)


def fail(error):
    raise error


BOTH = r"must return \(cost, dC_ds\), got"
BAD_ANSWERS = {
    "None": (lambda s: None, TypeError, f"{BOTH} .*NoneType"),
    "cost only": (lambda s: 1.0, TypeError, f"{BOTH} .*float"),
    "0-D array": (lambda s: np.array(1.0), TypeError, BOTH),
    "three": (lambda s: (1.0, s, s), TypeError, BOTH),
    "dict": (lambda s: {"cost": 1.0, "dC_ds": s}, TypeError, f"{BOTH} .*dict"),
    "short": (lambda s: (1.0, s[:-1]), ShapeError, r"dC_ds .*shape \(1, 3\), expected \(2, 3\)"),
    "transposed": (lambda s: (1.0, s.T), ShapeError, r"dC_ds .*shape \(3, 2\), expected \(2, 3\)"),
    "flat": (lambda s: (1.0, s.ravel()), ShapeError, r"dC_ds .*shape \(6,\), expected \(2, 3\)"),
    "one number": (lambda s: (1.0, 0.0), ShapeError, r"dC_ds .*shape \(\), expected \(2, 3\)"),
    "complex": (lambda s: (1.0, s + 0j), TypeError, "dC_ds .* got dtype complex64"),
    "strings": (lambda s: (1.0, [["a"] * 3] * 2), TypeError, "dC_ds .* got dtype <U1"),
    "no gradient": (lambda s: (1.0, None), TypeError, "dC_ds .* got NoneType"),
    "ragged": (lambda s: (1.0, [[1], [1, 2]]), ValueError, "dC_ds .* cannot be read as an array"),
    "cost (2,)": (lambda s: (s[:, 0], s), ShapeError, r"the cost .*shape \(2,\), expected one"),
    "cost 'a'": (lambda s: ("a", s), TypeError, "the cost .* got str"),
    "cost 1j": (lambda s: (1j, s), TypeError, "the cost .* got complex"),
    "raises": (lambda s: fail(ZeroDivisionError("mine")), ZeroDivisionError, "mine"),
    "interrupts": (lambda s: fail(KeyboardInterrupt("mine")), KeyboardInterrupt, "mine"),
    "exits": (lambda s: fail(SystemExit("mine")), SystemExit, "mine"),
}


@pytest.mark.parametrize("call", LEARN)
@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_cost_function(case, call):
    answer, exception, match = BAD_ANSWERS[case]
    cost = Cost(answer)
    pair = Pair(cost, twin_loss=squares)
    with pair.refuses(exception, match):
        cost.wrong = True
        try:
            LEARN[call](pair, x[:2], values[:2])
        finally:
            cost.wrong = False


def test_its_exception_is_the_very_object():
    error = LookupError("mine")
    cost = Cost(lambda s: fail(error))
    cost.wrong = True
    with pytest.raises(LookupError) as caught:
        make(cost).fit(x, values)
    assert caught.value is error


def test_its_failure_leaves_the_last_finished_step():
    calls = 0

    def fails_at_the_fifth(s, y):
        nonlocal calls
        calls += 1
        return fail(ZeroDivisionError()) if calls == 5 else squares(s, y)

    net, twin = make(fails_at_the_fifth), make(squares)
    optimizer, twin_optimizer = cr.Adam(0.05), cr.Adam(0.05)
    with pytest.raises(ZeroDivisionError):
        net.fit(x, values, optimizer=optimizer, epochs=3, batch_size=2, shuffle=False)
    assert optimizer.steps == 4
    for step in range(4):
        rows = slice(2 * step % N, 2 * step % N + 2)
        twin.train_step(x[rows], values[rows], twin_optimizer)
    assert net.parameters.tobytes() == twin.parameters.tobytes()
    assert state(net, optimizer)[4] == state(twin, twin_optimizer)[4]


@pytest.mark.parametrize("call", LEARN)
def test_it_cannot_write_into_y(call):
    def careless(s, y):
        y -= s  # in place
        return (y**2).mean(), -2 * y / s.size

    y = values.astype(np.float32)
    before = y.tobytes()
    with suppress(ValueError):  # NumPy's own, about an array that is read-only
        LEARN[call](SimpleNamespace(net=make(careless), optimizer=cr.Adam()), x, y)
    assert y.tobytes() == before


def test_its_targets():
    pair = Pair(squares)
    with pair.refuses(ShapeError, r"y has shape \(5, 3\), but x has 6 samples"):
        pair.net.fit(x, values[:5], optimizer=pair.optimizer)
    with pair.refuses(ShapeError, r"y has shape \(\), but x has 6 samples"):
        pair.net.fit(x, None, optimizer=pair.optimizer)


def test_failed_call_does_not_bind_a_restored_optimizer():
    pair = Pair()
    restored = copy.copy(pair.optimizer)
    with pytest.raises(ZeroDivisionError):
        make(lambda s, y: fail(ZeroDivisionError())).train_step(x, values, restored)
    # As if that had not happened: it goes on with the network that it was saved with.
    net = pair.net.copy()
    assert net.train_step(x, values, restored) == pair.net.train_step(x, values, pair.optimizer)
    assert net.parameters.tobytes() == pair.net.parameters.tobytes()


def test_optimizer_of_another_network():
    pair, other = Pair(), Pair()
    with pair.refuses(ValueError, "this optimizer holds the state of another network"):
        pair.net.fit(x, values, optimizer=other.optimizer)
    with pair.refuses(ValueError, "this optimizer holds the state of another network"):
        pair.net.train_step(x, values, other.optimizer)
    assert state(other.net, other.optimizer) == state(other.twin, other.twin_optimizer)


def test_restored_optimizer_of_another_size():
    small = cr.Network([cr.Input(2), cr.Dense(1)], rng=0)
    optimizer = cr.Adam()
    small.fit([[1, 2]], [1], optimizer=optimizer)
    restored = copy.copy(optimizer)
    pair = Pair()
    with pair.refuses(ValueError, "the state of a network with 3 parameters, not 43"):
        pair.net.fit(x, values, optimizer=restored)
    assert restored.steps == 1
    small.copy().fit([[1, 2]], [1], optimizer=restored)
