"""From a spec back to the object that has it, an object of the class that has its name."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from chainrule import _core
from chainrule._errors import ModelFormatError
from chainrule._spec import Spec

T = TypeVar("T")


def class_named(kind: type[T], name: str) -> type[T]:
    """Return the class of this kind that has a name in the core; raise ModelFormatError for none.

    Only classes of chainrule's own are looked at: no file can name other code.
    """
    for each in _classes(kind):
        if each.__module__.startswith("chainrule.") and vars(each).get("_name") == name:
            return each
    raise ModelFormatError(f"chainrule {_core.__version__} has no {kind.__name__.lower()} {name!r}")


def _classes(kind: type[T]) -> Iterator[type[T]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _classes(each)


def made_from(kind: type[T], spec: Spec) -> T:
    """Return an object with this spec; raise ModelFormatError where there is none."""
    maker: Any = class_named(kind, spec[0])
    try:
        made: T = maker._from_spec(spec)
        same = made._spec() == spec  # type: ignore[attr-defined]
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise ModelFormatError(f"{spec[0]!r} is described wrongly: {error}") from None
    if not same:
        raise ModelFormatError(f"{spec[0]!r} is described with entries that it does not have")
    return made


def name_or_member(kind: type[T], spec: Spec) -> str | T:
    """Return the same, or the name alone where the spec says nothing else."""
    if any(spec[1:]):
        return made_from(kind, spec)
    class_named(kind, spec[0])
    return spec[0]
