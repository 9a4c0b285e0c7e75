"""Single kernels on one thread: products of packed matrices, and elementary functions.

The core measures them, without the call from Python, which would be most of a small product's time.
"""
# SPDX-License-Identifier: BSD-3-Clause

import kernels
import pytest


class Clock:
    """A clock that goes on by what the core has measured."""

    seconds = 0.0

    def __call__(self):
        return self.seconds

    def measure(self, kernel, *arguments):
        self.seconds += kernel(*arguments)


clock = Clock()


@pytest.mark.benchmark(group="products", timer=clock)
@pytest.mark.parametrize("dtype", kernels.DTYPES)
@pytest.mark.parametrize("shape", kernels.SHAPES, ids=kernels.name)
def test_product(benchmark, shape, dtype):
    benchmark.pedantic(clock.measure, (kernels.product_seconds, shape, dtype), rounds=3)
    if benchmark.stats:  # not with --benchmark-disable
        gflops = kernels.flops(shape) / benchmark.stats.stats.min / 1e9
        benchmark.extra_info["gflops"] = gflops
        # Nothing goes beyond the peak, but for a clock that was slower when that was measured.
        assert gflops < 1.2 * kernels.peak(dtype)


@pytest.mark.benchmark(group=f"elementary functions of {kernels.COUNT} numbers", timer=clock)
@pytest.mark.parametrize("dtype", kernels.DTYPES)
@pytest.mark.parametrize("function", kernels.FUNCTIONS)
def test_elementary_function(benchmark, function, dtype):
    benchmark.pedantic(clock.measure, (kernels.function_seconds, function, dtype), rounds=3)
