"""Numbers n 2^e with whole n, computed without rounding; what float32 would round is refused.

A network whose numbers are all of this kind has one right answer, in whatever order it adds.
"""
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

SIGNIFICANT = 2**24  # float32 holds every whole number up to here


class MayBeRoundedError(ArithmeticError):
    """There is a number that float32 might have to round."""


class Exact:
    """An array of numbers n 2^e.

    `largest` is what a sum reaches at most on its way, in whatever order its terms are added.
    """

    def __init__(self, n, e=0, largest=None):
        n = np.asarray(n, np.int64)
        largest = np.abs(n).max(initial=0) if largest is None else largest
        if largest > SIGNIFICANT:
            raise MayBeRoundedError(f"{largest:.0f} times 2^{e}")
        # The largest unit, so that the numbers are as small as they can be.
        in_use = int(np.bitwise_or.reduce(np.abs(n), axis=None, initial=0))
        zeros = (in_use & -in_use).bit_length() - 1 if in_use else 0
        self.n, self.e = n >> zeros, e + zeros

    def in_units(self, e):
        """Return n for a smaller unit 2^e."""
        if self.e - e > 32:  # beyond which int64 might not hold it
            raise MayBeRoundedError(f"2^{self.e} beside 2^{e}")
        return self.n << (self.e - e)

    def values(self):
        return np.ldexp(self.n.astype(float), self.e)

    def fractions(self):
        return [Fraction(n) * Fraction(2) ** self.e for n in self.n.ravel().tolist()]

    def times_power_of_two(self, exponent):
        return Exact(self.n, self.e + exponent)

    @property
    def T(self):
        return Exact(self.n.T, self.e)

    def __getitem__(self, index):
        return Exact(self.n[index], self.e)

    def __add__(self, other):
        e = min(self.e, other.e)
        a, b = self.in_units(e), other.in_units(e)
        return Exact(a + b, e, (np.abs(a) + np.abs(b)).max(initial=0))

    def __neg__(self):
        return Exact(-self.n, self.e)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        return Exact(self.n * other.n, self.e + other.e)

    def __matmul__(self, other):
        # float64 adds whole numbers below 2^53 without rounding, and faster than int64.
        a, b = self.n.astype(float), other.n.astype(float)
        n, a, b = (a @ b).astype(np.int64), np.abs(a), np.abs(b)
        largest = a.sum(axis=1).max() * b.max()  # or less, which costs another product to know
        if largest > SIGNIFICANT:
            largest = (a @ b).max()
        return Exact(n, self.e + other.e, largest)


def beside(a, b, axis):
    """Return both in one array, in one unit."""
    e = min(a.e, b.e)
    return Exact(np.concatenate([a.in_units(e), b.in_units(e)], axis), e)


@dataclass
class Layer:
    """W (n_in, n_out), followed by b as one more row where there is a bias."""

    W: Exact
    has_bias: bool
    has_relu: bool

    def inputs(self, a):
        """Return a, followed by a column of 1 for the bias."""
        return beside(a, Exact(np.ones((len(a.n), 1))), axis=1) if self.has_bias else a

    def activation(self, z):
        return Exact(np.maximum(z.n, 0), z.e) if self.has_relu else z

    def backward(self, z, dC_da):
        return Exact(dC_da.n * (z.n > 0), dC_da.e) if self.has_relu else dC_da

    def dC_da(self, delta):
        return delta @ (self.W[:-1] if self.has_bias else self.W).T


class ExactNetwork:
    """Layers, mse and gradient descent, with the parameters in the order of chainrule."""

    def __init__(self, layers):
        self.layers = layers

    @staticmethod
    def flat(blocks):
        return np.concatenate([block.values().ravel() for block in blocks])

    def parameters(self):
        return self.flat(layer.W for layer in self.layers)

    def forward(self, x):
        """Return a before each layer, z of each layer, and s."""
        before, zs, a = [], [], x
        for layer in self.layers:
            before.append(layer.inputs(a))
            zs.append(before[-1] @ layer.W)
            a = layer.activation(zs[-1])
        return before, zs, a

    def gradients(self, passed, y, weight):
        """Return dC/dW, with dC/db as its last row, of each layer."""
        before, zs, s = passed
        factor = 2 / (sum(weight.fractions()) * s.n.shape[1])  # of w_i (s - y), in dC/ds
        dC_da = (weight * (s - y)).times_power_of_two(log2(factor))
        gradients = []
        for layer, a, z in reversed(list(zip(self.layers, before, zs, strict=True))):
            delta = layer.backward(z, dC_da)
            gradients.insert(0, a.T @ delta)
            dC_da = layer.dC_da(delta)
        return gradients

    def train_step(self, passed, y, weight, learning_rate):
        """W := W - epsilon dC/dW, or nothing where one of them may be rounded."""
        exponent = log2(Fraction(learning_rate))
        stepped = [
            layer.W - gradient.times_power_of_two(exponent)
            for layer, gradient in zip(self.layers, self.gradients(passed, y, weight), strict=True)
        ]
        for layer, W in zip(self.layers, stepped, strict=True):
            layer.W = W


def cost_sums(s, y, weight):
    """Return sum_i w_i C_i and sum_i w_i, whose ratio is the cost."""
    error = s - y
    n_out = error.n.shape[1]
    squares = error * error @ Exact(np.ones((n_out, 1)))
    return sum((squares * weight).fractions()) / n_out, sum(weight.fractions())


def log2(fraction):
    """Return the exponent of a power of two."""
    exponent = fraction.numerator.bit_length() - fraction.denominator.bit_length()
    assert fraction == Fraction(2) ** exponent, f"{fraction} is no power of two"
    return exponent
