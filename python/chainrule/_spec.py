"""How things with a name cross into the core: as a tree of named numbers, words and parts."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from inspect import BoundArguments, Signature, signature
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

# Name, numbers, words, and parts with their roles, which are specs themselves.
Spec = tuple[str, dict[str, float], dict[str, str], list[tuple[str, Any]]]


class Settings:
    """An object whose settings are its documented properties: nothing else can be set.

    A class derived from it elsewhere may have attributes of its own.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker that sees it lets everything be set

        def __setattr__(self, name: str, value: object) -> None:
            try:
                super().__setattr__(name, value)
            except AttributeError:
                kind = type(self)
                if hasattr(kind, name):
                    raise
                known = ", ".join(
                    each
                    for each in sorted(dir(kind))
                    if not each.startswith("_")
                    and hasattr(getattr(kind, each), "__set__")
                    and getattr(getattr(kind, each), "fset", True)
                    and hasattr(self, each)  # which an Input has no weights for
                )
                raise AttributeError(
                    f"{kind.__name__} has no setting {name!r}; it has {known or 'none'}"
                ) from None


@dataclass(frozen=True)
class Member:
    """A member of one of the core's families, with numbers of its own: the fields.

    Those in `_words` are words, which may be None for the core's default.
    """

    _name: ClassVar[str]
    _words: ClassVar[tuple[str, ...]] = ()
    _lists: ClassVar[tuple[str, ...]] = ()  # those of which one number may stand for a list of one

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        """Raise ValueError or TypeError unless the core makes a member of this."""
        raise NotImplementedError

    def _spec(self) -> Spec:
        numbers: dict[str, float] = {}
        words: dict[str, str] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None and (each.name in self._words or each.default is None):
                continue
            if each.name in self._words:
                words[each.name] = word(each.name, value)
                continue
            if each.type == "bool":
                value = true_or_false(each.name, value)
            elif each.name in self._lists and not isinstance(value, tuple):
                value = {0: value}
            numbers |= numbers_of(each.name, value)
        return (self._name, numbers, words, [])

    @classmethod
    def _from_spec(cls, spec: Spec) -> Self:
        """Return what has this spec, or raise some exception; `chainrule._from_spec` checks it."""
        _, numbers, words, _ = spec
        arguments: dict[str, Any] = dict(words)
        for each in fields(cls):
            if each.name not in cls._words:
                arguments |= value_of(each.name, numbers, or_one=each.name in cls._lists)
            if each.name in arguments and each.type in _READ:
                arguments[each.name] = _READ[each.type](arguments[each.name])
        return cls(**arguments)


def whole(number: float) -> int:
    """Return a number of a spec that is a whole one; raise ValueError if it is none."""
    if not number.is_integer():
        raise ValueError(f"expected a whole number, got {number}")
    return int(number)


# How fields are read whose numbers stand for something else, by their type. Whether a number has
# to be whole, the core says.
_READ: dict[Any, Callable[[float], Any]] = {
    "bool": bool,
    "int": lambda number: whole(number) if number.is_integer() else number,
}


def value_of(name: str, numbers: Mapping[str, float], *, or_one: bool = False) -> dict[str, Any]:
    """Return {name: the hyperparameter that `numbers_of` made these of}, or {} where it is None.

    With `or_one`, a list without a length was one number.
    """
    places = {
        whole(float(key[len(name) + 1 : -1])): number
        for key, number in numbers.items()
        if key.startswith(f"{name}[") and key.endswith("]")
    }
    if not places:
        return {name: numbers[name]} if name in numbers else {}
    if name in numbers:
        return {name: tuple(places[i] for i in range(len(places)))}
    return {name: places[0] if or_one else places}


def numbers_of(name: str, value: object) -> dict[str, float]:
    """Return the numbers of a spec that a hyperparameter is: one, or those of a list.

    A tuple comes with its length, so that a list of the wrong length is told from a mapping.
    """
    if isinstance(value, Mapping):
        entries: dict[Any, float] = dict(value)
        return {f"{name}[{place}]": real_number(name, each) for place, each in entries.items()}
    if isinstance(value, tuple):
        return {name: len(value), **numbers_of(name, dict(enumerate(value)))}
    return {name: real_number(name, value)}


def spec_of(member: str | Member) -> Spec:
    """Return the spec of a member, or of the one of this name with its defaults."""
    return (member, {}, {}, []) if isinstance(member, str) else member._spec()


def refuse_second_init(made: bool, kind: type) -> None:
    """Raise RuntimeError where an object of this kind is made already."""
    if made:
        raise RuntimeError(
            f"this {kind.__name__} is made already, and __init__ would change half of it; "
            "make a new one"
        )


def bind(
    kind: type, signature: Signature, arguments: tuple[Any, ...], options: dict[str, Any]
) -> BoundArguments:
    """Return the arguments that make an object; raise TypeError with the known ones in its text."""
    try:
        return signature.bind(*arguments, **options)
    except TypeError as error:
        known = ", ".join(signature.parameters)
        raise TypeError(f"{kind.__name__}() {error}; it has {known}") from None


def lists_arguments(kind: type[T]) -> type[T]:
    """Have a class answer a wrong argument with those that it has, as optimizers do."""
    init: Callable[..., None] = vars(kind)["__init__"]
    of_class = signature(kind)

    @wraps(init)
    def checked(self: T, /, *arguments: Any, **options: Any) -> None:
        bind(kind, of_class, arguments, options)
        init(self, *arguments, **options)

    kind.__init__ = checked  # type: ignore[method-assign, assignment]
    return kind


def shown(value: object) -> str:
    """Return the repr of what a user has passed, in one line that is not too long for a message."""
    return shortened(" ".join(repr(value).split()))


def shortened(text: str) -> str:
    """Return a text, or its beginning and end, that is not too long for a message."""
    return text if len(text) <= 200 else f"{text[:150]} ... {text[-30:]}"


def printable(text: str) -> str:
    """Return a text in which nothing controls a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def whole_number(name: str, value: object) -> int:
    """Return `value` as an int; raise TypeError or ValueError, naming `name`, if it is none."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {shown(value)}") from None
    if abs(number) >= 2**63:
        raise ValueError(f"{name} must be a whole number below 2**63, got {_shortened(number)}")
    return number


def real_number(name: str, value: object) -> float:
    """Return `value` as a float; raise TypeError, naming `name`, if it is no real number."""
    if isinstance(value, str | bytes):
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a number, got {shown(value)}") from None
    except OverflowError:
        raise ValueError(f"{name} must fit a float64, got {_shortened(value)}") from None


def true_or_false(name: str, value: object) -> bool:
    """Return `value` as a bool; raise TypeError, naming `name`, if it is none."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def word(name: str, value: object) -> str:
    """Return `value` if it is a str; raise TypeError, naming `name`, if it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {shown(value)}")
    return value


def _shortened(number: object) -> str:
    text = f"{number:d}" if isinstance(number, int) and abs(number) < 10**40 else "a larger number"
    return text


def as_list(name: str, expected: str, kind: type[T], objects: object) -> list[T]:
    """Return `objects` as a list of `kind`; raise TypeError, naming `name`, if they are none."""
    if not isinstance(objects, Iterable):
        raise TypeError(f"{name} must {expected}, got {shown(objects)}")
    checked = []
    for each in objects:
        if not isinstance(each, kind):
            raise TypeError(f"{name} must {expected}, got {shown(each)}")
        checked.append(each)
    return checked


def dtype_name(dtype: npt.DTypeLike) -> str:
    """Return the name of a dtype; raise TypeError if it is None or none."""
    if dtype is None:  # NumPy would take it for float64
        raise TypeError("dtype must be float32 or float64, got None")
    return np.dtype(dtype).name


def seed_of(rng: int | np.random.Generator | None) -> int:
    """Return the seed that `rng` stands for; raise TypeError or ValueError if it is none."""
    if rng is None:
        return int.from_bytes(os.urandom(8), "little")
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**64, dtype=np.uint64))
    try:
        seed = operator.index(rng)
    except TypeError:
        raise TypeError(
            f"rng must be None, a whole number or a numpy.random.Generator, got {shown(rng)}"
        ) from None
    if not 0 <= seed < 2**64:
        raise ValueError(f"rng must be from 0 to 2**64 - 1, got {seed}")
    return seed
