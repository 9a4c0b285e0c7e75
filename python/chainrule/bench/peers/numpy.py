"""Plain NumPy: every other library is checked against its answers."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule import _numpy_network
from chainrule.bench.workload import RATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule._numpy_network import Floats, Integers
    from chainrule.bench.peers import Training
    from chainrule.bench.workload import Data, Workload


class Network:
    """A network in training, with its data."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.batch, self.data = workload.batch, data
        self.net = network(workload, data)
        self.training = _numpy_network.Training(
            self.net, workload.loss, workload.optimizer, RATES[workload.optimizer]
        )

    def restart(self) -> None:
        self.net.parameters[...] = self.data.parameters

    def prepare(self, order: Integers) -> Integers:
        return order.reshape(len(order), -1, self.batch)

    def train(self, order: Integers) -> float:
        return self.training.fit(self.data.x, self.data.y, order)[-1]

    def parameters(self) -> Floats:
        return self.net.parameters

    def predict(self, x: Floats) -> Floats:
        return self.net.predict(x)


def network(workload: Workload, data: Data) -> _numpy_network.Network:
    """Return the network of a workload, with parameters of its own."""
    hidden = [workload.activation] * (len(workload.layers) - 2)
    parameters = data.parameters.copy()
    return _numpy_network.Network(workload.layers, [*hidden, workload.output], parameters)


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
    net, x = network(workload, data), data.x
    forward, new_arrays = net.forward, net.new_arrays
    return lambda: forward(x, new_arrays)
