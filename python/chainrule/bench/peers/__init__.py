"""The libraries that are measured, one file each, all with the same functions.

versions()
    Names and versions of what computes. The import raises ImportError if it is not installed.
training_step(workload, data, kind, threads)
    A `Training` from ``data.parameters``, or None if the library cannot do this.
inference(workload, data, kind, threads)
    A function that predicts ``data.x``, or None if the library cannot do this.

`kind` is one of several ways to use a library, `threads` is None for its default. To add a library,
add its file, and its line in `PEERS`.
"""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from chainrule._numpy_network import Floats, Integers

__all__ = ["PEERS", "Training"]

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


class Training(Protocol):
    """A network in training: many steps in one call, as its library is meant to be used."""

    def restart(self) -> None:
        """Reset the parameters, so that no measurement ends with a network that has converged."""

    def prepare(self, order: Integers) -> Any:
        """Convert the order of samples, shape (epochs, n), to what the library reads fastest."""

    def train(self, order: Any) -> float:
        """Make all the steps of a prepared order; return the mean cost of its last epoch."""

    def parameters(self) -> Floats:
        """Return the parameters, laid out as `Network.parameters`."""

    def predict(self, x: Floats) -> Floats:
        """Return the outputs s, shape (batch, n_out)."""
