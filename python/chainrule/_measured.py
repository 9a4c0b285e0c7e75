"""Metrics of a network: which ones suit it, and what they are computed from."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule._spec import shown
from chainrule.losses import Loss
from chainrule.metrics import METRICS, Metric, Named, Outcome

if TYPE_CHECKING:
    from chainrule.network import Network

Array = npt.NDArray[Any]


def as_metrics(metrics: object, network: Network) -> list[Metric | Named]:
    """Return one metric or several, by name, object or function, as a list of metrics.

    Raise TypeError or ValueError for what is none, or does not suit the network's outputs.
    """
    alone = isinstance(metrics, str | Metric | Named) or callable(metrics)
    if not alone and not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be names, metric objects or functions, got {shown(metrics)}")
    several = [metrics] if alone else list(metrics)  # type: ignore[call-overload]
    made = [_metric(each) for each in several]
    for each in made:
        each._check(kind_of(network))
    names = [each.name for each in made]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'metrics must have different names, got two of "{name}"')
    return made


def _metric(metric: object) -> Metric | Named:
    if isinstance(metric, Metric | Named):
        return metric
    if isinstance(metric, str):
        if metric in METRICS:
            return METRICS[metric]()
        from difflib import get_close_matches

        near = get_close_matches(metric.lower(), METRICS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        known = ", ".join(f'"{name}"' for name in METRICS)
        raise ValueError(f'unknown metric "{metric}"{hint} Known are {known}, or a function (s, y)')
    if callable(metric) and not isinstance(metric, type):
        return Metric(metric)
    raise TypeError(f"metrics must be names, metric objects or functions, got {shown(metric)}")


def _name_of(member: object) -> str:
    return member if isinstance(member, str) else getattr(member, "_name", "")


def kind_of(network: Network) -> str:
    """Return what the outputs of a network are: "classes", "labels" or "numbers"."""
    loss = _name_of(network.loss) if isinstance(network.loss, str | Loss) else ""
    output = _name_of(getattr(network.layers[-1], "activation", ""))
    if output == "softmax" or loss == "cross_entropy":
        return "classes"
    if output == "sigmoid" or loss in ("binary_cross_entropy", "hinge", "focal"):
        return "labels"
    return "numbers"


def measure(
    metrics: list[Metric | Named], network: Network, s: Array, y: Any, sample_weight: Any
) -> list[float]:
    """Return the value of each metric for outputs s, targets y and weights."""
    made: list[Outcome] = []

    def outcome() -> Outcome:
        if not made:
            made.append(_outcome(network, s, y, sample_weight))
        return made[0]

    return [_number(each, each._of(s, y, outcome)) for each in metrics]


def _number(metric: Metric | Named, value: Any) -> float:
    if np.ndim(value) == 0 and not isinstance(value, str | bytes):
        try:
            return float(value)
        except TypeError:
            pass
    raise TypeError(f'the metric "{metric.name}" must return one number, got {shown(value)}')


def _outcome(network: Network, s: Array, y: Any, sample_weight: Any) -> Outcome:
    kind, s = kind_of(network), np.asarray(s, np.float64)
    y = np.asarray(y)
    weight = np.ones(len(s)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if kind == "classes":
        if _has_logits(network):
            s = np.exp(s - s.max(axis=1, keepdims=True))
            s /= s.sum(axis=1, keepdims=True)
        classes = y.astype(np.int64) if y.ndim == 1 else y.argmax(axis=1)
        return Outcome(kind, s, classes, weight, s.argmax(axis=1))
    y = y.astype(np.float64).reshape(s.shape)
    if kind == "numbers":
        return Outcome(kind, s, y, weight, np.empty((0, 0)))
    if _name_of(network.loss) == "hinge":
        return Outcome(kind, s, (y > 0).astype(np.float64), weight, (s > 0).astype(np.float64))
    if _has_logits(network):
        s = 0.5 + 0.5 * np.tanh(s / 2)
    return Outcome(kind, s, (y > 0.5).astype(np.float64), weight, (s > 0.5).astype(np.float64))


def _has_logits(network: Network) -> bool:
    return bool(getattr(network.loss, "logits", False))
