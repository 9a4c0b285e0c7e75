"""The article, step by step: a 4-2-2-1 network, one sample, every number of its backpropagation."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np

import chainrule as cr


def show(name: str, value: object) -> None:
    """Print a name and its numbers, the rows of a matrix below each other."""
    text = np.array2string(np.asarray(value), precision=6, sign=" ", floatmode="fixed")
    print(f"  {name:10} = " + text.replace("\n", "\n" + " " * 15))


np.set_printoptions(suppress=True)

print("The network: 4 inputs, two hidden layers of 2, one output without bias and activation\n")
net = cr.Network(
    [
        cr.Input(4),
        cr.Dense(2, "sigmoid"),
        cr.Dense(2, "sigmoid"),
        cr.Dense(1, bias=False),
    ],
    loss="mse",
    dtype="float64",
    rng=1,
)
print(net)
for layer, dense in enumerate(net.layers[1:], start=1):
    show(f"W^({layer})", dense.weights)
    if dense.bias is not None:
        show(f"b^({layer})", dense.bias)

x = np.array([0.5, -1.0, 0.25, 2.0])
y = np.array([1.0])
trace = net.trace(x, y)

# A trace holds a batch, here of one sample, so [0] is it.
print("\nForward: z^(l+1) = W^(l) a^(l) + b^(l), a^(l) = f(z^(l)), s = W^(3) a^(3)\n")
show("x = a^(1)", trace.a(1)[0])
for layer in (2, 3):
    show(f"z^({layer})", trace.z(layer)[0])
    show(f"a^({layer})", trace.a(layer)[0])
show("s", trace.s[0])
show("y", y)
show("C", trace.cost)

print("\nBackward: the local gradients delta^(l) = dC/dz^(l), from the output to the input\n")
for layer in (4, 3, 2):
    show(f"delta^({layer})", trace.delta(layer)[0])

print("\nThe gradient: dC/dw_jk^(l) = delta_j^(l+1) a_k^(l), dC/db_j^(l) = delta_j^(l+1)\n")
for layer in (1, 2, 3):
    show(f"dC/dW^({layer})", trace.dW(layer))
    if trace.db(layer) is not None:
        show(f"dC/db^({layer})", trace.db(layer))

print("\nOne weight: w_22^(2) connects a_2^(2) with z_2^(3)\n")
print(net.explain(x, y, layer=2, j=2, k=2))

print("\nTraining: while (termination condition not met): w := w - eps dC/dw, b := b - eps dC/db\n")
# A ridge to learn: high where the first two inputs balance the last two. One step an epoch, on all
# samples at once, is the article's loop; C is then the mean over them.
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (200, 4))
y = np.exp(-((x[:, 0] + x[:, 1] - x[:, 2] - x[:, 3]) ** 2))
print(f"  cost before: {net.cost(x, y):.6f}")
history = net.fit(
    x,
    y,
    optimizer=cr.SGD(0.5),
    epochs=None,
    batch_size=len(x),
    stop=[cr.CostBelow(1e-3), cr.TimeLimit(10)],
)
print(f"  cost after:  {net.cost(x, y):.6f}, {history.epochs} epochs later")
print(f"  ended by:    {history.stopped_by}")
