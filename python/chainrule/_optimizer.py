"""What all optimizers have in common: settings that the core checks and keeps, and a state."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, ClassVar, Generic, Self, TypeGuard, TypeVar, dataclass_transform, overload

from chainrule import _core
from chainrule._spec import (
    Settings,
    Spec,
    bind,
    real_number,
    refuse_second_init,
    shown,
    true_or_false,
)
from chainrule.schedules import RateFunction, Schedule

T = TypeVar("T")
_FUNCTION = "function"  # the core's name for a learning rate of the user's own
_DECLARED = {
    name: {parameter: (meaning, allowed) for parameter, _, allowed, meaning in parameters}
    for family in ("optimizers", "every_optimizer", "gradient_transforms")
    for name, parameters in _core.declared_parameters()[family]
}


class Setting(Generic[T]):
    """An argument of an optimizer that is a property of it, too; its help comes from the core."""

    _type: ClassVar[str]

    def __init__(self, *, default: T, kw_only: bool = True) -> None:
        self.default = default
        self.kw_only = kw_only

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        declared = _DECLARED[getattr(owner, "_name", name)]
        meanings = [", ".join(declared[each]) for each in self._names()]
        self.__doc__ = f"{self._type}: {'; '.join(meanings)}."

    def _names(self) -> list[str]:
        """Return the names of its numbers in the core."""
        return [self._name]

    def numbers(self, value: object) -> dict[str, float]:
        """Return the numbers in the core; raise TypeError unless `value` is of its type."""
        raise NotImplementedError

    def _read(self, optimizer: Optimizer) -> T:
        raise NotImplementedError

    @overload
    def __get__(self, optimizer: None, kind: type) -> Self: ...
    @overload
    def __get__(self, optimizer: Optimizer, kind: type) -> T: ...
    def __get__(self, optimizer: Optimizer | None, kind: type) -> Self | T:
        """Ask the core."""
        return self if optimizer is None else self._read(optimizer)

    def __set__(self, optimizer: Optimizer, value: T) -> None:
        """Have the core check and keep it, from the next step on."""
        optimizer._set_numbers(self.numbers(value))


class Number(Setting[float]):
    """A number."""

    _type = "float"

    def numbers(self, value: object) -> dict[str, float]:
        return {self._name: real_number(self._name, value)}

    def _read(self, optimizer: Optimizer) -> float:
        return optimizer._number(self._name)


class Flag(Setting[bool]):
    """True or False."""

    _type = "bool"

    def numbers(self, value: object) -> dict[str, float]:
        return {self._name: float(true_or_false(self._name, value))}

    def _read(self, optimizer: Optimizer) -> bool:
        return optimizer._number(self._name) != 0


class Count(Setting[int]):
    """A whole number, as the core declares it."""

    _type = "int"

    def numbers(self, value: object) -> dict[str, float]:
        return {self._name: real_number(self._name, value)}

    def _read(self, optimizer: Optimizer) -> int:
        return int(optimizer._number(self._name))


class OptionalNumber(Setting[float | None]):
    """A number, or None, which the core has as 0."""

    _type = "float or None"

    def numbers(self, value: object) -> dict[str, float]:
        if value is None:
            return {self._name: 0.0}
        number = real_number(self._name, value)
        if number == 0:  # which would be taken for None
            _, allowed = _DECLARED[self._name][self._name]
            raise ValueError(f"{self._name} must be {allowed}, got 0")
        return {self._name: number}

    def _read(self, optimizer: Optimizer) -> float | None:
        return optimizer._number(self._name) or None


class Pair(Setting[tuple[float, float]]):
    """Two numbers."""

    _type = "Tuple of float"

    def _names(self) -> list[str]:
        return [f"{self._name}[0]", f"{self._name}[1]"]

    def numbers(self, value: Any) -> dict[str, float]:
        try:
            first, second = value
        except (TypeError, ValueError):
            raise TypeError(f"{self._name} must be a pair of numbers, got {shown(value)}") from None
        pair = zip(self._names(), (first, second), strict=True)
        return {name: real_number(name, each) for name, each in pair}

    def _read(self, optimizer: Optimizer) -> tuple[float, float]:
        first, second = self._names()
        return optimizer._number(first), optimizer._number(second)


class LearningRate(Setting[float | Schedule | RateFunction]):
    """A number, a schedule or a function."""

    _type = "float, schedule or function (step, epoch) -> rate"

    def numbers(self, value: object) -> dict[str, float]:
        return {} if _is_schedule(value) else {self._name: real_number(self._name, value)}

    def _read(self, optimizer: Optimizer) -> float | Schedule | RateFunction:
        schedule = optimizer._schedule
        return optimizer._number(self._name) if schedule is None else schedule

    def __set__(self, optimizer: Optimizer, value: float | Schedule | RateFunction) -> None:
        """Have the core check and keep it: a new schedule's time counts from the next step."""
        name, numbers, words, parts = optimizer._spec()
        others = [each for each in parts if each[0] != self._name]
        numbers |= self.numbers(value)
        optimizer._configure((name, numbers, words, others + schedule_part(value)))
        optimizer._schedule = value if _is_schedule(value) else None


def _is_schedule(value: object) -> TypeGuard[Schedule | RateFunction]:
    return isinstance(value, Schedule) or callable(value)


def schedule_part(value: Any) -> list[tuple[str, Spec]]:
    """Return what the spec of an optimizer has of a learning rate that is no number."""
    if isinstance(value, type):
        raise TypeError(f"learning_rate must be an object, got the class {shown(value)}; call it")
    if isinstance(value, Schedule):
        return [("learning_rate", value._spec())]
    return [("learning_rate", (_FUNCTION, {}, {}, []))] if callable(value) else []


def asks_for_rate(spec: Spec) -> bool:
    """Return whether the learning rate of an optimizer with this spec is a function."""
    return any(part[0] == _FUNCTION for _, part in spec[3])


class Transform(Setting[float | None]):
    """The one number of a gradient transform, which is off where it is None."""

    _type = "float or None"

    def __init__(self, *, default: None = None, kw_only: bool = True) -> None:
        super().__init__(default=default, kw_only=kw_only)

    def _read(self, optimizer: Optimizer) -> float | None:
        for _, (name, numbers, _, _) in optimizer._spec()[3]:
            if name == self._name:
                value: float = numbers[name]
                return value
        return None

    def __set__(self, optimizer: Optimizer, value: float | None) -> None:
        """Have the core check and keep it, from the next step on."""
        name, numbers, words, parts = optimizer._spec()
        others = [each for each in parts if each[0] != "gradient"]
        transforms = _parts(optimizer._transforms | {self._name: value})
        optimizer._configure((name, numbers, words, others + transforms))


def _parts(transforms: dict[str, float | None]) -> list[tuple[str, Spec]]:
    """Return the parts of an optimizer's spec: each transform that is not off, in the core's order.

    So it does not depend on which of them was set first.
    """
    return [
        ("gradient", (name, {name: real_number(name, value)}, {}, []))
        for name in _core.gradient_transforms()
        if (value := transforms.get(name)) is not None
    ]


@dataclass_transform(
    kw_only_default=True,
    eq_default=False,
    field_specifiers=(LearningRate, Number, Flag, Count, OptionalNumber, Pair, Transform),
)
class _MadeOfSettings(Settings, _core.Optimizer):
    """Its settings are its arguments, as the fields of a dataclass are."""

    __slots__ = ("_schedule",)

    _schedule: Schedule | RateFunction | None  # in place of the number learning_rate
    _name: ClassVar[str]
    _settings: ClassVar[dict[str, Setting[Any]]]
    _arguments: ClassVar[tuple[str, ...]]  # but for those of every optimizer

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "_name" not in vars(cls):
            return
        cls._settings = {
            name: each
            for kind in cls.__mro__
            for name, each in vars(kind).items()
            if isinstance(each, Setting)
        }
        cls._arguments = tuple(name for name in cls._settings if name not in vars(Optimizer))
        cls.__init__ = _init_of(cls)  # type: ignore[method-assign]

    def _make(self, values: dict[str, Any]) -> None:
        refuse_second_init(self._made, type(self))
        rate = values["learning_rate"]
        part = schedule_part(rate)
        numbers: dict[str, float] = {}
        for name, each in self._settings.items():
            if not isinstance(each, Transform):
                numbers |= each.numbers(values.pop(name))
        super().__init__((self._name, numbers, {}, _parts(values) + part))
        self._schedule = rate if part else None


def _init_of(kind: type[_MadeOfSettings]) -> Callable[..., None]:
    kinds = {True: Parameter.KEYWORD_ONLY, False: Parameter.POSITIONAL_OR_KEYWORD}
    of_self = Parameter("self", Parameter.POSITIONAL_ONLY)
    parameters = [
        Parameter(name, kinds[each.kw_only], default=each.default)
        for name, each in kind._settings.items()
    ]
    signature = Signature(parameters)

    def __init__(self: _MadeOfSettings, /, *arguments: Any, **options: Any) -> None:
        bound = bind(kind, signature, arguments, options)
        bound.apply_defaults()
        self._make(bound.arguments)

    __init__.__signature__ = Signature([of_self, *parameters])  # type: ignore[attr-defined]
    return __init__


class Optimizer(_MadeOfSettings):
    """What all optimizers have in common: numbers that can be changed between calls, and a state.

    The state (how many steps, and arrays beside the parameters) starts with the first update and
    serves one network from then on. Pickle and ``copy`` keep it.

    Parameters
    ----------
    clip_value : float, optional
        The largest magnitude that an element of the gradient keeps, > 0: the others are set to it,
        as by PyTorch's clip_grad_value_. None, the default, leaves them as they are.
    clip_norm : float, optional
        The largest norm that the gradient of all parameters keeps, > 0: a longer one is scaled by
        clip_norm / (norm + 1e-6), as by PyTorch's clip_grad_norm_ (Pascanu et al., ICML 2013).
        None, the default, leaves it as it is.
    accumulate : int, default 1
        How many batches make one step, >= 1: that of one batch with all their samples, but for
        rounding. The last step of an epoch takes those that are left. The norm that is recorded or
        clipped is that of the step. Callbacks and the noise of `Dropout` go by the batches.
    ema : float, optional
        Keep an exponential average of the weights with this decay d, > 0 and < 1: after each step
        average := d average + (1 - d) w, and the first w itself after the first, as in Keras and in
        PyTorch's AveragedModel. The network has it: ``net.predict(x, ema=True)``, `Network.average`
        and `Network.averaged`. None, the default, keeps none.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    TypeError
        If an argument is of the wrong type, or there is none of its name.

    Notes
    -----
    With both, values are clipped first. What a weight decay adds to the gradient comes after them.
    """

    __slots__ = ()

    clip_value: Transform = Transform(default=None)
    clip_norm: Transform = Transform(default=None)
    accumulate: Count = Count(default=1)
    ema: OptionalNumber = OptionalNumber(default=None)

    @property
    def _transforms(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in _core.gradient_transforms()}

    def _set_numbers(self, values: dict[str, float]) -> None:
        """Change some numbers, all of them or none."""
        name, numbers, words, parts = self._spec()
        self._configure((name, numbers | values, words, parts))

    def __reduce__(self) -> tuple[Any, ...]:
        own = object.__getstate__(self)  # the schedule, and what a class derived from this one has
        memory = self.steps, self._states(), self._running(), self._schedule_memory()
        return restored, (type(self), self._spec(), *memory), own

    @property
    def _rate_function(self) -> RateFunction:
        """What the core calls where the learning rate is a function."""
        function = self._schedule
        assert function is not None
        assert not isinstance(function, Schedule)

        def rate(step: int, epoch: int) -> float:
            return real_number("what learning_rate(step, epoch) returns", function(step, epoch))

        return rate

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        common = [
            name
            for name, each in vars(Optimizer).items()
            if isinstance(each, Setting) and getattr(self, name) != each.default
        ]
        shown = (*self._arguments, *common)
        arguments = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__name__}({arguments})"


def restored(
    kind: type[Optimizer],
    spec: Spec,
    steps: int,
    states: dict[str, Any],
    running: dict[str, float],
    schedule: dict[str, float],
) -> Optimizer:
    """Return an optimizer that goes on from here; its schedule, if it has one, is not set."""
    optimizer = kind.__new__(kind)
    _core.Optimizer.__init__(optimizer, spec)
    optimizer._restore(steps, states, running)
    optimizer._restore_schedule(schedule)
    return optimizer
