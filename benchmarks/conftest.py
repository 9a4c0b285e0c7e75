"""How the benchmarks run: `pytest benchmarks/`; with `--large` those that take a minute, too.

They need the extra "bench". Each checks its answer against tests/reference/ too, and records the
machine and the versions (`--benchmark-json FILE` keeps them). Only times of one run, on a machine
that does nothing else, can be compared.
"""
# SPDX-License-Identifier: BSD-3-Clause

import sys
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.bench import cpu

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # for the reference


def pytest_addoption(parser):
    parser.addoption("--large", action="store_true", help="run the large workloads too")


def pytest_generate_tests(metafunc):
    """Run a benchmark on each of the workloads that its file names."""
    if "workload" in metafunc.fixturenames:
        large = metafunc.config.getoption("--large")
        workloads = [each for each in metafunc.module.WORKLOADS if large or not each.is_large]
        metafunc.parametrize("workload", workloads, ids=[each.name for each in workloads])


MACHINE = {
    "cpu": cpu(),
    **cr.show_config(),
}


@pytest.fixture(autouse=True)
def recorded(benchmark):
    """Write down where and with what a benchmark was run."""
    benchmark.extra_info.update(MACHINE)


STEPS = pytest.StashKey[list]()


@pytest.fixture
def per_step(request, benchmark):
    """Return a function that notes how many steps one timed call made, for a table of its own."""

    def note(steps):
        if benchmark.stats is None:  # --benchmark-disable
            return
        stats = benchmark.stats.stats
        microseconds = {
            name: 1e6 * getattr(stats, name) / steps for name in ("min", "median", "max")
        }
        benchmark.extra_info["microseconds_per_step"] = microseconds
        request.config.stash.setdefault(STEPS, []).append((request.node.name, microseconds))

    return note


def pytest_terminal_summary(terminalreporter, config):
    """Print the microseconds of one training step."""
    rows = config.stash.get(STEPS, [])
    if rows:
        terminalreporter.section("microseconds per training step")
        terminalreporter.line(f"{'':32}{'min':>12}{'median':>12}{'max':>12}")
    for name, microseconds in rows:
        terminalreporter.line(
            f"{name:32}" + "".join(f"{value:12.1f}" for value in microseconds.values())
        )
