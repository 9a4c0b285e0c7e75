"""Optimizers: from parameters w and gradient g = dC/dw to the next w, as PyTorch defines them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class SGD:
    """Gradient descent: w := w - epsilon g, or with momentum mu the running sum m in place of g."""

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        self.epsilon, self.mu, self.nesterov = learning_rate, momentum, nesterov
        self.m = 0.0

    def step(self, w, g):
        """Return w - epsilon m after m := mu m + g; Nesterov: w - epsilon (g + mu m)."""
        self.m = self.mu * self.m + g
        return w - self.epsilon * (g + self.mu * self.m if self.nesterov else self.m)


class Adam:
    """Gradient descent along m / sqrt(v); m, v are running means of g, g^2, which started at 0.

    Kingma, Ba: Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.
    """

    def __init__(self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.epsilon, self.betas, self.eps = learning_rate, betas, eps
        self.m = self.v = 0.0
        self.t = 0

    def step(self, w, g):
        """Return w - epsilon m^ / (sqrt(v^) + eps), ^ for the mean without its bias towards 0."""
        beta1, beta2 = self.betas
        self.t += 1
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        m_hat = self.m / (1 - beta1**self.t)
        v_hat = self.v / (1 - beta2**self.t)
        return w - self.epsilon * m_hat / (np.sqrt(v_hat) + self.eps)


OPTIMIZERS = {"sgd": SGD, "adam": Adam}
