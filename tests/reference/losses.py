"""Losses: the cost C_i of each sample (batch,) and its gradient dC_i/ds (batch, n_out).

The cost of a batch is C = sum_i share_i C_i, so that dC/ds = share_i dC_i/ds in row i.
"""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def share(batch, sample_weight=None):
    """share_i = w_i / sum(w), the part of sample i in C; all w are 1 unless given, and may be 0."""
    w = np.ones(batch) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return w / (w.sum() or 1)


def one_hot(labels, n):
    """y_ij = 1 where j is the label of sample i, else 0: (batch, n) from labels (batch,)."""
    return np.eye(n)[np.asarray(labels, np.int64)]


class Loss:
    """What the losses share: targets as rows, which are "real", "in [0, 1]" or a "distribution".

    ``by_hand`` is the cost of s = (1/2, 1/4) for y = (0, 1), which the tests look at.

    A loss with a `paired_activation` is made for networks that end in it, and has two more methods:
    cost and delta = dC_i/dz in one step, which stay exact where s rounds to 0 or 1.
    """

    paired_activation = None
    takes = "real"

    def targets(self, y, n_out):
        """Return y as (batch, n_out); (batch,) will do for a single output."""
        return np.asarray(y, np.float64).reshape(-1, n_out)


class Mse(Loss):
    """Mean squared error."""

    by_hand = (1 / 4 + 9 / 16) / 2  # the mean over the outputs, no factor 1/2

    def cost(self, s, y):
        """C_i = 1/n sum_j (s_j - y_j)^2."""
        return ((s - y) ** 2).mean(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = 2/n (s_j - y_j)."""
        return 2 * (s - y) / s.shape[1]


class Huber(Loss):
    """Squared error up to delta, and an error that grows linearly beyond it."""

    by_hand = (1 / 8 + 9 / 32) / 2

    def __init__(self, delta=1.0):
        self.delta = delta

    def cost(self, s, y):
        """C_i = 1/n sum_j h(e_j), h(e) = e^2/2 where |e| <= delta, else delta (|e| - delta/2)."""
        e = np.abs(s - y)
        h = np.where(e <= self.delta, e**2 / 2, self.delta * (e - self.delta / 2))
        return h.mean(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = 1/n e_j, cut off at -delta and delta."""
        return np.clip(s - y, -self.delta, self.delta) / s.shape[1]


class CrossEntropy(Loss):
    """Cross-entropy of a distribution y over classes and the predicted one, s."""

    paired_activation = "softmax"
    takes = "distribution"
    by_hand = np.log(4)  # the sum over the classes

    def targets(self, y, n_out):
        """Return y as (batch, n_out): probabilities stay, labels (batch,) become one-hot rows."""
        return one_hot(y, n_out) if np.ndim(y) == 1 else super().targets(y, n_out)

    def cost(self, s, y):
        """C_i = -sum_j y_j ln s_j."""
        return -(y * np.log(s)).sum(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = -y_j / s_j."""
        return -y / s

    def paired_cost(self, z, y):
        """C_i = sum_j y_j ln sum_k e^(z_k - z_j), for s_j = 1 / sum_k e^(z_k - z_j)."""
        z_k_less_z_j = z[:, None, :] - z[:, :, None]  # (batch, j, k)
        return (y * np.logaddexp.reduce(z_k_less_z_j, axis=2)).sum(axis=1)

    def paired_delta(self, s, y):
        """delta_j = sum_i -y_i/s_i s_i (1[i = j] - s_j) = s_j sum_i y_i - y_j: s - y."""
        return s * y.sum(axis=1, keepdims=True) - y


class BinaryCrossEntropy(Loss):
    """Cross-entropy of outputs that each answer yes (1) or no (0) on their own."""

    paired_activation = "sigmoid"
    takes = "in [0, 1]"
    by_hand = (np.log(2) + np.log(4)) / 2  # the mean over the outputs

    def cost(self, s, y):
        """C_i = -1/n sum_j (y_j ln s_j + (1 - y_j) ln(1 - s_j))."""
        return -(y * np.log(s) + (1 - y) * np.log(1 - s)).mean(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = 1/n ((1 - y_j) / (1 - s_j) - y_j / s_j)."""
        return ((1 - y) / (1 - s) - y / s) / s.shape[1]

    def paired_cost(self, z, y):
        """C_i = 1/n sum_j (y_j ln(1 + e^-z_j) + (1 - y_j) ln(1 + e^z_j))."""
        return (y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).mean(axis=1)

    def paired_delta(self, s, y):
        """delta_j = 1/n ((1 - y_j) / (1 - s_j) - y_j / s_j) s_j (1 - s_j) = 1/n (s_j - y_j)."""
        return (s - y) / s.shape[1]


LOSSES = {
    "mse": Mse,
    "huber": Huber,
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
}
