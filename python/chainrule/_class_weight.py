"""Weights of classes: as a loss keeps them, and from how many samples each class has."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule._spec import real_number, shown, whole_number

ClassWeight = Mapping[Any, float] | npt.ArrayLike


def balanced(y: npt.ArrayLike) -> dict[float, float]:
    """Return n / (number of classes times their samples) of each class: scikit-learn's "balanced".

    Parameters
    ----------
    y : array_like, shape (n,) or (n, 1)
        Labels.

    Raises
    ------
    ValueError
        If there is more than one number for each sample.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 and labels.shape[1:] != (1,):
        raise ValueError(
            'class_weight="balanced" needs labels, one for each sample; '
            f"y has shape {shown(labels.shape)}"
        )
    classes, counts = np.unique(labels, return_counts=True)
    weights = labels.size / (classes.size * counts)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


class ByClass(Mapping[int, float]):
    """Weights of some classes, which never change."""

    __slots__ = ("_weights",)

    def __init__(self, weights: Mapping[int, float]) -> None:
        checked = {
            whole_number("class_weight must name classes by their labels: a class", each): number
            for each, number in weights.items()
        }
        if any(each < 0 for each in checked):
            raise ValueError(f"class_weight has class {min(checked)}, but classes count from 0")
        self._weights = {
            each: real_number(f"class_weight of class {each}", checked[each])
            for each in sorted(checked)
        }

    def __getitem__(self, label: int) -> float:
        return self._weights[label]

    def __iter__(self) -> Iterator[int]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def __hash__(self) -> int:
        return hash(tuple(self._weights.items()))

    def __repr__(self) -> str:
        return repr(self._weights)


def as_floats(name: str, values: Any, *, or_one: bool = False) -> Any:
    """Return an array or a sequence as a tuple of floats; with `or_one`, a number as a float."""
    if isinstance(values, str | bytes) or not (
        isinstance(values, Sequence) or getattr(values, "ndim", 0) == 1
    ):
        if or_one:
            return real_number(name, values)
        raise TypeError(f"{name} must be a dict or one number for each class, got {shown(values)}")
    return tuple(real_number(f"{name}[{i}]", each) for i, each in enumerate(values))
