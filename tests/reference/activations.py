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
}
