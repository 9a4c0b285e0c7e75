"""The activations as objects; a `Dense` takes one in place of its name."""

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
class Identity(Activation):
    """a = z."""

    _name = "identity"


@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + e^-z)."""

    _name = "sigmoid"


@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh z."""

    _name = "tanh"


@dataclass(frozen=True)
class Softmax(Activation):
    """a_j = e^z_j / sum_i e^z_i, over the neurons of the layer."""

    _name = "softmax"


@dataclass(frozen=True)
class Relu(Activation):
    """a = max(z, 0); the slope at 0 is 0."""

    _name = "relu"


@dataclass(frozen=True)
class Relu6(Activation):
    """a = min(max(z, 0), 6) (Krizhevsky, 2010); the slope at 0 and at 6 is 0."""

    _name = "relu6"


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
class Elu(Activation):
    """a = z where z > 0, else alpha (e^z - 1) (Clevert et al., arXiv 1511.07289, equation 15).

    Parameters
    ----------
    alpha : float, default 1
        -alpha is the limit of the activation below 0, and alpha the slope at 0; >= 0.

    Raises
    ------
    ValueError
        If `alpha` is negative, infinite or NaN.
    TypeError
        If it is no number.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Dense(3, cr.Elu(0.5))
    Dense(3, Elu(alpha=0.5))
    """

    _name = "elu"
    alpha: float = 1.0


@dataclass(frozen=True)
class Selu(Activation):
    """a = lambda z where z > 0, else lambda alpha (e^z - 1).

    lambda = 1.0507009873554805 and alpha = 1.6732632423543772 keep activations of mean 0 and
    variance 1 as they are (Klambauer et al., arXiv 1706.02515, equations 2 and 14). They are made
    for weights of ``init="lecun_normal"``.
    """

    _name = "selu"


@dataclass(frozen=True)
class Gelu(Activation):
    """a = z Phi(z), Phi the standard normal distribution (Hendrycks and Gimpel, arXiv 1606.08415).

    Phi itself, not an approximation of it: PyTorch's GELU with ``approximate="none"``.
    """

    _name = "gelu"


@dataclass(frozen=True)
class GeluTanh(Activation):
    """a = z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), within 5e-4 of `Gelu`.

    The first approximation of Hendrycks and Gimpel (arXiv 1606.08415, section 2): PyTorch's GELU
    with ``approximate="tanh"``.
    """

    _name = "gelu_tanh"


@dataclass(frozen=True)
class Silu(Activation):
    """a = z / (1 + e^-z) (Hendrycks and Gimpel, arXiv 1606.08415, section 2); also called swish."""

    _name = "silu"


@dataclass(frozen=True)
class Mish(Activation):
    """a = z tanh(ln(1 + e^z)) (Misra, arXiv 1908.08681, equation 1)."""

    _name = "mish"


@dataclass(frozen=True)
class Softplus(Activation):
    """a = ln(1 + e^(beta z)) / beta (Dugas et al., NIPS 2000, equation 3).

    Parameters
    ----------
    beta : float, default 1
        How sharp the bend at 0 is, > 0.
    threshold : float, default 20
        Where beta z is larger, a = z and the slope 1, as in PyTorch's Softplus; a is then off by
        less than e^-threshold / beta, which is 2e-9 by default and less than a float32 tells.

    Raises
    ------
    ValueError
        If `beta` is not above 0, `threshold` negative, or either infinite or NaN.
    TypeError
        If either is no number.
    """

    _name = "softplus"
    beta: float = 1.0
    threshold: float = 20.0


@dataclass(frozen=True)
class Softsign(Activation):
    """a = z / (1 + abs(z)) (Bergstra et al., technical report 1337, Montreal, 2009)."""

    _name = "softsign"


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """a = min(max(z + 3, 0), 6) / 6, as in PyTorch (Howard et al., arXiv 1905.02244, section 5.2).

    The slope at -3 and at 3 is 0.
    """

    _name = "hard_sigmoid"


@dataclass(frozen=True)
class HardSwish(Activation):
    """a = z min(max(z + 3, 0), 6) / 6 (Howard et al., arXiv 1905.02244, section 5.2).

    The slope at -3 is 0, at 3 it is 1.
    """

    _name = "hard_swish"


@dataclass(frozen=True)
class Exponential(Activation):
    """a = e^z."""

    _name = "exponential"
