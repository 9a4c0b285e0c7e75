"""A training that goes back where it diverges, left after any step: the bits are the same."""
# SPDX-License-Identifier: BSD-3-Clause

import warnings

import numpy as np
import pytest

import chainrule as cr
import pieces
from chainrule import _core
from pieces import result
from support import DTYPES

rng = np.random.default_rng(4)
X, Y = rng.normal(size=(30, 6)), rng.normal(size=(30, 2))  # three steps an epoch
OPTIMIZERS = {
    "momentum": lambda rate: cr.SGD(rate, momentum=0.9),
    "adam": cr.Adam,
    "nadam": cr.NAdam,  # carries a number from step to step
}


class Spikes:
    """A learning rate that is much too large in steps 4 and 7, once each."""

    def __init__(self, height):
        self.left, self.height = [4, 7], height

    def __call__(self, step, epoch):
        if self.left and step > self.left[0]:
            del self.left[0]
        return self.height if self.left and step == self.left[0] else 0.05


def begin(optimizer, dtype):
    layers = [cr.Input(6), cr.Dense(9, "tanh"), cr.Dense(7, "tanh"), cr.Dense(2)]
    return cr.Network(layers, dtype=dtype, rng=3), optimizer, _core.Position()


def piece(state, leave_after=None, on_divergence="restore"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return pieces.piece(
            state, (X, Y), leave_after, validation_data=(X, Y), on_divergence=on_divergence
        )


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cut_after_every_step(plan, dtype, kind):
    height = {"float32": 1e25, "float64": 1e200}[dtype]
    start = begin(OPTIMIZERS[kind](Spikes(height)), dtype)
    expected = result(*piece(start))
    # Two steps of the second epoch come to nothing, and then two of the third.
    assert [each[:2] for each in expected.restored] == [(2, 3), (3, 3)]
    assert expected.columns["learning_rate"] == [0.05, 0.025, 0.0125, 0.0125]
    for cut in range(12 + 4):
        left, history = piece(start, cut)
        assert history.stopped_by == -2
        assert result(*piece(left)) == expected, f"cut after {cut} steps"
    state = start
    for _ in range(12 + 4):
        state, _ = piece(state, 1)
        assert not state[2].empty
    assert result(*piece(state)) == expected


@pytest.mark.parametrize("cut", [0, 2, 3, 4])
def test_what_was_used_up_stays_so(cut):
    start = begin(cr.Adam(1e25), "float32")
    with pytest.raises(cr.TrainingDiverged, match="after 5 restores"):
        piece(start)
    left, _ = piece(start, cut)
    with pytest.raises(cr.TrainingDiverged, match="after 5 restores"):
        piece(left)


def changed(position, part=None, arrays=None):
    name, numbers, words, parts = position.state
    if part is not None:
        ((role, (entry, own, entry_words, own_parts)),) = parts
        parts = [(role, (entry, own | part, entry_words, own_parts))]
    arrays = position.arrays | {key: np.array(value) for key, value in (arrays or {}).items()}
    return _core.Position((name, numbers, words, parts), arrays)


BAD = {
    "steps": ({"part": {"steps": -1}}, "checkpoint's steps must be .*, got -1"),
    "begun": ({"part": {"epochs_begun": 0.5}}, "epochs_begun must be .*, got 0.5"),
    "of optimizer": ({"part": {"optimizer_steps": np.nan}}, "optimizer_steps must be .*, got nan"),
    "unknown": ({"part": {"other": 1}}, 'last_epoch has no number "other"'),
    "parameters": (
        {"arrays": {"last_epoch.parameters": [1.0]}},
        "checkpoint's last_epoch.parameters has 1 elements, expected 149",
    ),
    "infinite": (
        {"arrays": {"last_epoch.parameters": [1e300] * 149}},
        "checkpoint's last_epoch.parameters must be finite, got 1e",
    ),
    "state": (
        {"arrays": {"last_epoch.state[1]": []}},
        r"without .last_epoch.state\[1\]. in what it keeps; this one is with",
    ),
    "restored": ({"arrays": {"restored": [1.0, 2.0]}}, "restored must be three numbers .*, got 2"),
    "often": ({"arrays": {"restored": [1.0] * 18}}, "three numbers for each of at most 5, got 18"),
    "no epoch": ({"arrays": {"restored": [0.0, 1, 1]}}, "checkpoint's epoch must be .*, got 0"),
    "no rate": ({"arrays": {"restored": [1.0, 1, -1]}}, "checkpoint's rate must be >= 0, got -1"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_position_that_does_not_fit_is_refused(case):
    change, message = BAD[case]
    start = begin(cr.Adam(0.05), "float32")
    (net, optimizer, position), _ = piece(start, 4)
    before = net.parameters.tobytes(), net._steps_made, optimizer.steps
    with pytest.raises(ValueError, match=message):
        piece((net, optimizer, changed(position, **change)))
    assert (net.parameters.tobytes(), net._steps_made, optimizer.steps) == before
    assert result(*piece((net, optimizer, position))) == result(*piece(start))


def test_going_on_in_another_way():
    # Within an epoch there is nothing to go back to, where none was kept.
    start = begin(cr.Adam(0.05), "float32")
    left, _ = piece(start, 4, on_divergence="raise")
    with pytest.raises(ValueError, match="a training that does not go back where it diverges"):
        piece(left)
    expected = result(*piece(start))
    assert result(*piece(left, on_divergence="raise")) == expected
    between, _ = piece(start, 3, on_divergence="raise")
    # After the last step of an epoch, before its end: likewise.
    with pytest.raises(ValueError, match="does not go back"):
        piece(between)
    restoring, _ = piece(start, 4)
    assert result(*piece(restoring, on_divergence="stop")) == expected
