"""What tests/reference/losses.py gets for "shift_invariant"."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from reference.losses import Loss


class ShiftInvariant(Loss):
    """Mean squared error of which a shift of the whole row counts less."""

    by_hand = (1 / 4 + 9 / 16) / 2 - 1 / 2 * (1 / 8) ** 2

    def __init__(self, invariance=0.5):
        self.invariance = invariance

    def cost(self, s, y):
        """C_i = 1/n sum_j e_j^2 - invariance (1/n sum_j e_j)^2, e = s - y."""
        return ((s - y) ** 2).mean(axis=1) - self.invariance * (s - y).mean(axis=1) ** 2

    def gradient(self, s, y):
        """dC_i/ds_j = 2/n (e_j - invariance 1/n sum_k e_k)."""
        shift = self.invariance * (s - y).mean(axis=1)[:, None] * np.ones_like(s)
        return 2 * (s - y - shift) / s.shape[1]
