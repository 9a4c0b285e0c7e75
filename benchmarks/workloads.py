"""The named workloads: shapes that every library is measured on, and random samples for them."""
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A network and how it is used: a training step of `batch` rows, or a prediction for them."""

    name: str
    layers: tuple[int, ...]  # the widths, input first
    batch: int
    activation: str  # of the hidden layers
    loss: str = "mse"
    optimizer: str = ""  # none: predictions only

    @property
    def output(self):
        """The activation of the last layer."""
        return "softmax" if self.loss == "cross_entropy" else "identity"

    @property
    def is_large(self):
        """Whether a step takes a tenth of a second and more."""
        return sum(n_in * n_out for n_in, n_out in pairwise(self.layers)) > 10**7

    def samples(self, n):
        """Return x (n, n_in) float32, and labels (n,) or y (n, n_out) float32: the same each time.

        Random: the time of a step does not depend on what is learnt.
        """
        rng = np.random.default_rng(0)
        x = rng.standard_normal((n, self.layers[0]), dtype=np.float32)
        if self.loss == "cross_entropy":
            return x, rng.integers(self.layers[-1], size=n)
        return x, rng.standard_normal((n, self.layers[-1]), dtype=np.float32)


ARTICLE = (4, 2, 2, 1)
POLICY = (16, 64, 64, 4)
MNIST = (784, 256, 128, 10)
LARGE = (1024, 4096, 4096, 1000)

TRAINING = (
    Workload("article", ARTICLE, 1, "sigmoid", "mse", "SGD"),
    Workload("article32", ARTICLE, 32, "sigmoid", "mse", "SGD"),
    Workload("policy", POLICY, 64, "tanh", "mse", "Adam"),
    Workload("digits", (64, 100, 10), 200, "relu", "cross_entropy", "Adam"),
    Workload("mnist", MNIST, 128, "relu", "cross_entropy", "SGD"),
    Workload("mnist_adam", MNIST, 128, "relu", "cross_entropy", "Adam"),
    Workload("tabular", (64, 512, 512, 512, 1), 256, "relu", "mse", "Adam"),
    Workload("large", LARGE, 1024, "relu", "cross_entropy", "SGD"),
    Workload("large_smallbatch", LARGE, 32, "relu", "cross_entropy", "Adam"),
)

PREDICTION = (
    Workload("article_1", ARTICLE, 1, "sigmoid"),
    Workload("policy_1", POLICY, 1, "tanh"),
    Workload("policy_32", POLICY, 32, "tanh"),
    Workload("policy_1024", POLICY, 1024, "tanh"),
    Workload("mnist_1", MNIST, 1, "relu"),
    Workload("mnist_32", MNIST, 32, "relu"),
    Workload("mnist_1024", MNIST, 1024, "relu"),
    Workload("small_1", (40, 100, 100, 10), 1, "relu"),
    Workload("large_1", LARGE, 1, "relu"),
    Workload("large_32", LARGE, 32, "relu"),
    Workload("large_1024", LARGE, 1024, "relu"),
)
