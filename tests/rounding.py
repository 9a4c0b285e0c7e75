"""Numbers with bounds: what float32 arithmetic may make of a formula, operation by operation.

Let a be an exact number and a' the computed one. A `Rounded` holds a and a bound e >= |a' - a|.
Every operation rounds its exact result r' once: fl(r') = r' (1 + d), |d| <= u = 2^-24, the unit
roundoff of float32 (Higham: Accuracy and stability of numerical algorithms, 2nd edition, section
2.2), or flushes it to 0 where it is below 2^-126. After k roundings the relative error is at most

    gamma_k = k u / (1 - k u)                                            (section 3.1, lemma 3.1)

and for a sum of n products, in whatever order it is added, with or without fused multiply-adds,

    |fl(w.a) - w.a| <= gamma_n |w|.|a|                                   (section 3.1, equation 3.5)

So a bound is computed along with the numbers, from absolute values: with the operands' own errors,
|w'.a' - w.a| <= (|w| + e_w).(|a| + e_a) - |w|.|a|. Nothing here is tuned to what is observed.

NumPy's functions take such numbers, as far as formulas of the reference need them.
"""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

U = 2.0**-24
TINY = 2.0**-126
# exp, log, log1p and tanh of a C library are not rounded exactly, but within 2 units in the last
# place, each of at most 2 u (The GNU C Library manual, "Known maximum errors in math functions").
LIBM = 4


def gamma(k):
    """Bound of the relative error after k roundings."""
    return k * U / (1 - k * U)


class Rounded:
    """Exact numbers, and a bound of how far the computed ones may be from them."""

    def __init__(self, value, error=0.0):
        self.value = np.asarray(value, float)
        self.error = np.broadcast_to(error, self.value.shape)

    @property
    def reach(self):
        """Bound of the absolute value of the computed numbers."""
        return np.abs(self.value) + self.error

    def rounded(self, times=1):
        """Round the computed numbers that often."""
        return Rounded(self.value, self.error + gamma(times) * self.reach + times * TINY)

    def __array_ufunc__(self, ufunc, method, *operands):
        if method != "__call__" or ufunc not in UFUNCS:
            return NotImplemented
        return UFUNCS[ufunc](*map(exact, operands))

    def __array_function__(self, function, types, args, kwargs):
        return FUNCTIONS[function](*args, **kwargs)

    def __add__(self, other):
        other = exact(other)
        return Rounded(self.value + other.value, self.error + other.error).rounded()

    def __neg__(self):
        return Rounded(-self.value, self.error)

    def __sub__(self, other):
        return self + -exact(other)

    def __rsub__(self, other):
        return exact(other) - self

    def __mul__(self, other):
        other = exact(other)
        product = self.value * other.value
        return Rounded(product, self.reach * other.reach - np.abs(product)).rounded()

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other):
        other = exact(other)
        quotient = self.value / other.value
        least = np.abs(other.value) - other.error
        error = np.full(quotient.shape, np.inf)
        np.divide(self.error + np.abs(quotient) * other.error, least, out=error, where=least > 0)
        return Rounded(quotient, error).rounded()

    def __rtruediv__(self, other):
        return exact(other) / self

    def __pow__(self, n):
        return self if n == 1 else self ** (n - 1) * self

    def __gt__(self, other):
        return Doubtful(self, exact(other), np.greater)

    def __lt__(self, other):
        return Doubtful(self, exact(other), np.less)

    def __matmul__(self, other):
        other = exact(other)
        n = self.value.shape[-1]
        product, reach = self.value @ other.value, self.reach @ other.reach
        of_operands = reach - np.abs(self.value) @ np.abs(other.value)
        return Rounded(product, of_operands + gamma(n) * reach + 2 * n * TINY)

    def sum(self, axis, keepdims=False):
        """Sum, in whatever order."""
        n = self.value.shape[axis]
        value, error, reach = (
            part.sum(axis=axis, keepdims=keepdims) for part in (self.value, self.error, self.reach)
        )
        return Rounded(value, error + gamma(n - 1) * reach)

    def mean(self, axis):
        """Sum, divided by how many there are."""
        return self.sum(axis) / self.value.shape[axis]

    def max(self, axis):
        """Maximum, kept as a column: exact, but of numbers that are not."""
        value, error = (part.max(axis=axis, keepdims=True) for part in (self.value, self.error))
        return Rounded(value, error)

    def copy(self):
        """Return the same."""
        return self

    @property
    def shape(self):
        """Of the numbers."""
        return self.value.shape

    @property
    def T(self):
        """Transposed."""
        return Rounded(self.value.T, self.error.T)

    def __getitem__(self, place):
        return Rounded(self.value[place], self.error[place])


class Doubtful:
    """A comparison of numbers that may come out otherwise for the computed ones."""

    def __init__(self, x, y, compare):
        self.holds = compare(x.value, y.value)
        self.doubt = np.abs(x.value - y.value) <= x.error + y.error

    __array_function__ = Rounded.__array_function__


def exact(value):
    """Return a Rounded; numbers that are none yet have no error, a constant is rounded once."""
    if isinstance(value, Rounded):
        return value
    # As float64: NumPy compares a float of Python's with a float32 as a float32.
    is_rounded = np.ndim(value) == 0 and np.float64(np.float32(value)) != value
    return Rounded(value).rounded() if is_rounded else Rounded(value)


def exp(x):
    """|e^x' - e^x| <= e^x (e^error - 1)."""
    value = np.exp(x.value)
    return Rounded(value, value * np.expm1(x.error)).rounded(LIBM)


def log1p(x):
    """Logarithm of 1 + x for x >= 0, whose slope is at most 1."""
    return Rounded(np.log1p(x.value), x.error).rounded(LIBM)


def log(x):
    """|ln x' - ln x| <= error / (x - error)."""
    least = x.value - x.error
    error = np.full(x.shape, np.inf)
    np.divide(x.error, least, out=error, where=least > 0)
    return Rounded(np.log(x.value), error).rounded(LIBM)


def sqrt(x):
    """|sqrt x' - sqrt x| = |x' - x| / (sqrt x' + sqrt x) <= sqrt error, error / sqrt x."""
    root = np.sqrt(x.value)
    error = np.sqrt(x.error)
    np.divide(x.error, root, out=error, where=root > error)
    return Rounded(root, error).rounded()


def tanh(x):
    """The slope of tanh is at most 1."""
    return Rounded(np.tanh(x.value), x.error).rounded(LIBM)


def maximum(x, y):
    """Return the larger one, which rounds nothing."""
    x, y = exact(x), exact(y)
    return Rounded(np.maximum(x.value, y.value), np.maximum(x.error, y.error))


def minimum(x, y):
    """Return the smaller one, which rounds nothing."""
    x, y = exact(x), exact(y)
    return Rounded(np.minimum(x.value, y.value), np.maximum(x.error, y.error))


def sign(x):
    """Return the sign; that of a number whose error reaches to 0 may be any."""
    value = np.sign(x.value)
    return Rounded(value, np.where(np.abs(x.value) <= x.error, 1 + np.abs(value), 0.0))


def zip_parts(x, y):
    """Return the values of both, and their errors."""
    return (x.value, y.value), (x.error, y.error)


def where(condition, x, y):
    """Return x or y; in doubt it may be the other one."""
    x, y = exact(x), exact(y)
    if not isinstance(condition, Doubtful):
        return Rounded(*(np.where(condition, *each) for each in zip_parts(x, y)))
    error = np.where(condition.holds, x.error, y.error)
    of_either = np.maximum(x.error, y.error) + np.abs(x.value - y.value)
    value = np.where(condition.holds, x.value, y.value)
    return Rounded(value, np.where(condition.doubt, of_either, error))


UFUNCS = {
    np.add: Rounded.__add__,
    np.subtract: Rounded.__sub__,
    np.multiply: Rounded.__mul__,
    np.divide: Rounded.__truediv__,
    np.matmul: Rounded.__matmul__,
    np.isnan: lambda x: np.isnan(x.value),
    np.negative: Rounded.__neg__,
    np.absolute: lambda x: Rounded(np.abs(x.value), x.error),
    np.maximum: maximum,
    np.minimum: minimum,
    np.sign: sign,
    np.exp: exp,
    np.log: log,
    np.log1p: log1p,
    np.sqrt: sqrt,
    np.tanh: tanh,
}
FUNCTIONS = {np.where: where, np.ones_like: lambda x: Rounded(np.ones(x.shape))}
