"""The optimizers: how a gradient changes the parameters. Definitions follow PyTorch's."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import Any, ClassVar, overload

from chainrule import _core
from chainrule._spec import Settings, real_number, refuse_second_init, shown, true_or_false


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
        optimizer._set_numbers([(self._name, real_number(self._name, value))])


class Optimizer(Settings, _core.Optimizer):
    """What all optimizers have in common: numbers that can be changed between calls, and a state.

    The state (how many steps, and arrays beside the parameters) starts with the first update and
    serves one network from then on. Pickle and ``copy`` keep it.
    """

    __slots__ = ()

    _name: ClassVar[str]
    _arguments: ClassVar[tuple[str, ...]]  # of __init__

    def __init__(self, numbers: list[float]) -> None:
        refuse_second_init(self._made, type(self))
        super().__init__(self._name, numbers)

    def __reduce__(self) -> tuple[Any, ...]:
        numbers = [self._number(name) for name in self._number_names()]
        own = object.__getstate__(self)  # of a class derived from this one
        return _restore, (type(self), numbers, self.steps, self._states()), own

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._arguments)
        return f"{type(self).__name__}({arguments})"


def _restore(
    kind: type[Optimizer], numbers: list[float], steps: int, states: list[Any]
) -> Optimizer:
    optimizer = kind.__new__(kind)
    Optimizer.__init__(optimizer, numbers)
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

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    """

    __slots__ = ()

    _name = "sgd"
    _arguments = ("learning_rate", "momentum", "nesterov")

    def __init__(
        self, learning_rate: float = 0.01, *, momentum: float = 0.0, nesterov: bool = False
    ) -> None:
        super().__init__(
            [
                real_number("learning_rate", learning_rate),
                real_number("momentum", momentum),
                float(true_or_false("nesterov", nesterov)),
            ]
        )

    learning_rate = Number("learning_rate", "float: The article's epsilon, >= 0.")
    momentum = Number("momentum", "float: mu, in [0, 1).")

    @property
    def nesterov(self) -> bool:
        """bool: Whether the steps have Nesterov's form; needs momentum."""
        return self._number("nesterov") != 0

    @nesterov.setter
    def nesterov(self, value: bool) -> None:
        self._set_numbers([("nesterov", float(true_or_false("nesterov", value)))])


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
    ) -> None:
        super().__init__(
            [
                real_number("learning_rate", learning_rate),
                *_pair_of_betas(betas),
                real_number("eps", eps),
            ]
        )

    learning_rate = Number("learning_rate", "float: The article's epsilon, >= 0.")
    eps = Number("eps", "float: Keeps the division finite, >= 0.")

    @property
    def betas(self) -> tuple[float, float]:
        """Tuple of float: beta1 and beta2, in [0, 1)."""
        return self._number("beta1"), self._number("beta2")

    @betas.setter
    def betas(self, values: tuple[float, float]) -> None:
        beta1, beta2 = _pair_of_betas(values)
        self._set_numbers([("beta1", beta1), ("beta2", beta2)])


def _pair_of_betas(betas: tuple[float, float]) -> tuple[float, float]:
    try:
        beta1, beta2 = betas
    except (TypeError, ValueError):
        raise TypeError(f"betas must be a pair of numbers, got {shown(betas)}") from None
    return real_number("betas[0]", beta1), real_number("betas[1]", beta2)
