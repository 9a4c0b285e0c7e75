"""How a member crosses into the core: as a name, numbers and words."""

# SPDX-License-Identifier: BSD-3-Clause
import operator
from collections.abc import Sequence

Spec = tuple[str, Sequence[float], Sequence[str]]


def whole_number(name: str, value: object) -> int:
    """Return `value` as an int; raise TypeError, naming `name`, if it is no whole number."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None


def real_number(name: str, value: object) -> float:
    """Return `value` as a float; raise TypeError, naming `name`, if it is no real number."""
    if isinstance(value, str | bytes):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a number, got {value!r}") from None
