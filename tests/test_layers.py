"""The layers: what they are drawn from at first, and the views of their parameters."""
# SPDX-License-Identifier: BSD-3-Clause

import gc
import weakref
from statistics import NormalDist

import numpy as np
import pytest

import chainrule as cr
from support import ACTIVATIONS, DTYPES, INITIALIZERS, bits

# The standard deviation that each initializer promises, and its distribution.
DEVIATIONS = {
    "glorot_uniform": lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5,
    "glorot_normal": lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5,
    "he_uniform": lambda n_in, n_out: (2 / n_in) ** 0.5,
    "he_normal": lambda n_in, n_out: (2 / n_in) ** 0.5,
    "uniform": lambda n_in, n_out: (1 / 3 / n_in) ** 0.5,  # within 1 / sqrt(n_in)
    "normal": lambda n_in, n_out: (1 / n_in) ** 0.5,
    "lecun_uniform": lambda n_in, n_out: (1 / n_in) ** 0.5,
    "lecun_normal": lambda n_in, n_out: (1 / n_in) ** 0.5,
    "orthogonal": lambda n_in, n_out: (1 / max(n_in, n_out)) ** 0.5,
    "zeros": lambda n_in, n_out: 0.0,
}
RANDOM = [name for name in DEVIATIONS if name != "zeros"]
DRAWN_ALONE = [name for name in RANDOM if name != "orthogonal"]  # each number
UNIFORM = [name for name in RANDOM if name.endswith("uniform")]


def test_every_initializer_is_tested():
    assert set(INITIALIZERS) == DEVIATIONS.keys()


def drawn(init, n_in, n_out, rng=0):
    """Return W and b of a layer."""
    net = cr.Network([cr.Input(n_in), cr.Dense(n_out, init=init)], dtype="float64", rng=rng)
    return net.layers[1].weights, net.layers[1].bias


def assert_distribution(values, name, deviation):
    """Compare mean, variance and distribution with what is promised, to 5 standard errors."""
    values = np.sort(values.ravel()) / deviation
    n = values.size
    assert abs(values.mean()) < 5 / n**0.5
    # The variance of a variance: (kurtosis - 1) / n; the kurtosis is 9/5 of a uniform, 3 of a
    # normal distribution, where this is the chi-square bound sqrt(2 / n), and less of one that is
    # cut off.
    kurtosis = 9 / 5 if name in UNIFORM else 3
    assert abs((values**2).mean() - 1) < 5 * ((kurtosis - 1) / n) ** 0.5
    # Kolmogorov and Smirnov: the chance of a larger distance is 2 e^(-2 d^2), 7e-6 for d = 2.5.
    if name in UNIFORM:
        promised = np.clip(values / 12**0.5 + 0.5, 0, 1)
    elif name == "lecun_normal":  # cut off at two standard deviations of the whole one
        below, scale = NormalDist().cdf(-2), 0.8796256610342398
        cdf = np.array([NormalDist().cdf(value * scale) for value in values])
        promised = (cdf - below) / (1 - 2 * below)
        assert np.abs(values * scale).max() <= 2 * (1 + 1e-12)
    else:
        promised = np.array([NormalDist().cdf(value) for value in values])
    steps = np.arange(n + 1) / n
    distance = max(np.abs(promised - steps[1:]).max(), np.abs(promised - steps[:-1]).max())
    assert distance * n**0.5 < 2.5


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize(("n_in", "n_out"), [(300, 50), (50, 300)])
def test_distribution_of_weights(name, n_in, n_out):
    W, _ = drawn(name, n_in, n_out)
    assert_distribution(W, name, DEVIATIONS[name](n_in, n_out))


@pytest.mark.parametrize("name", DRAWN_ALONE)
@pytest.mark.parametrize(("n_in", "n_out"), [(1, 5000), (9, 3000)])
def test_biases_are_drawn_like_weights(name, n_in, n_out):
    _, b = drawn(name, n_in, n_out)
    assert_distribution(b, name, DEVIATIONS[name](n_in, n_out))


@pytest.mark.parametrize("name", UNIFORM)
def test_bounds(name):
    for n_in, n_out in (300, 50), (1, 2000), (1, 1):
        bound = 3**0.5 * DEVIATIONS[name](n_in, n_out)
        W, b = drawn(name, n_in, n_out)
        values = np.append(W, b)
        assert np.abs(values).max() <= bound
        if values.size > 1000:
            assert values.max() > 0.99 * bound
            assert values.min() < -0.99 * bound


def test_zeros():
    W, b = drawn("zeros", 30, 20)
    assert not W.any()
    assert not b.any()


@pytest.mark.parametrize("name", DRAWN_ALONE)
def test_numbers_are_all_different(name):
    net = cr.Network(
        [cr.Input(20), cr.Dense(20, init=name), cr.Dense(20, init=name)], dtype="float64", rng=0
    )
    assert len(np.unique(net.parameters)) == net.n_parameters
    other = cr.Network(net.layers, dtype="float64", rng=1)
    assert not np.isin(net.parameters, other.parameters).any()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_layer_does_not_depend_on_the_others(name):
    def first(*later, n=6):
        return bits_of(cr.Network([cr.Input(5), cr.Dense(n, init=name), *later], rng=3).layers[1])

    def bits_of(layer):
        return layer.weights.tobytes(), layer.bias.tobytes()

    assert first() == first(cr.Dense(2)) == first(cr.Dense(9, "relu"), cr.Dense(1, bias=False))


@pytest.mark.parametrize("name", INITIALIZERS)
def test_float32_rounds_the_numbers_of_float64(name):
    layers = [cr.Input(30), cr.Dense(20, init=name), cr.Dense(10, init=name)]
    single, double = (cr.Network(layers, dtype=dtype, rng=5).parameters for dtype in DTYPES)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, double.astype(np.float32))


# Views


def small_net(dtype="float32"):
    return cr.Network(
        [cr.Input(4), cr.Dense(3, "tanh"), cr.Dense(5, bias=False), cr.Dense(2)],
        dtype=dtype,
        rng=0,
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_views_lie_in_the_parameters(dtype):
    net = small_net(dtype)
    flat = net.parameters
    assert flat.shape == (net.n_parameters,)
    assert net.n_parameters == 4 * 3 + 3 + 3 * 5 + 5 * 2 + 2
    assert (net.n_in, net.n_out, net.dtype) == (4, 2, np.dtype(dtype))
    # Layer by layer W as (n_in, n_out) row by row, then b.
    flat[:] = np.arange(net.n_parameters)
    start = 0
    for layer, n_in in zip(net.layers[1:], (4, 3, 5), strict=True):
        W, n_out = layer.weights, layer.n_out
        assert W.shape == (n_out, n_in)
        stored = np.arange(start, start + n_in * n_out).reshape(n_in, n_out)
        np.testing.assert_array_equal(W, stored.T)
        start += n_in * n_out
        if layer.has_bias:
            assert layer.bias.shape == (n_out,)
            np.testing.assert_array_equal(layer.bias, np.arange(start, start + n_out))
            start += n_out
        else:
            assert layer.bias is None
    assert start == net.n_parameters


def test_views_are_written_through():
    net = small_net()
    views = [view for layer in net.layers[1:] for view in (layer.weights, layer.bias)]
    for view in [view for view in views if view is not None] + [net.parameters]:
        assert view.dtype == net.dtype
        assert view.flags.writeable
        assert np.shares_memory(view, net.parameters)
    net.layers[1].weights[2, 3] = 7
    net.layers[3].bias[1] = 8
    assert net.parameters[3 * 3 + 2] == 7
    assert net.parameters[-1] == 8
    assert net.layers[1].weights[2, 3] == 7


def test_predictions_follow_the_views():
    net = cr.Network([cr.Input(2), cr.Dense(2)], dtype="float64", rng=0)
    W, b = net.layers[1].weights, net.layers[1].bias
    W[...] = [[1, 2], [3, 4]]
    b[...] = [10, 20]
    np.testing.assert_array_equal(net.predict([1, 10]), [31, 63])
    W *= 2
    np.testing.assert_array_equal(net.predict([1, 10]), [52, 106])
    b[1] = 0
    np.testing.assert_array_equal(net.predict([1, 10]), [52, 86])


def test_views_follow_training():
    net = small_net()
    W, flat = net.layers[1].weights, net.parameters
    before = W.copy()
    net.train_step(np.ones((3, 4)), np.zeros((3, 2)), cr.SGD(0.1))
    assert (before != W).any()
    np.testing.assert_array_equal(W.T.ravel(), flat[:12])


def test_assignment_copies_values():
    net = small_net()
    values = np.arange(12.0).reshape(3, 4)
    W, flat = net.layers[1].weights, net.parameters
    net.layers[1].weights = values
    net.layers[1].bias = [1, 2, 3]
    np.testing.assert_array_equal(W, values)
    np.testing.assert_array_equal(net.layers[1].bias, [1, 2, 3])
    values[...] = -1
    assert (W >= 0).all()
    net.parameters = range(net.n_parameters)
    np.testing.assert_array_equal(flat, np.arange(net.n_parameters))
    net.layers[1].weights += 1
    assert W[0, 0] == 1


def test_views_outlive_what_they_came_from():
    net = small_net()
    expected = net.parameters.copy()
    views = {
        "W": net.layers[1].weights,
        "b": net.layers[1].bias,
        "flat": net.parameters,
        "row": net.layers[1].weights[1],
    }
    layer, alive = net.layers[3], weakref.ref(net)
    del net
    gc.collect()
    assert alive() is not None
    np.testing.assert_array_equal(views["flat"], expected)
    np.testing.assert_array_equal(views["W"].T.ravel(), expected[:12])
    np.testing.assert_array_equal(views["row"], views["W"][1])
    assert layer.weights.shape == (2, 5)
    views["W"][...] = 3
    assert (views["flat"][:12] == 3).all()
    del layer, views
    gc.collect()
    assert alive() is None


def test_network_goes_without_the_garbage_collector():
    gc.disable()
    try:
        net = small_net()
        layers, alive = net.layers, weakref.ref(net)
        net.fit(np.ones((3, 4)), np.zeros((3, 2)))
        del net, layers
        assert alive() is None
    finally:
        gc.enable()


def test_split_gives_views():
    net = small_net()
    for block in net.parameters, np.arange(float(net.n_parameters)):
        pairs = net.split(block)
        assert [W.shape for W, _ in pairs] == [(3, 4), (5, 3), (2, 5)]
        assert [None if b is None else b.shape for _, b in pairs] == [(3,), None, (2,)]
        for W, b in pairs:
            assert np.shares_memory(W, block)
            assert b is None or np.shares_memory(b, block)
    np.testing.assert_array_equal(pairs[0][0].T.ravel(), np.arange(12))
    np.testing.assert_array_equal(pairs[2][1], block[-2:])
    for wrong in np.zeros(net.n_parameters - 1), np.zeros((1, net.n_parameters)):
        with pytest.raises(cr.ShapeError, match="expected"):
            net.split(wrong)


# Descriptions


def test_layers_of_a_network():
    net = small_net()
    assert [type(layer) for layer in net.layers] == [cr.Input, cr.Dense, cr.Dense, cr.Dense]
    assert net.layers[0].n == 4
    assert [layer.n_out for layer in net.layers[1:]] == [3, 5, 2]
    assert [layer.activation for layer in net.layers[1:]] == ["tanh", "identity", "identity"]
    assert [layer.has_bias for layer in net.layers[1:]] == [True, False, True]
    with pytest.raises(AttributeError):
        net.layers = ()


def test_one_description_for_several_layers_and_networks():
    layer = cr.Dense(3, "tanh")
    nets = [cr.Network([cr.Input(3), layer, layer], rng=seed) for seed in (0, 1)]
    blocks = [each.weights for net in nets for each in net.layers[1:]]
    for i, block in enumerate(blocks):
        for other in blocks[i + 1 :]:
            assert not np.shares_memory(block, other)
            assert (block != other).any()
    with pytest.raises(AttributeError):
        _ = layer.weights


def test_layers_of_a_network_describe_another():
    net = small_net()
    twin = cr.Network(net.layers, rng=net.seed)
    assert bits(twin) == bits(net)
    assert not np.shares_memory(twin.parameters, net.parameters)
    assert twin.layers == net.layers


def test_a_layer_changed_after_use_changes_no_network():
    layer = cr.Dense(3, "tanh")
    net = cr.Network([cr.Input(2), layer], rng=0)
    layer.n_out, layer.activation = 7, "relu"
    assert net.layers[1].n_out == 3
    assert net.layers[1].activation == "tanh"
    assert net.copy().predict([1, 2]).shape == (3,)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (cr.Input(4), "Input(4)"),
        (cr.Dense(3), "Dense(3, 'identity')"),
        (cr.Dense(3, "relu", bias=False), "Dense(3, 'relu', bias=False)"),
        (cr.Dense(np.int8(3), init="he_normal"), "Dense(3, 'identity', init='he_normal')"),
    ],
    ids=repr,
)
def test_repr_makes_the_layer_again(layer, text):
    assert repr(layer) == text
    again = eval(text, {"Input": cr.Input, "Dense": cr.Dense})
    assert again == layer
    assert repr(again) == text


def test_equality():
    different = [
        cr.Input(3),
        cr.Input(4),
        cr.Dense(3),
        cr.Dense(4),
        cr.Dense(3, bias=False),
        cr.Dense(3, init="zeros"),
        *(cr.Dense(3, activation) for activation in ACTIVATIONS if activation != "identity"),
        "Dense(3, 'identity')",
    ]
    for i, layer in enumerate(different):
        for k, other in enumerate(different):
            assert (layer == other) == (i == k)
    assert cr.Dense(3, "relu") == cr.Dense(3, "relu")
    # With or without parameters, it is the description that counts.
    assert small_net().layers[1] == cr.Dense(3, "tanh")


def test_repr_of_a_network():
    assert repr(small_net()).splitlines() == [
        "Network 4-3-5-2, 42 parameters, loss mse, float32",
        "  layer  kind   neurons  activation  W       b     parameters",
        "      1  Input        4",
        "      2  Dense        3  tanh        (3, 4)  (3,)          15",
        "      3  Dense        5  identity    (5, 3)  -             15",
        "      4  Dense        2  identity    (2, 5)  (2,)          12",
    ]
    net = cr.Network([cr.Input(999), cr.Dense(1000)], loss=lambda s, y: None, dtype="float64")
    assert repr(net).startswith("Network 999-1000, 1,000,000 parameters, loss <lambda>, float64\n")
