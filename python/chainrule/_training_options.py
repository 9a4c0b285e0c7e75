"""What a training does with a layer's parameters beside following the gradient of the loss."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule._spec import real_number, true_or_false

# Of layers that train something, and of those that have a W; each with its default, which is off.
OF_LAYERS: dict[str, Any] = {"trainable": True, "learning_rate_factor": 1.0}
OF_WEIGHTS: dict[str, Any] = {"l1": 0.0, "l2": 0.0, "max_norm": None, **OF_LAYERS}


def checked(prefix: str, name: str, value: object) -> Any:
    """Return the value of an option; raise TypeError or ValueError if it is none of its type."""
    if name == "trainable":
        return true_or_false(f"{prefix}{name}", value)
    if name == "max_norm" and value is None:
        return None
    return real_number(f"{prefix}{name}", value)


def that_are_on(description: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a layer's description that are not at their defaults."""
    return {
        name: description[name]
        for name, off in OF_WEIGHTS.items()
        if name in description and description[name] != off
    }


def numbers_of(description: dict[str, Any]) -> dict[str, float]:
    """Return what a spec has of them."""
    return {name: float(value) for name, value in that_are_on(description).items()}


def from_numbers(numbers: Mapping[str, float]) -> dict[str, Any]:
    """Return the options that `numbers_of` made some of these numbers of."""
    options: dict[str, Any] = {name: numbers[name] for name in OF_WEIGHTS if name in numbers}
    if "trainable" in options:
        options["trainable"] = bool(options["trainable"])
    return options


def text_of(description: dict[str, Any]) -> str:
    """Return them as arguments: "l2=0.001, trainable=False"."""
    return ", ".join(f"{name}={value!r}" for name, value in that_are_on(description).items())


def without(description: dict[str, Any]) -> dict[str, Any]:
    """Return a description with all of them off."""
    return description | {name: off for name, off in OF_WEIGHTS.items() if name in description}
