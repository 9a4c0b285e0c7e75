"""chainrule as a user calls it: `fit` with many steps in one call, and `predict`."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

import chainrule as cr
from chainrule.bench.workload import RATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule._numpy_network import Floats, Integers
    from chainrule.bench.peers import Training
    from chainrule.bench.workload import Data, Workload


class Network:
    """A network of chainrule, with its data and optimizer."""

    def __init__(self, workload: Workload, data: Data) -> None:
        n_in, *hidden, n_out = workload.layers
        self.net = cr.Network(
            [
                cr.Input(n_in),
                *[cr.Dense(n, workload.activation) for n in hidden],
                cr.Dense(n_out, workload.output),
            ],
            loss=workload.loss,
            rng=0,
        )
        self.net.parameters = data.parameters
        self.workload, self.data = workload, data
        if workload.optimizer:
            self.optimizer = getattr(cr, workload.optimizer)(RATES[workload.optimizer])

    def restart(self) -> None:
        self.net.parameters = self.data.parameters

    def prepare(self, order: Integers) -> Integers:
        return order

    def train(self, order: Integers) -> float:
        return self.net.fit(
            self.data.x,
            self.data.y,
            optimizer=self.optimizer,
            epochs=len(order),
            batch_size=self.workload.batch,
            order=order,
        ).cost[-1]

    def parameters(self) -> Floats:
        return self.net.parameters

    def predict(self, x: Floats) -> Floats:
        return self.net.predict(x)


def versions() -> dict[str, str]:
    config = cr.show_config()
    return {"chainrule": config["version"], "blas": config["blas"], "target": config["cpu"]}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    if threads is not None:
        cr.set_num_threads(threads)
    return Network(workload, data)


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    if threads is not None:
        cr.set_num_threads(threads)
    predict, x = Network(workload, data).net.predict, data.x
    return lambda: predict(x)
