"""How near single kernels come to the peak, on one thread: python benchmarks/kernels.py.

Three Markdown tables, for each CPU target that this machine can run: products of packed matrices in
GFLOP/s and in percent of what the target reaches at most, those of the BLAS beside them, elementary
functions in billions of numbers a second, and what activations with their slopes take, relative to
tanh. The core holds the clock, so Python's calls do not count.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import functools
import json
import math
import os
import subprocess
import sys

import numpy as np
import tables

import chainrule as cr
from chainrule import _core

# rows, cols, depth of c = a b: from one tile of rows to matrices that fit no cache
SHAPES = (
    (32, 32, 32),
    (64, 64, 64),
    (128, 128, 256),  # the second layer of the MNIST workloads
    (128, 256, 784),  # and the first
    (256, 256, 256),
    (512, 512, 512),
    (1024, 1024, 1024),
    (2048, 2048, 2048),
)
DTYPES = ("float32", "float64")
COUNT = 4096  # numbers of an elementary function at a time: they stay in the cache
LONGEST = 0.6  # seconds of a product that is worth to wait for

FUNCTIONS = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
}
assert list(FUNCTIONS) == _core.elementary_functions()


@functools.cache
def peak(dtype):
    """Return what one thread reaches at most, in GFLOP/s."""
    return _core.peak_gflops(dtype, 1)


def flops(shape):
    """Return the floating-point operations of a product."""
    return 2 * math.prod(shape)


def product_seconds(shape, dtype, product):
    """Return the seconds that a product takes, "own" or "blas", after a look at its result."""
    cr.set_product(product)
    rows, cols, depth = shape
    rng = np.random.default_rng(0)
    a = rng.normal(size=(rows, depth)).astype(dtype)
    b = rng.normal(size=(depth, cols)).astype(dtype)
    seconds, c = _core.product_seconds(a, b)
    some = [0, rows // 3, rows - 1]
    left, right = a[some].astype(float), b.astype(float)
    # Each of the terms is rounded once, and so is NumPy's sum in float64.
    bound = depth * np.finfo(dtype).eps * (np.abs(left) @ np.abs(right))
    assert (np.abs(c[some] - left @ right) <= bound).all()
    return seconds


def function_seconds(function, dtype):
    """Return the seconds that an elementary function takes for COUNT numbers."""
    x = np.random.default_rng(0).uniform(0.1, 3, COUNT).astype(dtype)
    seconds, y = _core.elementary_seconds(function, x)
    expected = FUNCTIONS[function](x.astype(float))
    # Near 1 a logarithm is small, and the reference's own error is relative to 1.
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(y, expected, rtol=8 * eps, atol=eps)
    return seconds


def activation_seconds(activation, dtype):
    """Return the seconds that the kernels take for f and f' of a tile of 64 samples."""
    z = np.random.default_rng(0).uniform(-3, 3, (64, 32)).astype(dtype)
    seconds, a, slope = _core.activation_seconds((activation, {}, {}, []), z)
    expected = _core.activate((activation, {}, {}, []), z, np.ones(z.shape))
    for found, exact in zip((a, slope), expected, strict=True):
        np.testing.assert_allclose(found, exact, rtol=0, atol=16 * np.finfo(dtype).eps)
    return seconds


def measure(product):
    """Return the rates of the CPU target in force: "float32 peak", "float32 32 x 32 x 32", ..."""
    rates = {}
    for dtype in DTYPES:
        rates[f"{dtype} peak"] = peak(dtype)
        for shape in SHAPES:
            if flops(shape) < LONGEST * peak(dtype) * 1e9:
                seconds = product_seconds(shape, dtype, product)
                rates[f"{dtype} {name(shape)}"] = flops(shape) / seconds / 1e9
        for function in FUNCTIONS:
            rates[f"{dtype} {function}"] = COUNT / function_seconds(function, dtype) / 1e9
        for activation in _core.max_errors() if product == "own" else ():
            rates[f"{dtype} f {activation}"] = activation_seconds(activation, dtype)
    return rates


def name(shape):
    """Return what a product is called in the tables."""
    return " x ".join(map(str, shape))


def measure_target(target, product="own"):
    """Return the rates of a CPU target, from a process that has no other."""
    done = subprocess.run(
        [sys.executable, __file__, "--here", product],
        env={**os.environ, "CHAINRULE_CPU": target},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def table_of_products(rates):
    """Return the table of the products."""
    table = [["rows x cols x depth", *(f"{t}, {d}" for t in rates for d in DTYPES)]]
    for kind in ("peak", *map(name, SHAPES)):
        line = [kind]
        for of_target in rates.values():
            for dtype in DTYPES:
                rate, most = of_target.get(f"{dtype} {kind}"), of_target[f"{dtype} peak"]
                line.append("" if rate is None else f"{rate:.1f} ({rate / most:.0%})")
        table.append(line)
    return table


def table_of_functions(rates):
    """Return the table of the elementary functions."""
    table = [["function", *(f"{t}, {d}" for t in rates for d in DTYPES)]]
    for function in FUNCTIONS:
        cells = [f"{each[f'{d} {function}']:.2f}" for each in rates.values() for d in DTYPES]
        table.append([function, *cells])
    return table


def table_of_activations(rates):
    """Return the table of the activations."""
    table = [["f and f'", *(f"{t}, {d}" for t in rates for d in DTYPES)]]
    for f in _core.max_errors():
        cells = [
            f"{of_target[f'{d} f {f}'] / of_target[f'{d} f tanh']:.2f}"
            for of_target in rates.values()
            for d in DTYPES
        ]
        table.append([f, *cells])
    return table


def main():
    """Measure each CPU target in turn, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", choices=_core.cpu_targets())
    parser.add_argument("--here", choices=["own", "blas"], help="this process's target, as JSON")
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(measure(arguments.here)))
        return
    targets = arguments.targets or _core.cpu_targets()[::-1]
    rates = {target: measure_target(target) for target in targets}
    print("GFLOP/s, and percent of the target's own peak; the BLAS chooses its target itself\n")
    best = _core.cpu_targets()[-1]
    blas = {f"BLAS beside {best}": measure_target(best, "blas")}
    print(tables.markdown(table_of_products(rates | blas)))
    print("\nBillions of numbers a second\n")
    print(tables.markdown(table_of_functions(rates)))
    print("\nTimes of tanh\n")
    print(tables.markdown(table_of_activations(rates)))


if __name__ == "__main__":
    main()
