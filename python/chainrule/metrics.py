"""Metrics: how good predictions are, in numbers for people. Definitions follow scikit-learn's.

A metric is computed from all outputs s at once, in float64. What it takes for the classes depends
on the network: of a softmax output, and with the loss "cross_entropy", the largest output; of a
sigmoid output, and with "binary_cross_entropy", each output above 1/2; with "hinge" each above 0.
"""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from chainrule._spec import shown, whole_number

Array = npt.NDArray[Any]
Better = Literal["min", "max"]


@dataclass(frozen=True)
class Outcome:
    """What metrics are computed from: outputs and targets of n samples, one in a row.

    Attributes
    ----------
    kind : "classes", "labels" or "numbers"
        One class of several, yes or no for each output, or anything.
    s : numpy.ndarray, shape (n, n_out)
        Outputs; of "classes" and "labels" probabilities, where the network has them.
    y : numpy.ndarray
        Targets: of "classes" the class, shape (n,); else shape (n, n_out), of "labels" 0 or 1.
    weight : numpy.ndarray, shape (n,)
        Weights of the samples.
    labels : numpy.ndarray
        The predicted classes or labels, shaped as `y`; of "numbers" empty.
    """

    kind: str
    s: Array
    y: Array
    weight: Array
    labels: Array


@dataclass(frozen=True)
class Metric:
    """A metric of your own.

    Parameters
    ----------
    function : callable ``(s, y) -> float``
        Takes the outputs s, shape (n, n_out), as `Network.predict` returns them, and the targets as
        they were passed.
    name : str, optional
        What the history calls it; by default the name of the function, or "metric".
    better : "min" or "max", optional
        Whether less is better, or more; where a stop condition or schedule monitors it, one of them
        must say so.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> worst = cr.Metric(lambda s, y: float(np.abs(s - y).max()), "worst", better="min")
    >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    >>> net.parameters = [1, 0]
    >>> net.evaluate([[1], [2]], [[1], [4]], metrics=[worst])
    {'cost': 2.0, 'worst': 2.0}
    """

    function: Callable[[Array, Any], float]
    name: str | None = None
    better: Better | None = None

    def __post_init__(self) -> None:
        if isinstance(self.function, type) or not callable(self.function):
            raise TypeError(f"function must be a function (s, y), got {shown(self.function)}")
        name = self.name
        if name is None:
            name = getattr(self.function, "__name__", "metric").replace("<lambda>", "metric")
        if not isinstance(name, str) or not name:
            raise TypeError(f"name must be the metric's name in the history, got {shown(name)}")
        object.__setattr__(self, "name", name)
        if self.better not in (None, "min", "max"):
            raise ValueError(f'better must be "min", "max" or None, got {shown(self.better)}')

    def _check(self, kind: str) -> None:
        """Raise ValueError unless this metric suits outputs of a kind."""

    def _of(self, s: Array, y: Any, outcome: Callable[[], Outcome]) -> Any:
        return self.function(s, y)


@dataclass(frozen=True)
class Named:
    """A metric of the list below."""

    name: ClassVar[str]
    better: ClassVar[Better] = "max"
    _kinds: ClassVar[tuple[str, ...]] = ("classes", "labels")

    def _check(self, kind: str) -> None:
        if kind not in self._kinds:
            raise ValueError(
                f'the metric "{self.name}" needs outputs that are {" or ".join(self._kinds)}, '
                f"those of this network are {kind}"
            )

    def _of(self, s: Array, y: Any, outcome: Callable[[], Outcome]) -> float:
        return self._value(outcome())

    def _value(self, of: Outcome) -> float:
        raise NotImplementedError


def _mean(values: Array, weight: Array) -> float:
    return float(np.average(values, weights=weight)) if weight.sum() > 0 else np.nan


@dataclass(frozen=True)
class Accuracy(Named):
    """Share of the samples whose class, or all of whose labels, are right."""

    name = "accuracy"

    def _value(self, of: Outcome) -> float:
        right = of.labels == of.y
        return _mean(right if right.ndim == 1 else right.all(axis=1), of.weight)


@dataclass(frozen=True)
class TopK(Named):
    """Share of the samples whose class is among the `k` largest outputs.

    As scikit-learn's top_k_accuracy_score; of equal outputs the one with the smaller index counts
    as larger.

    Parameters
    ----------
    k : int, default 5
        At least 1.
    """

    name = "top_k"
    _kinds = ("classes",)
    k: int = 5

    def __post_init__(self) -> None:
        if whole_number("k", self.k) < 1:
            raise ValueError(f"k must be >= 1, got {self.k}")

    def _value(self, of: Outcome) -> float:
        best = np.argsort(-of.s, axis=1, kind="stable")[:, : self.k]
        return _mean((best == of.y[:, None]).any(axis=1), of.weight)


def _counts(of: Outcome) -> tuple[Array, Array, Array, Array]:
    """Return weights of true positives, of predictions and of targets for each class, and these."""
    if of.kind == "labels":
        weight = of.weight[:, None]
        both = of.labels * of.y
        sums = ((weight * each).sum(axis=0) for each in (both, of.labels, of.y))
        return (*sums, np.arange(of.y.shape[1]))
    classes = np.unique(np.concatenate([of.labels, of.y]))
    sums = (
        np.array([of.weight[chosen].sum() for chosen in rows])
        for rows in (
            [(of.labels == k) & (of.y == k) for k in classes],
            [of.labels == k for k in classes],
            [of.y == k for k in classes],
        )
    )
    return (*sums, classes)


def _quotient(above: Array, below: Array) -> Array:
    """Return 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


@dataclass(frozen=True)
class BalancedAccuracy(Named):
    """Mean over the classes of the share of their samples that are recognized.

    As scikit-learn's balanced_accuracy_score; of several labels the mean over these.
    """

    name = "balanced_accuracy"

    def _value(self, of: Outcome) -> float:
        if of.kind == "labels":
            columns = zip(of.labels.T, of.y.T, strict=True)
            parts = [Outcome("classes", of.s, y, of.weight, labels) for labels, y in columns]
            return float(np.mean([self._value(each) for each in parts]))
        right, _, targets, _ = _counts(of)
        there = targets > 0
        return float(np.mean(right[there] / targets[there])) if there.any() else np.nan


@dataclass(frozen=True)
class F1(Named):
    """F1, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    Of one label that of "yes"; of several labels or classes the mean over those that are predicted
    or targets, as scikit-learn's f1_score with ``average="macro"``; or with `average` "micro" that
    of all together, or "weighted" the mean by the classes' weights.

    Parameters
    ----------
    average : "macro", "micro" or "weighted", default "macro"
    """

    name = "f1"
    average: str = "macro"

    def __post_init__(self) -> None:
        if self.average not in ("macro", "micro", "weighted"):
            raise ValueError(
                f'average must be "macro", "micro" or "weighted", got {shown(self.average)}'
            )

    def _value(self, of: Outcome) -> float:
        right, predicted, targets, _ = _counts(of)
        if self.average == "micro":
            right, predicted, targets = right.sum(), predicted.sum(), targets.sum()
        f1 = _quotient(2 * right, predicted + targets)
        if self.average == "weighted":
            return _mean(f1, targets)
        return float(np.mean(f1))


@dataclass(frozen=True)
class Auc(Named):
    """Area under the ROC curve: how likely a "yes" has a larger output than a "no".

    Equal outputs count as half; of several labels or classes the mean over one against the rest, as
    scikit-learn's roc_auc_score with ``multi_class="ovr"``. NaN where a class, or its opposite, has
    no sample.
    """

    name = "auc"

    def _value(self, of: Outcome) -> float:
        is_class = of.y[:, None] == np.arange(of.s.shape[1]) if of.kind == "classes" else of.y > 0
        columns = zip(of.s.T, is_class.T, strict=True)
        areas = [_area(s, yes, of.weight) for s, yes in columns]
        return float(np.mean(areas))


def _area(s: Array, yes: Array, weight: Array) -> float:
    _, place = np.unique(s, return_inverse=True)
    of_yes, of_no = (np.bincount(place, weight * chosen) for chosen in (yes, ~yes))
    below = np.cumsum(of_no) - of_no
    pairs = of_yes.sum() * of_no.sum()
    return float((of_yes * (below + of_no / 2)).sum() / pairs) if pairs > 0 else np.nan


@dataclass(frozen=True)
class LogLoss(Named):
    """Mean of -ln of the probability that the true class, or label, has; at least that of 1e-16.

    As scikit-learn's log_loss; of several labels the mean over these.
    """

    name = "log_loss"
    better: ClassVar[Better] = "min"

    def _value(self, of: Outcome) -> float:
        if of.kind == "classes":
            of_true = of.s[np.arange(len(of.y)), of.y][:, None]
        else:
            of_true = np.where(of.y > 0, of.s, 1 - of.s)
        least = np.finfo(np.float64).eps
        return _mean(-np.log(np.clip(of_true, least, 1 - least)).mean(axis=1), of.weight)


@dataclass(frozen=True)
class _OfErrors(Named):
    better: ClassVar[Better] = "min"
    _kinds = ("numbers", "labels")


@dataclass(frozen=True)
class Mae(_OfErrors):
    """Mean absolute error."""

    name = "mae"

    def _value(self, of: Outcome) -> float:
        return _mean(np.abs(of.s - of.y).mean(axis=1), of.weight)


@dataclass(frozen=True)
class Rmse(_OfErrors):
    """Root of the mean squared error; of several outputs the mean of their roots."""

    name = "rmse"

    def _value(self, of: Outcome) -> float:
        squares = (of.s - of.y) ** 2
        return float(np.mean([np.sqrt(_mean(each, of.weight)) for each in squares.T]))


@dataclass(frozen=True)
class Mape(_OfErrors):
    """Mean of abs(s - y) / abs(y), as a fraction; y = 0 counts as 2.2e-16, as in scikit-learn."""

    name = "mape"

    def _value(self, of: Outcome) -> float:
        size = np.maximum(np.abs(of.y), np.finfo(np.float64).eps)
        return _mean((np.abs(of.s - of.y) / size).mean(axis=1), of.weight)


@dataclass(frozen=True)
class R2(_OfErrors):
    """1 - sum (s - y)^2 / sum (y - mean of y)^2; of several outputs the mean of theirs.

    Where y is constant, 1 if s is the same and 0 otherwise, as in scikit-learn.
    """

    name = "r2"
    better: ClassVar[Better] = "max"

    def _value(self, of: Outcome) -> float:
        weight = of.weight[:, None]
        mean = np.average(of.y, axis=0, weights=of.weight)
        unexplained = (weight * (of.s - of.y) ** 2).sum(axis=0)
        total = (weight * (of.y - mean) ** 2).sum(axis=0)
        score = 1 - np.divide(
            unexplained, total, out=(unexplained > 0).astype(np.float64), where=total > 0
        )
        return float(np.mean(score))


METRICS: dict[str, type[Named]] = {
    each.name: each
    for each in (Accuracy, TopK, BalancedAccuracy, F1, Auc, LogLoss, Mae, Rmse, Mape, R2)
}
