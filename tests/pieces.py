"""A training in pieces, each of which begins with what a pickle has kept of the one before."""
# SPDX-License-Identifier: BSD-3-Clause

import pickle
from typing import NamedTuple

from chainrule import _core

OPTIONS = {
    "epochs": 4,
    "batch_size": 10,
    "shuffle": True,
    "order": None,
    "stop": (),
    "validation_data": None,
    "sample_weight": None,
}


def piece(state, data, leave_after=None, **options):
    """Go on from network, optimizer and position; return these, and the history so far."""
    net, optimizer, position = pickle.loads(pickle.dumps(state))
    history = _core.History()
    options = OPTIONS | options
    options["stop"] = [each._spec_with([]) for each in options["stop"]]
    options |= {"history": history, "position": position, "leave_after": leave_after}
    net._fit(*data, optimizer, **options)
    return (net, optimizer, position), history


class Result(NamedTuple):
    """Everything that a training leaves, but its time."""

    parameters: bytes
    average: bytes | None
    states: list[bytes]
    numbers: tuple  # of the optimizer, beside its states
    optimizer_steps: int
    counts: tuple[int, int]  # of the network's steps and epochs
    columns: dict[str, list[float]]
    stopped_by: int
    restored: list


def result(state, history):
    net, optimizer, position = state
    assert position.empty
    return Result(
        net.parameters.tobytes(),
        None if net.average is None else net.average.tobytes(),
        [each.tobytes() for each in optimizer._states().values()],
        (optimizer._running(), optimizer._schedule_memory()),
        optimizer.steps,
        (net._steps_made, net._epochs_begun),
        {name: values for name, values in history.columns if name != "epoch_seconds"},
        history.stopped_by,
        history.restored,
    )
