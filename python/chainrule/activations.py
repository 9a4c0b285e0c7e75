"""The activations that have numbers of their own; all others are known by their name."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass

from chainrule import _core
from chainrule._spec import Member


@dataclass(frozen=True)
class Activation(Member):
    """What all activations have in common: a `Dense` takes one in place of a name."""

    def _check(self) -> None:
        _core.check_activation(self._spec())


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """a = z where z > 0, else slope z (Maas, Hannun and Ng, ICML 2013, section 2).

    Parameters
    ----------
    slope : float, default 0.01
        Of the activation below 0, >= 0; as in PyTorch's LeakyReLU.

    Raises
    ------
    ValueError
        If `slope` is negative, infinite or NaN.
    TypeError
        If it is no number.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Dense(3, cr.LeakyRelu(0.1))
    Dense(3, LeakyRelu(slope=0.1))
    """

    _name = "leaky_relu"
    slope: float = 0.01


@dataclass(frozen=True)
class Gelu(Activation):
    """a = z Phi(z), Phi the standard normal distribution (Hendrycks and Gimpel, arXiv 1606.08415).

    Phi itself, not an approximation of it: PyTorch's GELU with ``approximate="none"``.
    """

    _name = "gelu"
