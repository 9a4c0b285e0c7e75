"""Wrong names, widths, layers, seeds and numbers: nothing is made from them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from undisturbed import make

NAMES = {
    "activation": (lambda name: cr.Dense(2, name), "rlu", "relu", _core.activations),
    "initializer": (
        lambda name: cr.Dense(2, init=name),
        "he_norml",
        "he_normal",
        _core.initializers,
    ),
    "loss": (make, "cross_entrpy", "cross_entropy", _core.losses),
}


@pytest.mark.parametrize("family", NAMES)
def test_unknown_name(family):
    build, wrong, nearest, known = NAMES[family]
    for name in (wrong, "", "zzz", nearest.upper(), f" {nearest} ", "é", "x" * 1000):
        with pytest.raises(ValueError, match=f'unknown {family} "{name}"') as caught:
            build(name)
        assert caught.type is ValueError
        assert all(each in str(caught.value) for each in known())
    with pytest.raises(ValueError, match=f'"{wrong}", did you mean "{nearest}"'):
        build(wrong)


@pytest.mark.parametrize("name", [None, 5, ["relu"], np.float32(1), b"relu", ("relu", "tanh")])
def test_name_that_is_no_string(name):
    with pytest.raises(TypeError, match="activation must be a name, got"):
        cr.Dense(2, name)
    with pytest.raises(TypeError, match="init must be a name, got"):
        cr.Dense(2, init=name)
    with pytest.raises(TypeError, match="loss must be a name or a function, got"):
        make(name)


@pytest.mark.parametrize("dtype", ["float16", "int32", "complex64", "longdouble", object])
def test_unknown_dtype(dtype):
    with pytest.raises(ValueError, match=r"unknown dtype .*Known: float32, float64"):
        make(dtype=dtype)


WIDTHS = {
    0: (ValueError, "must be a whole number >= 1, got 0"),
    -1: (ValueError, "must be a whole number >= 1, got -1"),
    -(2**70): (ValueError, "must be a whole number"),
    2**64: (ValueError, "must be a whole number"),
    10**400: (ValueError, "must be a whole number"),
    2.0: (TypeError, "must be a whole number, got 2.0"),
    2.5: (TypeError, "must be a whole number, got 2.5"),
    np.nan: (TypeError, "must be a whole number, got nan"),
    "3": (TypeError, "must be a whole number, got '3'"),
    None: (TypeError, "must be a whole number, got None"),
    (3,): (TypeError, r"must be a whole number, got \(3,\)"),
}


@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: repr(width)[:9])
@pytest.mark.parametrize(("layer", "name"), [(cr.Dense, "Dense: n_out"), (cr.Input, "Input: n")])
def test_width(layer, name, width):
    exception, match = WIDTHS[width]
    with pytest.raises(exception, match=f"{name} {match}") as caught:
        layer(width)
    assert caught.type is exception


@pytest.mark.parametrize("bias", [1, 0, None, "no", np.array([True, False])])
def test_bias_is_a_bool(bias):
    with pytest.raises(TypeError, match="bias must be True or False, got"):
        cr.Dense(2, bias=bias)


IN, DENSE = cr.Input(4), cr.Dense(2)
BAD_LAYERS = {
    "none": ([], ValueError, "needs Input and at least one Dense layer, got 0 layers"),
    "Input only": ([IN], ValueError, "needs Input and at least one Dense layer, got 1 layer"),
    "no Input": ([DENSE, DENSE], ValueError, "the first layer must be Input, got Dense"),
    "Input last": ([DENSE, IN], ValueError, "the first layer must be Input, got Dense"),
    "two Inputs": ([IN, IN, DENSE], ValueError, "only the first layer can be Input, but layer 2"),
    "later": ([IN, DENSE, IN], ValueError, "only the first layer can be Input, but layer 3"),
    "numbers": ([4, 2, 1], TypeError, "layers must be Input, Dense or other layer objects, got 4"),
    "classes": ([cr.Input, cr.Dense], TypeError, "layers must be .*objects, got <class"),
    "None inside": ([IN, None], TypeError, "layers must be .*objects, got None"),
    "string": ("4-2-1", TypeError, "layers must be .*, got '4"),
    "number": (5, TypeError, "layers must be .*, got 5"),
    "None": (None, TypeError, "layers must be .*, got None"),
    "no list": (IN, TypeError, r"layers must be .*, got Input\(4\)"),
}


@pytest.mark.parametrize("case", BAD_LAYERS)
def test_layers(case):
    bad, exception, match = BAD_LAYERS[case]
    with pytest.raises(exception, match=match) as caught:
        cr.Network(bad)
    assert caught.type is exception


BAD_RNG = {
    "-1": (-1, ValueError, r"rng must be from 0 to 2\*\*64 - 1, got -1"),
    "2^64": (2**64, ValueError, r"rng must be from 0 to 2\*\*64 - 1"),
    "1.0": (
        1.0,
        TypeError,
        "rng must be None, a whole number or a numpy.random.Generator, got 1.0",
    ),
    "'seed'": ("seed", TypeError, "rng must be None, .* got 'seed'"),
    "SeedSequence": (np.random.SeedSequence(0), TypeError, "rng must be None, .* got SeedSequence"),
    "numpy.random": (np.random, TypeError, "rng must be None, .* got <module"),
    "array": (np.array([1, 2]), TypeError, "rng must be None, .* got array"),
}


@pytest.mark.parametrize("case", BAD_RNG)
def test_rng(case):
    bad, exception, match = BAD_RNG[case]
    with pytest.raises(exception, match=match) as caught:
        cr.Network([IN, DENSE], rng=bad)
    assert caught.type is exception


RATE = "learning_rate must be a finite number >= 0, got"
NUMBER = "must be a number, got"
FRACTION = r"must be a number in \[0, 1\), got"
PAIR = "betas must be a pair of numbers, got"
BAD_NUMBERS = {
    "SGD -1": (lambda: cr.SGD(-1), ValueError, f"{RATE} -1"),
    "SGD NaN": (lambda: cr.SGD(np.nan), ValueError, f"{RATE} nan"),
    "SGD inf": (lambda: cr.SGD(np.inf), ValueError, f"{RATE} inf"),
    "SGD -5e-324": (lambda: cr.SGD(-5e-324), ValueError, RATE),
    "SGD 10^400": (lambda: cr.SGD(10**400), ValueError, "learning_rate"),
    "SGD '0.1'": (lambda: cr.SGD("0.1"), TypeError, f"learning_rate {NUMBER} '0.1'"),
    "SGD b'1'": (lambda: cr.SGD(b"1"), TypeError, f"learning_rate {NUMBER} b'1'"),
    "SGD None": (lambda: cr.SGD(None), TypeError, f"learning_rate {NUMBER} None"),
    "SGD 1j": (lambda: cr.SGD(1j), TypeError, f"learning_rate {NUMBER} 1j"),
    "SGD list": (lambda: cr.SGD([0.1]), TypeError, f"learning_rate {NUMBER} .0.1"),
    "momentum 1": (lambda: cr.SGD(momentum=1), ValueError, f"momentum {FRACTION} 1"),
    "momentum -0.1": (lambda: cr.SGD(momentum=-0.1), ValueError, f"momentum {FRACTION} -0.1"),
    "momentum NaN": (lambda: cr.SGD(momentum=np.nan), ValueError, f"momentum {FRACTION} nan"),
    "momentum 'a'": (lambda: cr.SGD(momentum="a"), TypeError, f"momentum {NUMBER} 'a'"),
    "nesterov": (lambda: cr.SGD(nesterov=True), ValueError, "nesterov must be False, or True toge"),
    "Adam -1": (lambda: cr.Adam(-1), ValueError, f"{RATE} -1"),
    "Adam NaN": (lambda: cr.Adam(np.nan), ValueError, f"{RATE} nan"),
    "betas 1": (lambda: cr.Adam(betas=(0.9,)), TypeError, rf"{PAIR} \(0.9,\)"),
    "betas 3": (lambda: cr.Adam(betas=(0.9, 0.9, 0.9)), TypeError, PAIR),
    "betas 0.9": (lambda: cr.Adam(betas=0.9), TypeError, f"{PAIR} 0.9"),
    "betas None": (lambda: cr.Adam(betas=None), TypeError, f"{PAIR} None"),
    "betas 'ab'": (lambda: cr.Adam(betas="ab"), TypeError, rf"betas\[0\] {NUMBER} 'a'"),
    "beta1 1": (lambda: cr.Adam(betas=(1, 0.9)), ValueError, rf"betas\[0\] {FRACTION} 1"),
    "beta2 -1": (lambda: cr.Adam(betas=(0.9, -1)), ValueError, rf"betas\[1\] {FRACTION} -1"),
    "beta2 NaN": (lambda: cr.Adam(betas=(0.9, np.nan)), ValueError, rf"betas\[1\] {FRACTION} nan"),
    "eps -1": (lambda: cr.Adam(eps=-1), ValueError, "eps must be a finite number >= 0, got -1"),
    "eps inf": (
        lambda: cr.Adam(eps=np.inf),
        ValueError,
        "eps must be a finite number >= 0, got inf",
    ),
    "below NaN": (
        lambda: cr.CostBelow(np.nan),
        ValueError,
        "value must be a finite number, got nan",
    ),
    "below 'a'": (lambda: cr.CostBelow("a"), TypeError, f"value {NUMBER} 'a'"),
    "patience 0": (lambda: cr.NoImprovement(0), ValueError, "patience must be .* >= 1, got 0"),
    "patience 2.5": (lambda: cr.NoImprovement(2.5), ValueError, "patience must be .* got 2.5"),
    "patience None": (lambda: cr.NoImprovement(None), TypeError, f"patience {NUMBER} None"),
    "min_delta": (lambda: cr.NoImprovement(1, -1), ValueError, "min_delta must be .* >= 0, got -1"),
    "min_delta NaN": (lambda: cr.NoImprovement(1, np.nan), ValueError, "min_delta must .* got nan"),
    "seconds 0": (
        lambda: cr.TimeLimit(0),
        ValueError,
        "seconds must be a finite number > 0, got 0",
    ),
    "seconds -1": (lambda: cr.TimeLimit(-1), ValueError, "seconds must be .* > 0, got -1"),
    "seconds inf": (lambda: cr.TimeLimit(np.inf), ValueError, "seconds must be .*, got inf"),
    "seconds '1'": (lambda: cr.TimeLimit("1"), TypeError, f"seconds {NUMBER} '1'"),
}


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_numbers_of_optimizers_and_stop_conditions(case):
    build, exception, match = BAD_NUMBERS[case]
    with pytest.raises(exception, match=match) as caught:
        build()
    assert caught.type is exception
