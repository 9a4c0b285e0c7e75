"""What libraries are measured at, and who they are: one file each here, with the same functions.

versions()
    Names and versions of what computes; ImportError if it is not installed.
training_step(workload, data, kind, threads)
    A `Training` from ``data.parameters``, or None if the library cannot train so.
inference(workload, data, kind, threads)
    A function that predicts ``data.x``, or None if the library cannot predict so.

`kind` is one of several ways to use a library, `threads` is None for its default. To add a library:
its file, and its line in `PEERS`.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["PEERS", "RATES", "Data", "Training", "Workload", "check", "views"]

# name: (its file here, the kind)
PEERS = {
    "chainrule": ("chainrule", ""),
    "numpy": ("numpy", ""),
    "torch": ("torch", ""),
    "torch-compile": ("torch", "compile"),  # compiles for up to a minute a workload
    "torch-jit": ("torch", "jit"),  # frozen, to predict
    "jax": ("jax", ""),  # one call a step
    "jax-scan": ("jax", "scan"),  # one call an epoch
    "sklearn": ("sklearn", ""),
    "onnxruntime": ("onnxruntime", ""),  # to predict
}

RATES = {"SGD": 0.01, "Adam": 0.001}  # the learning rates; everything else as in PyTorch

CHECKED_STEPS = 2  # how many steps are compared with those of plain NumPy
# How far they may be off, as a part of how far these went. Where z is nothing but rounding, relu is
# on in one library and off in another; where a gradient is, Adam makes a whole step of it.
DEVIATION = 1e-2


class Training(Protocol):
    """A network at work: many steps in one call, as its library is meant to be used."""

    def restart(self) -> None:
        """Go back to the first parameters, so that no measurement ends in a network at rest."""

    def prepare(self, order: Integers) -> Any:
        """Turn the order of samples, shape (epochs, n), into what the library likes best."""

    def train(self, order: Any) -> float:
        """Make all the steps of a prepared order; return the mean cost of its last epoch."""

    def parameters(self) -> Floats:
        """Return the parameters, laid out as `Network.parameters`."""

    def predict(self, x: Floats) -> Floats:
        """Return the outputs s, shape (batch, n_out)."""


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
    optimizer: str = ""  # none: predictions only
    steps: int = 1  # an epoch; so the data set has steps * batch samples

    @property
    def output(self) -> str:
        """The activation of the last layer."""
        return "softmax" if self.loss == "cross_entropy" else "identity"

    @property
    def is_large(self) -> bool:
        """Whether a step takes a tenth of a second and more."""
        return self.multiplications > 10**7

    @property
    def multiplications(self) -> int:
        """Weights: what one sample is multiplied with on its way forward."""
        return sum(n_in * n_out for n_in, n_out in pairwise(self.layers))

    @property
    def flops(self) -> int:
        """Floating-point operations of the products of a step, or of a prediction.

        Forward and for the weights' gradient all of them; for the inputs' not the first layer's.
        """
        if not self.optimizer:
            return 2 * self.batch * self.multiplications
        return 2 * self.batch * (3 * self.multiplications - self.layers[0] * self.layers[1])

    def samples(self, n: int) -> tuple[Floats, Any]:
        """Return x (n, n_in) float32, and labels (n,) or y (n, n_out) float32: the same each time.

        Random: the time of a step does not depend on what is learnt.
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
        """Return samples of the user's, and parameters: the same each time."""
        return Data(x, y, self.parameters())

    def parameters(self) -> Floats:
        """Return weights and biases to start with, uniform after Glorot and Bengio."""
        rng = np.random.default_rng(1)
        block = rng.uniform(-1, 1, sum(map(np.prod, shapes(self.layers)))).astype(np.float32)
        for (n_in, n_out), (W, b) in zip(
            pairwise(self.layers), views(self.layers, block), strict=True
        ):
            W *= np.float32(np.sqrt(6 / (n_in + n_out)))
            b *= np.float32(np.sqrt(6 / (n_in + n_out)))
        return block

    def order(self, epochs: int) -> Integers:
        """Return the order of the samples in each epoch, shape (epochs, steps * batch)."""
        rng = np.random.default_rng(2)
        some = np.stack([rng.permutation(self.steps * self.batch) for _ in range(min(epochs, 16))])
        return some[np.arange(epochs) % len(some)]

    def checked(self) -> Workload:
        """Return the same workload with so few steps that rounding has not grown."""
        return Workload(**{**vars(self), "steps": min(self.steps, CHECKED_STEPS)})


def shapes(layers: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the shapes of W (n_in, n_out) and b (n_out,), layer by layer."""
    pairs = [((n_in, n_out), (n_out,)) for n_in, n_out in pairwise(layers)]
    return [shape for pair in pairs for shape in pair]


def views(layers: Sequence[int], block: Floats) -> list[tuple[Floats, Floats]]:
    """Cut a block laid out as `Network.parameters` into pairs of W (n_in, n_out) and b (n_out,)."""
    sizes = [int(np.prod(shape)) for shape in shapes(layers)]
    parts = np.split(block, np.cumsum(sizes)[:-1])
    arrays = [part.reshape(shape) for part, shape in zip(parts, shapes(layers), strict=True)]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def check(workload: Workload, actual: Any, expected: Any, start: Any = None) -> float:
    """Compare a result with that of plain NumPy, both in float32.

    Parameters
    ----------
    workload : Workload
        What was computed.
    actual, expected : ndarray
        Outputs s, or the parameters after `CHECKED_STEPS` steps.
    start : ndarray, optional
        The parameters before these steps.

    Returns
    -------
    float
        The error, divided by the largest one that rounding explains: at most 1.

    Raises
    ------
    AssertionError
        If it is larger. Outputs: each sum has as many roundings as terms, relative to the largest
        output. Parameters, in the Euclidean norm: `DEVIATION` of how far they went, and one
        rounding of each.
    """
    eps = float(np.finfo(np.float32).eps)
    if start is None:
        error = float(np.abs(actual - expected).max())
        bound = eps * (sum(workload.layers) + len(workload.layers)) * float(np.abs(expected).max())
    else:
        error = float(np.linalg.norm(actual - expected))
        bound = DEVIATION * float(np.linalg.norm(expected - start))
        bound += eps * float(np.linalg.norm(expected))
    assert error <= bound, f"{workload.name}: off by {error:.2g}, more than {bound:.2g}"
    return error / bound
