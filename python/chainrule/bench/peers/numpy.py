"""Plain NumPy, as fast as it gets: every result is overwritten where it lies.

The equations are those of the article in a batch: z = a W + b, a = f(z), delta = dC/dz, dC/dW =
a^T delta; every other library is checked against what comes out here.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.bench.workload import RATES, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.bench.peers import Training
    from chainrule.bench.workload import Data, Floats, Integers, Workload

CHUNK = 1 << 16  # parameters that an update works on at a time: its arrays fit the cache


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


class Network:
    """A network in one block of parameters, with its data and the buffers of a batch."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.workload, self.data = workload, data
        self.block = data.parameters.copy()
        self.layers = views(workload.layers, self.block)
        hidden = len(self.layers) - 1
        self.activations = [workload.activation] * hidden + [workload.output]
        self.updates = 0
        if workload.optimizer:
            self.gradient = np.zeros_like(self.block)
            self.gradients = views(workload.layers, self.gradient)
            self.a = [np.empty((workload.batch, n), np.float32) for n in workload.layers]
            self.delta = [np.empty_like(a) for a in self.a]
            self.each = np.arange(workload.batch)
            self.work = np.empty(min(CHUNK, self.block.size), np.float32)
            self.update = getattr(self, workload.optimizer.lower())
        if workload.optimizer == "Adam":
            self.m, self.v = np.zeros((2, self.block.size), np.float32)

    def restart(self) -> None:
        self.block[...] = self.data.parameters

    def prepare(self, order: Integers) -> Integers:
        return order.reshape(len(order), -1, self.workload.batch)

    def train(self, order: Integers) -> float:
        cost = 0.0
        for epoch in order:
            cost = 0.0
            for rows in epoch:
                cost += self.step(rows)
                self.updates += 1
                for i in range(0, self.block.size, CHUNK):
                    self.update(slice(i, min(i + CHUNK, self.block.size)))
            cost /= len(epoch)
        return cost

    def step(self, rows: Integers) -> float:
        """Compute the gradient for these samples; return their cost."""
        a, delta, last = self.a, self.delta, len(self.layers)
        self.data.x.take(rows, axis=0, out=a[0], mode="clip")
        for i, (W, b) in enumerate(self.layers):
            np.dot(a[i], W, out=a[i + 1])
            a[i + 1] += b
            activate(self.activations[i], a[i + 1])

        s, y = a[-1], self.data.y[rows]
        if self.workload.loss == "cross_entropy":
            cost = -float(np.log(s[self.each, y]).sum()) / len(rows)
            s[self.each, y] -= 1  # s becomes delta = (s - y) / batch
            s *= 1 / len(rows)
        else:
            s -= y
            cost = float(np.vdot(s, s)) / s.size
            s *= 2 / s.size
        delta[last] = s

        for i in range(last, 0, -1):
            dW, db = self.gradients[i - 1]
            np.dot(a[i - 1].T, delta[i], out=dW)
            np.sum(delta[i], axis=0, out=db)
            if i > 1:
                np.dot(delta[i], self.layers[i - 1][0].T, out=delta[i - 1])
                slope(self.activations[i - 2], delta[i - 1], a[i - 1])
        return cost

    def sgd(self, part: slice) -> None:
        """Update some parameters: w := w - epsilon dC/dw."""
        gradient = self.gradient[part]
        gradient *= RATES["SGD"]
        self.block[part] -= gradient

    def adam(self, part: slice) -> None:
        """Update some parameters after Kingma and Ba, as PyTorch does."""
        beta1, beta2, eps = 0.9, 0.999, 1e-8
        gradient, m, v = self.gradient[part], self.m[part], self.v[part]
        work = self.work[: len(m)]
        m += np.multiply(np.subtract(gradient, m, out=work), 1 - beta1, out=work)
        np.multiply(gradient, gradient, out=work)
        work -= v
        v += np.multiply(work, 1 - beta2, out=work)
        np.sqrt(v, out=work)
        work *= (1 - beta2**self.updates) ** -0.5
        work += eps
        np.divide(m, work, out=work)
        work *= RATES["Adam"] / (1 - beta1**self.updates)
        self.block[part] -= work

    def parameters(self) -> Floats:
        return self.block

    def predict(self, x: Floats) -> Floats:
        a: Any = x
        for f, (W, b) in zip(self.activations, self.layers, strict=True):
            a = np.dot(a, W)
            a += b
            activate(f, a)
        s: Floats = a
        return s


def versions() -> dict[str, str]:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"numpy": np.__version__, "blas": f"{blas['name']} {blas['version']}"}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    return Network(workload, data)


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    predict, x = Network(workload, data).predict, data.x
    return lambda: predict(x)
