"""A workload: a network, its data, and how often it is trained or predicts."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._numpy_network import views

if TYPE_CHECKING:
    from chainrule._numpy_network import Floats, Integers

__all__ = ["RATES", "Data", "Workload"]

RATES = {"SGD": 0.01, "Adam": 0.001}  # the learning rates; everything else as in PyTorch

CHECKED_STEPS = 2  # how many steps are compared with those of plain NumPy


@dataclass(frozen=True)
class Data:
    """Samples, and the parameters that a network starts with."""

    x: Floats  # (n, n_in)
    y: Any  # labels (n,) of int64 for a cross-entropy, else (n, n_out) of float32
    parameters: Floats  # as in `Network.parameters`


@dataclass(frozen=True)
class Workload:
    """A network and how it is used: training steps of `batch` rows, or predictions of them.

    Every layer has a bias. The last is softmax for a cross-entropy, identity otherwise.
    """

    name: str
    layers: tuple[int, ...]  # the widths, input first
    batch: int
    activation: str  # of the hidden layers
    loss: str = "mse"
    optimizer: str = ""  # empty: predictions only
    steps: int = 1  # in an epoch; the data set has steps * batch samples

    @property
    def output(self) -> str:
        """The activation of the last layer."""
        return "softmax" if self.loss == "cross_entropy" else "identity"

    @property
    def is_large(self) -> bool:
        """Whether a step takes 0.1 s or more."""
        return self.multiplications > 10**7

    @property
    def multiplications(self) -> int:
        """The number of weights, each of which one sample is multiplied by in the forward pass."""
        return sum(n_in * n_out for n_in, n_out in pairwise(self.layers))

    @property
    def flops(self) -> int:
        """Floating-point operations of the products of a step, or of a prediction.

        A step has three products a layer (forward, dC/dW, dC/da), but the first layer has no dC/da.
        """
        if not self.optimizer:
            return 2 * self.batch * self.multiplications
        return 2 * self.batch * (3 * self.multiplications - self.layers[0] * self.layers[1])

    def samples(self, n: int) -> tuple[Floats, Any]:
        """Return x (n, n_in) float32, and labels (n,) or y (n, n_out) float32: the same each time.

        They are random, since the time of a step does not depend on their values.
        """
        rng = np.random.default_rng(0)
        x = rng.standard_normal((n, self.layers[0]), dtype=np.float32)
        if self.loss == "cross_entropy":
            return x, rng.permutation(np.arange(n) % self.layers[-1])
        return x, rng.standard_normal((n, self.layers[-1]), dtype=np.float32)

    def data(self) -> Data:
        """Return the data set, or the batch to predict, and parameters: the same each time."""
        return self.with_samples(*self.samples(self.steps * self.batch))

    def with_samples(self, x: Floats, y: Any) -> Data:
        """Return other samples, with the parameters of this workload."""
        return Data(x, y, self.parameters())

    def parameters(self) -> Floats:
        """Return the initial weights and biases, uniform after Glorot and Bengio."""
        rng = np.random.default_rng(1)
        n_parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.layers))
        block = rng.uniform(-1, 1, n_parameters).astype(np.float32)
        for W, b in views(self.layers, block):
            limit = np.float32(np.sqrt(6 / sum(W.shape)))
            W *= limit
            b *= limit
        return block

    def order(self, epochs: int) -> Integers:
        """Return the order of the samples in each epoch, shape (epochs, steps * batch)."""
        rng = np.random.default_rng(2)
        some = np.stack([rng.permutation(self.steps * self.batch) for _ in range(min(epochs, 16))])
        return some[np.arange(epochs) % len(some)]

    def checked(self) -> Workload:
        """Return the same workload with few steps: rounding errors grow with each."""
        return Workload(**{**vars(self), "steps": min(self.steps, CHECKED_STEPS)})
