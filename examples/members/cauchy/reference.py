"""What tests/reference/losses.py gets for "cauchy"."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from reference.losses import Loss


class Cauchy(Loss):
    """An error that counts the less, relative to its size, the larger it is."""

    by_hand = (np.log(1.25) + np.log(1.5625)) / 4

    def __init__(self, delta=1.0):
        self.delta = delta

    def cost(self, s, y):
        """C_i = 1/n sum_j delta^2/2 ln(1 + (e_j / delta)^2), e_j = s_j - y_j."""
        return (self.delta**2 / 2 * np.log1p(((s - y) / self.delta) ** 2)).mean(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = 1/n e_j / (1 + (e_j / delta)^2)."""
        return (s - y) / (1 + ((s - y) / self.delta) ** 2) / s.shape[1]
