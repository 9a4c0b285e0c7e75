"""What tests/reference/optimizers.py gets for "adamax"."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class Adamax:
    """Adam whose steps go by the largest gradient so far, of which the older ones fade.

    Kingma, Ba: Adam: a method for stochastic optimization, ICLR 2015, algorithm 2.
    """

    def __init__(
        self,
        learning_rate=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        first_magnitude=0.0,
    ):
        self.epsilon, self.betas, self.eps = learning_rate, betas, eps
        self.weight_decay = weight_decay
        self.m, self.u = 0.0, first_magnitude
        self.t = 0

    def step(self, w, g):
        """Return w - epsilon m^ / u, ^ for the mean without its bias towards 0."""
        beta1, beta2 = self.betas
        self.t += 1
        g = g + self.weight_decay * w
        self.m = beta1 * self.m + (1 - beta1) * g
        self.u = np.maximum(beta2 * self.u, np.abs(g) + self.eps)
        m_hat = self.m / (1 - beta1**self.t)
        return w - self.epsilon * m_hat / self.u
