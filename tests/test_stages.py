"""Layers between dense ones: Dropout and LayerNorm as in the reference, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from reference import OPTIMIZERS, STAGES, central_difference, train
from support import (
    DTYPES,
    PAIRS,
    assert_relative,
    bits,
    named,
    random_targets,
    reference_of,
    seed_of,
    squares,
)

WRONG_TYPES = ["0.1", b"1", None, 1j, [0.1], object()]


def stages():
    """Return one of each, with numbers that show."""
    return [cr.Dropout(0.25), cr.LayerNorm(0.01)]


def make(*, dtype="float64", loss="mse", output="identity", hidden="tanh", n_in=5, seed=1, n_out=3):
    """Return a network with stages before every dense layer, the first one included."""
    layers = [
        cr.Input(n_in),
        *stages(),
        cr.Dense(17, hidden),
        cr.LayerNorm(),
        cr.Dense(66, "gelu"),
        cr.Dropout(0.5),
        cr.Dropout(0.1),
        cr.Dense(n_out, output),
    ]
    net = cr.Network(layers, loss=loss, dtype=dtype, rng=seed)
    rng = np.random.default_rng(seed)
    for layer in net.layers:  # so that gamma and beta are not 1 and 0
        if isinstance(layer, cr.LayerNorm):
            layer.gamma = rng.uniform(0.5, 2, layer.gamma.shape)
            layer.beta = rng.normal(size=layer.beta.shape)
    return net


def samples(batch, n_in=5, n_out=3, loss="mse"):
    rng = np.random.default_rng(batch)
    x = rng.normal(size=(batch, n_in)).astype(np.float32).astype(float)
    return x, random_targets(loss, batch, n_out, rng)


# Those that serve such networks.
in_every_plan = pytest.mark.parametrize("plan", ["layerwise", "rows", "columns"], indirect=True)


# ---- The reference -------------------------------------------------------------------------------


def test_the_reference_has_every_stage():
    assert set(STAGES) == set(_core.stages())
    assert {each._name for each in stages()} == set(_core.stages())


@in_every_plan
@pytest.mark.parametrize("step", [None, 0, 1, 2**32 + 5])
@pytest.mark.parametrize("batch", [1, 2, 33, 130])
@pytest.mark.parametrize("n_in", [1, 5, 64, 200])
@pytest.mark.parametrize("dtype", DTYPES)
def test_costs_gradients_and_outputs(plan, dtype, n_in, batch, step):
    net, (x, y) = make(dtype=dtype, n_in=n_in), samples(batch, n_in)
    assert net.plan(batch)["plan"] == plan
    weight = np.arange(1, batch + 1) / batch
    reference = reference_of(net)
    cost, gradient = net.value_and_grad(x, y, weight, step=step)
    expected, of_reference = reference.value_and_grad(x, y, weight, step)
    # Each layer sums as many terms as it has inputs, the gradient as many as there are samples;
    # stages that divide by a deviation make what was rounded before them larger, three times here.
    rounding = 8 * float(np.finfo(dtype).eps) * (n_in + 17 + 66 + batch)
    assert cost == pytest.approx(expected, rel=rounding)
    assert_relative(gradient, of_reference, 4 * rounding, f"{plan}, {step}")
    assert_relative(net.predict(x), reference.forward(x).s, rounding, "s")
    assert net.cost(x, y, weight) == pytest.approx(reference.cost(x, y, weight), rel=rounding)


@in_every_plan
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_trainings_are_those_of_the_reference(plan, kind):
    """Every step has masks of its own, by its number in the life of the network."""
    net, (x, y) = make(), samples(50)
    reference, order = reference_of(net), np.tile(np.arange(50), (2, 1))
    optimizer = OPTIMIZERS[kind](learning_rate=0.02)
    expected = train(reference, optimizer, x, y, 16, order)[1]
    expected += train(reference, optimizer, x, y, 16, order[:1], first_step=8)[1]
    ours = (cr.SGD if kind == "sgd" else cr.Adam)(0.02)
    arguments = {"optimizer": ours, "batch_size": 16}
    costs = [
        *net.fit(x, y, order=order[:1], **arguments).cost,
        *net.fit(x, y, order=order[:1], **arguments).cost,
    ]
    for first in range(0, 50, 16):  # the same as another epoch, step by step
        net.train_step(x[first : first + 16], y[first : first + 16], ours)
    assert costs == pytest.approx(expected[:2], rel=1e-10)
    assert_relative(net.parameters, reference.parameters, 1e-9, f"{kind}, {plan}")


@in_every_plan
@pytest.mark.parametrize("step", [None, 3])
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_central_differences(plan, loss, output, step):
    net = make(loss=loss, output=output, hidden="softmax" if plan == "layerwise" else "tanh")
    # Another start for each, so that no |z| of a kink is within h of it by chance.
    rng = np.random.default_rng(seed_of(loss, output, step))
    net.parameters += 0.1 * rng.normal(size=net.n_parameters)
    x, y = samples(4, loss=loss)
    parameters = net.parameters.copy()
    some = rng.choice(parameters.size, size=60, replace=False)

    def cost(values):
        net.parameters = parameters
        net.parameters[some] = values
        return net.value_and_grad(x, y, step=step)[0]

    expected = central_difference(cost, parameters[some])
    net.parameters = parameters
    gradient = net.value_and_grad(x, y, step=step)[1][some]
    assert_relative(gradient, expected, 1e-6, f"{loss}, {output}, {plan}")


def test_layer_norm_is_that_of_torch():
    torch = pytest.importorskip("torch")
    net, (x, y) = make(), samples(20)
    a, given = torch.tensor(x), []
    for layer in net.layers[1:]:
        if isinstance(layer, cr.LayerNorm):
            values = layer.gamma, layer.beta
            module = torch.nn.LayerNorm(len(layer.gamma), layer.eps, dtype=torch.float64)
        elif isinstance(layer, cr.Dense):
            values = layer.weights, layer.bias
            module = torch.nn.Linear(*reversed(layer.weights.shape), dtype=torch.float64)
        else:
            continue
        for parameter, value in zip((module.weight, module.bias), values, strict=True):
            parameter.data.copy_(torch.tensor(value))
            given.append(parameter)
        a = module(a)
        if isinstance(layer, cr.Dense):
            f = {"tanh": torch.tanh, "gelu": torch.nn.functional.gelu, "identity": lambda z: z}
            a = f[layer.activation](a)
    cost = ((a - torch.tensor(y)) ** 2).mean()
    cost.backward()
    value, gradient = net.value_and_grad(x, y)
    assert value == pytest.approx(cost.item(), rel=1e-12)
    ours = [block for pair in net.split(gradient) for block in pair]
    for block, parameter in zip(ours, given, strict=True):
        assert_relative(block, parameter.grad.numpy(), 1e-10, "gradient")


# ---- Bits ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_product")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 40, 150])
def test_every_plan_and_number_of_threads_gives_the_same_bits(dtype, batch):
    found = set()
    for name in ["layerwise", "rows", "columns", "narrow", "auto"]:
        _core._force_plan(name)
        for threads in 1, 2, 3, 8:
            net, (x, y) = make(dtype=dtype, n_in=200), samples(batch, 200)
            net.threads = threads
            cost, gradient = net.value_and_grad(x, y, step=3)
            net.fit(x, y, optimizer=cr.Adam(), epochs=2, batch_size=64)
            found.add((cost, gradient.tobytes(), bits(net), net.predict(x).tobytes()))
    assert len(found) == 1


# ---- In training alone ---------------------------------------------------------------------------


@in_every_plan
def test_predictions_drop_nothing(plan):
    x, y = samples(30)
    dense = [cr.Input(5), cr.Dense(20, "relu"), cr.Dense(3)]
    without = cr.Network(dense, rng=0)
    net = cr.Network([*dense[:2], cr.Dropout(0.9), dense[2]], rng=0)
    assert bits(net) == bits(without)  # the stage takes no random numbers from the weights
    assert net.predict(x).tobytes() == without.predict(x).tobytes()
    assert net.cost(x, y) == without.cost(x, y)
    assert net.value_and_grad(x, y)[1].tobytes() == without.value_and_grad(x, y)[1].tobytes()
    assert net.value_and_grad(x, y, step=0)[0] != without.cost(x, y)
    np.testing.assert_array_equal(net.trace(x, y).a(3), net.trace(x, y).a(2))
    history = net.fit(x, y, validation_data=(x, y))
    assert history.validation_cost == [net.cost(x, y)]


@in_every_plan
def test_a_rate_of_0_is_as_without(plan):
    x, y = samples(30)
    nets = [
        cr.Network([cr.Input(5), cr.Dense(9, "tanh"), *more, cr.Dense(3)], rng=0)
        for more in ([], [cr.Dropout(0)])
    ]
    for net in nets:
        net.fit(x, y, epochs=3)
    assert bits(nets[0]) == bits(nets[1])


@in_every_plan
def test_training_goes_on_with_other_masks(plan):
    """Two trainings in a row are one, and so are those of a copy and a pickle in between."""
    x, y = samples(40)
    whole, parts = make(), make()
    whole.fit(x, y, optimizer=cr.SGD(0.1), epochs=4, batch_size=8)
    parts.fit(x, y, optimizer=cr.SGD(0.1), epochs=1, batch_size=8)
    parts = parts.copy()
    parts.fit(x, y, optimizer=cr.SGD(0.1), epochs=1, batch_size=8)
    parts = pickle.loads(pickle.dumps(parts))
    parts.fit(x, y, optimizer=cr.SGD(0.1), epochs=2, batch_size=8)
    assert bits(whole) == bits(parts)


@in_every_plan
def test_a_cost_function_of_the_users_own(plan):
    """It sees the outputs with the masks of its step, and so does the way back."""
    x, y = samples(40)
    custom, named = make(loss=squares), make()
    for step in None, 0, 7:
        expected, gradient = named.value_and_grad(x, y, step=step)
        value, of_custom = custom.value_and_grad(x, y, step=step)
        assert value == pytest.approx(expected, rel=1e-12)
        assert_relative(of_custom, gradient, 1e-11, f"{plan}, {step}")
    for net in custom, named:
        net.fit(x, y, optimizer=cr.SGD(0.05), epochs=2, batch_size=16)
    assert_relative(custom.parameters, named.parameters, 1e-10, plan)


@in_every_plan
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("eps", [1e-5, 1e-30, 1e-40, 5e-324])
def test_rows_of_equal_elements(plan, dtype, eps):
    """They are beta, however small eps is."""
    net = cr.Network([cr.Input(16), cr.LayerNorm(eps), cr.Dense(2)], dtype=dtype, rng=0)
    x = np.full((3, 16), 0.5)  # whose mean is exact
    np.testing.assert_array_equal(net.predict(x), np.tile(net.layers[2].bias, (3, 1)))
    assert np.isfinite(net.value_and_grad(x, np.zeros((3, 2)))[1]).all()


# ---- Layers, traces, what is shown ---------------------------------------------------------------


def test_gamma_and_beta_are_views():
    net = cr.Network([cr.Input(3), cr.LayerNorm(), cr.Dense(2, bias=False)], rng=0)
    layer = net.layers[1]
    assert layer.gamma.tolist() == [1, 1, 1]
    assert layer.beta.tolist() == [0, 0, 0]
    layer.gamma = [1, 2, 3]
    layer.beta[...] = 5
    np.testing.assert_array_equal(net.parameters[:6], [1, 2, 3, 5, 5, 5])
    with pytest.raises(cr.ShapeError, match=r"gamma has shape \(2,\), expected \(3,\)"):
        layer.gamma = [1, 2]
    with pytest.raises(ValueError, match="beta must be finite"):
        layer.beta = [1, 2, np.nan]
    pairs = net.split(net.parameters)
    assert [each.shape for each in pairs[0]] == [(3,), (3,)]
    assert pairs[1][0].shape == (2, 3)
    assert pairs[1][1] is None
    for name in "gamma", "beta":
        with pytest.raises(AttributeError, match="this LayerNorm describes a layer"):
            getattr(cr.LayerNorm(), name)
    with pytest.raises(AttributeError, match="LayerNorm has no weights"):
        _ = layer.weights
    with pytest.raises(AttributeError, match="eps of a network's layer cannot be changed"):
        layer.eps = 1


def test_layers_are_values():
    for layer in stages():
        for twin in copy.copy(layer), pickle.loads(pickle.dumps(layer)), eval(f"cr.{layer!r}"):
            assert twin == layer
    assert cr.Dropout(0.1) != cr.Dropout(0.2)
    assert cr.Dropout(rate=0.1).rate == 0.1
    layer = cr.LayerNorm()
    assert layer.eps == 1e-5
    layer.eps = 0.5
    assert layer.eps == 0.5
    net = make()
    for twin in net.copy(), pickle.loads(pickle.dumps(net)):
        assert twin.layers == net.layers
        assert bits(twin) == bits(net)


@in_every_plan
def test_trace(plan):
    net, (x, y) = make(), samples(6)
    trace, reference = net.trace(x, y), reference_of(net)
    passed = reference.forward(x)
    gradients = reference.backward(passed, y)
    assert trace.n_layers == 9
    # Layers 2 and 3 are stages, 4 is the first dense one: the reference's layer 2.
    assert_relative(trace.a(3), passed.inputs[1][2], 1e-13, "a(3)")
    assert_relative(trace.z(4), passed.z[2], 1e-13, "z(4)")
    assert_relative(trace.a(5), passed.inputs[2][1], 1e-13, "a(5)")
    assert_relative(trace.delta(4), gradients.delta[2], 1e-12, "delta(4)")
    assert_relative(trace.dW(3), gradients.dW[1], 1e-12, "dW(3)")
    assert_relative(trace.db(5), gradients.db[2], 1e-12, "db(5)")
    assert trace.f_prime(4).shape == (6, 17)
    assert trace.delta(3).shape == trace.delta(2).shape == (6, 5)
    for call in trace.z, trace.f_prime:
        with pytest.raises(IndexError, match=r"layer 3 is LayerNorm\(eps=0.01\), not Dense"):
            call(3)
    for call in trace.dW, trace.db:
        with pytest.raises(IndexError, match=r"layer 2 is Dropout\(rate=0.25\), not Dense"):
            call(1)
    assert trace._repr_html_().count("<tr>") == 10
    assert r"a^{(3)} &=" in trace._repr_latex_()
    assert "Network 5-17-66-3," in repr(net)
    assert "eps=0.01" in repr(net)
    with pytest.raises(ValueError, match=r"Input and Dense layers, and this one has Dropout\(rate"):
        net.explain(x[0], y[0], layer=3, j=1, k=1)


# ---- Wrong input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1, 1.5, -0.1, np.nan, np.inf, -np.inf])
def test_a_rate_out_of_range(rate):
    with pytest.raises(ValueError, match=r"rate must be a number in \[0, 1\), got"):
        cr.Dropout(rate)


@pytest.mark.parametrize("eps", [0, -1e-5, 1, 64, np.nan, np.inf, -np.inf])
def test_an_eps_out_of_range(eps):
    with pytest.raises(ValueError, match="eps must be a number > 0 and < 1, got"):
        cr.LayerNorm(eps)


@pytest.mark.parametrize("value", WRONG_TYPES, ids=named)
def test_no_numbers(value):
    with pytest.raises(TypeError, match="rate must be a number, got"):
        cr.Dropout(value)
    with pytest.raises(TypeError, match="eps must be a number, got"):
        cr.LayerNorm(value)


@pytest.mark.parametrize("stage", stages(), ids=repr)
def test_places_that_make_no_sense(stage):
    kind = type(stage).__name__
    with pytest.raises(ValueError, match=f"the first layer must be Input, got {kind}"):
        cr.Network([stage, cr.Input(3), cr.Dense(1)])
    with pytest.raises(ValueError, match=f"the last layer must be Dense, .* got {kind}"):
        cr.Network([cr.Input(3), cr.Dense(1), stage])
    with pytest.raises(ValueError, match=f"the last layer must be Dense, .* got {kind}"):
        cr.Network([cr.Input(3), stage])
    with pytest.raises(TypeError, match="got <class"):
        cr.Network([cr.Input(3), type(stage), cr.Dense(1)])


@pytest.mark.parametrize("step", [-1, 0.5, "1", 2**70])
def test_wrong_steps(step):
    x, y = samples(3)
    with pytest.raises((ValueError, TypeError), match="step must be"):
        make().value_and_grad(x, y, step=step)
