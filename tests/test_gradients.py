"""Gradients in every plan against differences of costs, of each parameter and along directions."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

from reference import central_difference
from support import (
    ACTIVATIONS,
    ELEMENTWISE,
    PAIRS,
    assert_relative,
    assert_within,
    blocks,
    in_every_plan,
    random_case,
    reference_of,
    small_case,
)

pytestmark = pytest.mark.usefixtures("four_threads")


def cost_at(net, *data):
    """Return the function that gives the cost at other parameters."""

    def cost(parameters):
        net.parameters = parameters
        return net.cost(*data)

    return cost


@in_every_plan
def test_gradient_is_that_of_central_differences(plan, hidden, pair):
    loss, output = pair
    for n_dense in 1, 2, 4:
        case = small_case(hidden, output, loss, n_dense=n_dense)
        net = case.network()
        assert net.plan(case.batch)["plan"] == plan
        w = net.parameters.copy()
        for data in case.samples()[:2], case.samples():
            _, gradient = net.value_and_grad(*data)
            by_differences = central_difference(cost_at(net, *data), w)
            net.parameters = w
            assert_relative(gradient, by_differences, 1e-6, case)


KINKS = {
    "relu": [0],
    "leaky_relu": [0],
    "elu": [0],
    "selu": [0],
    "softsign": [0],
    "relu6": [0, 6],
    "hard_sigmoid": [-3, 3],
    "hard_swish": [-3, 3],
}


WITH_KINKS = ("huber", "mae", "quantile", "hinge")


def kinks(net, x, y):
    """Return on which side of its kinks each neuron is, and each error of a cost that has some."""
    passed = reference_of(net).forward(x)
    sides = [
        (passed.z[n] > kink).tobytes()
        for n, layer in enumerate(net.layers[1:], start=2)
        for kink in KINKS.get(layer.activation, [])
    ]
    if net.loss == "huber":
        sides.append((np.abs(passed.s - y) > 1).tobytes())
    if net.loss in ("mae", "quantile"):
        sides.append((passed.s > y).tobytes())
    if net.loss == "hinge":
        sides.append((passed.s * y > 1).tobytes())
    return b"".join(sides)


def slope_along(net, direction, data, h):
    """Return dC/dt at w + t direction by a difference of fourth order; None across a kink.

    dC/dt ~ (8 (C(h) - C(-h)) - (C(2h) - C(-2h))) / 12h
    """
    w = net.parameters.copy()
    slope, sides = 0, set()
    for t, factor in (1, 8), (-1, -8), (2, -1), (-2, 1):
        net.parameters = w + t * h * direction
        slope += factor * net.cost(*data) / (12 * h)
        sides.add(kinks(net, *data[:2]))
    net.parameters = w
    return slope if len(sides) == 1 else None


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_of_large_networks_along_directions(plan, loss, output):
    # Along each layer's own gradient g the slope is |g|, along any direction v it is g.v.
    compared = 0
    for hidden in ACTIVATIONS if plan == "layerwise" else ELEMENTWISE:
        h = (
            1e-5 if {hidden, output} & KINKS.keys() or loss in WITH_KINKS else 1e-3
        )  # near enough that few neurons cross their kink
        case = random_case(3, hidden, output, loss, sizes=[16, 33, 70])
        net, data = case.network(), case.samples()
        assert net.plan(case.batch)["plan"] == plan
        cost, gradient = net.value_and_grad(*data)
        rng = np.random.default_rng(case.seed)
        for i, g in enumerate(blocks(gradient, net)):
            length = np.linalg.norm(g)
            for v in g / length, rng.normal(size=g.shape) / g.size**0.5:
                direction = np.zeros_like(gradient)
                blocks(direction, net)[i][...] = v
                slope = slope_along(net, direction, data, h)
                if slope is not None:
                    # Costs that are off by 4 u C make 18 / 12h times as much of the slope.
                    bound = 1e-6 * length + 4 * 2.0**-53 * cost * 1.5 / h
                    assert_within(slope, (g * v).sum(), bound, f"block {i} of {case}")
                    compared += 1
    assert compared >= 30
