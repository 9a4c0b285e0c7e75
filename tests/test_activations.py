"""Activations: the promised largest errors over all z, extreme z, and PyTorch beside them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from all_members import classes
from chainrule import _core
from reference import ACTIVATIONS
from reference.activations import Gelu
from support import DTYPES, ELEMENTWISE

LONGER = {"float32": np.float64, "float64": np.longdouble}


def outputs(activation, z, dtype):
    """Return a and f' for each z: those of a network of one neuron, where delta = f'(z)."""
    ones = lambda s, y: (0.0, np.ones_like(s))  # noqa: E731
    layers = [cr.Input(1), cr.Dense(1, activation, bias=False)]
    net = cr.Network(layers, loss=ones, dtype=dtype)
    net.parameters = [1]
    x, y = z[:, None], np.zeros((len(z), 1))
    a = net.predict(x, check_finite=False)[:, 0]
    return a, net.trace(x, y).delta(2)[:, 0] if np.isfinite(a).all() else None


# ---- The promises --------------------------------------------------------------------------------


def places(dtype):
    """Return z of all exponents, and many where the functions do not just saturate."""
    bits = np.dtype(f"u{np.dtype(dtype).itemsize}")
    step = np.iinfo(bits).max // 100_000 | 1
    every = (np.arange(100_000, dtype=bits) * bits.type(step)).view(dtype)
    dense = [np.linspace(-each, each, 20_001) for each in (1e-3, 1.5, 4, 12, 30, 100, 720)]
    kinks = np.array([-3, 0, 3, 6, 20], dtype)
    near = [np.nextafter(kinks, np.array(to, dtype)) for to in (-np.inf, np.inf)]
    z = np.concatenate([every, *[each.astype(dtype) for each in dense], kinks, *near])
    least = np.finfo(dtype).tiny  # denormals count as 0
    return z[np.isfinite(z) & ((np.abs(z) >= least) | (z == 0))]


def ulp(exact, dtype):
    """Return one unit in the last place of a normal number."""
    format = np.finfo(dtype)
    exponent = np.maximum(np.frexp(exact)[1], format.minexp + 1)
    return np.ldexp(np.ones_like(exact), exponent - format.nmant - 1)


def erf(x):
    """2 / sqrt(pi) e^(-x^2) sum_n 2^n x^(2n + 1) / (1 3 5 ... (2n + 1)): nothing cancels.

    Abramowitz, Stegun: Handbook of mathematical functions, 7.1.6.
    """
    x = np.clip(x, -7, 7)  # 1 - erf(7) = 4e-23
    term = sum_ = x
    for n in range(1, 250):
        term = term * (2 * x**2 / (2 * n + 1))
        sum_ = sum_ + term
    return 2 / np.sqrt(np.arccos(x.dtype.type(-1))) * np.exp(-(x**2)) * sum_


class LongGelu(Gelu):
    """With more digits than the library's Phi has."""

    def distribution(self, z):
        return (1 + erf(z / np.sqrt(z.dtype.type(2)))) / 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", _core.max_errors())
def test_errors_are_as_promised(name, dtype):
    longer = LONGER[dtype]
    if np.finfo(longer).nmant < np.finfo(dtype).nmant + 10:
        pytest.skip("no longer numbers here")
    of_a, of_slope, of_z = _core.max_errors()[name]
    f = LongGelu() if name == "gelu" else ACTIVATIONS[name]()
    z = places(dtype)
    with np.errstate(all="ignore"):
        exact = f.forward(z.astype(longer))
        fits = np.abs(exact) < np.finfo(dtype).max / 2
        z, exact = z[fits], exact[fits]
        exact_slope = f.slope(z.astype(longer), exact)
    a, slope = outputs(name, z, dtype)
    # Near the denormal numbers a factor of z may have become 0.
    smallest = 16 * np.finfo(dtype).tiny * np.maximum(1, np.abs(z.astype(longer)))
    bound = of_a * ulp(exact, dtype) + of_z * ulp(z.astype(longer), dtype)
    wrong = np.abs(a - exact) > np.maximum(bound, np.where(np.abs(exact) < smallest, smallest, 0))
    assert not wrong.any(), (z[wrong][:3], a[wrong][:3], exact[wrong][:3])
    bound = of_slope * ulp(np.maximum(1, np.abs(exact_slope)), dtype)
    wrong = np.abs(slope - exact_slope) > bound
    assert not wrong.any(), (z[wrong][:3], slope[wrong][:3], exact_slope[wrong][:3])


def test_every_elementwise_activation_promises():
    assert set(_core.max_errors()) == set(ELEMENTWISE)


# ---- Extreme z -----------------------------------------------------------------------------------

LIMITS = {  # below and above
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu6": (0, 6),
    "elu": (-1, None),
    "selu": (-1.0507009873554805 * 1.6732632423543772, None),
    "gelu": (0, None),
    "gelu_tanh": (0, None),
    "silu": (0, None),
    "mish": (0, None),
    "softplus": (0, None),
    "softsign": (-1, 1),
    "hard_sigmoid": (0, 1),
    "hard_swish": (0, None),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LIMITS)
def test_limits(plan, name, dtype):
    far = np.array([1e4, 1e10, 1e30, np.finfo(dtype).max / 4])
    below, above = LIMITS[name]
    scale = 1.0507009873554805 if name == "selu" else 1
    for sign, limit in (-1, below), (1, above):
        a, slope = outputs(name, sign * far, dtype)
        expected = scale * sign * far if limit is None else np.full(4, limit)
        # softsign is 1 - 1 / 1e4 at the first of them
        np.testing.assert_allclose(a, expected, rtol=1e-6 if name != "softsign" else 2e-4)
        np.testing.assert_allclose(slope, scale if limit is None else 0, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_stays_nan_and_0_is_exact(plan, name, dtype):
    z = np.array([np.nan, 0.0, 1.0, np.nan, -1.0])
    a, _ = outputs(name, z, dtype)
    np.testing.assert_array_equal(np.isnan(a), np.isnan(z))
    at_0 = {"sigmoid": 0.5, "hard_sigmoid": 0.5, "exponential": 1}
    assert name == "softplus" or a[1] == at_0.get(name, 0)


def test_an_alpha_of_0_is_relu(plan):
    z = np.linspace(-5, 5, 101)
    for found, expected in zip(
        outputs(cr.Elu(0), z, "float64"), outputs("relu", z, "float64"), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("beta", [1e-3, 0.5, 1, 30, 1e6])
def test_softplus_of_any_beta(plan, beta):
    z = np.concatenate([np.linspace(-100, 100, 201), [1e300, -1e300]])
    a, slope = outputs(cr.Softplus(beta, 700), z, "float64")
    np.testing.assert_allclose(a, np.logaddexp(0, beta * z) / beta, rtol=1e-14, atol=1e-300)
    at = np.clip(beta * z, -700, 700)
    np.testing.assert_allclose(slope, 1 / (1 + np.exp(-at)), rtol=1e-14, atol=1e-300)


# ---- Names ---------------------------------------------------------------------------------------

ELSEWHERE = {
    "swish": "silu",
    "hard_silu": "hard_swish",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "gelu_new": "gelu_tanh",
    "exp": "exponential",
    "linear": "identity",
    "logistic": "sigmoid",
    "SiLU": "silu",
    "ReLU6": "relu6",
}


@pytest.mark.parametrize(("name", "ours"), ELSEWHERE.items())
def test_names_of_other_libraries_lead_to_ours(name, ours):
    with pytest.raises(ValueError, match=f'unknown activation "{name}".*"{ours}"'):
        cr.Dense(3, name)


@pytest.mark.parametrize("kind", classes("activations").values())
def test_objects_print_what_makes_them(kind):
    made = kind()
    assert eval(f"cr.{made!r}") == made
    layer = cr.Dense(3, made)
    assert eval(repr(layer), {kind.__name__: kind, "Dense": cr.Dense}) == layer
    assert layer.activation == made


def test_all_activations_have_a_class():
    assert set(classes("activations")) == set(_core.activations())


def test_numbers_of_softplus_and_elu():
    for make, message in [
        (lambda: cr.Elu(-1), "alpha must be a finite number >= 0, got -1"),
        (lambda: cr.Elu("1"), "alpha must be a number, got '1'"),
        (lambda: cr.Softplus(0), "beta must be a finite number > 0, got 0"),
        (lambda: cr.Softplus(1, -1), "threshold must be a finite number >= 0, got -1"),
        (lambda: cr.Silu(2), "takes 1 positional argument"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            make()


# ---- PyTorch -------------------------------------------------------------------------------------


def pytorchs(F):
    """Return PyTorch's function for each activation, with numbers where it has some."""
    return {
        "identity": lambda z: z * 1,
        "sigmoid": F.sigmoid,
        "tanh": F.tanh,
        "relu": F.relu,
        "leaky_relu": F.leaky_relu,
        "gelu": F.gelu,
        "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
        "elu": F.elu,
        "selu": F.selu,
        "silu": F.silu,
        "mish": F.mish,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "relu6": F.relu6,
        "hard_sigmoid": F.hardsigmoid,
        "hard_swish": F.hardswish,
        "exponential": lambda z: z.exp(),
        cr.Elu(0.3): lambda z: F.elu(z, 0.3),
        cr.LeakyRelu(0.2): lambda z: F.leaky_relu(z, 0.2),
        cr.Softplus(3.0, 5.0): lambda z: F.softplus(z, 3.0, 5.0),
    }


def test_pytorch_has_the_same(plan):
    torch = pytest.importorskip("torch")
    functions = pytorchs(torch.nn.functional)
    z = np.concatenate([np.linspace(-30, 30, 2401), [-1e4, 1e4, 1e-300, -1e-300]])
    assert {each for each in functions if isinstance(each, str)} == set(ELEMENTWISE)
    for activation, f in functions.items():
        at = z[np.abs(z) < 700] if activation == "exponential" else z
        of_torch = torch.tensor(at, requires_grad=True)
        expected = f(of_torch)
        (slopes,) = torch.autograd.grad(expected.sum(), of_torch)
        a, slope = outputs(activation, at, "float64")
        say = {"err_msg": f"{activation}"}
        np.testing.assert_allclose(a, expected.detach(), rtol=1e-10, atol=1e-10, **say)
        # PyTorch takes the float32 next to 1/6 for the slope of hardsigmoid.
        rtol = 1e-7 if activation == "hard_sigmoid" else 1e-10
        np.testing.assert_allclose(slope, slopes, rtol=rtol, atol=1e-10, **say)


def test_pytorch_trains_the_same(plan):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 4)), rng.normal(size=(32, 2))
    for activation, f in pytorchs(torch.nn.functional).items():
        if activation == "hard_sigmoid":  # whose slope PyTorch rounds
            continue
        net = cr.Network(
            [cr.Input(4), cr.Dense(9, activation), cr.Dense(2)], dtype="float64", rng=1
        )
        net.parameters *= 0.5
        parts = [(layer.weights, layer.bias) for layer in net.layers[1:]]
        twins = [torch.tensor(each.copy(), requires_grad=True) for pair in parts for each in pair]
        descent = torch.optim.SGD(twins, lr=0.05)
        optimizer = cr.SGD(0.05)
        for _ in range(20):
            descent.zero_grad()
            hidden = f(torch.tensor(x) @ twins[0].T + twins[1])
            cost = ((hidden @ twins[2].T + twins[3] - torch.tensor(y)) ** 2).mean()
            cost.backward()
            descent.step()
            assert net.train_step(x, y, optimizer) == pytest.approx(cost.item(), rel=1e-10)
        for ours, theirs in zip([each for pair in parts for each in pair], twins, strict=True):
            np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-10, atol=1e-10)
