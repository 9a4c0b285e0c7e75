"""Specs as JSON: what a file holds of everything that has a name."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import json
import math
from typing import Any

from chainrule._errors import ModelFormatError
from chainrule._spec import Spec

_KEYS = ("name", "numbers", "words", "parts")
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # JSON has none


def as_objects(spec: Spec) -> dict[str, Any]:
    """Return a spec as objects that JSON has; `spec_from` gives the same numbers."""
    name, numbers, words, parts = spec
    return {
        "name": name,
        "numbers": {key: _as_number(value) for key, value in numbers.items()},
        "words": words,
        "parts": [[role, as_objects(part)] for role, part in parts],
    }


def objects_from(text: str | bytes) -> dict[str, Any]:
    """Return the object that a text is as JSON; raise ModelFormatError if it is none."""
    try:
        found = json.loads(text, object_pairs_hook=_without_repetition)
    except (RecursionError, OverflowError, ValueError) as error:
        if isinstance(error, ModelFormatError):
            raise
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ModelFormatError(f"its metadata is no JSON: {why}") from None
    if not isinstance(found, dict):
        raise ModelFormatError("its metadata is no JSON object")
    return found


def spec_from(found: Any) -> Spec:
    """Return the spec that `as_objects` has made these of; raise ModelFormatError if it is none."""
    try:
        return _as_spec(found)
    except (RecursionError, OverflowError) as error:
        raise ModelFormatError(f"its description is no spec: {error}") from None


def _as_number(value: float) -> int | float | str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    whole = value == int(value) and abs(value) < 2**53 and math.copysign(1, value) > 0
    return int(value) if whole else float(value)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ModelFormatError("its metadata has an entry twice")
    return entries


def _as_spec(found: Any) -> Spec:
    if not isinstance(found, dict) or sorted(found) != sorted(_KEYS):
        raise ModelFormatError(f"a part of its description has not the entries {', '.join(_KEYS)}")
    name, numbers, words, parts = (found[key] for key in _KEYS)
    good = (
        isinstance(name, str)
        and isinstance(numbers, dict)
        and isinstance(words, dict)
        and all(isinstance(each, str) for each in words.values())
        and isinstance(parts, list)
        and all(isinstance(e, list) and len(e) == 2 and isinstance(e[0], str) for e in parts)
    )
    if not good:
        raise ModelFormatError("a part of its description has an entry of the wrong type")
    checked = {key: _read_number(key, value) for key, value in numbers.items()}
    return name, checked, words, [(role, _as_spec(part)) for role, part in parts]


def _read_number(key: str, value: Any) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelFormatError(f"its description has {key} that is no number")
    number = float(value)
    if not math.isfinite(number):
        raise ModelFormatError(f"its description has {key} that fits no float64")
    return number
