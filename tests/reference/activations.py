"""Activations: forward a = f(z), backward delta = dC/dz from dC/da.

z, a, dC_da and delta are (batch, n_out), one sample a row.
"""
# SPDX-License-Identifier: BSD-3-Clause

from math import erf

import numpy as np

LN_2, LN_4 = np.log([2, 4])


class Activation:
    """An activation that acts on each neuron alone: a_j = f(z_j).

    ``by_hand`` of every activation are f(0), f(ln 2) and f(-ln 4), which the tests look at.
    """

    def backward(self, z, a, dC_da):
        """delta_j = dC/da_j f'(z_j)."""
        return dC_da * self.slope(z, a)


class Identity(Activation):
    """a = z."""

    by_hand = (0, LN_2, -LN_4)

    def forward(self, z):
        """f(z) = z."""
        return z.copy()

    def slope(self, z, a):
        """f'(z) = 1."""
        return np.ones_like(z)


class Sigmoid(Activation):
    """a = 1 / (1 + e^-z)."""

    by_hand = (1 / 2, 2 / 3, 1 / 5)

    def forward(self, z):
        """f(z) = 1 / (1 + e^-z) = e^(-ln(e^0 + e^-z)), which overflows for no z."""
        return np.exp(-np.logaddexp(0, -z))

    def slope(self, z, a):
        """f'(z) = e^-z / (1 + e^-z)^2 = a (1 - a)."""
        return a * (1 - a)


class Relu(Activation):
    """a = max(z, 0)."""

    by_hand = (0, LN_2, 0)

    def forward(self, z):
        """f(z) = max(z, 0)."""
        return np.maximum(z, 0)

    def slope(self, z, a):
        """f'(z) = 1 where z > 0, else 0, at the kink too."""
        return np.where(z > 0, 1.0, 0.0)


class LeakyRelu(Activation):
    """a = z where z > 0, else slope z."""

    by_hand = (0, LN_2, -LN_4 / 100)

    def __init__(self, slope=0.01):
        self.below = slope

    def forward(self, z):
        """f(z) = z where z > 0, else slope z."""
        return np.where(z > 0, z, self.below * z)

    def slope(self, z, a):
        """f'(z) = 1 where z > 0, else slope, at the kink too."""
        return np.where(z > 0, 1.0, self.below)


class Relu6(Activation):
    """a = min(max(z, 0), 6)."""

    by_hand = (0, LN_2, 0)

    def forward(self, z):
        """f(z) = z, but at least 0 and at most 6."""
        return np.clip(z, 0, 6)

    def slope(self, z, a):
        """f'(z) = 1 where 0 < z < 6, else 0, at the kinks too."""
        return np.where((z > 0) & (z < 6), 1.0, 0.0)


class Elu(Activation):
    """a = z where z > 0, else alpha (e^z - 1)."""

    by_hand = (0, LN_2, -3 / 4)

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, z):
        """f(z) = z where z > 0, else alpha (e^z - 1)."""
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def slope(self, z, a):
        """f'(z) = 1 where z > 0, else alpha e^z, at the kink too."""
        return np.where(z > 0, 1.0, self.alpha * np.exp(np.minimum(z, 0)))


class Selu(Elu):
    """a = lambda z where z > 0, else lambda alpha (e^z - 1)."""

    lambda_ = np.longdouble("1.0507009873554804934193349852946")
    by_hand = (0, float(lambda_) * LN_2, -3 / 4 * 1.7580993408473768)

    def __init__(self):
        super().__init__(np.longdouble("1.6732632423543772848170429916717"))

    def forward(self, z):
        """f(z) = lambda times an ELU."""
        return (self.lambda_ * super().forward(z)).astype(z.dtype)

    def slope(self, z, a):
        """f'(z) = lambda times that of an ELU."""
        return (self.lambda_ * super().slope(z, a)).astype(z.dtype)


class Gelu(Activation):
    """a = z Phi(z), Phi the distribution function of the standard normal distribution."""

    by_hand = (0, 0.7558914042144173 * LN_2, -0.08282851900169852 * LN_4)  # Phi(z) z

    def distribution(self, z):
        """Phi(z) = (1 + erf(z / sqrt 2)) / 2."""
        return (1 + np.vectorize(erf, otypes=[float])(z / np.sqrt(2))) / 2

    def forward(self, z):
        """f(z) = z Phi(z)."""
        return z * self.distribution(z)

    def slope(self, z, a):
        """f'(z) = Phi(z) + z phi(z), phi(z) = e^(-z^2 / 2) / sqrt(2 pi)."""
        return self.distribution(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


class GeluTanh(Activation):
    """a = z/2 (1 + tanh v(z)), v(z) = sqrt(2/pi) (z + kappa z^3)."""

    by_hand = (0, 0.5238904321820484, -0.11505798224860711)
    kappa = np.longdouble("0.044715")

    def v(self, z):
        """v(z), and its slope."""
        root = np.sqrt(2 / np.arccos(z.dtype.type(-1)))
        kappa = self.kappa.astype(z.dtype)
        return root * (z + kappa * z**3), root * (1 + 3 * kappa * z**2)

    def forward(self, z):
        """f(z) = z/2 (1 + tanh v)."""
        return z / 2 * (1 + np.tanh(self.v(z)[0]))

    def slope(self, z, a):
        """f'(z) = 1/2 (1 + tanh v) + z/2 (1 - tanh(v)^2) v'."""
        v, of_v = self.v(z)
        return (1 + np.tanh(v)) / 2 + z / 2 * (1 - np.tanh(v) ** 2) * of_v


def logistic(z):
    """1 / (1 + e^-z), in which nothing overflows or cancels."""
    e = np.exp(-np.abs(z))
    return np.where(z > 0, 1 / (1 + e), e / (1 + e))


class Silu(Activation):
    """a = z / (1 + e^-z)."""

    by_hand = (0, 2 / 3 * LN_2, -LN_4 / 5)

    def forward(self, z):
        """f(z) = z p(z), p(z) = 1 / (1 + e^-z)."""
        return z * logistic(z)

    def slope(self, z, a):
        """f'(z) = p + z p (1 - p)."""
        p = logistic(z)
        return p + z * p * (1 - p)


class Mish(Activation):
    """a = z tanh(ln(1 + e^z))."""

    by_hand = (0, 4 / 5 * LN_2, -9 / 41 * LN_4)

    def forward(self, z):
        """f(z) = z t, t = tanh(ln(1 + e^z))."""
        return z * np.tanh(np.logaddexp(0, z))

    def slope(self, z, a):
        """f'(z) = t + z (1 - t^2) / (1 + e^-z)."""
        t = np.tanh(np.logaddexp(0, z))
        return t + z * (1 - t**2) * logistic(z)


class Softplus(Activation):
    """a = ln(1 + e^(beta z)) / beta, but z where beta z > threshold."""

    by_hand = (LN_2, np.log(3), np.log(5 / 4))

    def __init__(self, beta=1.0, threshold=20.0):
        self.beta, self.threshold = beta, threshold

    def forward(self, z):
        """f(z) = ln(e^0 + e^(beta z)) / beta."""
        x = self.beta * z
        return np.where(x > self.threshold, z, np.logaddexp(0, x) / self.beta)

    def slope(self, z, a):
        """f'(z) = 1 / (1 + e^(-beta z))."""
        x = self.beta * z
        return np.where(x > self.threshold, 1.0, logistic(x))


class Softsign(Activation):
    """a = z / (1 + |z|)."""

    by_hand = (0, LN_2 / (1 + LN_2), -LN_4 / (1 + LN_4))

    def forward(self, z):
        """f(z) = z / (1 + |z|)."""
        return z / (1 + np.abs(z))

    def slope(self, z, a):
        """f'(z) = 1 / (1 + |z|)^2."""
        return 1 / (1 + np.abs(z)) ** 2


class HardSigmoid(Activation):
    """a = relu6(z + 3) / 6."""

    by_hand = (1 / 2, (3 + LN_2) / 6, (3 - LN_4) / 6)

    def forward(self, z):
        """f(z) = (z + 3) / 6, but at least 0 and at most 1."""
        return np.clip(z + 3, 0, 6) / 6

    def slope(self, z, a):
        """f'(z) = 1/6 where -3 < z < 3, else 0, at the kinks too."""
        return np.where(np.abs(z) < 3, np.ones_like(z) / 6, 0)


class HardSwish(Activation):
    """a = z relu6(z + 3) / 6."""

    by_hand = (0, LN_2 * (3 + LN_2) / 6, -LN_4 * (3 - LN_4) / 6)

    def forward(self, z):
        """f(z) = z (z + 3) / 6 where -3 < z < 3, 0 below and z above."""
        return z * np.clip(z + 3, 0, 6) / 6

    def slope(self, z, a):
        """f'(z) = z/3 + 1/2 where -3 < z < 3, 0 below and at -3, 1 above and at 3."""
        return np.where(np.abs(z) < 3, z / 3 + 0.5, np.where(z > 0, 1, 0))


class Exponential(Activation):
    """a = e^z."""

    by_hand = (1, 2, 1 / 4)

    def forward(self, z):
        """f(z) = e^z."""
        return np.exp(z)

    def slope(self, z, a):
        """f'(z) = e^z = a."""
        return a


class Tanh(Activation):
    """a = tanh z."""

    by_hand = (0, 3 / 5, -15 / 17)

    def forward(self, z):
        """f(z) = tanh z."""
        return np.tanh(z)

    def slope(self, z, a):
        """f'(z) = 1 - tanh(z)^2 = 1 - a^2."""
        return 1 - a**2


class Softmax(Activation):
    """a_j = e^z_j / sum_i e^z_i: every a_i of a row depends on every z_j of it."""

    by_hand = (4 / 13, 8 / 13, 1 / 13)

    def forward(self, z):
        """a_j = e^z_j / sum_i e^z_i; less the largest z of the row, so that none overflows."""
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, z, a, dC_da):
        """delta_j = sum_i dC/da_i da_i/dz_j with the Jacobian da_i/dz_j = a_i (1[i = j] - a_j)."""
        n = a.shape[1]
        da_dz = a[:, :, None] * (np.eye(n) - a[:, None, :])  # (batch, i, j)
        return np.einsum("bi,bij->bj", dC_da, da_dz)


ACTIVATIONS = {
    "identity": Identity,
    "sigmoid": Sigmoid,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "tanh": Tanh,
    "gelu": Gelu,
    "softmax": Softmax,
    "elu": Elu,
    "selu": Selu,
    "gelu_tanh": GeluTanh,
    "silu": Silu,
    "mish": Mish,
    "softplus": Softplus,
    "softsign": Softsign,
    "relu6": Relu6,
    "hard_sigmoid": HardSigmoid,
    "hard_swish": HardSwish,
    "exponential": Exponential,
}
