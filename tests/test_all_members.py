"""Every member of the core's lists in every plan: as the reference, with the same bits."""
# SPDX-License-Identifier: BSD-3-Clause

import re
from functools import partial

import numpy as np
import pytest

import chainrule as cr
import reference
from all_members import REFUSED, classes, make, numbers, of_reference
from chainrule import _core
from reference import GRADIENT_TRANSFORMS, OPTIMIZERS, central_difference
from rounded_network import RoundedNetwork
from rounding import exact
from support import (
    DTYPES,
    assert_relative,
    assert_within,
    bits,
    output_of,
    random_targets,
    reference_of,
    tamed,
)

TRANSFORMS = _core.gradient_transforms()
STEP = 3  # whose noise stages have


def of(*families):
    """Run a test for each member of the families."""
    names = [(family, name) for family in families for name in getattr(_core, family)()]
    return pytest.mark.parametrize(("family", "name"), names)


def network(family=None, name=None, dtype="float64", sizes=(5, 17, 9, 3)):
    """Return a network that has this member, as far as it is one of networks."""
    made = make(family, name) if family in ("activations", "losses", "stages") else None
    loss = made if family == "losses" else "mse"
    f = made if family == "activations" and name != "softmax" else "tanh"
    output = made if name == "softmax" else output_of(loss)
    stages = [made] if family == "stages" else []
    layers = [cr.Input(sizes[0]), *stages, cr.Dense(sizes[1], f), cr.Dense(sizes[2], f), *stages]
    return tamed(cr.Network([*layers, cr.Dense(sizes[3], output)], loss=loss, dtype=dtype, rng=0))


def samples(net, batch):
    """Return x, y and weights of samples, exact in float32."""
    rng = np.random.default_rng(batch)
    x = rng.normal(size=(batch, net.n_in)).astype(np.float32).astype(float)
    loss = net.loss if isinstance(net.loss, str) else net.loss._name
    return x, random_targets(loss, batch, net.n_out, rng), np.arange(1, batch + 1) / 64


def optimizer_with(family, name):
    """Return the optimizer of a training with this member."""
    if family == "optimizers":
        return make(family, name)
    transforms = numbers(family, name) if family == "gradient_transforms" else {}
    return cr.SGD(0.1, momentum=0.5, **transforms)


@pytest.mark.parametrize("batch", [1, 33, 70])
@pytest.mark.parametrize("dtype", DTYPES)
@of("activations", "losses")
def test_costs_and_gradients_of_activations_and_losses(plan, family, name, dtype, batch):
    net = network(family, name, dtype)
    x, y, weight = samples(net, batch)
    assert net.plan(batch)["plan"] == plan
    s = net.predict(x)
    cost, gradient = net.value_and_grad(x, y, weight)
    of_reference = reference_of(net)
    expected, of_parameters = of_reference.value_and_grad(x, y, weight)
    if dtype == "float64":
        assert_relative(s, of_reference.forward(x).s, 1e-12, "s")
        assert cost == pytest.approx(expected, rel=1e-12)
        assert_relative(gradient, of_parameters, 1e-11, "gradient")
        return
    bounds = RoundedNetwork(net).pass_through(x, y, weight)
    assert_within(s, of_reference.forward(x).s, bounds.s.error, "s")
    assert_within(cost, expected, bounds.cost.error, "cost")
    flat = [net.split(each) for each in (gradient, of_parameters)]
    for number, (of_core, of_layer) in enumerate(zip(*flat, strict=True), start=1):
        assert_within(of_core[0], of_layer[0], bounds.dW[number].error, f"dW({number})")
        assert_within(of_core[1], of_layer[1], bounds.db[number].error, f"db({number})")


@pytest.mark.parametrize("batch", [1, 33, 70])
@of("stages")
def test_costs_and_gradients_of_stages(plan, family, name, batch):
    net = network(family, name)
    x, y, weight = samples(net, batch)
    expected, of_parameters = reference_of(net).value_and_grad(x, y, weight, STEP)
    cost, gradient = net.value_and_grad(x, y, weight, step=STEP)
    assert cost == pytest.approx(expected, rel=1e-12)
    assert_relative(gradient, of_parameters, 1e-11, "gradient")
    assert_relative(net.predict(x), reference_of(net).forward(x).s, 1e-12, "s")


@of("activations", "losses", "stages")
def test_gradients_are_those_of_central_differences(plan, family, name):
    net = network(family, name, sizes=(3, 4, 5, 2))
    x, y, weight = samples(net, 7)
    noise = {"step": STEP} if family == "stages" else {}

    def cost(parameters):
        net.parameters = parameters
        return net.value_and_grad(x, y, weight, **noise)[0]

    w = net.parameters.copy()
    gradient = net.value_and_grad(x, y, weight, **noise)[1]
    assert_relative(gradient, central_difference(cost, w), 1e-6, "gradient")


@of("optimizers", "gradient_transforms")
@pytest.mark.parametrize(("n", "batch"), [(10, 1), (70, 32)])
def test_steps_are_those_of_the_reference(plan, family, name, n, batch):
    net, optimizer = network(), optimizer_with(family, name)
    x, y, weight = samples(net, n)
    ref, order = reference_of(net), np.tile(np.arange(n), (2, 1))
    transforms = [
        GRADIENT_TRANSFORMS[each](getattr(optimizer, each))
        for each in TRANSFORMS
        if getattr(optimizer, each) is not None
    ]
    own = of_reference(OPTIMIZERS, optimizer)
    reference.train(ref, own, x, y, batch, order, weight, transforms)
    net.fit(
        x, y, optimizer=optimizer, epochs=2, batch_size=batch, order=order, sample_weight=weight
    )
    assert_relative(net.parameters, ref.parameters, 1e-10, f"{name}, {plan}")


@of("optimizers")
def test_steps_in_float32_are_within_bounds(plan, family, name):
    # s = w.x and dC/ds = 1, so that dC/dw = x.
    cost = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    net = cr.Network([cr.Input(200), cr.Dense(1, bias=False)], loss=cost, rng=0)
    optimizer = make(family, name)
    w = net.parameters.astype(float)
    bounds, rounded = exact(w), of_reference(OPTIMIZERS, optimizer)
    own = of_reference(OPTIMIZERS, optimizer)
    for g in np.random.default_rng(0).normal(size=(5, 200)).astype(np.float32):
        net.train_step(g, 0, optimizer)
        w, bounds = own.step(w, g.astype(float)), rounded.step(bounds, exact(g))
        assert_within(net.parameters, w, bounds.error, name)


@pytest.mark.parametrize("dtype", DTYPES)
@of("activations", "losses", "optimizers", "gradient_transforms", "stages")
def test_bits_depend_on_neither_threads_nor_plan(plan, family, name, dtype):
    found = {}
    for each in {plan, "layerwise"} - {"narrow"} or {plan}:
        _core._force_plan(each)
        for threads in 1, 4:
            net = network(family, name, dtype, sizes=(20, 60, 40, 10))
            x, y, weight = samples(net, 610)
            with cr.threads(threads):
                net.fit(
                    x,
                    y,
                    optimizer=optimizer_with(family, name),
                    batch_size=600,
                    sample_weight=weight,
                    epochs=2,
                )
                found[each, threads] = bits(net), net.predict(x).tobytes()
    assert len(set(found.values())) == 1, found.keys()


@pytest.mark.parametrize(("family", "name", "parameter", "value", "allowed"), REFUSED)
def test_numbers_out_of_range_are_refused(family, name, parameter, value, allowed):
    error = ValueError
    if allowed == "0 or 1" and family != "optimizers":
        error, allowed = TypeError, "True or False"
    message = re.escape(f"{parameter} must be {allowed}, got")
    of_all = family in ("gradient_transforms", "every_optimizer")
    make_with = cr.SGD if of_all else partial(make, family, name)
    with pytest.raises(error, match=message):
        make_with(**{parameter: value})


@pytest.mark.parametrize("family", ["stages", "optimizers", "stop_conditions"])
def test_all_have_a_class(family):
    assert set(classes(family)) == set(getattr(_core, family)())
