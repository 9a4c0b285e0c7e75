"""A step that fails has one meaning, in every plan, for every optimizer and dtype.

After a cost that is not finite nothing has changed. In an update that overflows, each number that
would not be finite keeps its value and its state; all others have made the step.
"""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES, Case, bits

OPTIMIZERS = {
    "sgd": {},
    "momentum": {"momentum": 0.5},
    "nesterov": {"momentum": 0.5, "nesterov": True},
    "clipped": {"clip_norm": 1e30},
}


def problem(dtype, batch):
    case = Case(11, (6, 20, 70, 3), ("tanh", "relu", "identity"), "mse", dtype=dtype, batch=batch)
    x, y, _ = case.samples()
    return case.network(), x, 1e6 * y  # so that gradients are larger than 1


def step(net, x, y, optimizer):
    """Make a step that fails, by train_step or, one sample alone, by fit."""
    with pytest.raises(cr.TrainingDiverged):
        net.fit(x, y, optimizer=optimizer, batch_size=len(x), shuffle=False)


@pytest.mark.parametrize("batch", [1, 40])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_update_that_overflows_for_some_weights(plan, kind, dtype, batch):
    net, x, y = problem(dtype, batch)
    assert net.plan(batch)["plan"] == plan
    _, gradient = net.value_and_grad(x, y)
    g, before = gradient.astype(np.longdouble), net.parameters.copy()
    assert np.median(np.abs(g[g != 0])) > 1
    largest = np.longdouble(np.finfo(dtype).max)
    # Half of the gradients that are not 0 are larger than this, and overflow times the rate.
    rate = float(largest / np.median(np.abs(g[g != 0])))
    length = 1.5 if kind == "nesterov" else 1.0  # g + mu m, of a first step
    steps = length * rate * g
    clear = np.abs(np.abs(steps) / largest - 1) > 1e-3  # on either side, however it is rounded
    overflows = np.abs(steps) > largest
    assert overflows.any()
    assert (~overflows & (g != 0)).any()
    optimizer = cr.SGD(rate, **OPTIMIZERS[kind])
    step(net, x, y, optimizer)
    after = net.parameters
    assert np.isfinite(after).all()
    kept = clear & overflows
    np.testing.assert_array_equal(after[kept], before[kept])
    made = clear & ~overflows
    expected = (before - steps)[made].astype(float)
    np.testing.assert_allclose(after[made].astype(float), expected, rtol=1e-5)
    assert optimizer.steps == 0
    for state in optimizer._states().values():
        np.testing.assert_array_equal(state[kept], 0)
        np.testing.assert_allclose(state[made], gradient[made].astype(float), rtol=1e-6)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_squares_of_gradients_that_overflow(plan, dtype, batch):
    # Adam's v = 0.001 g^2 overflows where g does not: for the weights of the first input only.
    net = cr.Network([cr.Input(2), cr.Dense(4)], dtype=dtype)
    net.parameters = np.zeros(12)
    assert net.plan(batch)["plan"] == plan
    size = float(np.sqrt(np.finfo(dtype).max)) * 100
    x, y = np.tile([size, 1.0], (batch, 1)), np.tile([1.0, -1.0, 2.0, -2.0], (batch, 1))
    optimizer = cr.Adam(0.25)
    step(net, x, y, optimizer)
    weights, bias = net.layers[1].weights, net.layers[1].bias
    np.testing.assert_array_equal(weights[:, 0], 0)
    np.testing.assert_allclose(weights[:, 1], 0.25 * np.sign(y[0]), rtol=1e-5)
    np.testing.assert_allclose(bias, 0.25 * np.sign(y[0]), rtol=1e-5)
    for state in optimizer._states().values():
        assert np.isfinite(state).all()
        np.testing.assert_array_equal(net.split(state)[0][0][:, 0], 0)
        assert (net.split(state)[0][0][:, 1] != 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [*OPTIMIZERS, "adam"])
def test_cost_that_is_not_finite_changes_nothing(plan, kind, dtype):
    net, x, y = problem(dtype, 40)
    make = (lambda: cr.Adam(0.01)) if kind == "adam" else lambda: cr.SGD(0.01, **OPTIMIZERS[kind])
    optimizer = make()
    net.train_step(x, y, optimizer)
    before, states = bits(net), [state.tobytes() for state in optimizer._states().values()]
    step(net, x, np.full(y.shape, np.finfo(dtype).max), optimizer)
    assert bits(net) == before
    assert [state.tobytes() for state in optimizer._states().values()] == states
    assert optimizer.steps == 1
