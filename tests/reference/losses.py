"""Losses: the cost C_i of each sample (batch,) and its gradient dC_i/ds (batch, n_out)."""
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping

import numpy as np

from .loss import ByElement, Loss, one_hot, share

__all__ = ["LOSSES", "ByElement", "Loss", "one_hot", "share"]


class Mse(ByElement):
    """Mean squared error."""

    by_hand = (1 / 4 + 9 / 16) / 2  # the mean over the outputs, no factor 1/2

    def value(self, s, y):
        """(s_j - y_j)^2."""
        return (s - y) ** 2

    def slope(self, s, y):
        """2 (s_j - y_j)."""
        return 2 * (s - y)


class Mae(ByElement):
    """Mean absolute error."""

    by_hand = (1 / 2 + 3 / 4) / 2

    def value(self, s, y):
        """|s_j - y_j|."""
        return np.abs(s - y)

    def slope(self, s, y):
        """The sign of s_j - y_j, 0 where it is 0."""
        e = s - y
        return np.where(e > 0, 1.0, np.where(e < 0, -1.0, 0.0))


class Huber(ByElement):
    """Squared error up to delta, and an error that grows linearly beyond it."""

    by_hand = (1 / 8 + 9 / 32) / 2

    def __init__(self, delta=1.0, mask_nan=False):
        super().__init__(mask_nan)
        self.delta = delta

    def value(self, s, y):
        """h(e) = e^2/2 where |e| <= delta, else delta (|e| - delta/2), e = s_j - y_j."""
        e = np.abs(s - y)
        return np.where(e <= self.delta, e**2 / 2, self.delta * (e - self.delta / 2))

    def slope(self, s, y):
        """e_j, cut off at -delta and delta."""
        return np.clip(s - y, -self.delta, self.delta)


class LogCosh(ByElement):
    """The logarithm of cosh of the error: squared near 0, linear far from it."""

    by_hand = (np.log(np.cosh(1 / 2)) + np.log(np.cosh(3 / 4))) / 2

    def value(self, s, y):
        """ln cosh e = ln(1 + 2 sinh(e/2)^2) near 0, |e| - ln 2 + ln(1 + e^(-2 |e|)) far from it."""
        e = np.abs(s - y)
        near = np.log1p(2 * np.sinh(np.minimum(e, 1) / 2) ** 2)
        return np.where(e < 1, near, e - np.log(2) + np.log1p(np.exp(-2 * e)))

    def slope(self, s, y):
        """Tanh e_j."""
        return np.tanh(s - y)


class Poisson(ByElement):
    """Negative log-likelihood of counts y whose means are s, without what depends on y alone."""

    takes = "not negative"
    outputs = ("sigmoid", "softmax", "softplus", "exponential")
    by_hand = (1 / 2 + 1 / 4 - np.log(1 / 4 + 1e-8)) / 2

    def __init__(self, eps=1e-8, logits=False, mask_nan=False):
        super().__init__(mask_nan)
        self.eps = eps
        self.take_logits(logits)

    def value(self, s, y):
        """s_j - y_j ln(s_j + eps)."""
        return s - y * np.log(s + self.eps)

    def slope(self, s, y):
        """1 - y_j / (s_j + eps)."""
        return 1 - y / (s + self.eps)

    def paired_value(self, z, y):
        """e^z_j - y_j z_j, for s_j = e^z_j."""
        return np.exp(z) - y * z

    def paired_slope(self, z, s, y):
        """e^z_j - y_j."""
        return np.exp(z) - y


class Quantile(ByElement):
    """The pinball loss: least where a part tau of all y lies below s.

    Several quantiles of each target have outputs side by side.
    """

    by_hand = (1 / 4 + 3 / 8) / 2

    def __init__(self, quantiles=0.5, mask_nan=False):
        super().__init__(mask_nan)
        self.quantiles = np.atleast_1d(quantiles)

    def targets(self, y, n_out):
        """Repeat each target for each quantile."""
        m = len(self.quantiles)
        return np.repeat(super().targets(y, n_out // m), m, axis=1)

    def tau(self, s):
        """Return the quantile of each output."""
        return np.tile(self.quantiles, s.shape[1] // len(self.quantiles))

    def value(self, s, y):
        """tau_j e_j where e_j = y_j - s_j > 0, else (tau_j - 1) e_j."""
        e = y - s
        return np.where(e > 0, self.tau(s), self.tau(s) - 1) * e

    def slope(self, s, y):
        """-tau_j where y_j > s_j, 1 - tau_j where y_j < s_j."""
        e = y - s
        return np.where(e > 0, -self.tau(s), np.where(e < 0, 1 - self.tau(s), 0.0))


class Hinge(ByElement):
    """The loss of the support vector machine, for y of -1 or 1."""

    takes = "-1 or 1"
    outputs = ("identity", "tanh")
    by_hand_y = (-1, 1)
    by_hand = (3 / 2 + 3 / 4) / 2

    def value(self, s, y):
        """max(0, 1 - y_j s_j)."""
        return np.maximum(0, 1 - y * s)

    def slope(self, s, y):
        """-y_j where 1 - y_j s_j > 0, else 0."""
        return np.where(1 - y * s > 0, -y, 0.0)


class CrossEntropy(Loss):
    """Cross-entropy of a distribution y over classes and the predicted one, s."""

    paired_activation = "softmax"
    takes = "distribution"
    by_hand = np.log(4)  # the sum over the classes

    def __init__(self, label_smoothing=0.0, class_weight=None, logits=False):
        self.label_smoothing, self.class_weight = label_smoothing, class_weight
        self.take_logits(logits)

    def weights(self, n_out):
        """Return the weight of each class, 1 for those that a mapping does not name."""
        if isinstance(self.class_weight, Mapping):
            return np.array([self.class_weight.get(j, 1.0) for j in range(n_out)])
        return np.ones(n_out) if self.class_weight is None else np.array(self.class_weight)

    def targets(self, y, n_out):
        """Return v_j ((1 - smoothing) y_j + smoothing / n_out), v the weights of the classes.

        y holds probabilities (batch, n_out), or labels (batch,), which become one-hot rows.
        """
        y = one_hot(y, n_out) if np.ndim(y) == 1 else super().targets(y, n_out)
        smooth = (1 - self.label_smoothing) * y + self.label_smoothing / n_out
        return self.weights(n_out) * smooth

    def counts(self, y, n_out):
        """Return the weights of the labels, or 1."""
        return self.weights(n_out)[np.asarray(y, np.int64)] if np.ndim(y) == 1 else 1.0

    def cost(self, s, y):
        """C_i = -sum_j y_j ln s_j."""
        return -(y * np.log(s)).sum(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = -y_j / s_j."""
        return -y / s

    def logs(self, z):
        """-ln s_j = ln sum_k e^(z_k - z_j), for s_j = 1 / sum_k e^(z_k - z_j)."""
        z_k_less_z_j = z[:, None, :] - z[:, :, None]  # (batch, j, k)
        return np.logaddexp.reduce(z_k_less_z_j, axis=2)

    def paired_cost(self, z, y):
        """C_i = sum_j y_j (-ln s_j)."""
        return (y * self.logs(z)).sum(axis=1)

    def paired_delta(self, z, s, y):
        """delta_j = sum_i -y_i/s_i s_i (1[i = j] - s_j) = s_j sum_i y_i - y_j: s - y."""
        return self.outputs_of(s) * y.sum(axis=1, keepdims=True) - y


class KlDivergence(CrossEntropy):
    """Divergence of s from y: the cross-entropy, less the entropy of y."""

    def __init__(self, logits=False):
        super().__init__(logits=logits)

    def negative_entropy(self, y):
        """sum_j y_j ln y_j, with 0 ln 0 = 0."""
        return (y * np.log(np.where(y > 0, y, 1))).sum(axis=1)

    def cost(self, s, y):
        """C_i = sum_j y_j (ln y_j - ln s_j)."""
        return self.negative_entropy(y) + super().cost(s, y)

    def paired_cost(self, z, y):
        """C_i = sum_j y_j (ln y_j - ln s_j)."""
        return self.negative_entropy(y) + super().paired_cost(z, y)


class BinaryCrossEntropy(ByElement):
    """Cross-entropy of outputs that each answer yes (1) or no (0) on their own; a yes weighs p."""

    paired_activation = "sigmoid"
    takes = "in [0, 1]"
    by_hand = (np.log(2) + np.log(4)) / 2  # the mean over the outputs

    def __init__(self, pos_weight=None, label_smoothing=0.0, logits=False, mask_nan=False):
        super().__init__(mask_nan)
        self.p = 1.0 if pos_weight is None else np.asarray(pos_weight, np.float64)
        self.label_smoothing = label_smoothing
        self.take_logits(logits)

    def targets(self, y, n_out):
        """y_j := (1 - smoothing) y_j + smoothing / 2."""
        y = super().targets(y, n_out)
        return (1 - self.label_smoothing) * y + self.label_smoothing / 2

    def value(self, s, y):
        """-(p_j y_j ln s_j + (1 - y_j) ln(1 - s_j))."""
        return -(self.p * y * np.log(s) + (1 - y) * np.log(1 - s))

    def slope(self, s, y):
        """(1 - y_j) / (1 - s_j) - p_j y_j / s_j."""
        return (1 - y) / (1 - s) - self.p * y / s

    def paired_value(self, z, y):
        """p_j y_j ln(1 + e^-z_j) + (1 - y_j) ln(1 + e^z_j)."""
        return self.p * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)

    def paired_slope(self, z, s, y):
        """((1 - y_j) / (1 - s_j) - p_j y_j / s_j) s_j (1 - s_j): s_j - y_j where p_j is 1."""
        s = self.outputs_of(s)
        return (s - y) - (self.p - 1) * y * (1 - s)


class Focal(ByElement):
    """Cross-entropy of yes/no outputs in which what is certain counts little."""

    paired_activation = "sigmoid"
    takes = "in [0, 1]"
    by_hand = (3 / 4 * np.log(2) / 4 + 1 / 4 * np.log(4) * 9 / 16) / 2

    def __init__(self, gamma=2.0, alpha=0.25, logits=False, mask_nan=False):
        super().__init__(mask_nan)
        self.gamma, self.alpha = gamma, alpha
        self.take_logits(logits)

    def alpha_t(self, y):
        """y_j alpha + (1 - y_j) (1 - alpha)."""
        return y * self.alpha + (1 - y) * (1 - self.alpha)

    def value(self, s, y):
        """alpha_t (1 - p_t)^gamma ce_j, p_t = y s + (1 - y) (1 - s)."""
        ce = -(y * np.log(s) + (1 - y) * np.log(1 - s))
        return self.alpha_t(y) * (s * (1 - y) + (1 - s) * y) ** self.gamma * ce

    def slope(self, s, y):
        """dC/ds: with q = 1 - p_t, alpha_t q^gamma (ce' - gamma (2 y - 1) ce / q)."""
        q = s * (1 - y) + (1 - s) * y
        ce = -(y * np.log(s) + (1 - y) * np.log(1 - s))
        of_ce = (1 - y) / (1 - s) - y / s
        return self.alpha_t(y) * q**self.gamma * (of_ce - self.gamma * (2 * y - 1) * ce / q)

    def parts(self, z, y):
        """Return s, 1 - s, q = 1 - p_t, q^gamma and ce from e^-|z|: all keep their digits."""
        small = np.exp(-np.abs(z))
        larger, smaller = 1 / (1 + small), small / (1 + small)
        s, rest = np.where(z > 0, larger, smaller), np.where(z > 0, smaller, larger)
        q = s * (1 - y) + rest * y
        ce = np.log1p(small) + (np.maximum(z, 0) - y * z)
        return s, rest, q, np.exp(self.gamma * np.log(np.maximum(q, self.least))), ce

    least = np.finfo(float).tiny

    def paired_value(self, z, y):
        """alpha_t q^gamma ce."""
        *_, power, ce = self.parts(z, y)
        return self.alpha_t(y) * power * ce

    def paired_slope(self, z, s, y):
        """alpha_t q^gamma (s - y - gamma (2 y - 1) ce s (1 - s) / q)."""
        s, rest, q, power, ce = self.parts(z, y)
        of_power = self.gamma * (2 * y - 1) * ce * (s * rest / np.maximum(q, self.least))
        return self.alpha_t(y) * power * (s * (1 - y) - rest * y - of_power)


LOSSES = {
    "mse": Mse,
    "huber": Huber,
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
    "mae": Mae,
    "log_cosh": LogCosh,
    "poisson": Poisson,
    "quantile": Quantile,
    "hinge": Hinge,
    "focal": Focal,
    "kl_divergence": KlDivergence,
}
