"""What `TrainingDiverged` tells: where the first number came up that is not finite, and why."""
# SPDX-License-Identifier: BSD-3-Clause

import pickle
import re

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES, squares

FORWARD = "first in layer {} on the way forward"
BACKWARD = "first in layer {} on the way back"
UPDATE = "first in the new weights of layer {}"
COST = "first in the cost of the outputs of layer {}"


def largest(dtype):
    return float(np.finfo(dtype).max)


def chain(dtype, n=4, loss="mse"):
    """Return three linear layers without bias, whose W are the identity."""
    layers = [cr.Dense(n, init=np.eye(n), bias=False) for _ in range(3)]
    return cr.Network([cr.Input(n), *layers], loss=loss, dtype=dtype)


def scale(net, layer, factor):
    net.layers[layer].weights[...] *= factor


def diverged(work):
    with pytest.raises(cr.TrainingDiverged) as caught:
        work()
    return caught.value


def samples(batch, n=4):
    rng = np.random.default_rng(batch)
    return rng.uniform(1, 2, size=(batch, n)), rng.uniform(-2, -1, size=(batch, n))


def fit_once(net, x, y, optimizer=None, **options):
    """Make one step that fails, in an epoch that has no other."""
    options = {"batch_size": len(x), "shuffle": False} | options
    error = diverged(lambda: net.fit(x, y, optimizer=optimizer or cr.SGD(0.0), **options))
    assert (error.epoch, error.step) == (1, 1)
    assert "in step 1 of epoch 1, first in" in str(error)
    return error


# ---- Where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 3, 40])
@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_on_the_way_forward(plan, dtype, layer, batch):
    net = chain(dtype)
    assert net.plan(batch)["plan"] == plan
    x, y = samples(batch)
    scale(net, layer, 0.9 * largest(dtype))
    error = fit_once(net, x * 2, y)
    assert error.layer == layer + 1
    assert FORWARD.format(layer + 1) in str(error)


@pytest.mark.parametrize("batch", [1, 3, 40])
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_the_cost(plan, dtype, batch):
    net, (x, y) = chain(dtype), samples(batch)
    assert net.plan(batch)["plan"] == plan
    error = fit_once(net, x, y * 8 * largest(dtype) ** 0.5)
    assert error.layer == 4
    assert COST.format(4) in str(error)


@pytest.mark.parametrize("batch", [1, 3, 40])
@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_on_the_way_back(plan, dtype, layer, batch):
    # The outputs are 0, since one of the layers has no weights; the deltas are not.
    net, (x, y) = chain(dtype), samples(batch)
    assert net.plan(batch)["plan"] == plan
    big = largest(dtype) ** 0.4
    if layer == 3:  # dW = a delta^T, where s is small and y is not
        scale(net, 1, big**1.6)
        scale(net, 3, 0)
    else:  # delta = W delta, where nothing comes forward
        scale(net, layer, 0)
        scale(net, layer + 1, big**2)
    error = fit_once(net, x, y * big**1.1)
    assert error.layer == layer + 1
    assert BACKWARD.format(layer + 1) in str(error)


@pytest.mark.parametrize("options", [{}, {"gradient_norm": True}], ids=["fused", "whole"])
@pytest.mark.parametrize("batch", [1, 3, 40])
@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_the_update(plan, dtype, kind, layer, batch, options):
    # dC/dw of a layer is as much larger as its w is smaller than the others.
    net, (x, y) = chain(dtype), samples(batch)
    assert net.plan(batch)["plan"] == plan
    scale(net, layer, 1e-3)
    if kind == "adam":  # whose v overflows, (1 - beta_2) g^2
        x, y = x * 1e5, y * largest(dtype) ** 0.5 / 100
    else:
        y = y * 1e3
    _, gradient = net.value_and_grad(x, y)
    sizes = [float(np.abs(dw).max()) for dw, _ in net.split(gradient)]
    assert np.argmax(sizes) == layer - 1
    if kind == "adam":
        assert sorted(sizes)[1] < 10 * largest(dtype) ** 0.5 < max(sizes) / 10
        optimizer = cr.Adam(0.1)
    else:
        assert max(sizes) > 100
        optimizer = cr.SGD(largest(dtype) / max(sizes) * 4, momentum=0.5 * (kind == "momentum"))
    error = fit_once(net, x, y, optimizer, **options)
    assert error.layer == layer + 1
    assert UPDATE.format(layer + 1) in str(error)
    assert np.isfinite(net.parameters).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("step", [1, 7, 16, 17])
@pytest.mark.parametrize("optimizer", [cr.SGD(0.0), cr.Adam(0.0)], ids=["sgd", "adam"])
def test_in_one_of_the_steps_that_are_made_in_one_go(dtype, step, optimizer):
    optimizer = pickle.loads(pickle.dumps(optimizer))
    net, (x, y) = chain(dtype), samples(20)
    assert net.plan(1)["plan"] == "narrow"
    big = largest(dtype) ** 0.5
    x[step - 1] *= big**2 / 8
    y[step - 1] *= big / 8
    scale(net, 1, big**-1.8)
    error = diverged(
        lambda: net.fit(x, y, optimizer=optimizer, batch_size=1, shuffle=False, epochs=2)
    )
    assert (error.epoch, error.step, error.layer) == (1, step, 2)
    assert BACKWARD.format(2) in str(error)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(6))
def test_with_the_masks_of_its_step(plan, dtype, seed):
    # What dropout keeps, it doubles, and that is too large; what it drops is 0 in that step.
    layers = [cr.Dense(1, init=np.eye(1), bias=False), cr.Dropout(0.5), cr.Dense(1, bias=False)]
    net = cr.Network([cr.Input(1), *layers], dtype=dtype, rng=seed)
    x = np.full((8, 1), 0.75 * largest(dtype))

    def fails(step):
        return not np.isfinite(net.value_and_grad(x[:1], x[:1] * 0, step=step)[0])

    expected = next(step for step in range(99) if fails(step))
    error = diverged(lambda: net.fit(x, x * 0, optimizer=cr.SGD(0.0), batch_size=1, epochs=99))
    assert (error.epoch, error.step) == (1 + expected // 8, 1 + expected % 8)
    assert error.layer == 3
    assert FORWARD.format(3) in str(error)


def test_in_the_penalty(plan):
    # That of float32 is a double, too, and its slope overflows before.
    net = cr.Network([cr.Input(2), cr.Dense(2), cr.Dense(2, l2=1), cr.Dense(2)], dtype="float64")
    net.parameters = np.zeros(net.n_parameters)
    net.layers[2].weights[...] = 1e200
    error = fit_once(net, np.ones((3, 2)), np.ones((3, 2)))
    assert error.layer == 3
    assert "first in the penalty of the weights of layer 3" in str(error)


def test_in_the_norm_of_the_gradient(plan):
    # Each element is finite. The norm of the largest numbers of float32 fits a double.
    net, (x, y) = chain("float64", 8), samples(3, 8)
    scale(net, 1, largest("float64") ** 0.6)
    scale(net, 3, 0)
    _, gradient = net.value_and_grad(x, y)
    y *= 0.9 * largest("float64") / np.abs(gradient).max()
    assert np.isfinite(net.value_and_grad(x, y)[1]).all()
    error = diverged(lambda: net.train_step(x, y, cr.SGD(0.0, clip_norm=1.0)))
    assert error.layer is None
    assert "first in the norm of the gradient" in str(error)


@pytest.mark.parametrize("what", ["inputs", "targets"])
@pytest.mark.parametrize("n", [3, 2000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_the_cost_of_validation_data(plan, dtype, n, what):
    net, (x, y) = chain(dtype), samples(3)
    many = [np.resize(each, (n, 4)).copy() for each in (x, y)]
    if what == "inputs":
        many[0][-1] = largest(dtype)
        scale(net, 2, 2)
    else:
        many[1][-1] = 8 * largest(dtype) ** 0.5
    error = diverged(
        lambda: net.fit(x, y, optimizer=cr.SGD(0.0), epochs=4, validation_data=tuple(many))
    )
    assert (error.epoch, error.step) == (1, None)
    assert error.layer == (3 if what == "inputs" else 4)
    assert re.match("the validation cost of epoch 1 became (inf|nan), first in ", str(error))


def test_outside_of_fit_there_is_neither_epoch_nor_step(plan):
    net, (x, y) = chain("float32"), samples(3)
    error = diverged(lambda: net.train_step(x, y * 1e30, cr.SGD(0.1)))
    assert (error.epoch, error.step, error.layer, error.history) == (None, None, 4, None)
    assert str(error).startswith("the cost became inf, first in the cost of the outputs of layer 4")


def test_with_weights_of_samples(plan):
    # One that counts nothing is too large for nothing.
    net, (x, y) = chain("float32"), samples(3)
    y[1] = 1e18
    weight = np.array([1, 0, 1])
    net.fit(x, y, optimizer=cr.SGD(0.0), sample_weight=weight)
    weight = np.array([1e-9, 1e30, 1])
    error = diverged(lambda: net.fit(x, y * 1e3, optimizer=cr.SGD(0.0), sample_weight=weight))
    assert error.layer == 4
    assert COST.format(4) in str(error)


# ---- Costs of the user's own ---------------------------------------------------------------------


class Own:
    """Squares, but for one call."""

    def __init__(self, call, cost=1.0, gradient=1.0):
        self.calls, self.call, self.factors = 0, call, (cost, gradient)

    def __call__(self, s, y):
        self.calls += 1
        cost, gradient = squares(s, y)
        if self.calls != self.call:
            return cost, gradient
        return cost * self.factors[0], gradient * self.factors[1]


@pytest.mark.parametrize("factors", [{"cost": np.nan}, {"gradient": np.inf}, {"gradient": np.nan}])
@pytest.mark.parametrize("options", [{}, {"gradient_norm": True}], ids=["fused", "whole"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_cost_function_is_not_called_again(plan, dtype, factors, options):
    loss = Own(3, **factors)
    net, (x, y) = chain(dtype, loss=loss), samples(8)
    error = diverged(
        lambda: net.fit(x, y, optimizer=cr.SGD(0.01), batch_size=4, epochs=9, **options)
    )
    assert loss.calls == 3
    assert (error.epoch, error.step, error.layer) == (2, 1, 4)
    assert COST.format(4) in str(error)
    assert "the cost function, your own, left what is not finite" in str(error)


@pytest.mark.parametrize("where", ["forward", "backward"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_where_a_cost_function_is_not_to_blame(plan, dtype, where):
    net, (x, y) = chain(dtype, loss=Own(0)), samples(5)
    big = largest(dtype) ** 0.4
    if where == "forward":
        scale(net, 2, 0.9 * largest(dtype))
    else:
        scale(net, 2, 0)
        scale(net, 3, big**2)
        y = y * big**1.1
    error = fit_once(net, x * 2, y)
    assert error.layer == 3
    assert (FORWARD if where == "forward" else BACKWARD).format(3) in str(error)
    assert net.loss.calls == 1
    assert "left what is not finite" not in str(error)


# ---- Why -----------------------------------------------------------------------------------------


def test_inputs_that_are_not_scaled(plan):
    net, (x, y) = chain("float32"), samples(6)
    x[:, 2] = [1e20, -3e19, 0, 0, 0, 5]
    error = fit_once(net, x, y, cr.SGD(0.1))
    assert "Likely cause: x is not scaled: its column 2 goes from -3e+19 to 1e+20; " in str(error)
    assert str(error).endswith("What may help: x scaled to about 1")


def test_targets_that_are_huge(plan):
    net, (x, y) = chain("float32"), samples(6)
    y[:, 1] = [1e20, -3e19, 0, 0, 0, 5]
    error = fit_once(net, x, y, cr.SGD(0.1))
    assert "Likely cause: y is not scaled: its column 1 goes from -3e+19 to 1e+20; " in str(error)
    assert str(error).endswith("What may help: y scaled to about 1")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gradient_that_explodes(plan, dtype):
    # With the norms that are recorded, and one that is too large for float32.
    x, y = samples(8)
    net, norms = chain(dtype), []

    class Watch:
        def on_step_end(self, net, record):
            norms.append(record.gradient_norm)

    error = diverged(
        lambda: net.fit(
            x,
            y,
            optimizer=cr.SGD(50.0),
            epochs=99,
            batch_size=4,
            shuffle=False,
            gradient_norm=True,
            callbacks=Watch(),
        )
    )
    assert len(norms) > 1
    before = f"{norms[-1]:.4g} one step before. What may help"
    twin = chain("float64")
    twin.parameters = net.parameters.astype(float)
    rows = slice(0, 4) if error.step == 1 else slice(4, 8)
    with np.errstate(all="ignore"):
        norm = np.linalg.norm(twin.value_and_grad(x[rows], y[rows])[1].astype(np.longdouble))
    shown = f"{float(norm):.4g}" if np.isfinite(float(norm)) else "not finite"
    assert f"; the gradient explodes, its norm is {shown}, {before}" in str(error)
    assert "Likely cause: the learning rate 50 is too large" in str(error)
    assert "or the optimizer's clip_norm" in str(error)


def test_a_learning_rate_that_is_too_large(plan):
    net, (x, y) = chain("float32"), samples(6)
    error = diverged(lambda: net.fit(x, y, optimizer=cr.SGD(123.0), epochs=99))
    assert "Likely cause: the learning rate 123 is too large" in str(error)
    assert "a smaller learning rate than 123; or x and y scaled to about 1" in str(error)


def test_clipping_is_not_recommended_to_who_clips(plan):
    net, (x, y) = chain("float32"), samples(6)
    optimizer = cr.SGD(1e19, clip_norm=1e3)
    error = diverged(lambda: net.fit(x, y, optimizer=optimizer, epochs=99))
    assert "the learning rate 1e+19 is too large" in str(error)
    assert "clip_norm" not in str(error)


def test_the_exception_can_be_pickled():
    net, (x, y) = chain("float32"), samples(6)
    error = fit_once(net, x, y * 1e30)
    twin = pickle.loads(pickle.dumps(error))
    assert str(twin) == str(error)
    assert (twin.epoch, twin.step, twin.layer) == (1, 1, 4)
    assert twin.history.cost == error.history.cost


def test_rprop_has_no_rate_to_halve():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    with pytest.raises(ValueError, match="which rprop reads in its first step only"):
        net.fit([[1.0]], [1.0], optimizer=cr.Rprop(), on_divergence="restore")


def test_a_rate_that_is_too_large_in_the_first_step_is_blamed():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    with pytest.raises(cr.TrainingDiverged, match=r"learning rate 1e.39 is too large"):
        net.fit([[1], [2]], [3, 4], optimizer=cr.SGD(1e39), batch_size=2)
    with pytest.raises(cr.TrainingDiverged, match=r"learning rate 1e.39 is too large"):
        net.train_step([[1], [2]], [3, 4], optimizer=cr.SGD(1e39))


@pytest.mark.parametrize("before", [0, 1])
def test_the_rate_is_no_cause_while_gradients_are_added_up(plan, before):
    def train(accumulate):
        net, optimizer = (
            cr.Network([cr.Input(1), cr.Dense(1)], rng=0),
            cr.SGD(0.5, accumulate=accumulate),
        )
        net.parameters = [1e30, 0]
        for _ in range(before):
            net.train_step([[0]], [0], optimizer)
        x = [[0], [0], [1], [0]]  # the cost of the third one overflows
        return diverged(
            lambda: net.fit(x, [0] * 4, optimizer=optimizer, batch_size=1, shuffle=False)
        )

    assert "the weights that it began with are too large" in str(train(before + 3))
    assert "the learning rate 0.5 is too large" in str(train(before + 2))


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_second_look_leaves_the_average_alone(batch_size):
    layers = [cr.Input(1), cr.Dense(2, bias=False), cr.Dense(1, bias=False)]
    net, optimizer = cr.Network(layers, rng=0), cr.SGD(1e-6, ema=0.5)
    net.parameters = [1, 1, 100, 100]
    x = [[1], [1]]
    net.fit(x, [[200], [200]], optimizer=optimizer, batch_size=batch_size)  # the gradient is 0
    optimizer.learning_rate = 1e38
    with pytest.raises(cr.TrainingDiverged):
        net.fit(x, [[0], [0]], optimizer=optimizer, batch_size=batch_size)
    np.testing.assert_array_equal(net.average, [1, 1, 100, 100])
