"""First weights that are more than numbers drawn one by one: orthogonal ones, and a user's own."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr
from support import DTYPES, bits

SHAPES = [(1, 1), (1, 6), (6, 1), (2, 2), (5, 3), (3, 5), (9, 9), (64, 33), (130, 131), (300, 40)]


def weights(init, shape, dtype="float64", rng=3, **options):
    """Return the network's layer with such first weights."""
    n_out, n_in = shape
    dense = cr.Dense(n_out, init=init, **options)
    return cr.Network([cr.Input(n_in), dense], dtype=dtype, rng=rng).layers[1]


# ---- Orthogonal ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_shorter_side_is_orthonormal(shape, dtype):
    layer = weights("orthogonal", shape, dtype)
    W = layer.weights.astype(float)
    products = W @ W.T if shape[0] <= shape[1] else W.T @ W
    # Each product of two rows has max(shape) terms; rows of which a tenth was left lost a digit.
    tolerance = (10 + max(shape)) * np.finfo(dtype).eps
    np.testing.assert_allclose(products, np.eye(min(shape)), atol=tolerance)
    assert not layer.bias.any()


@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal_is_the_q_of_normal_numbers(shape):
    # "normal" draws the same ones, scaled: the decomposition is unique with a positive diagonal.
    A = weights("normal", shape).weights
    A = A if shape[0] >= shape[1] else A.T
    Q, R = np.linalg.qr(A)
    Q = Q * np.sign(np.diag(R))
    # A's condition takes that many digits of both.
    tolerance = 100 * np.linalg.cond(A) * np.finfo(float).eps
    W = weights("orthogonal", shape).weights
    np.testing.assert_allclose(W if shape[0] >= shape[1] else W.T, Q, atol=tolerance)


def test_orthogonal_is_that_of_torch(monkeypatch):
    torch = pytest.importorskip("torch")
    for shape in SHAPES:
        normal = torch.tensor(weights("normal", shape).weights * shape[1] ** 0.5)
        with monkeypatch.context() as patched:
            patched.setattr(torch.Tensor, "normal_", lambda at, *_, n=normal, **__: at.copy_(n))
            expected = torch.nn.init.orthogonal_(torch.empty(shape, dtype=torch.float64))
        W = weights("orthogonal", shape).weights
        np.testing.assert_allclose(W, expected.numpy(), atol=1e-10)


# ---- A user's own --------------------------------------------------------------------------------

W = np.arange(12.0).reshape(3, 4) / 8
B = np.array([1, -2, 3])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("init", "b"),
    [
        (W, 0),
        (W.tolist(), 0),
        (W.astype(np.float16), 0),
        (np.asfortranarray(W).astype(">f4"), 0),
        ((W, B), B),
        ((W.tolist(), None), 0),
        (lambda shape, rng: W, 0),
        (lambda shape, rng: (W.tolist(), B), B),
    ],
    ids=["array", "list", "float16", "Fortran", "pair", "no b", "function", "function of a pair"],
)
def test_weights_are_those_given(init, b, dtype):
    layer = weights(init, (3, 4), dtype)
    np.testing.assert_array_equal(layer.weights, W.astype(dtype))
    np.testing.assert_array_equal(layer.bias, np.full(3, b))
    assert layer.init == "custom"
    without = weights(init if np.ndim(b) == 0 else W, (3, 4), dtype, bias=False)
    np.testing.assert_array_equal(without.weights, W.astype(dtype))


def test_a_description_keeps_a_copy():
    given = W.copy()
    layer = cr.Dense(3, init=given)
    given[...] = 7
    net = cr.Network([cr.Input(4), layer], rng=0)
    np.testing.assert_array_equal(net.layers[1].weights, W)
    with pytest.raises(ValueError, match="read-only"):
        layer.init[0, 0] = 1
    net.layers[1].weights += 1
    np.testing.assert_array_equal(layer.init, W)
    assert layer == cr.Dense(3, init=W) == pickle.loads(pickle.dumps(layer)) == copy.copy(layer)
    assert layer not in [cr.Dense(3, init=W + 1), cr.Dense(3), cr.Dense(3, init=(W, B))]
    assert repr(layer) == "Dense(3, 'identity', init=<array (3, 4)>)"


def uniform(shape, rng):
    """Return first weights, as a user may write it."""
    return rng.uniform(-1, 1, size=shape)


def test_a_function_is_called_with_shape_and_generator():
    def network(rng, *later):
        return cr.Network([cr.Input(4), cr.Dense(3), cr.Dense(5, init=uniform), *later], rng=rng)

    first = network(1).layers[2].weights
    assert first.shape == (5, 3)
    # By the seed and the place alone.
    np.testing.assert_array_equal(first, network(1, cr.Dense(2, init=uniform)).layers[2].weights)
    assert (first != network(2).layers[2].weights).all()
    both = [cr.Input(3), cr.Dense(3, init=uniform), cr.Dense(3, init=uniform)]
    of_both = cr.Network(both, rng=0).layers
    assert (of_both[1].weights != of_both[2].weights).all()
    assert repr(both[1]) == "Dense(3, 'identity', init=<function uniform>)"
    assert pickle.loads(pickle.dumps(both[1])) == both[1]


def test_networks_do_not_keep_what_made_them():
    net = cr.Network([cr.Input(4), cr.Dense(3, init=lambda shape, rng: W)], rng=0)
    for twin in net.copy(), pickle.loads(pickle.dumps(net)), copy.deepcopy(net):
        assert bits(twin) == bits(net)
        assert twin.layers == net.layers
        assert repr(twin.layers[1]) == "Dense(3, 'identity', init='custom')"
    with pytest.raises(ValueError, match='layer 2 has init="custom"'):
        cr.Network(net.layers)
    again = cr.Network([cr.Input(4), cr.Dense(3, init=net.layers[1].weights)], rng=0)
    assert bits(again) == bits(net)


REFUSED = {
    "shape": (W.T, cr.ShapeError, r"init has W of shape \(4, 3\), expected \(3, n_in\)"),
    "one dimension": (B, cr.ShapeError, r"W of shape \(3,\), expected \(3, n_in\)"),
    "b": ((W, W), cr.ShapeError, r"b of shape \(3, 4\), expected \(3,\)"),
    "nan": (np.full((3, 4), np.nan), ValueError, "NaN or an infinity in W"),
    "inf": ((W, [0, np.inf, 0]), ValueError, "NaN or an infinity in b"),
    "complex": (W * 1j, TypeError, "init must be a name, got"),
    "words": ([["a"] * 4] * 3, TypeError, "init must be a name, got"),
    "ragged": ([[1, 2], [3]], TypeError, "init must be a name, got"),
    "three": ((W, B, B), TypeError, "init must be a name, got"),
    "masked": (np.ma.masked_array(W, W > 1), TypeError, "masked"),
    "class": (dict, TypeError, "init must be a name, got"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arrays_that_are_refused(case):
    init, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        cr.Dense(3, init=init)


REFUSED_LATER = {
    "n_in": (
        W[:, 1:],
        cr.ShapeError,
        r"W from init of layer 2 has shape \(3, 3\), expected",
    ),
    "function's shape": (lambda *_: W.T, cr.ShapeError, r"has shape \(4, 3\), expected \(3, 4\)"),
    "function's nan": (lambda *_: W * np.nan, ValueError, "W from init of layer 2 must be finite"),
    "nothing": (lambda *_: None, TypeError, "W from init of layer 2 must be real numbers"),
    "three": (lambda *_: (W, B, B), TypeError, "must return W or a pair"),
    "b's shape": (lambda *_: (W, [1]), cr.ShapeError, "b from init of layer 2 has shape"),
    "arguments": (lambda shape: W, TypeError, "positional argument"),
    "its own": (lambda *_: 1 / 0, ZeroDivisionError, "division"),
    "too large": (W * 1e300, ValueError, "W from init of layer 2 has a number too large"),
}


@pytest.mark.parametrize("case", REFUSED_LATER)
def test_weights_that_do_not_suit_the_network(case):
    init, error, message = REFUSED_LATER[case]
    with pytest.raises(error, match=message):
        weights(init, (3, 4), "float32")


def test_a_bias_for_a_layer_without():
    with pytest.raises(ValueError, match=r"init of layer 2 has a b, and the layer has none"):
        weights((W, B), (3, 4), bias=False)
