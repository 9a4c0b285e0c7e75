"""What losses have in common: how targets become rows, and what a sample counts in the mean.

The cost of a batch is C = sum_i share_i C_i, so that dC/ds = share_i dC_i/ds in row i.
"""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from .activations import ACTIVATIONS


def share(batch, sample_weight=None, counts=1.0):
    """share_i = w_i / sum(w), the part of sample i in C; all w are 1 unless given, and may be 0.

    Where samples do not count alike in the mean (see `Loss.counts`), over sum(w counts) instead.
    """
    w = np.ones(batch) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return w / ((w * counts).sum() or 1)


def one_hot(labels, n):
    """y_ij = 1 where j is the label of sample i, else 0: (batch, n) from labels (batch,)."""
    return np.eye(n)[np.asarray(labels, np.int64)]


class Loss:
    """What the losses share: targets as rows, and which of them, "real" and so on, it `takes`.

    ``by_hand`` is the cost of s = (1/2, 1/4) for y = (0, 1), which the tests look at.

    A loss with a `paired_activation` is made for networks that end in it, and has two more methods:
    cost and delta = dC_i/dz in one step, which stay exact where s rounds to 0 or 1. With `logits`
    the network ends in identity, s is z, and that activation is part of the loss. Other losses may
    have `outputs`, the names of those that they take.
    """

    paired_activation = None
    outputs = None
    takes = "real"
    by_hand_y = (0, 1)

    def targets(self, y, n_out):
        """Return y as (batch, n_out); (batch,) will do for a single output."""
        return np.asarray(y, np.float64).reshape(-1, n_out)

    def counts(self, y, n_out):
        """Return what each sample counts in the mean over the batch."""
        return 1.0

    def take_logits(self, logits):
        """Pair with identity instead; `made_for` is the activation that it was paired with."""
        self.logits, self.made_for = logits, self.paired_activation
        if logits:
            self.paired_activation = "identity"

    def outputs_of(self, s):
        """Return the outputs of the activation that the loss is made for, also where s is z."""
        return ACTIVATIONS[self.made_for]().forward(s) if self.logits else s


class ByElement(Loss):
    """C_i = 1/n sum_j value(s_j, y_j), over the targets that are there: NaN is a missing one.

    The mean over the batch then goes over the targets that are there, so that a sample counts as
    many of them as it has.
    """

    def __init__(self, mask_nan=False):
        self.mask_nan = mask_nan

    def counts(self, y, n_out):
        """Return the part of the targets that is there."""
        there = ~np.isnan(np.asarray(y, np.float64))
        return there.reshape(len(there), -1).mean(axis=1)

    def there(self, terms, y):
        """Return the terms, 0 where y is missing."""
        return np.where(np.isnan(y), 0, terms) if np.isnan(y).any() else terms

    def cost(self, s, y):
        """C_i = 1/n sum_j value(s_j, y_j)."""
        return self.there(self.value(s, y), y).mean(axis=1)

    def gradient(self, s, y):
        """dC_i/ds_j = 1/n slope(s_j, y_j)."""
        return self.there(self.slope(s, y), y) / s.shape[1]

    def paired_cost(self, z, y):
        """C_i = 1/n sum_j paired_value(z_j, y_j)."""
        return self.there(self.paired_value(z, y), y).mean(axis=1)

    def paired_delta(self, z, s, y):
        """dC_i/dz_j = 1/n paired_slope(z_j, s_j, y_j)."""
        return self.there(self.paired_slope(z, s, y), y) / s.shape[1]
