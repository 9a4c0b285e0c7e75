"""What tests/reference/optimizers.py gets for "amsgrad"."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class AMSGrad:
    """Adam whose steps go by the largest v so far; the weights decay on their own.

    Reddi, Kale, Kumar: On the convergence of Adam and beyond, ICLR 2018, algorithm 2.
    """

    def __init__(
        self,
        learning_rate=1e-3,
        beta1=0.9,
        beta2=0.999,
        eps=1e-8,
        weight_decay=0.01,
        first_square=0.0,
    ):
        self.epsilon, self.beta1, self.beta2, self.eps = learning_rate, beta1, beta2, eps
        self.weight_decay = weight_decay
        self.m, self.v, self.largest = 0.0, first_square, first_square
        self.t = 0

    def step(self, w, g):
        """Return (1 - epsilon weight_decay) w - epsilon m^ / (sqrt(v^) + eps), v^ the largest."""
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        self.largest = np.maximum(self.largest, self.v)
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.largest / (1 - self.beta2**self.t)
        remains = (1 - self.epsilon * self.weight_decay) * w
        return remains - self.epsilon * m_hat / (np.sqrt(v_hat) + self.eps)
