"""JAX: one jitted call a step with donated buffers, or as kind "scan" one for the whole epoch."""
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

jax = import_module("jax")
jnp = import_module("jax.numpy")
jax.config.update("jax_platforms", "cpu")

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}


def forward(f: str, layers: Any, x: Any) -> Any:
    """Return z of the last layer."""
    *hidden, (W, b) = layers
    for W_hidden, b_hidden in hidden:
        x = ACTIVATIONS[f](x @ W_hidden + b_hidden)
    return x @ W + b


def make_step(workload: Workload) -> Callable[..., Any]:
    """Return the pure function (state, x, y, rows) -> state after one update."""

    def cost(layers: Any, x: Any, y: Any) -> Any:
        z = forward(workload.activation, layers, x)
        if workload.loss == "mse":
            return jnp.mean(jnp.square(z - y))
        of_label = jnp.take_along_axis(z, y[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - of_label)

    def adam(state: Any, gradient: Any, t: Any) -> Any:
        beta1, beta2, eps = 0.9, 0.999, 1e-8
        each = jax.tree.map
        m = each(lambda m, g: m + (1 - beta1) * (g - m), state["m"], gradient)
        v = each(lambda v, g: v + (1 - beta2) * (g * g - v), state["v"], gradient)
        # 1 - beta^t, without the rounding of numbers near 1
        of_m, of_v = (-jnp.expm1(t * np.log(beta)) for beta in (beta1, beta2))
        rate, scale = RATES["Adam"] / of_m, of_v**-0.5
        layers = each(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v) * scale + eps), state["layers"], m, v
        )
        return {"layers": layers, "m": m, "v": v}

    def sgd(state: Any, gradient: Any, t: Any) -> Any:
        rate = RATES["SGD"]
        return {"layers": jax.tree.map(lambda w, g: w - rate * g, state["layers"], gradient)}

    update = adam if workload.optimizer == "Adam" else sgd

    def step(state: Any, x: Any, y: Any, rows: Any) -> Any:
        x, y = (array.at[rows].get(mode="promise_in_bounds") for array in (x, y))
        value, gradient = jax.value_and_grad(cost)(state["layers"], x, y)
        t = state["t"] + 1
        more = {"t": t, "total": state["total"] + value}
        return more | update(state, gradient, t.astype(jnp.float32))

    return step


class Network:
    """A state with its data, and the compiled function that makes its steps."""

    def __init__(self, workload: Workload, data: Data, kind: str) -> None:
        self.workload, self.first, self.kind = workload, data.parameters, kind
        self.x, self.y = jnp.asarray(data.x), jnp.asarray(data.y)
        self.state: dict[str, Any] = {"t": jnp.int32(0), "total": jnp.float32(0)}
        self.restart()
        if workload.optimizer == "Adam":
            for name in ("m", "v"):
                self.state[name] = jax.tree.map(jnp.zeros_like, self.state["layers"])
        step, batch = make_step(workload), workload.batch

        def epoch(state: Any, x: Any, y: Any, order: Any) -> Any:
            def body(state: Any, rows: Any) -> Any:
                return step(state, x, y, rows), None

            return jax.lax.scan(body, state, order.reshape(-1, batch))[0]

        def one(state: Any, x: Any, y: Any, order: Any) -> Any:
            # The batch follows from the state's own counter, so nothing is passed from Python.
            first = state["t"] % workload.steps * batch
            return step(state, x, y, jax.lax.dynamic_slice(order, (first,), (batch,)))

        self.call = jax.jit(epoch if kind == "scan" else one, donate_argnums=0)
        self.calls = 1 if kind == "scan" else workload.steps
        self.forward = jax.jit(self.softmax if workload.output == "softmax" else self.identity)

    def identity(self, layers: Any, x: Any) -> Any:
        return forward(self.workload.activation, layers, x)

    def softmax(self, layers: Any, x: Any) -> Any:
        return jax.nn.softmax(forward(self.workload.activation, layers, x))

    def restart(self) -> None:
        layers = views(self.workload.layers, self.first)
        self.state["layers"] = jax.tree.map(lambda array: jnp.array(array, copy=True), layers)

    def prepare(self, order: Integers) -> Any:
        return jax.block_until_ready([jnp.asarray(epoch, jnp.int32) for epoch in order])

    def train(self, order: Any) -> float:
        for epoch in order:
            self.state["total"] = jnp.float32(0)
            for _ in range(self.calls):
                self.state = self.call(self.state, self.x, self.y, epoch)
        jax.block_until_ready(self.state)
        return float(self.state["total"]) / self.workload.steps

    def parameters(self) -> Floats:
        return np.concatenate([np.ravel(array) for pair in self.state["layers"] for array in pair])

    def predict(self, x: Floats) -> Floats:
        return np.asarray(self.forward(self.state["layers"], x))


def versions() -> dict[str, str]:
    return {"jax": jax.__version__}


def training_step(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Training | None:
    return Network(workload, data, kind)


def inference(
    workload: Workload, data: Data, kind: str = "", threads: int | None = None
) -> Callable[[], Floats] | None:
    if kind == "scan":
        return None
    network, x = Network(workload, data, kind), data.x
    return lambda: network.predict(x)
