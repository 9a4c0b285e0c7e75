"""Outputs that stay weighted inputs, and costs far from 0 and near it, in every plan."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from all_members import classes
from loss_cases import LOSSES, network, samples
from support import DTYPES, LOSS_NAMES, OUTPUTS, bits, reference_of

OF_LOGITS = [name for name in LOSS_NAMES if "logits" in vars(classes("losses")[name]())]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in OF_LOGITS if name != "poisson"])
def test_logits_train_as_the_activation_does(plan, name, dtype):
    kind, (output,) = classes("losses")[name], OUTPUTS[name]
    nets = network(kind(), dtype), network(kind(logits=True), dtype)
    x, y, weight = samples(kind(), 70)
    for net in nets:
        net.fit(x, y, batch_size=16, epochs=2, sample_weight=weight)
    assert bits(nets[0]) == bits(nets[1])
    assert nets[0].cost(x, y) == nets[1].cost(x, y)
    z = nets[1].predict(x)
    assert nets[0].predict(x).tobytes() == _forward(output, z).tobytes()
    assert not nets[1].trace(x, y).fused
    np.testing.assert_array_equal(nets[1].trace(x, y).dC_ds, nets[0].trace(x, y).delta(3))


def _forward(output, z):
    """Return the activation of z in its own dtype."""
    n = z.shape[1]
    net = cr.Network([cr.Input(n), cr.Dense(n, output, bias=False)], dtype=z.dtype)
    net.layers[1].weights = np.eye(n)
    return net.predict(z)


EXTREME = np.array([-1e4, -100, -1, -1e-30, 0, 1e-30, 1, 100, 1e4])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh", "quantile", "hinge", "focal"])
@pytest.mark.parametrize("target", [0, 1, 1e4])
def test_extreme_outputs(plan, loss, target, dtype):
    made = cr.Focal(logits=True) if loss == "focal" else loss
    y = np.full(9, {"hinge": 1, "focal": min(target, 1)}.get(loss, target))
    _check_extreme(made, EXTREME[:, None], y, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize(
    "loss",
    [cr.CrossEntropy(logits=True), cr.CrossEntropy(0.1, logits=True), cr.KlDivergence(logits=True)],
)
def test_extreme_logits_of_classes(plan, loss, label, dtype):
    z = np.array([[a, b, 0] for a in EXTREME for b in (-1e4, 0, 1e4)])
    _check_extreme(loss, z, np.full(len(z), label), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("y", [0, 0.25, 1])
@pytest.mark.parametrize("pos_weight", [None, 3])
def test_extreme_logits_of_yes_or_no(plan, pos_weight, y, dtype):
    loss = cr.BinaryCrossEntropy(pos_weight, logits=True)
    _check_extreme(loss, EXTREME[:, None], np.full(9, y), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits_of_counts(plan, dtype):
    z = np.array([[-1e4, -100, -1, 0, 1, 50]]).T
    _check_extreme(cr.Poisson(logits=True), z, np.full(6, 3), dtype)


def _check_extreme(loss, z, y, dtype):
    """Compare cost and delta of each z with the reference, which is exact far from 0, too."""
    n = z.shape[1]
    net = cr.Network([cr.Input(n), cr.Dense(n, bias=False)], loss=loss, dtype=dtype)
    net.layers[1].weights = np.eye(n)
    z = z.astype(dtype)
    ref = reference_of(net)
    with np.errstate(under="ignore"):
        passed = ref.forward(z)
        costs = ref.sample_costs(passed, y)
        deltas = ref.backward(passed, y).delta[2]
    relative = (
        1e-5 if dtype == "float32" else 1e-13
    )  # some tens of roundings, and e^x of |x| <= 100
    for i in range(len(z)):
        assert net.cost(z[i], y[i]) == pytest.approx(costs[i], rel=relative, abs=1e-36)
    delta = net.trace(z, y).delta(2)
    np.testing.assert_allclose(delta, deltas, rtol=100 * relative, atol=1e-36)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_cosh_keeps_its_digits_near_0(plan, dtype):
    e = np.array([1e-12, 1e-6, 1e-3, 0.1, 0.999, 1.0, 1.001, 20], dtype)
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], loss="log_cosh", dtype=dtype)
    net.parameters = [1]
    e64 = e.astype(float)
    expected = np.log1p(2 * np.sinh(e64 / 2) ** 2)
    found = [net.cost([each], [0]) for each in e]
    np.testing.assert_allclose(found, expected, rtol=64 * np.finfo(dtype).eps / 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", [*LOSSES, *LOSS_NAMES], ids=repr)
def test_nan_stays_nan(plan, loss, dtype):
    net = network(classes("losses")[loss]() if isinstance(loss, str) else loss, dtype)
    x, y, _ = samples(net.loss, 5)
    net.parameters[...] = np.nan
    cost, gradient = net.value_and_grad(x, y)
    assert np.isnan(cost)
    assert np.isnan(gradient).any()
    with pytest.raises(cr.TrainingDiverged):
        net.fit(x, y)
