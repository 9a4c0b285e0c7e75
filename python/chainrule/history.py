"""How a training went."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np

from chainrule import _core
from chainrule.stopping import StopCondition


class Restored(NamedTuple):
    """A divergence after which a training went on from the end of its last whole epoch.

    Attributes
    ----------
    epoch, step : int
        Where it diverged, as in `TrainingDiverged`: `step` is None where no step did.
    learning_rate : float
        The rate with which it went on, half of the one before; of a schedule the present one.
    """

    epoch: int
    step: int | None
    learning_rate: float


@dataclass(frozen=True)
class History:
    """How a training went: what `Network.fit` returns, and `Network.history` keeps.

    Attributes
    ----------
    cost : list of float
        Training cost of each whole epoch: the mean over its samples (by their weights, where they
        have some), each with the parameters before the update of its batch; with an `LBFGS` all
        with the parameters after the epoch.
    validation_cost : list of float
        Cost of the validation data after each whole epoch; empty without validation data.
    epochs : int
        Number of whole epochs.
    seconds : float
        Wall-clock time.
    stopped_by : str, StopCondition or callback
        What ended it: "epochs", their number; one of the conditions in `stop`; one of the
        callbacks, which is "callback" in a pickle or deep copy; "diverged", raised or not;
        "interrupted" or "error", which are KeyboardInterrupt and any other exception; or
        "converged", "line_search" or "max_evaluations", the ends of an `LBFGS`.
    learning_rate : list of float
        Learning rate of the last step of each whole epoch; empty with an `LBFGS`.
    gradient_norm : list of float
        Mean norm of the gradient, before any clipping, in the steps of each whole epoch; empty
        where it is not recorded.
    metrics : dict of str to list of float
        Each metric after each whole epoch, by its name in the history.
    epoch_seconds : list of float
        Wall-clock time of the steps of each whole epoch, without validation and metrics.
    n_samples : int
        Samples of an epoch.
    diverged : TrainingDiverged or None
        The divergence that has ended the training, also where `fit` was not to raise it.
    restored : list of Restored
        Divergences after which it went on, (epoch, step, learning_rate) of each: see
        ``on_divergence="restore"`` of `Network.fit`. They have no rows in the other lists.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    >>> history = net.fit([[1], [2]], [0, 1], epochs=3, metrics="mae")
    >>> history.stopped_by, list(history.to_dict())[:4]
    ('epochs', ['epoch', 'cost', 'learning_rate', 'mae'])
    """

    cost: list[float]
    validation_cost: list[float]
    epochs: int
    seconds: float
    stopped_by: object
    learning_rate: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    epoch_seconds: list[float] = field(default_factory=list)
    n_samples: int = 0
    diverged: _core.TrainingDiverged | None = field(default=None, compare=False)
    restored: list[Restored] = field(default_factory=list)

    @property
    def samples_per_second(self) -> list[float]:
        """Samples that were trained a second in each whole epoch."""
        return [self.n_samples / each if each > 0 else np.inf for each in self.epoch_seconds]

    def to_dict(self) -> dict[str, list[float]]:
        """Return a column of each quantity that was recorded, all of one length, for pandas.

        Columns are "epoch" (from 1), "cost", "validation_cost", "learning_rate", "gradient_norm",
        the metrics, "seconds" (of the epoch's steps) and "samples_per_second". Where an exception
        has ended the training within the last epoch, what is not known of it is NaN, as are the
        learning rates of an `LBFGS`.
        """
        columns: dict[str, list[float]] = {"cost": self.cost}
        if self.validation_cost:
            columns["validation_cost"] = self.validation_cost
        columns["learning_rate"] = self.learning_rate
        if self.gradient_norm:
            columns["gradient_norm"] = self.gradient_norm
        columns |= self.metrics
        columns["seconds"] = self.epoch_seconds
        columns["samples_per_second"] = self.samples_per_second
        padded = {
            name: [*values, *[np.nan] * (self.epochs - len(values))]
            for name, values in columns.items()
        }
        return {"epoch": [float(each) for each in range(1, self.epochs + 1)], **padded}

    def plot(self, ax: Any = None) -> Any:
        """Draw the costs over the epochs, and the metrics beside them; needs matplotlib.

        Nothing is shown: call ``matplotlib.pyplot.show()`` or save the figure.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw the costs; metrics are left out then. By default a new figure.

        Returns
        -------
        matplotlib.axes.Axes or numpy.ndarray of them
            One, or two where there are metrics.
        """
        import matplotlib.pyplot as plt

        epochs = range(1, self.epochs + 1)
        two = ax is None and bool(self.metrics)
        if ax is None:
            width, n_columns = (11, 2) if two else (6, 1)
            _, axes = plt.subplots(1, n_columns, figsize=(width, 4), layout="constrained")
        else:
            axes = ax
        first = axes[0] if two else axes
        for name, values in ("cost", self.cost), ("validation_cost", self.validation_cost):
            if values:
                first.plot(epochs[: len(values)], values, label=name.replace("_", " "))
        first.set(xlabel="epoch", ylabel="cost")
        first.legend()
        if two:
            for name, values in self.metrics.items():
                axes[1].plot(epochs[: len(values)], values, label=name.replace("_", " "))
            axes[1].set(xlabel="epoch")
            axes[1].legend()
        return axes

    def copy(self) -> History:
        """Return a history with lists of its own."""
        changed: dict[str, Any] = {
            each.name: value.copy()
            for each in fields(self)
            if isinstance(value := getattr(self, each.name), list)
        }
        changed["metrics"] = {name: values.copy() for name, values in self.metrics.items()}
        return replace(self, **changed)

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        # A callback may hold anything: files, threads, the network itself.
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        if not isinstance(self.stopped_by, StopCondition | str):
            values["stopped_by"] = "callback"
        return type(self), tuple(values.values())


def history_of(
    record: _core.History,
    may_stop: Sequence[object],
    metrics: Sequence[str],
    n_samples: int,
    error: BaseException | None = None,
) -> History:
    """Return the history of a training that has come to its end, or to an exception.

    `may_stop` are the conditions and then the callbacks, `metrics` their names in the record.
    """
    stopped_by: object
    if record.diverged is not None:
        stopped_by = "diverged"
    elif error is not None:
        stopped_by = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
    else:
        stopped_by = "epochs" if record.stopped_by < 0 else may_stop[record.stopped_by]
    columns = dict(record.columns)
    return History(
        cost=columns["cost"],
        validation_cost=columns.get("validation_cost", []),
        epochs=len(columns["cost"]),
        seconds=record.seconds,
        stopped_by=stopped_by,
        learning_rate=columns.get("learning_rate", []),
        gradient_norm=columns.get("gradient_norm", []),
        metrics={name: columns[name] for name in metrics},
        epoch_seconds=columns["epoch_seconds"],
        n_samples=n_samples,
        diverged=record.diverged,
        restored=[Restored(*each) for each in record.restored],
    )
