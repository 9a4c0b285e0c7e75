"""What a training does with the parameters of a layer beside following the gradient of the loss."""
# SPDX-License-Identifier: BSD-3-Clause

from copy import deepcopy
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Options:
    """The options of a layer's training: of W alone, but the last two."""

    l1: float = 0.0
    l2: float = 0.0
    max_norm: float | None = None
    trainable: bool = True
    learning_rate_factor: float = 1.0

    @classmethod
    def of(cls, description):
        """Return those in the description of a chainrule layer."""
        return cls(**{each: description[each] for each in vars(cls()) if each in description})

    def penalty(self, W):
        """l1 sum_jk |w_jk| + l2 sum_jk w_jk^2, which comes to C; 0 of a frozen layer."""
        return self.trainable * (self.l1 * np.abs(W).sum() + self.l2 * (W**2).sum())

    def penalty_slope(self, W):
        """The derivative of the penalty, l1 sign(w_jk) + 2 l2 w_jk."""
        return self.trainable * (self.l1 * np.sign(W) + 2 * self.l2 * W)

    def limited(self, W):
        """W[j, :] max_norm / (|W[j, :]| + 1e-7) where |W[j, :]| > max_norm, else W[j, :].

        Srivastava et al.: Dropout, JMLR 15 (2014), section 5.1; the 1e-7 is PyTorch's and Keras'.
        """
        if self.max_norm is None or not self.trainable:
            return W
        norm = np.hypot.reduce(W, axis=1)[:, None]
        return np.where(norm > self.max_norm, W * (self.max_norm / (norm + 1e-7)), W)


class StepOfEach:
    """An optimizer's step, with a learning rate of its own for each parameter.

    Parameters
    ----------
    optimizer : optimizer
        Its `epsilon` is the learning rate.
    factors : (n_parameters,) array
        What the learning rate is multiplied with; NaN for a parameter that is frozen.
    """

    def __init__(self, optimizer, factors):
        self.parts = []
        for factor in np.unique(factors[~np.isnan(factors)]):
            of_part = optimizer
            if factor != 1:
                of_part = deepcopy(optimizer)
                rate = "epsilon" if hasattr(optimizer, "epsilon") else "d"  # Rprop's first sizes
                setattr(of_part, rate, getattr(optimizer, rate) * factor)
            self.parts.append((factors == factor, of_part))

    def step(self, w, g):
        """Return the next w."""
        w = w.copy()
        for part, optimizer in self.parts:
            w[part] = optimizer.step(w[part], g[part])
        return w
