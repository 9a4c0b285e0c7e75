"""Clipping element by element, and what all limits of the gradient have in common."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from chainrule.optimizers import Optimizer
from reference import GRADIENT_TRANSFORMS, OPTIMIZERS, train
from support import DTYPES, Case, assert_relative, bits, named, reference_of

LIMITS = _core.gradient_transforms()
WRONG = [0, -1, np.inf, -np.inf, np.nan, "1", b"1", 1j, [1.0], object()]


def case_of(dtype="float64"):
    return Case(7, (5, 17, 9, 3), ("tanh", "relu", "identity"), "mse", dtype=dtype, batch=70)


@pytest.mark.parametrize("batch", [1, 32])
@pytest.mark.parametrize("value", [1e-4, 0.02, 1e6])
@pytest.mark.parametrize("norm", [None, 0.05])
def test_steps_are_those_of_the_reference(plan, value, norm, batch):
    """Values are clipped first, then the norm of what is left."""
    net, (x, y, weight) = case_of().network(), case_of().samples()
    assert net.plan(batch)["plan"] == plan
    reference, order = reference_of(net), np.tile(np.arange(70), (2, 1))
    transforms = [GRADIENT_TRANSFORMS["clip_value"](value)]
    if norm is not None:
        transforms.append(GRADIENT_TRANSFORMS["clip_norm"](norm))
    train(reference, OPTIMIZERS["sgd"](0.5, 0.5), x, y, batch, order, weight, transforms)
    own = cr.SGD(0.5, momentum=0.5, clip_norm=norm, clip_value=value)
    net.fit(x, y, optimizer=own, epochs=2, batch_size=batch, order=order, sample_weight=weight)
    assert_relative(net.parameters, reference.parameters, 1e-11, f"{value}, {norm}, {plan}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gradient_within_the_limit_stays_as_it_is(plan, dtype):
    nets = [case_of(dtype).network() for _ in range(2)]
    x, y, _ = case_of(dtype).samples()
    for net, limit in zip(nets, (None, 1e30), strict=True):
        net.fit(x, y, optimizer=cr.Adam(0.01, clip_value=limit), epochs=3)
    assert bits(nets[0]) == bits(nets[1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_elements_of_all_sizes(plan, dtype):
    # One linear neuron by a cost whose gradient is given: dC/dw = x.
    cost = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    info = np.finfo(dtype)
    g = np.array([0, -0.0, 1e-3, -0.25, 0.25, 0.5, -3, info.max / 4, -info.max / 4], dtype)
    net = cr.Network([cr.Input(len(g)), cr.Dense(1, bias=False)], loss=cost, dtype=dtype, rng=0)
    net.parameters = np.zeros(len(g))
    net.train_step(g, 0, cr.SGD(1.0, clip_value=0.25))
    np.testing.assert_array_equal(net.parameters, -np.clip(g, -0.25, 0.25))


def test_a_weight_decay_comes_after_the_limits():
    cost = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    net = cr.Network([cr.Input(2), cr.Dense(1, bias=False)], loss=cost, dtype="float64", rng=0)
    net.parameters = [8, -8]
    net.train_step([3, -0.25], 0, cr.SGD(1.0, clip_value=0.5, weight_decay=0.5))
    np.testing.assert_array_equal(net.parameters, [8 - (0.5 + 4), -8 - (-0.25 - 4)])


def test_nan_stays_nan(plan):
    """The step fails where the gradient is NaN; infinity is an element beyond the limit."""
    net = cr.Network([cr.Input(2), cr.Dense(1, "relu"), cr.Dense(1)], dtype="float32", rng=0)
    # dC/dW of the first layer is 0 and 1e30 times infinity.
    net.layers[1].weights, net.layers[1].bias = [[0, 0]], [1e-30]
    net.layers[2].weights, net.layers[2].bias = [[1e30]], [-1]
    optimizer = cr.SGD(0.5, clip_value=1.0)
    with pytest.raises(cr.TrainingDiverged):
        net.fit([[0, 1e30]], [[1e9]], optimizer=optimizer)
    assert np.isfinite(net.parameters).all()
    np.testing.assert_array_equal(net.layers[1].weights, [[0, 0.5]])


def test_as_torch_clips():
    torch = pytest.importorskip("torch")
    net, (x, y, _) = case_of().network(), case_of().samples()
    w = torch.tensor(net.parameters, requires_grad=True)
    theirs = torch.optim.SGD([w], lr=0.5, momentum=0.9)
    own = cr.SGD(0.5, momentum=0.9, clip_value=0.05, clip_norm=0.2)
    for _ in range(10):
        w.grad = torch.tensor(net.value_and_grad(x, y)[1])
        torch.nn.utils.clip_grad_value_([w], 0.05)
        torch.nn.utils.clip_grad_norm_([w], 0.2)
        theirs.step()
        net.train_step(x, y, own)
        assert_relative(net.parameters, w.detach().numpy(), 1e-12, "parameters")


# ---- A limit is a setting like the others --------------------------------------------------------


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("value", WRONG, ids=named)
@pytest.mark.parametrize("kind", [cr.SGD, cr.NAdam])
def test_wrong_limits(kind, value, limit):
    with pytest.raises((TypeError, ValueError), match=f"{limit} must be a"):
        kind(**{limit: value})
    optimizer = kind(**{limit: 2.0})
    with pytest.raises((TypeError, ValueError), match=f"{limit} must be a"):
        setattr(optimizer, limit, value)
    assert getattr(optimizer, limit) == 2.0


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("kind", Optimizer.__subclasses__())
def test_limit_is_a_setting_like_the_others(kind, limit):
    optimizer = kind(**{limit: 0.5})
    assert f"{limit}=0.5" in repr(optimizer)
    for twin in (
        copy.copy(optimizer),
        pickle.loads(pickle.dumps(optimizer)),
        eval(f"cr.{optimizer!r}"),
    ):
        assert getattr(twin, limit) == 0.5
    optimizer.learning_rate = 0.25
    assert getattr(optimizer, limit) == 0.5
    setattr(optimizer, limit, None)
    assert getattr(optimizer, limit) is None
    assert limit not in repr(optimizer)


def test_limits_do_not_depend_on_who_was_set_first():
    first, second = cr.SGD(clip_value=1), cr.SGD(clip_norm=2)
    first.clip_norm, second.clip_value = 2, 1
    assert first._spec() == second._spec() == cr.SGD(clip_norm=2, clip_value=1)._spec()
