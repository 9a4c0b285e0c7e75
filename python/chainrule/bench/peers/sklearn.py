"""scikit-learn: `MLPClassifier` and `MLPRegressor`, many epochs in one call of `fit`."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._numpy_network import views
from chainrule.bench.workload import RATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule._numpy_network import Floats, Integers
    from chainrule.bench.peers import Training
    from chainrule.bench.workload import Data, Workload

neural_network = import_module("sklearn.neural_network")


class Shuffle(np.random.RandomState):
    """Shuffles in a given order: scikit-learn applies each shuffle to the result of the last."""

    steps: list[Integers]

    def shuffle(self, x: Any) -> None:
        x[...] = self.steps.pop(0)


class Network:
    """An estimator with its data."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.workload, self.first = workload, data.parameters
        self.x, self.y = data.x, data.y
        self.classes: dict[str, Any] = {}
        rate, scale = RATES.get(workload.optimizer, 0.0), 1.0
        kind = neural_network.MLPClassifier
        if workload.loss == "cross_entropy":
            self.classes["classes"] = np.arange(workload.layers[-1])
        else:
            kind = neural_network.MLPRegressor
            self.y = self.y.ravel() if workload.layers[-1] == 1 else self.y
            scale = workload.layers[-1] / 2  # its gradient is of half a sum over the outputs
            if workload.optimizer == "SGD":
                rate /= scale
        self.shuffle = Shuffle(0)
        self.shuffle.steps = [np.arange(1)]
        self.estimator = kind(
            hidden_layer_sizes=workload.layers[1:-1],
            activation={"sigmoid": "logistic"}.get(workload.activation, workload.activation),
            solver=workload.optimizer.lower() or "adam",
            alpha=0,
            batch_size=1,
            learning_rate_init=rate or 1e-3,
            momentum=0,
            # Where Adam's epsilon stands in its formula, this is PyTorch's in the first step.
            epsilon=1e-8 * 0.001**0.5 * scale,
            n_iter_no_change=10**9,
            random_state=self.shuffle,
        )
        self.estimator.partial_fit(self.x[:1], self.y[:1], **self.classes)  # makes the layers
        del self.estimator._optimizer
        self.estimator.set_params(batch_size=workload.batch)
        self.restart()

    def restart(self) -> None:
        """Reset the parameters in place: the optimizer refers to these arrays."""
        layers = zip(self.estimator.coefs_, self.estimator.intercepts_, strict=True)
        for (W, b), first in zip(layers, views(self.workload.layers, self.first), strict=True):
            W[...], b[...] = first

    def prepare(self, order: Integers) -> list[Integers]:
        last, steps = np.arange(order.shape[1]), []
        for epoch in order:
            steps.append(np.argsort(last)[epoch])
            last = epoch
        return steps

    def train(self, order: list[Integers]) -> float:
        self.shuffle.steps = order.copy()
        # One `fit` is faster than a `partial_fit` for each epoch, but makes a new optimizer, and
        # needs every class in the data.
        in_one = len(order) > 1 and len(self.x) >= len(self.classes.get("classes", ()))
        self.estimator.set_params(max_iter=len(order), warm_start=in_one)
        with warnings.catch_warnings(action="ignore"):  # that it has not converged
            if in_one:
                self.estimator.fit(self.x, self.y)
            else:
                for _ in order:
                    self.estimator.partial_fit(self.x, self.y, **self.classes)
        assert not self.shuffle.steps
        cost = float(self.estimator.loss_)
        return cost if self.classes else 2 * cost

    def parameters(self) -> Floats:
        layers = zip(self.estimator.coefs_, self.estimator.intercepts_, strict=True)
        return np.concatenate([array.ravel() for pair in layers for array in pair])

    def predict(self, x: Floats) -> Floats:
        if self.classes:
            s: Floats = self.estimator.predict_proba(x)
        else:
            s = self.estimator.predict(x).reshape(len(x), -1)
        return s


def versions() -> dict[str, str]:
    return {"scikit-learn": import_module("sklearn").__version__}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    return Network(workload, data)


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    network, x = Network(workload, data), data.x
    return lambda: network.predict(x)
