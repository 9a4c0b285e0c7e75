"""The reference's formulas on numbers with bounds: how far a float32 network may be off.

The members that stand here are those whose numbers the core computes in another way than the
reference, and those of which more is known than NumPy's operations tell.
"""
# SPDX-License-Identifier: BSD-3-Clause
# ruff: noqa: E741 - l is the letter of a layer in the equations

from functools import partial
from math import erf
from types import SimpleNamespace

import numpy as np

import reference
from chainrule import _core
from reference import losses, member, share
from reference.activations import Activation
from rounding import LIBM, TINY, Rounded, exact, exp, gamma, log1p, maximum, sqrt


class Sigmoid(Activation):
    def forward(self, z):
        """|f'| <= 1/4; e^-|z|, the sum with 1, and a quotient of both are computed."""
        a = 1 / (1 + np.exp(-z.value))
        return Rounded(a, z.error / 4).rounded(LIBM + (LIBM + 1) + 1)

    def slope(self, z, a):
        return a * (1 - a)


class Gelu(Activation):
    def parts(self, z):
        """Return Phi(z), its density, and what rounding makes of Phi: z is scaled, which rounds
        twice, then comes erf, then half of it is added to 1/2."""
        of_erf = np.vectorize(erf, otypes=[float])(z.value / np.sqrt(2))
        density = np.exp(-(z.value**2) / 2) / np.sqrt(2 * np.pi)
        rounding = gamma(2) * (density * z.reach + z.error) + gamma(LIBM) / 2 * np.abs(of_erf)
        return (1 + of_erf) / 2, density, rounding + gamma(1)

    def forward(self, z):
        """|f(z') - f(z)| <= |f'(z)| e + 0.4 e^2, since |f''| <= 0.8."""
        Phi, density, rounding = self.parts(z)
        of_z = np.abs(Phi + z.value * density) * z.error + 0.4 * z.error**2
        return Rounded(z.value * Phi, of_z + z.reach * rounding).rounded()

    def slope(self, z, a):
        """|Phi(z') - Phi(z)| <= 0.4 e."""
        Phi, _, rounding = self.parts(z)
        density = Rounded(1 / np.sqrt(2 * np.pi)).rounded() * exp(z * z * -0.5)
        return z * density + Rounded(Phi, rounding + 0.4 * z.error)


class Tanh(Activation):
    def forward(self, z):
        return np.tanh(z)

    def slope(self, z, a):
        return (1 - a) * (1 + a)


class Softmax:
    def forward(self, z):
        e = exp(z - z.max(axis=1))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, z, a, dC_da):
        return a * (dC_da - (dC_da * a).sum(axis=1, keepdims=True))


class Promised(Activation):
    """An activation by what the core promises of it, and by how f' may change between z and z'.

    |f''| <= curvature, but at the kinks {z: jump of f'}, and where f itself jumps, {z: jump}.
    """

    def __init__(self, name, curvature, kinks=(), jumps=(), **numbers):
        self.exact = reference.ACTIVATIONS[name](**numbers)
        self.of_a, self.of_slope, self.of_z = _core.max_errors()[name]
        self.curvature, self.kinks, self.jumps = curvature, dict(kinks), dict(jumps)

    def change(self, z, places):
        """Return the jumps that may be between z and z'."""
        return sum(jump * (np.abs(z.value - place) <= z.error) for place, jump in places.items())

    def slope_change(self, z):
        """|f'(z') - f'(z)| <= curvature e, and jumps."""
        return self.curvature * z.error + self.change(z, self.kinks)

    def forward(self, z):
        """|f(z') - f(z)| <= (|f'(z)| + |f'(z') - f'(z)|) e; a unit in the last place is <= 2 u."""
        a = self.exact.forward(z.value)
        steepest = np.abs(self.exact.slope(z.value, a)) + self.slope_change(z)
        of_z = Rounded(a, steepest * z.error + self.change(z, self.jumps))
        own = gamma(2 * self.of_a) * of_z.reach + gamma(2 * self.of_z) * z.reach
        return Rounded(a, of_z.error + own + TINY * (1 + z.reach))

    def slope(self, z, a):
        """f' is computed from the computed a where it is not from z: the promise is of both."""
        slope = self.exact.slope(z.value, self.exact.forward(z.value))
        of_z = Rounded(slope, self.slope_change(z))
        return Rounded(slope, of_z.error + gamma(2 * self.of_slope) * np.maximum(1, of_z.reach))


SELU = 1.0507009873554805, 1.7580993408473768  # lambda, lambda alpha


def softplus(beta=1.0, threshold=20.0):
    """|f''| <= beta / 4; at the threshold a jumps to z, and f' to 1."""
    rest = np.exp(-threshold)
    place = threshold / beta
    kinks, jumps = {place: rest / (1 + rest)}, {place: np.log1p(rest) / beta}
    return Promised("softplus", beta / 4, kinks, jumps, beta=beta, threshold=threshold)


ACTIVATIONS = reference.ACTIVATIONS | {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "gelu": Gelu,
    "softmax": Softmax,
    "elu": lambda alpha=1.0: Promised("elu", alpha, {0: abs(1 - alpha)}, alpha=alpha),
    "selu": partial(Promised, "selu", SELU[1], {0: SELU[1] - SELU[0]}),
    "gelu_tanh": partial(Promised, "gelu_tanh", 0.8),
    "silu": partial(Promised, "silu", 0.5),
    "mish": partial(Promised, "mish", 0.65),
    "softplus": softplus,
    "softsign": partial(Promised, "softsign", 2),
    "relu6": partial(Promised, "relu6", 0, {0: 1, 6: 1}),
    "hard_sigmoid": partial(Promised, "hard_sigmoid", 0, {-3: 1 / 6, 3: 1 / 6}),
    "hard_swish": partial(Promised, "hard_swish", 1 / 3, {-3: 1 / 2, 3: 1 / 2}),
}


class OfLogits:
    """What losses have that are made for an activation: outputs with bounds, and targets that the
    core scales and shifts, from constants that are rounded."""

    def outputs_of(self, s):
        return ACTIVATIONS[self.made_for]().forward(s) if self.logits else s

    def targets(self, y, n_out):
        exact_y = super().targets(y, n_out)
        return Rounded(exact_y).rounded(4) if (exact_y != y).any() else exact_y


class LogCosh(losses.LogCosh):
    def value(self, s, y):
        """The slope is at most 1, and at most |e|. Near 0 the result is made from u = e^|e| - 1,
        whose relative error counts twice, 1 + u and ln(1 + x): 5 functions and 6 other roundings.
        Far from it the result is at least 0.43, what rounds to it at most 3 functions and 3 |e|."""
        e = s - y
        result = super().value(e.value, 0)
        slope = np.minimum(1, e.reach)
        return Rounded(result, slope * e.error).rounded(6 * LIBM)


class Poisson(OfLogits, losses.Poisson):
    pass


class Quantile(losses.Quantile):
    def tau(self, s):
        return Rounded(super().tau(s)).rounded()


class Focal(OfLogits, losses.Focal):
    least = 2.0**-126


class Huber(losses.Huber):
    def within(self, e):
        """An error that is cut off at the rounded delta."""
        return Rounded(np.clip(e.value, -self.delta, self.delta), e.error).rounded()

    def value(self, s, y):
        d = s - y
        e = Rounded(np.abs(d.value), d.error)
        within = self.within(e)
        return within * (e - within * 0.5)

    def slope(self, s, y):
        return self.within(s - y)


class CrossEntropy(OfLogits, losses.CrossEntropy):
    def logs(self, z):
        below = z - z.max(axis=1)
        largest = np.arange(z.shape[1]) == z.value.argmax(axis=1)[:, None]
        others = (exp(below) * np.where(largest, 0.0, 1.0)).sum(axis=1, keepdims=True)
        return log1p(others) - below

    def paired_delta(self, z, s, y):
        return super().paired_delta(z, s, exact(y))


class KlDivergence(CrossEntropy, losses.KlDivergence):
    def paired_cost(self, z, y):
        logs = Rounded(np.log(np.where(y > 0, y, 1))).rounded(LIBM)
        return (y * (logs + self.logs(z))).sum(axis=1)


class BinaryCrossEntropy(OfLogits, losses.BinaryCrossEntropy):
    def paired_value(self, z, y):
        small = log1p(exp(-np.abs(z)))
        each = small + (maximum(z, 0) - y * z)
        if np.all(self.p == 1):
            return each
        return each + self.more() * y * (small + maximum(-z, 0))

    def paired_slope(self, z, s, y):
        s = self.outputs_of(s)
        return s - y if np.all(self.p == 1) else (s - y) - self.more() * y * (1 - s)

    def more(self):
        """p - 1, from a rounded p."""
        return Rounded(self.p * np.ones(1)).rounded() - 1


LOSSES = reference.LOSSES | {
    "huber": Huber,
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
    "log_cosh": LogCosh,
    "poisson": Poisson,
    "quantile": Quantile,
    "focal": Focal,
    "kl_divergence": KlDivergence,
}


class RoundedNetwork:
    """A network in float32, with bounds of its errors; layers are numbered as in the reference.

    Parameters
    ----------
    net : chainrule.Network
        Its parameters are taken as exact.
    """

    def __init__(self, net):
        dense = net.layers[1:]
        self.L = len(dense) + 1
        self.W = {l: exact(layer.weights) for l, layer in enumerate(dense, start=1)}
        self.b = {
            l: None if layer.bias is None else exact(layer.bias)
            for l, layer in enumerate(dense, start=1)
        }
        self.f = {
            l: member(ACTIVATIONS, layer.activation) for l, layer in enumerate(dense, start=2)
        }
        self.loss = member(LOSSES, net.loss)
        self.paired = self.loss.paired_activation == dense[-1].activation

    def pass_through(self, x, y, sample_weight=None):
        """Go forward and backward; return z, a, delta, dW, db by layer, s and cost."""
        L = self.L
        z, a, delta, dW, db = {}, {1: exact(x)}, {}, {}, {}
        for l in range(1, L):
            z[l + 1] = a[l] @ self.W[l].T
            if self.b[l] is not None:
                z[l + 1] = z[l + 1] + self.b[l]
            a[l + 1] = self.f[l + 1].forward(z[l + 1])
        s = a[L]

        n_out = len(self.W[L - 1].value)
        counts = self.loss.counts(y, n_out)
        share_i = Rounded(share(len(x), sample_weight, counts)[:, None]).rounded()
        y = self.loss.targets(y, n_out)
        costs = self.loss.paired_cost(z[L], y) if self.paired else self.loss.cost(s, y)
        cost = (share_i.T @ costs).rounded()

        if self.paired:
            delta[L] = share_i * self.loss.paired_delta(z[L], s, y)
        else:
            delta[L] = self.f[L].backward(z[L], s, share_i * self.loss.gradient(s, y))
        for l in range(L - 1, 0, -1):
            dW[l] = delta[l + 1].T @ a[l]
            db[l] = None if self.b[l] is None else delta[l + 1].sum(axis=0)
            if l > 1:
                delta[l] = self.f[l].backward(z[l], a[l], delta[l + 1] @ self.W[l])
        return SimpleNamespace(z=z, a=a, s=s, delta=delta, dW=dW, db=db, cost=cost[0])

    def update(self, optimizer, gradients):
        """One step of the optimizer for every block of parameters."""
        optimizer.begin_step()
        for name, of, by in ("W", self.W, gradients.dW), ("b", self.b, gradients.db):
            for l in of:
                if of[l] is not None:
                    of[l] = optimizer.step((name, l), of[l], by[l])

    @property
    def parameters(self):
        """All W and b as one flat Rounded, in the core's layout."""
        parts = [
            part for l in sorted(self.W) for part in (self.W[l].T, self.b[l]) if part is not None
        ]
        return Rounded(
            np.concatenate([part.value.ravel() for part in parts]),
            np.concatenate([part.error.ravel() for part in parts]),
        )


def number(value):
    """Return a number of an optimizer, computed in float64 and rounded once."""
    return Rounded(value).rounded()


class SGD:
    def __init__(self, learning_rate, momentum=0.0, nesterov=False):
        self.epsilon, self.mu, self.nesterov = number(learning_rate), number(momentum), nesterov
        self.m = {}

    def begin_step(self):
        pass

    def step(self, block, w, g):
        if self.mu.value == 0:
            return w - self.epsilon * g
        m = self.m[block] = self.mu * self.m.get(block, exact(np.zeros(g.value.shape))) + g
        return w - self.epsilon * (g + self.mu * m if self.nesterov else m)


class Adam:
    def __init__(self, learning_rate, betas=(0.9, 0.999), eps=1e-8):
        self.learning_rate, self.betas, self.eps = learning_rate, betas, eps
        self.m, self.v, self.t = {}, {}, 0

    def begin_step(self):
        self.t += 1

    def step(self, block, w, g):
        beta1, beta2 = self.betas
        none = exact(np.zeros(g.value.shape))
        m = number(beta1) * self.m.get(block, none) + number(1 - beta1) * g
        v = number(beta2) * self.v.get(block, none) + number(1 - beta2) * g * g
        self.m[block], self.v[block] = m, v
        step_size = number(self.learning_rate / (1 - beta1**self.t))
        root = number(np.sqrt(1 - beta2**self.t))
        return w - step_size * m / (sqrt(v) / root + number(self.eps))


OPTIMIZERS = {"sgd": SGD, "adam": Adam}
