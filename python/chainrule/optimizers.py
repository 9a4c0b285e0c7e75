"""The optimizers: how a gradient changes the parameters. Definitions follow PyTorch's."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import _core
from chainrule._spec import real_number, true_or_false


def _number(name: str, doc: str) -> Any:
    """Make a property for the number `name` of an optimizer, which the core checks and keeps."""
    return property(
        lambda self: self._number(name),
        lambda self, value: self._set_number(name, real_number(name, value)),
        doc=doc,
    )


class Optimizer(_core.Optimizer):
    """What all optimizers have in common: numbers that can be changed between calls, and a state.

    The state (how many steps, and arrays beside the parameters) starts with the first update and
    serves one network from then on. Pickle and ``copy`` keep it.
    """

    _name: str

    def _numbers(self) -> list[float]:
        return [self._number(name) for name in self._number_names()]

    def __reduce__(self) -> tuple[Callable[..., Optimizer], tuple[Any, ...]]:
        return _restore, (type(self), self._numbers(), self.steps, self._states())

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={self._number(name):g}" for name in self._number_names())
        return f"{type(self).__name__}({numbers})"


def _restore(
    kind: type[Optimizer], numbers: list[float], steps: int, states: list[Any]
) -> Optimizer:
    optimizer = kind.__new__(kind)
    _core.Optimizer.__init__(optimizer, kind._name, numbers)
    optimizer._restore(steps, states)
    return optimizer


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

    _name = "sgd"

    def __init__(
        self, learning_rate: float = 0.01, *, momentum: float = 0.0, nesterov: bool = False
    ) -> None:
        super().__init__(
            self._name,
            [
                real_number("learning_rate", learning_rate),
                real_number("momentum", momentum),
                float(true_or_false("nesterov", nesterov)),
            ],
        )

    learning_rate = _number("learning_rate", "float: The article's epsilon.")
    momentum = _number("momentum", "float: mu.")


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

    _name = "adam"

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        try:
            beta1, beta2 = betas
        except (TypeError, ValueError):
            raise TypeError(f"betas must be a pair of numbers, got {betas!r}") from None
        super().__init__(
            self._name,
            [
                real_number("learning_rate", learning_rate),
                real_number("betas[0]", beta1),
                real_number("betas[1]", beta2),
                real_number("eps", eps),
            ],
        )

    learning_rate = _number("learning_rate", "float: The article's epsilon.")
    eps = _number("eps", "float: Keeps the division finite.")

    @property
    def betas(self) -> tuple[float, float]:
        """Tuple of float: beta1 and beta2."""
        return self._number("beta1"), self._number("beta2")
