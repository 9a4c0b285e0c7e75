"""A training with a schedule that is left after any of its steps goes on with the same bits."""
# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from support import bits, named

rng = np.random.default_rng(5)
X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
STEPS = 4  # of an epoch


def make():
    return cr.Network([cr.Input(5), cr.Dense(8, "tanh"), cr.Dense(2)], dtype="float64", rng=0)


def tenth_of_steps(step, epoch):
    return 0.1 / (1 + step + epoch)


@pytest.mark.parametrize(
    "schedule",
    [
        cr.WarmUp(3, cr.CosineDecay(0.1, 10)),
        cr.StepDecay(0.1, 1, 0.5, per="epoch"),
        cr.ReduceOnPlateau(0.1, 0.5, patience=0, threshold=0.5, cooldown=1),
        tenth_of_steps,
    ],
    ids=named,
)
def test_a_training_that_is_cut_after_any_step_goes_on(schedule):
    """Promise R3: the schedule is where it was."""

    def piece(state, leave_after=None):
        net, optimizer, position = pickle.loads(pickle.dumps(state))
        history = _core.History()
        arguments = {"position": position, "history": history, "leave_after": leave_after}
        net._fit(X, Y, optimizer, 4, 10, True, None, [], None, None, **arguments)
        return (net, optimizer, position), dict(history.columns)

    start = make(), cr.Adam(schedule), _core.Position()
    (whole, _, _), expected = piece(start)
    assert len(set(expected["learning_rate"])) > 1
    for cut in range(4 * STEPS):
        left, _ = piece(start, cut)
        (net, optimizer, _), columns = piece(left)
        assert bits(net) == bits(whole), cut
        assert columns["learning_rate"] == expected["learning_rate"], cut
        assert (optimizer.steps, optimizer.epochs) == (4 * STEPS, 4)
