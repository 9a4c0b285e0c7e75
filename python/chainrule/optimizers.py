"""The optimizers: how a gradient changes the parameters. Definitions follow PyTorch's."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import Any, ClassVar, overload

from chainrule import _core
from chainrule._spec import Settings, Spec, real_number, refuse_second_init, shown, true_or_false


class Number:
    """A number of an optimizer, which the core checks and keeps."""

    def __init__(self, name: str, doc: str) -> None:
        self._name = name
        self.__doc__ = doc

    @overload
    def __get__(self, optimizer: None, kind: type) -> Number: ...
    @overload
    def __get__(self, optimizer: Optimizer, kind: type) -> float: ...
    def __get__(self, optimizer: Optimizer | None, kind: type) -> Number | float:
        """Ask the core."""
        return self if optimizer is None else optimizer._number(self._name)

    def __set__(self, optimizer: Optimizer, value: float) -> None:
        """Have the core check and keep it, from the next step on."""
        optimizer._set_numbers({self._name: real_number(self._name, value)})


class Transform:
    """The one number of a gradient transform, which is off where it is None."""

    def __init__(self, name: str, doc: str) -> None:
        self._name = name
        self.__doc__ = doc

    @overload
    def __get__(self, optimizer: None, kind: type) -> Transform: ...
    @overload
    def __get__(self, optimizer: Optimizer, kind: type) -> float | None: ...
    def __get__(self, optimizer: Optimizer | None, kind: type) -> Transform | float | None:
        """Ask the core."""
        if optimizer is None:
            return self
        for _, (name, numbers, _, _) in optimizer._spec()[3]:
            if name == self._name:
                value: float = numbers[name]
                return value
        return None

    def __set__(self, optimizer: Optimizer, value: float | None) -> None:
        """Have the core check and keep it, from the next step on."""
        name, numbers, words, _ = optimizer._spec()
        transforms = optimizer._transforms | {self._name: value}
        optimizer._configure((name, numbers, words, _parts(transforms)))


def _parts(transforms: dict[str, float | None]) -> list[tuple[str, Spec]]:
    """Return the parts of an optimizer's spec: each transform that is not off, in the core's order.

    So it does not depend on which of them was set first.
    """
    return [
        ("gradient", (name, {name: real_number(name, value)}, {}, []))
        for name in _core.gradient_transforms()
        if (value := transforms.get(name)) is not None
    ]


class Optimizer(Settings, _core.Optimizer):
    """What all optimizers have in common: numbers that can be changed between calls, and a state.

    The state (how many steps, and arrays beside the parameters) starts with the first update and
    serves one network from then on. Pickle and ``copy`` keep it.
    """

    __slots__ = ()

    _name: ClassVar[str]
    _arguments: ClassVar[tuple[str, ...]]  # of __init__

    def __init__(self, numbers: dict[str, float], transforms: dict[str, float | None]) -> None:
        refuse_second_init(self._made, type(self))
        super().__init__((self._name, numbers, {}, _parts(transforms)))

    clip_norm = Transform(
        "clip_norm",
        "float or None: The largest norm that the gradient keeps, > 0; None for no limit.",
    )

    @property
    def _transforms(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in _core.gradient_transforms()}

    def _set_numbers(self, values: dict[str, float]) -> None:
        """Change some numbers, all of them or none."""
        name, numbers, words, parts = self._spec()
        self._configure((name, numbers | values, words, parts))

    def __reduce__(self) -> tuple[Any, ...]:
        own = object.__getstate__(self)  # of a class derived from this one
        return _restore, (type(self), self._spec(), self.steps, self._states()), own

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        transforms = [name for name, value in self._transforms.items() if value is not None]
        shown = [*self._arguments, *transforms]
        arguments = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__name__}({arguments})"


def _restore(kind: type[Optimizer], spec: Spec, steps: int, states: list[Any]) -> Optimizer:
    optimizer = kind.__new__(kind)
    _core.Optimizer.__init__(optimizer, spec)
    optimizer._restore(steps, states)
    return optimizer


def example_of(name: str) -> str:
    """Return how the optimizer whose name is nearest to `name` is written."""
    from difflib import get_close_matches

    kinds = {kind._name: kind for kind in Optimizer.__subclasses__() if kind.__module__ == __name__}
    nearest = get_close_matches(name.lower(), kinds, n=1, cutoff=0) or [Adam._name]
    return f"cr.{kinds[nearest[0]].__name__}()"


class SGD(Optimizer):
    """Gradient descent: w := w - epsilon dC/dw.

    With momentum mu: m := mu m + dC/dw, w := w - epsilon m; in Nesterov's form
    w := w - epsilon (dC/dw + mu m) (Sutskever et al., ICML 2013, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, default 0.01
        The article's epsilon, >= 0.
    momentum : float, default 0
        mu, in [0, 1).
    nesterov : bool, default False
        Use Nesterov's form; needs momentum.
    clip_norm : float, optional
        The largest norm that the gradient of all parameters keeps, > 0: a longer one is scaled by
        clip_norm / (norm + 1e-6), as by PyTorch's clip_grad_norm_ (Pascanu et al., ICML 2013).
        None, the default, leaves it as it is.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    """

    __slots__ = ()

    _name = "sgd"
    _arguments = ("learning_rate", "momentum", "nesterov")

    def __init__(
        self,
        learning_rate: float = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(
            {
                "learning_rate": real_number("learning_rate", learning_rate),
                "momentum": real_number("momentum", momentum),
                "nesterov": float(true_or_false("nesterov", nesterov)),
            },
            {"clip_norm": clip_norm},
        )

    learning_rate = Number("learning_rate", "float: The article's epsilon, >= 0.")
    momentum = Number("momentum", "float: mu, in [0, 1).")

    @property
    def nesterov(self) -> bool:
        """bool: Whether the steps have Nesterov's form; needs momentum."""
        return self._number("nesterov") != 0

    @nesterov.setter
    def nesterov(self, value: bool) -> None:
        self._set_numbers({"nesterov": float(true_or_false("nesterov", value))})


class Adam(Optimizer):
    """Adam: steps of about `learning_rate` whatever the scale of the gradient.

    m := beta1 m + (1 - beta1) dC/dw, v := beta2 v + (1 - beta2) (dC/dw)^2,
    w := w - epsilon m^ / (sqrt(v^) + eps) with m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)
    (Kingma and Ba, ICLR 2015, algorithm 1).

    Parameters
    ----------
    learning_rate : float, default 0.001
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    clip_norm : float, optional
        The largest norm that the gradient of all parameters keeps, > 0: a longer one is scaled by
        clip_norm / (norm + 1e-6), as by PyTorch's clip_grad_norm_ (Pascanu et al., ICML 2013).
        None, the default, leaves it as it is.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    """

    __slots__ = ()

    _name = "adam"
    _arguments = ("learning_rate", "betas", "eps")

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(
            {
                "learning_rate": real_number("learning_rate", learning_rate),
                **_pair_of_betas(betas),
                "eps": real_number("eps", eps),
            },
            {"clip_norm": clip_norm},
        )

    learning_rate = Number("learning_rate", "float: The article's epsilon, >= 0.")
    eps = Number("eps", "float: Keeps the division finite, >= 0.")

    @property
    def betas(self) -> tuple[float, float]:
        """Tuple of float: beta1 and beta2, in [0, 1)."""
        return self._number("betas[0]"), self._number("betas[1]")

    @betas.setter
    def betas(self, values: tuple[float, float]) -> None:
        self._set_numbers(_pair_of_betas(values))


def _pair_of_betas(betas: tuple[float, float]) -> dict[str, float]:
    try:
        beta1, beta2 = betas
    except (TypeError, ValueError):
        raise TypeError(f"betas must be a pair of numbers, got {shown(betas)}") from None
    pair = {"betas[0]": beta1, "betas[1]": beta2}
    return {name: real_number(name, value) for name, value in pair.items()}
