"""Optimizers: from parameters w and gradient g = dC/dw to the next w, as PyTorch defines them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class SGD:
    """Gradient descent: w := w - epsilon g, or with momentum mu the running sum m in place of g."""

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=0.0):
        self.epsilon, self.mu, self.nesterov = learning_rate, momentum, nesterov
        self.weight_decay = weight_decay
        self.m = 0.0

    def step(self, w, g):
        """Return w - epsilon m after m := mu m + g; Nesterov: w - epsilon (g + mu m)."""
        g = g + self.weight_decay * w
        self.m = self.mu * self.m + g
        return w - self.epsilon * (g + self.mu * self.m if self.nesterov else self.m)


class RMSprop:
    """Gradient descent along g / sqrt(v), v a running mean of g^2 that started at 0.

    Tieleman, Hinton: Neural networks for machine learning, Coursera 2012, lecture 6.5; centered:
    Graves: Generating sequences with recurrent neural networks, arXiv 1308.0850, equations 38-41.
    """

    def __init__(
        self,
        learning_rate=0.01,
        alpha=0.99,
        eps=1e-8,
        momentum=0.0,
        centered=False,
        weight_decay=0.0,
    ):
        self.epsilon, self.alpha, self.eps, self.mu = learning_rate, alpha, eps, momentum
        self.centered, self.weight_decay = centered, weight_decay
        self.v = self.mean = self.m = 0.0

    def step(self, w, g):
        """Return w - epsilon m after m := mu m + g / (sqrt(v) + eps), v less mean^2 if centered."""
        g = g + self.weight_decay * w
        self.v = self.alpha * self.v + (1 - self.alpha) * g**2
        variance = self.v
        if self.centered:
            self.mean = self.alpha * self.mean + (1 - self.alpha) * g
            variance = np.maximum(self.v - self.mean**2, 0.0)
        self.m = self.mu * self.m + g / (np.sqrt(variance) + self.eps)
        return w - self.epsilon * self.m


class Adagrad:
    """Gradient descent along g / sqrt(v), v the sum of all g^2.

    Duchi, Hazan, Singer: Adaptive subgradient methods for online learning and stochastic
    optimization, JMLR 12 (2011), section 1.2.
    """

    def __init__(
        self,
        learning_rate=0.01,
        lr_decay=0.0,
        initial_accumulator_value=0.0,
        eps=1e-10,
        weight_decay=0.0,
    ):
        self.epsilon, self.lr_decay, self.eps = learning_rate, lr_decay, eps
        self.weight_decay = weight_decay
        self.v = initial_accumulator_value
        self.t = 0

    def step(self, w, g):
        """Return w - epsilon_t g / (sqrt(v) + eps), epsilon_t = epsilon / (1 + (t - 1) decay)."""
        self.t += 1
        g = g + self.weight_decay * w
        self.v = self.v + g**2
        rate = self.epsilon / (1 + (self.t - 1) * self.lr_decay)
        return w - rate * g / (np.sqrt(self.v) + self.eps)


class Adadelta:
    """Gradient descent along g sqrt(u) / sqrt(v); v, u are running means of g^2, of steps^2.

    Zeiler: ADADELTA: an adaptive learning rate method, arXiv 1212.5701, algorithm 1.
    """

    def __init__(self, learning_rate=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
        self.epsilon, self.rho, self.eps = learning_rate, rho, eps
        self.weight_decay = weight_decay
        self.v = self.u = 0.0

    def step(self, w, g):
        """Return w - epsilon d with d = sqrt(u + eps) / sqrt(v + eps) g."""
        g = g + self.weight_decay * w
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        d = np.sqrt(self.u + self.eps) / np.sqrt(self.v + self.eps) * g
        self.u = self.rho * self.u + (1 - self.rho) * d**2
        return w - self.epsilon * d


class Adam:
    """Gradient descent along m / sqrt(v); m, v are running means of g, g^2, which started at 0.

    Kingma, Ba: Adam: a method for stochastic optimization, ICLR 2015, algorithm 1; amsgrad: Reddi,
    Kale, Kumar: On the convergence of Adam and beyond, ICLR 2018, algorithm 2.
    """

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False
    ):
        self.epsilon, self.betas, self.eps = learning_rate, betas, eps
        self.weight_decay, self.amsgrad = weight_decay, amsgrad
        self.m = self.v = self.largest = 0.0
        self.t = 0

    def step(self, w, g):
        """Return w less Adam's step, for a gradient with the decay in it."""
        return w - self.adam_step(g + self.weight_decay * w)

    def adam_step(self, g):
        """Return epsilon m^ / (sqrt(v^) + eps), ^ for the mean without its bias towards 0."""
        beta1, beta2 = self.betas
        self.t += 1
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        self.largest = np.maximum(self.largest, self.v) if self.amsgrad else self.v
        m_hat = self.m / (1 - beta1**self.t)
        v_hat = self.largest / (1 - beta2**self.t)
        return self.epsilon * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    """Adam whose weights decay apart from the gradient.

    Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019, algorithm 2.
    """

    def __init__(
        self, learning_rate=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, amsgrad=False
    ):
        super().__init__(learning_rate, betas, eps, weight_decay, amsgrad)

    def step(self, w, g):
        """Return (1 - epsilon weight_decay) w less Adam's step."""
        return (1 - self.epsilon * self.weight_decay) * w - self.adam_step(g)


class NAdam:
    """Adam with Nesterov's momentum.

    Dozat: Incorporating Nesterov momentum into Adam, ICLR 2016 workshop.
    """

    def __init__(
        self,
        learning_rate=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        momentum_decay=4e-3,
        decoupled_weight_decay=False,
    ):
        self.epsilon, self.betas, self.eps = learning_rate, betas, eps
        self.weight_decay, self.momentum_decay = weight_decay, momentum_decay
        self.decoupled = decoupled_weight_decay
        self.m = self.v = 0.0
        self.product = 1.0  # mu_1 ... mu_t
        self.t = 0

    def mu(self, t):
        """Return beta1 (1 - 0.96^(t momentum_decay) / 2)."""
        return self.betas[0] * (1 - 0.96 ** (t * self.momentum_decay) / 2)

    def step(self, w, g):
        """Return w less the step of the gradient and that of its mean, each without its bias."""
        beta1, beta2 = self.betas
        self.t += 1
        w, g = decayed(self, w, g)
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        mu, next_mu = self.mu(self.t), self.mu(self.t + 1)
        self.product *= mu
        of_g = (1 - mu) / (1 - self.product)
        of_m = next_mu / (1 - self.product * next_mu)
        root = np.sqrt(self.v / (1 - beta2**self.t)) + self.eps
        return w - self.epsilon * (of_g * g + of_m * self.m) / root


class RAdam:
    """Adam that begins with the mean gradient alone, while v is made of a few gradients.

    Liu et al.: On the variance of the adaptive learning rate and beyond, ICLR 2020, algorithm 2.
    """

    def __init__(
        self,
        learning_rate=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        decoupled_weight_decay=False,
    ):
        self.epsilon, self.betas, self.eps = learning_rate, betas, eps
        self.weight_decay, self.decoupled = weight_decay, decoupled_weight_decay
        self.m = self.v = 0.0
        self.t = 0

    def step(self, w, g):
        """Return w - epsilon m^, or w - epsilon r m^ sqrt(1 - beta2^t) / (sqrt(v) + eps)."""
        beta1, beta2 = self.betas
        self.t += 1
        w, g = decayed(self, w, g)
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        m_hat, bias2 = self.m / (1 - beta1**self.t), 1 - beta2**self.t
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * self.t * beta2**self.t / bias2
        if rho <= 5:
            return w - self.epsilon * m_hat
        r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
        return w - self.epsilon * r * m_hat * bias2**0.5 / (np.sqrt(self.v) + self.eps)


class Lion:
    """Steps of one size in each direction, by the sign of a mean of the gradients.

    Chen et al.: Symbolic discovery of optimization algorithms, NeurIPS 2023, algorithm 2.
    """

    def __init__(self, learning_rate=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        self.epsilon, self.betas, self.weight_decay = learning_rate, betas, weight_decay
        self.m = 0.0

    def step(self, w, g):
        """Return (1 - epsilon weight_decay) w - epsilon sign(beta1 m + (1 - beta1) g)."""
        beta1, beta2 = self.betas
        direction = np.sign(beta1 * self.m + (1 - beta1) * g)
        self.m = beta2 * self.m + (1 - beta2) * g
        return (1 - self.epsilon * self.weight_decay) * w - self.epsilon * direction


class Rprop:
    """Steps of sizes d of their own, larger as long as g keeps its sign.

    Riedmiller, Braun: A direct adaptive method for faster backpropagation learning, ICNN 1993.
    """

    def __init__(self, learning_rate=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
        self.etas, self.step_sizes = etas, step_sizes
        self.d, self.before = learning_rate, 0.0

    def step(self, w, g):
        """Return w - d sign(g), or w itself after a change of sign."""
        smaller, larger = self.etas
        agreement = g * self.before
        factor = np.where(agreement > 0, larger, np.where(agreement < 0, smaller, 1.0))
        self.d = np.minimum(np.maximum(self.d * factor, self.step_sizes[0]), self.step_sizes[1])
        self.before = np.where(agreement < 0, 0.0, g)
        return w - self.d * np.sign(self.before)


def decayed(optimizer, w, g):
    """Return w and g with the optimizer's weight decay in the one or in the other."""
    if optimizer.decoupled:
        return (1 - optimizer.epsilon * optimizer.weight_decay) * w, g
    return w, g + optimizer.weight_decay * w


OPTIMIZERS = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": NAdam,
    "radam": RAdam,
    "lion": Lion,
    "rprop": Rprop,
}
