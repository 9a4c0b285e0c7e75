"""A network in plain NumPy, as fast as NumPy can be: the demo and the benchmarks compare with it.

The equations are those of the article, for a batch with one sample a row: z = a W + b, a = f(z),
delta = dC/dz, dC/dW = a^T delta. Each result overwrites an array that was allocated before: to
allocate a new one takes longer than most of the arithmetic.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["ONE_THREAD", "Network", "Training", "views"]

# The environment in which NumPy's products use one thread.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

CHUNK = 1 << 16  # parameters that are updated at a time: their gradient, m and v fit the cache


def views(widths: Sequence[int], block: Floats) -> list[tuple[Floats, Floats]]:
    """Return views of W (n_in, n_out) and b (n_out,) of each layer in a block of parameters.

    The block is laid out as `chainrule.Network.parameters`; `widths` are those of all layers, input
    first.
    """
    layers, end = [], 0
    for n_in, n_out in pairwise(widths):
        first, middle, end = end, end + n_in * n_out, end + (n_in + 1) * n_out
        layers.append((block[first:middle].reshape(n_in, n_out), block[middle:end]))
    return layers


def activate(f: str, z: Floats) -> None:
    """Overwrite z with a = f(z)."""
    if f == "relu":
        np.maximum(z, 0, out=z)
    elif f == "tanh":
        np.tanh(z, out=z)
    elif f == "sigmoid":
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        np.reciprocal(z, out=z)
    elif f == "softmax":
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)


def slope(f: str, delta: Floats, a: Floats) -> None:
    """Multiply delta by f'(z), given a = f(z); overwrites both."""
    if f == "relu":
        delta *= a > 0
    elif f == "tanh":
        np.multiply(a, a, out=a)
        np.subtract(1, a, out=a)
        delta *= a
    elif f == "sigmoid":
        delta *= a
        np.subtract(1, a, out=a)
        delta *= a


def mse(s: Floats, y: Floats) -> float:
    """Return the sum of the costs of a batch with s = z, and overwrite s with delta = dC/dz."""
    s -= y
    cost: float = float(np.vdot(s, s)) / s.shape[1]
    s *= 2 / s.size
    return cost


def cross_entropy(s: Floats, y: Integers) -> float:
    """Do the same for s = softmax(z) and labels y, shape (batch,)."""
    each = np.arange(len(s))
    cost = -float(np.log(s[each, y]).sum())
    s[each, y] -= 1
    s /= len(s)
    return cost


class Network:
    """A network whose parameters are in one block.

    Parameters
    ----------
    widths : sequence of int
        The widths of the layers, input first.
    activations : sequence of str
        The activation of each layer but the input.
    parameters : ndarray of shape (n_parameters,), float32
        Not copied: a training overwrites it.
    """

    def __init__(
        self, widths: Sequence[int], activations: Sequence[str], parameters: Floats
    ) -> None:
        self.widths, self.parameters = widths, parameters
        pairs = zip(activations, views(widths, parameters), strict=True)
        self.layers = [(f, W, b) for f, (W, b) in pairs]
        self.new_arrays = (None,) * len(self.layers)

    def forward(self, x: Floats, out: Sequence[Floats | None]) -> Floats:
        """Return s, shape (batch, n_out), with the a of each layer in `out`, or in a new array."""
        a: Any = x
        for (f, W, b), place in zip(self.layers, out, strict=True):
            a = np.dot(a, W, place)
            a += b
            activate(f, a)
        s: Floats = a
        return s

    def predict(self, x: Floats) -> Floats:
        """Return the outputs s, shape (batch, n_out)."""
        return self.forward(x, self.new_arrays)


class Training:
    """A network with its gradient, an optimizer, and the buffers of a batch.

    Parameters
    ----------
    network : Network
        Softmax is its last activation for "cross_entropy", "identity" for "mse".
    loss, optimizer : str
        "mse" or "cross_entropy"; "SGD" or "Adam".
    learning_rate : float
        Epsilon; everything else as in PyTorch.
    """

    def __init__(self, network: Network, loss: str, optimizer: str, learning_rate: float) -> None:
        self.network = network
        self.gradient = np.zeros_like(network.parameters)
        self.gradients = views(network.widths, self.gradient)
        self.cost: Any = {"mse": mse, "cross_entropy": cross_entropy}[loss]
        kinds: dict[str, type[SGD] | type[Adam]] = {"SGD": SGD, "Adam": Adam}
        self.optimizer = kinds[optimizer](learning_rate, network.parameters, self.gradient)
        self.buffers: dict[int, tuple[list[Floats], list[Floats]]] = {}

    def fit(self, x: Floats, y: Any, epochs: Iterable[Iterable[Integers]]) -> list[float]:
        """Train with the rows of each batch of each epoch; return the mean cost of each epoch."""
        costs = []
        for epoch in epochs:
            cost, n = 0.0, 0
            for rows in epoch:
                cost += self.backpropagate(x, y, rows)
                self.optimizer.step()
                n += len(rows)
            costs.append(cost / n)
        return costs

    def backpropagate(self, x: Floats, y: Any, rows: Integers) -> float:
        """Compute the gradient for these samples; return the sum of their costs."""
        a, deltas = self.buffers_of(len(rows))
        x.take(rows, axis=0, out=a[0], mode="clip")  # other modes make a copy first
        s = self.network.forward(a[0], a[1:])
        cost: float = self.cost(s, y[rows])
        self.backward(a, s, deltas)
        return cost

    def backward(self, a: list[Floats], delta: Floats, deltas: list[Floats]) -> None:
        """Compute dC/dW and dC/db of all layers from `delta`, that of the last."""
        layers = self.network.layers
        for i in reversed(range(len(layers))):
            dW, db = self.gradients[i]
            np.dot(a[i].T, delta, out=dW)
            np.sum(delta, axis=0, out=db)
            if i > 0:
                (f, _, _), (_, W, _) = layers[i - 1 : i + 1]
                delta = np.dot(delta, W.T, out=deltas[i - 1])
                slope(f, delta, a[i])

    def buffers_of(self, batch: int) -> tuple[list[Floats], list[Floats]]:
        """Return arrays for the a of all layers, and for the delta of the hidden ones."""
        if batch not in self.buffers:
            a = [np.empty((batch, n), np.float32) for n in self.network.widths]
            self.buffers[batch] = a, [np.empty_like(each) for each in a[1:-1]]
        return self.buffers[batch]


def chunks(*arrays: Floats) -> list[tuple[Floats, ...]]:
    """Cut arrays of the same size into views of at most `CHUNK` elements."""
    starts = range(0, arrays[0].size, CHUNK)
    return [tuple(each[i : i + CHUNK] for each in arrays) for i in starts]


class SGD:
    """Gradient descent: w := w - epsilon dC/dw. Overwrites the gradient."""

    def __init__(self, learning_rate: float, parameters: Floats, gradient: Floats) -> None:
        self.learning_rate = learning_rate
        self.chunks = chunks(parameters, gradient)

    def step(self) -> None:
        """Update all parameters."""
        for w, gradient in self.chunks:
            gradient *= self.learning_rate
            w -= gradient


class Adam:
    """Adam after Kingma and Ba, as in PyTorch."""

    beta1, beta2, eps = 0.9, 0.999, 1e-8

    def __init__(self, learning_rate: float, parameters: Floats, gradient: Floats) -> None:
        self.learning_rate, self.t = learning_rate, 0
        m, v = np.zeros((2, parameters.size), np.float32)
        self.chunks = chunks(parameters, gradient, m, v)
        self.work = np.empty_like(parameters[:CHUNK])

    def step(self) -> None:
        """Update all parameters."""
        self.t += 1
        rate = self.learning_rate / (1 - self.beta1**self.t)
        scale = (1 - self.beta2**self.t) ** -0.5
        for w, gradient, m, v in self.chunks:
            work = self.work[: len(w)]
            m += np.multiply(np.subtract(gradient, m, out=work), 1 - self.beta1, out=work)
            np.multiply(gradient, gradient, out=work)
            work -= v
            v += np.multiply(work, 1 - self.beta2, out=work)
            np.sqrt(v, out=work)
            work *= scale
            work += self.eps
            np.divide(m, work, out=work)
            work *= rate
            w -= work
