"""What the tests share: random networks with samples, and comparisons that can be repeated."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import zlib
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

import chainrule as cr
import reference
from chainrule import _core
from reference import LOSSES
from reference import Network as Reference
from reference.activations import Activation

ACTIVATIONS = _core.activations()
LOSS_NAMES = _core.losses()
INITIALIZERS = _core.initializers()
DTYPES = ["float32", "float64"]
# The plans, with our own products, and the layerwise one with those of a BLAS.
PLANS = ["layerwise", "blas", "narrow", "rows", "columns"]


def takes(loss, output):
    """Tell whether the loss of this name takes the outputs of an activation."""
    of_reference = LOSSES[loss]
    if of_reference.paired_activation:
        return output == of_reference.paired_activation
    return output in (of_reference.outputs or ACTIVATIONS)


# Every loss with each output activation that it takes.
PAIRS = [each for each in product(LOSS_NAMES, ACTIVATIONS) if takes(*each)]
OUTPUTS = {loss: [output for each, output in PAIRS if each == loss] for loss in LOSS_NAMES}


def output_of(loss):
    """Return an activation that the loss, a name or an object, takes at the output."""
    name = loss if isinstance(loss, str) else loss._name
    return "identity" if getattr(loss, "logits", False) else OUTPUTS[name][0]


# What acts on each neuron alone: all that hidden layers may have where a plan is not layerwise.
ELEMENTWISE = [f for f in ACTIVATIONS if reference.ACTIVATIONS[f].backward is Activation.backward]


def meetings(some, others):
    """Return pairs in which each of `others` is met, and each of `some` meets four or more.

    All combinations would be thousands of tests; hypothesis looks at random ones of them.
    """
    rounds = -(-4 * len(some) // len(others))
    return [
        (some[(n + 5 * turn) % len(some)], other)
        for turn in range(rounds)
        for n, other in enumerate(others)
    ]


# Activations of hidden layers with the (loss, output) that they meet.
HIDDEN_PAIRS = meetings(ACTIVATIONS, PAIRS)
# Runs a test with these in every plan that takes the activation in hidden layers.
in_every_plan = pytest.mark.parametrize(
    ("plan", "hidden", "pair"),
    [
        pytest.param(plan, hidden, pair, id="-".join((plan, hidden, *pair)))
        for hidden, pair in HIDDEN_PAIRS
        for plan in (PLANS if hidden in ELEMENTWISE else PLANS[:2])
    ],
    indirect=["plan"],
)

needs_two_cpus = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs 2 CPUs"
)

SIZES = [1, 2, 3, 8, 17, 64, 70]
BATCHES = [1, 2, 5, 32, 33, 130]


def seed_of(*words):
    """Return a seed of its own for each test, the same in every run."""
    return zlib.crc32("/".join(map(str, words)).encode())


def tamed(net):
    """Make the weights small where a layer is exponential: e^(e^z) is soon too large."""
    if "exponential" in repr(net).lower():
        net.parameters *= 0.125
    return net


def random_targets(loss, batch, n_out, rng):
    """Return targets (batch, n_out) that the loss accepts, exact in float32."""
    takes = LOSSES[loss].takes
    if takes in ("real", "-1 or 1"):
        y = rng.normal(size=(batch, n_out))
    elif takes == "not negative":
        y = rng.exponential(size=(batch, n_out))
    elif takes == "distribution":
        y = rng.exponential(size=(batch, n_out))
        y /= y.sum(axis=1, keepdims=True)
    else:
        y = rng.uniform(size=(batch, n_out))
    if takes == "-1 or 1":
        y = np.copysign(1, y)
    return y.astype(np.float32).astype(float)


@dataclass(frozen=True)
class Case:
    """A random network with samples. Printed, it says everything that makes it again."""

    seed: int
    sizes: tuple
    activations: tuple
    loss: str
    dtype: str = "float64"
    batch: int = 1

    def network(self):
        rng = np.random.default_rng([self.seed, 1])
        dense = [
            cr.Dense(n, f, bias=bool(rng.integers(4)))
            for n, f in zip(self.sizes[1:-1], self.activations[:-1], strict=True)
        ]
        last = cr.Dense(self.sizes[-1], self.activations[-1], bias=bool(rng.integers(2)))
        return tamed(
            cr.Network(
                [cr.Input(self.sizes[0]), *dense, last],
                loss=self.loss,
                dtype=self.dtype,
                rng=self.seed,
            )
        )

    def suits(self, plan):
        """Tell whether the plan can serve the network."""
        return plan == "layerwise" or set(self.activations[:-1]) <= {*ELEMENTWISE}

    def samples(self):
        """Return x, y and weights of the samples, all exact in float32."""
        rng = np.random.default_rng([self.seed, 2])
        x = rng.normal(size=(self.batch, self.sizes[0])).astype(np.float32).astype(float)
        y = random_targets(self.loss, self.batch, self.sizes[-1], rng)
        if self.loss in ("mae", "quantile"):
            # Far from kinks, and on both sides: on one, softmax has a gradient of 0.
            y = np.where(np.arange(y.shape[1]) % 2, y - 30, y + 30).astype(np.float32).astype(float)
        weight = rng.integers(0, 5, size=self.batch) / 4
        weight[rng.integers(self.batch)] = 1.25
        return x, y, weight


def random_case(n_dense, hidden, output, loss, dtype="float64", sizes=SIZES, batches=BATCHES):
    """Return a random network of `n_dense` layers with these activations."""
    seed = seed_of(n_dense, hidden, output, loss, dtype)
    rng = np.random.default_rng([seed, 0])
    widths = [int(n) for n in rng.choice(sizes, size=n_dense + 1)]
    if output == "softmax":
        widths[-1] = max(widths[-1], 2)  # a single one is the constant 1, and refused
    return Case(
        seed,
        sizes=tuple(widths),
        activations=(*[hidden] * (n_dense - 1), output),
        loss=loss,
        dtype=dtype,
        batch=int(rng.choice(batches)),
    )


def small_case(hidden, output, loss, dtype="float64", n_dense=3):
    """Return a network that is small enough for a look at each of its parameters."""
    return random_case(n_dense, hidden, output, loss, dtype, sizes=[2, 3, 4], batches=[1, 7])


def squares(s, y):
    """Return a cost of the user's own and its gradient: the same as "mse"."""
    return ((s - y) ** 2).mean(), 2 * (s - y) / s.size


def members(*families):
    """Return every combination of the names in `families`."""
    return list(product(*families))


def ids_of_members(combination):
    """Return the text of one name, or of several that belong together, for the id of a test."""
    return combination if isinstance(combination, str) else "-".join(combination)


def fused(output, loss):
    """Tell whether the loss takes the output's activation into its own delta."""
    return LOSSES[loss].paired_activation == output


def assert_within(actual, expected, bound, what):
    """Compare elementwise: |actual - expected| <= bound."""
    if expected is None:
        assert actual is None, what
        return
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape, what
    excess = np.abs(actual - expected) - bound
    assert np.isfinite(actual).all(), what
    if (excess > 0).any():
        i = np.unravel_index(np.argmax(excess), excess.shape)
        raise AssertionError(
            f"{what}: got {actual[i]!r} at {tuple(map(int, i))}, expected {expected[i]!r} "
            f"within {np.broadcast_to(bound, excess.shape)[i]:.3g}"
        )


def assert_relative(actual, expected, tolerance, what):
    """Compare elementwise, relative to the largest element: sums may cancel in a single one."""
    scale = 0 if expected is None else np.abs(expected).max()
    assert_within(actual, expected, tolerance * scale, what)


def named(value):
    """Return what a test with this value is called: its repr without an address, not too long."""
    return re.sub(r" at 0x\w+", "", repr(value))[:60]


def bits(net):
    """Return the parameters of a network as they are, to compare bit by bit."""
    return net.parameters.tobytes()


def blocks(flat, net):
    """Return dW and db of each layer as a flat list, without the missing ones."""
    return [block for pair in net.split(np.asarray(flat)) for block in pair if block is not None]


def reference_of(net):
    """Return the network of the reference with the parameters of `net`."""
    return Reference.from_chainrule(net)
