"""What the core measures for benchmarks: the peak of the arithmetic, and single kernels."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from meanwhile import meanwhile
from support import DTYPES, needs_two_cpus

on_vectors = pytest.mark.skipif(
    _core.cpu_target() == "scalar", reason="depends on what the compiler makes of it"
)


def holds_once(condition):
    """Tell whether a condition on times holds in one of some tries: a machine may be busy."""
    return any(condition() for _ in range(10))


def peak(dtype="float32", threads=1):
    return _core.peak_gflops(dtype, threads)


def matrices(rows, cols, depth, dtype):
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, depth)).astype(dtype), rng.normal(size=(depth, cols)).astype(
        dtype
    )


def product_rate(n, dtype):
    cr.set_product("own")  # a BLAS chooses its target itself
    seconds, _ = _core.product_seconds(*matrices(n, n, n, dtype))
    return 2 * n**3 / seconds / 1e9


@on_vectors
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_product_is_faster_than_the_peak(dtype):
    """Nor far slower: a good kernel comes near it."""
    assert holds_once(lambda: 0.4 < product_rate(256, dtype) / peak(dtype) < 1.1)


@on_vectors
def test_peak_follows_the_numbers_in_a_register():
    assert holds_once(lambda: 1.5 < peak("float32") / peak("float64") < 2.6)


def test_peak_of_two_threads_is_no_less_than_of_one():
    assert holds_once(lambda: peak(threads=2) > 0.8 * peak())


@needs_two_cpus
def test_peak_counts_all_threads():
    assert holds_once(lambda: peak(threads=2) > 1.4 * peak())


def peak_of_target(target):
    code = "from chainrule import _core; print(_core.peak_gflops('float32', 1))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CHAINRULE_CPU": target},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@pytest.mark.parametrize(("better", "plainer"), [("v4", "v3"), ("v3", "v2")])
def test_peak_is_that_of_the_target(better, plainer):
    if better not in _core.cpu_targets():
        pytest.skip(f"no {better} here")
    # Some CPUs compute a register of AVX-512 in two halves, and then the two are equal.
    least = 0.9 if better == "v4" else 1.3
    assert holds_once(lambda: peak_of_target(better) > least * peak_of_target(plainer))


@pytest.mark.parametrize(
    ("arguments", "exception", "message"),
    [
        (("int8", 1), ValueError, 'unknown dtype "int8".* Known: float32, float64'),
        (("float32", 0), ValueError, "a number of threads must be >= 1, got 0"),
        (("float32", -3), ValueError, "a number of threads must be >= 1, got -3"),
        (("float64", 1.5), TypeError, "a number of threads must be a whole number, got 1.5"),
    ],
)
def test_wrong_arguments_of_the_peak(arguments, exception, message):
    with pytest.raises(exception, match=message):
        _core.peak_gflops(*arguments)


def test_others_run_meanwhile():
    """The GIL is free: another thread of Python counts on while the core measures."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        time.sleep(0)  # lets go of the GIL

    def ticks():
        before = count
        peak()
        return count - before

    with meanwhile(tick):
        # With the GIL held, the other thread would come in before and after, once each.
        assert holds_once(lambda: ticks() > 10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("product", ["own", "blas"])
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (5, 70, 3), (33, 17, 65), (64, 64, 1700), (1100, 70, 33)]
)
def test_product_that_is_timed_is_right(shape, product, dtype):
    a, b = matrices(*shape, dtype)
    cr.set_product(product)
    begin = time.perf_counter()
    seconds, c = _core.product_seconds(a, b)
    assert 0 < seconds <= time.perf_counter() - begin
    assert c.dtype == dtype
    left, right = a.astype(float), b.astype(float)
    bound = shape[2] * np.finfo(dtype).eps * (np.abs(left) @ np.abs(right))
    assert (np.abs(c - left @ right) <= bound).all()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (4, 5)),
        ((2, 3), (3, 0)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
        ((3,), (3, 1)),
    ],
)
def test_wrong_shapes_of_a_product(a, b):
    with pytest.raises(ValueError, match=r"a and b have shapes .* expected \(rows, depth\)"):
        _core.product_seconds(np.ones(a), np.ones(b))


def test_wrong_arrays_of_a_product():
    square = np.arange(4.0).reshape(2, 2)
    expected = "expected contiguous arrays of float32 or of float64, got"
    for other in (square.astype("float32"), square.astype("int64"), square.T):
        with pytest.raises(TypeError, match=f"{expected} float64 {other.dtype}"):
            _core.product_seconds(square, other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_elementary_function_that_is_timed_is_right(dtype):
    assert {"exp", "log", "tanh"} <= set(_core.elementary_functions())
    x = np.linspace(0.5, 3, 77).astype(dtype)
    begin = time.perf_counter()
    seconds, y = _core.elementary_seconds("tanh", x)
    assert 0 < seconds <= time.perf_counter() - begin
    assert y.dtype == dtype
    np.testing.assert_allclose(y, np.tanh(x.astype(float)), rtol=4 * np.finfo(dtype).eps)


def test_wrong_arguments_of_an_elementary_function():
    with pytest.raises(ValueError, match=r'unknown elementary function "ex".*"exp"'):
        _core.elementary_seconds("ex", np.ones(3))
    with pytest.raises(ValueError, match=r"x has shape \(0,\); expected \(n,\), n >= 1"):
        _core.elementary_seconds("exp", np.ones(0))
