"""What tests/reference/activations.py gets for "isru"."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from reference.activations import LN_2, LN_4, Activation


class Isru(Activation):
    """a = z / sqrt(1 + alpha z^2)."""

    by_hand = (0, LN_2 / np.sqrt(1 + LN_2**2), -LN_4 / np.sqrt(1 + LN_4**2))

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, z):
        """f(z) = z / sqrt(1 + alpha z^2)."""
        return z / np.sqrt(1 + self.alpha * z**2)

    def slope(self, z, a):
        """f'(z) = 1 / sqrt(1 + alpha z^2)^3."""
        return 1 / np.sqrt(1 + self.alpha * z**2) ** 3
