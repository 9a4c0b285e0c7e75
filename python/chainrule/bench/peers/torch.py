"""PyTorch: eager with fused optimizers, and as kinds "compile" and, to predict, "jit" (frozen)."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

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

torch = import_module("torch")

MODULES = {
    "relu": torch.nn.ReLU,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
}


def model(workload: Workload) -> Any:
    """Return the layers, without the softmax: the cost has it."""
    layers: list[Any] = []
    for i in range(len(workload.layers) - 1):
        layers += [torch.nn.Linear(*workload.layers[i : i + 2]), MODULES[workload.activation]()]
    return torch.nn.Sequential(*layers[:-1])


class Network:
    """A model with its data and optimizer."""

    def __init__(self, workload: Workload, data: Data, kind: str) -> None:
        self.workload, self.first = workload, data.parameters
        self.model = model(workload)
        self.restart()
        self.x, self.y = torch.from_numpy(data.x), torch.from_numpy(data.y)
        optimizer = getattr(torch.optim, workload.optimizer)
        self.optimizer = optimizer(
            self.model.parameters(), lr=RATES[workload.optimizer], fused=True
        )
        functions = torch.nn.functional
        loss = functions.mse_loss if workload.loss == "mse" else functions.cross_entropy
        self.cost: Any = lambda x, y: loss(self.model(x), y)
        if kind == "compile":
            self.cost = torch.compile(self.cost)

    def restart(self) -> None:
        load(self.model, views(self.workload.layers, self.first))

    def prepare(self, order: Integers) -> Any:
        return torch.from_numpy(order.reshape(len(order), -1, self.workload.batch))

    def train(self, order: Any) -> float:
        x, y, cost_of, optimizer = self.x, self.y, self.cost, self.optimizer
        for epoch in order:
            total = torch.zeros(())
            for rows in epoch:
                cost = cost_of(x.index_select(0, rows), y.index_select(0, rows))
                optimizer.zero_grad()
                cost.backward()
                optimizer.step()
                total += cost.detach()
        return float(total) / len(epoch)

    def parameters(self) -> Floats:
        parts = [p.detach().numpy().T.ravel() for p in self.model.parameters()]
        return np.concatenate(parts)

    def predict(self, x: Floats) -> Floats:
        with torch.inference_mode():
            z = self.model(torch.from_numpy(x))
            s: Floats = (z.softmax(1) if self.workload.output == "softmax" else z).numpy()
            return s


def load(network: Any, layers: list[tuple[Floats, Floats]]) -> None:
    """Copy the parameters of all layers into a model."""
    with torch.no_grad():
        linear = [module for module in network if isinstance(module, torch.nn.Linear)]
        for module, (W, b) in zip(linear, layers, strict=True):
            module.weight.copy_(torch.from_numpy(W.T))
            module.bias.copy_(torch.from_numpy(b))


def versions() -> dict[str, str]:
    return {"torch": torch.__version__}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    if kind == "jit":
        return None
    if threads is not None:
        torch.set_num_threads(threads)
    return Network(workload, data, kind)


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    if threads is not None:
        torch.set_num_threads(threads)
    network, x = model(workload), data.x
    load(network, views(workload.layers, data.parameters))
    if workload.output == "softmax":
        network.append(torch.nn.Softmax(1))
    network.eval()
    if kind == "compile":
        network = torch.compile(network)
    elif kind == "jit":
        with torch.inference_mode():
            traced = torch.jit.trace(network, torch.from_numpy(x))
            network = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

    def predict() -> Floats:
        with torch.inference_mode():
            s: Floats = network(torch.from_numpy(x)).numpy()
            return s

    return predict
