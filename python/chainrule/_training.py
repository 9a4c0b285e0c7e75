"""What `Network.fit` does: check what is no array, train, and keep the history."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule import _core
from chainrule._class_weight import balanced
from chainrule._measured import as_metrics, measure
from chainrule._spec import as_list, real_number, shown, true_or_false, whole_number
from chainrule.callbacks import as_callbacks, hooks_of
from chainrule.checkpoint import Checkpoint
from chainrule.history import History, history_of
from chainrule.lbfgs import LBFGS
from chainrule.optimizers import SGD, Optimizer
from chainrule.progress import progress_of
from chainrule.stopping import StopCondition

if TYPE_CHECKING:
    from chainrule.network import Network


# Purpose of the random numbers that divide samples, beside the seed.
_SPLIT = 0x73706C6974
# A batch of all samples, however many there are.
_ALL = 2**63 - 1


def train(
    network: Network,
    data: tuple[Any, Any, Any, Any, Any],
    *,
    optimizer: Optimizer | LBFGS,
    epochs: int | Literal["auto"] | None,
    batch_size: int,
    stop: StopCondition | Sequence[StopCondition],
    callbacks: object,
    shuffle: bool,
    order: Any,
    validation_split: float | None,
    metrics: object,
    gradient_norm: bool,
    progress: bool | Literal["auto"],
    on_divergence: str,
    position: _core.Position | None = None,
) -> History:
    """Train a network on `data`: x, y, sample_weight, validation_data, class_weight."""
    if isinstance(stop, StopCondition):
        stop = [stop]
    conditions = as_list("stop", "hold stop conditions", StopCondition, stop)
    of_user, checkpoints = as_callbacks(callbacks, Checkpoint)
    if isinstance(epochs, str) and epochs == "auto":
        ends = conditions or isinstance(optimizer, LBFGS)
        epochs = None if ends and order is None else 1
    if epochs is not None and (epochs := whole_number("epochs", epochs)) < 0:
        raise ValueError(f"epochs must be >= 0, got {epochs}")
    batch_size = whole_number("batch_size", batch_size)
    x, y, sample_weight, validation_data, class_weight = data
    if validation_split is not None:
        if validation_data is not None:
            raise ValueError("give validation_data or validation_split, not both")
        if order is not None:
            raise ValueError("an order of samples goes with validation_data, not validation_split")
        x, y, sample_weight, validation_data = split(
            validation_split, x, y, sample_weight, network.seed
        )
    minimizer, given = None, optimizer
    if isinstance(optimizer, LBFGS):
        if checkpoints:
            raise ValueError("what LBFGS remembers of its steps fits no checkpoint")
        minimizer = optimizer._run(batch_size, _count(x))
        # The core has an optimizer in every training; this one's rate tells of no step.
        optimizer, batch_size = SGD(0), _ALL
    if not isinstance(on_divergence, str):
        raise TypeError(
            f'on_divergence must be "raise", "stop" or "restore", got {shown(on_divergence)}'
        )
    measured = as_metrics(metrics, network)
    names = [each.name or "" for each in measured]
    if validation_data is not None:
        names = [f"validation_{name}" for name in names]

    def compute_metrics() -> list[float]:
        x_seen, y_seen, *weight = (
            (x, y, sample_weight) if validation_data is None else validation_data
        )
        return measure(measured, network, network.predict(x_seen), y_seen, *(weight or [None]))

    questions: list[Callable[[], bool]] = []
    record = _core.History()
    may_stop: list[object] = [*conditions, *of_user]
    displays = progress_of(progress, epochs, _count(x))
    if isinstance(class_weight, str) and class_weight == "balanced":
        class_weight = balanced(y)
    last_optimizer = network._last_optimizer
    network._last_optimizer = given  # for callbacks, too
    try:
        network._fit(
            x,
            y,
            optimizer,
            -1 if epochs is None else epochs,
            batch_size,
            true_or_false("shuffle", shuffle),
            order,
            [each._spec_with(questions) for each in conditions],
            validation_data,
            sample_weight,
            questions,
            record,
            [hooks_of(network, each, names) for each in (*of_user, *displays)],
            metrics=[(name, each.better) for name, each in zip(names, measured, strict=True)],
            compute_metrics=compute_metrics,
            gradient_norm=true_or_false("gradient_norm", gradient_norm),
            class_weight=class_weight,
            minimizer=minimizer,
            on_divergence=on_divergence,
            position=position,
            checkpoints=[each._of(network, optimizer) for each in checkpoints],
        )
    except BaseException as error:
        if record.begun:
            network._history = history_of(record, may_stop, names, _count(x), error)
            with contextlib.suppress(Exception):  # of one that takes no attributes
                if isinstance(getattr(error, "history", None), History | None):  # ours, not theirs
                    error.history = network._history  # type: ignore[attr-defined]
        raise
    finally:
        if not record.begun:
            network._last_optimizer = last_optimizer
        for each in displays:
            each.close()
    if minimizer is not None:
        may_stop += [*displays, minimizer.ended_by]
    network._history = history_of(record, may_stop, names, _count(x))
    return network._history


def _count(x: Any) -> int:
    """Return the number of samples; 0 for what is no array of them, which the core refuses."""
    try:
        return len(x)
    except TypeError:
        return 0


def split(
    share: float, x: Any, y: Any, sample_weight: Any, seed: int
) -> tuple[Any, Any, Any, tuple[Any, ...]]:
    """Return x, y and weights of the samples to train with, and those to validate with."""
    if not 0 < real_number("validation_split", share) < 1:
        raise ValueError(f"validation_split must be > 0 and < 1, got {shown(share)}")
    n = _count(x)
    n_held_out = round(n * share)
    if not 0 < n_held_out < n:
        raise ValueError(
            f"validation_split of {share} of {n} samples leaves none to train or to validate with"
        )
    # A permutation from the bits of the generator itself, which NumPy promises to keep.
    random = np.random.Philox(key=[seed, _SPLIT]).random_raw(n)
    permutation = np.argsort(random, kind="stable")
    held_out, trained = np.sort(permutation[:n_held_out]), np.sort(permutation[n_held_out:])
    arrays = [None if each is None else np.asarray(each) for each in (x, y, sample_weight)]
    for name, each in zip(("y", "sample_weight"), arrays[1:], strict=True):
        if each is not None and len(each) != n:
            raise _core.ShapeError(f"{name} has {len(each)} rows, x has {n}")

    def part(rows: Any) -> tuple[Any, Any, Any]:
        x, y, weight = (None if each is None else each[rows] for each in arrays)
        return x, y, weight

    of_validation: tuple[Any, ...] = part(held_out)
    return *part(trained), of_validation[:2] if sample_weight is None else of_validation
