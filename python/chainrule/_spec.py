"""How a member crosses into the core: as a name, numbers and words."""

# SPDX-License-Identifier: BSD-3-Clause
import operator
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

Spec = tuple[str, Sequence[float], Sequence[str]]


def whole_number(name: str, value: object) -> int:
    """Return `value` as an int; raise TypeError or ValueError, naming `name`, if it is none."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if abs(number) >= 2**63:
        raise ValueError(f"{name} must be a whole number below 2**63, got {_shortened(number)}")
    return number


def real_number(name: str, value: object) -> float:
    """Return `value` as a float; raise TypeError, naming `name`, if it is no real number."""
    if isinstance(value, str | bytes):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    except OverflowError:
        raise ValueError(f"{name} must fit a float64, got {_shortened(value)}") from None


def true_or_false(name: str, value: object) -> bool:
    """Return `value` as a bool; raise TypeError, naming `name`, if it is none."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def _shortened(number: object) -> str:
    text = f"{number:d}" if isinstance(number, int) and abs(number) < 10**40 else "a larger number"
    return text


T = TypeVar("T")


def as_list(name: str, expected: str, kind: type[T], objects: object) -> list[T]:
    """Return `objects` as a list of `kind`; raise TypeError, naming `name`, if they are none."""
    if not isinstance(objects, Iterable):
        raise TypeError(f"{name} must {expected}, got {objects!r}")
    checked = []
    for each in objects:
        if not isinstance(each, kind):
            raise TypeError(f"{name} must {expected}, got {each!r}")
        checked.append(each)
    return checked
