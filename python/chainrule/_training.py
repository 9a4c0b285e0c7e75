"""What `Network.fit` does: check what is no array, train, and keep the history."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from chainrule import _core
from chainrule._spec import as_list, true_or_false, whole_number
from chainrule.callbacks import as_callbacks, hooks_of
from chainrule.history import History, history_of
from chainrule.optimizers import Adam, Optimizer
from chainrule.stopping import StopCondition

if TYPE_CHECKING:
    from chainrule.network import Network


def train(
    network: Network,
    data: tuple[Any, Any, Any, Any],
    *,
    optimizer: Optimizer | None,
    epochs: int | Literal["auto"] | None,
    batch_size: int,
    stop: StopCondition | Sequence[StopCondition],
    callbacks: object,
    shuffle: bool,
    order: Any,
) -> History:
    """Train a network on `data`: x, y, sample_weight, validation_data."""
    if optimizer is None:
        optimizer = Adam()
    if isinstance(stop, StopCondition):
        stop = [stop]
    conditions = as_list("stop", "hold stop conditions", StopCondition, stop)
    of_user = as_callbacks(callbacks)
    if isinstance(epochs, str) and epochs == "auto":
        epochs = None if conditions and order is None else 1
    if epochs is not None and (epochs := whole_number("epochs", epochs)) < 0:
        raise ValueError(f"epochs must be >= 0, got {epochs}")
    questions: list[Callable[[], bool]] = []
    record = _core.History()
    may_stop: list[object] = [*conditions, *of_user]
    x, y, sample_weight, validation_data = data
    try:
        network._fit(
            x,
            y,
            optimizer,
            -1 if epochs is None else epochs,
            whole_number("batch_size", batch_size),
            true_or_false("shuffle", shuffle),
            order,
            [each._spec_with(questions) for each in conditions],
            validation_data,
            sample_weight,
            questions,
            record,
            [hooks_of(network, each) for each in of_user],
        )
    except BaseException as error:
        if record.begun:
            network._history = history_of(record, may_stop, error)
            with contextlib.suppress(Exception):  # of one that takes no attributes
                if isinstance(getattr(error, "history", None), History | None):  # ours, not theirs
                    error.history = network._history  # type: ignore[attr-defined]
        raise
    network._history = history_of(record, may_stop)
    return network._history
