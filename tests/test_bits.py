"""The same seed, the same bits: on any number of threads, any FMA target, under any load."""
# SPDX-License-Identifier: BSD-3-Clause

import re
import threading
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from child_processes import busy_machine
from support import DTYPES
from trainings import (
    COLUMNS,
    GOLDEN,
    LAYERWISE,
    NARROW,
    ONE_SAMPLE,
    OPTIMIZERS,
    OUTPUTS,
    ROWS,
    STAGES,
    TRAININGS,
    WEIGHTS,
    in_process,
    result_of,
    start,
)

TARGETS = _core.cpu_targets()
FMA_TARGETS = [name for name in TARGETS if name != "v2"]
PRODUCTS = ["own", "blas"]
BEST = TARGETS[-1]
THREADS = [1, 2, 3, 4, 7, 8]

# The scalar target makes one or two billion operations a second.
FEW = [
    each.name
    for each in GOLDEN
    + NARROW[::3]
    + ONE_SAMPLE[::3]
    + ROWS[::3]
    + COLUMNS[::5]
    + LAYERWISE[::3]
    + STAGES[::2]
    + WEIGHTS[::3]
]
ONE_OF_EACH_PLAN = [each.name for each in GOLDEN]


@cache
def digests(cpu, product):
    """Run all trainings, or what the target is fast enough for, in a process of its own."""
    names, threads = (FEW, [1, 7]) if cpu == "scalar" else (list(TRAININGS), THREADS)
    return in_process("digests", names, threads, CHAINRULE_CPU=cpu, CHAINRULE_PRODUCT=product)


def digests_of(found):
    """Return the digest of each training, which is that of each number of threads."""
    result = {}
    for name, by_threads in found["trainings"].items():
        one, *others = (each["digest"] for each in by_threads.values())
        assert all(each == one for each in others), f"{name}: {by_threads}"
        result[name] = one
    return result


def digests_of_few(cpu, product):
    """Return what every target has run."""
    of_target = digests_of(digests(cpu, product))
    return {name: of_target[name] for name in FEW}


@pytest.mark.usefixtures("own_product")
def test_trainings_are_of_all_members():
    assert set(OUTPUTS) == set(_core.losses())
    assert {make()._name for make in OPTIMIZERS.values()} == set(_core.optimizers())
    used = {f for each in TRAININGS.values() for f in each.activations}
    assert used == set(_core.activations())
    of_stages = {
        (each.dtype, each.network().plan(each.batch)["plan"], layer._name)
        for each in STAGES
        for layer in each.network().layers[1:]
        if not isinstance(layer, cr.Dense)
    }
    plans = "rows", "columns", "layerwise"
    assert of_stages == set(product(DTYPES, plans, _core.stages()))


# ---- Any number of threads -----------------------------------------------------------------------


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("cpu", TARGETS)
def test_same_bits_for_every_number_of_threads(cpu, product):
    found = digests(cpu, product)
    assert (found["config"]["cpu"], found["config"]["product"]) == (cpu, product)
    assert digests_of(found)
    for by_threads in found["trainings"].values():
        for each in by_threads.values():
            assert (each["plan"]["cpu"], each["plan"]["product"]) == (cpu, product)


@pytest.mark.parametrize("cpu", TARGETS)
def test_every_plan_ran_and_on_so_many_threads(cpu):
    plans = set()
    for name, by_threads in digests(cpu, "own")["trainings"].items():
        for n, each in by_threads.items():
            plans.add(each["plan"]["plan"])
            # Eight threads are more than most machines that run this have cores.
            if name.startswith(("narrow", "rows", "columns", "golden_columns")):
                assert each["plan"]["plan"] in name
                assert each["plan"]["threads"] == int(n), name
    assert {"narrow", "rows", "columns", "layerwise"} <= plans


def test_every_way_to_say_how_many_threads():
    name = ROWS[1].name
    by_environment = [
        in_process("digest_alone", name, CHAINRULE_NUM_THREADS=str(n), CHAINRULE_PRODUCT="own")
        for n in (1, 5)
    ]
    assert [each["threads"] for each in by_environment] == [1, 5]
    one, five = (each["digest"] for each in by_environment)
    assert one == five


@pytest.mark.usefixtures("own_product")
@pytest.mark.parametrize("training", [NARROW[9], ROWS[6], COLUMNS[3]], ids=lambda each: each.name)
def test_threads_may_change_from_call_to_call(training):
    x, y, _ = training.samples()
    nets = training.network(), training.network()
    optimizers = [OPTIMIZERS[training.optimizer]() for _ in nets]
    for n in THREADS:
        nets[0].threads = n
        with cr.threads(8):
            assert nets[0].plan(len(x))["threads"] == n
            a = nets[0].fit(x, y, optimizer=optimizers[0], batch_size=training.batch)
        with cr.threads(1):
            b = nets[1].fit(x, y, optimizer=optimizers[1], batch_size=training.batch)
        assert a.cost == b.cost
        assert nets[0].parameters.tobytes() == nets[1].parameters.tobytes()


# ---- Any load ------------------------------------------------------------------------------------


def test_same_bits_on_a_busy_machine():
    names = ONE_OF_EACH_PLAN + [each.name for each in NARROW[::5] + ROWS[::5] + COLUMNS[:2]]
    alone = digests_of(digests(BEST, "own"))
    names = [name for name in names if name in alone]
    with busy_machine():
        beside = in_process("digests", names, THREADS, CHAINRULE_CPU=BEST, CHAINRULE_PRODUCT="own")
    assert digests_of(beside) == {name: alone[name] for name in names}


def test_same_bits_in_processes_side_by_side():
    arguments = "digests", ONE_OF_EACH_PLAN, [2, 7]
    several = [start(*arguments, CHAINRULE_CPU=BEST, CHAINRULE_PRODUCT="own") for _ in range(3)]
    alone = digests_of(digests(BEST, "own"))
    for process in several:
        assert digests_of(result_of(process)) == {name: alone[name] for name in ONE_OF_EACH_PLAN}


def test_same_bits_in_threads_side_by_side():
    """Four trainings at once share the pool: each gets what the others leave of it."""
    several = [NARROW[0], *ROWS[:2], COLUMNS[0]]
    expected = [each.digest() for each in several]
    found = {}

    def run(i):
        with cr.threads(2 + 2 * i):
            found[i] = [several[i].digest() for _ in range(5)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(several))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: [digest] * 5 for i, digest in enumerate(expected)}


# ---- Any target with fused multiply-add ----------------------------------------------------------


@pytest.mark.parametrize("cpu", FMA_TARGETS)
def test_own_product_gives_the_same_bits_on_every_fma_target(cpu):
    assert digests_of_few(cpu, "own") == digests_of_few(FMA_TARGETS[-1], "own")
    if cpu != "scalar":
        assert digests_of(digests(cpu, "own")) == digests_of(digests(FMA_TARGETS[-1], "own"))


def test_other_products_and_targets_have_bits_of_their_own():
    """Or the comparisons above would show nothing: a forced target and product really run."""
    own = digests_of_few(FMA_TARGETS[-1], "own")
    others = [digests_of_few(FMA_TARGETS[-1], "blas")]
    if "v2" in TARGETS:
        others.append(digests_of_few("v2", "own"))
    for other in others:
        for part in ("parameters", "gradient", "costs", "predictions"):
            assert any(other[name][part] != own[name][part] for name in FEW), part


def test_a_target_that_cannot_run_here_is_refused():
    process = start("digests", [GOLDEN[0].name], [1], CHAINRULE_CPU="v9")
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f'CHAINRULE_CPU is "v9", this machine can run: {", ".join(TARGETS)}' in errors


# The numbers stand beside the same trainings in C++, which are run for other processors, too.
HASHES = Path(__file__).with_name("cpp") / "golden_hashes.h"


def golden_hashes():
    line = re.compile(r'\{"(\w+)"' + 4 * r", 0x([0-9a-f]{8})" + r"\}")
    parts = "parameters", "gradient", "costs", "predictions"
    return {
        name: dict(zip(parts, hashes, strict=True))
        for name, *hashes in line.findall(HASHES.read_text())
    }


@pytest.mark.parametrize("cpu", FMA_TARGETS)
def test_golden_trainings(cpu):
    found = digests_of_few(cpu, "own")
    expected = golden_hashes()
    assert set(expected) == set(ONE_OF_EACH_PLAN)
    assert {name: found[name] for name in expected} == expected


# ---- Any batch, any plan -------------------------------------------------------------------------


@pytest.mark.parametrize("cpu", TARGETS)
def test_a_row_has_its_bits_in_every_batch(cpu):
    several = GOLDEN + LAYERWISE[:2] + ROWS[10:12] + NARROW[10:16] + ONE_SAMPLE[::5] + STAGES[::3]
    names = [each.name for each in several]
    threads = [1, 8] if cpu == "scalar" else [1, 3, 8]
    found = in_process("rows_alone", names, threads, CHAINRULE_CPU=cpu, CHAINRULE_PRODUCT="own")
    assert (found["config"]["cpu"], found["config"]["product"]) == (cpu, "own")
    assert found["count"] == len(names) * len(threads) * 9
    assert found["wrong"] == []


@pytest.mark.usefixtures("own_product")
@pytest.mark.parametrize(
    "training", [*ROWS[::7], *COLUMNS[:2], *WEIGHTS[4:12:2]], ids=lambda each: each.name
)
def test_trace_shows_the_bits_of_the_training(training):
    """A trace is made layer by layer on one thread, whatever plan the training has."""
    net = training.network()
    x, y = (each[: training.batch] for each in training.samples()[:2])
    with cr.threads(7):
        cost, gradient = net.value_and_grad(x, y)
    trace = net.trace(x, y)
    assert trace.cost == cost == net.cost(x, y)
    assert trace.s.tobytes() == net.predict(x).tobytes()
    for layer, (dW, db) in enumerate(net.split(gradient), start=1):
        np.testing.assert_array_equal(trace.dW(layer), dW)
        np.testing.assert_array_equal(trace.db(layer), db)


@pytest.mark.usefixtures("own_product")
@pytest.mark.parametrize("training", [NARROW[0], NARROW[9]], ids=lambda each: each.name)
def test_a_batch_has_its_bits_after_any_other(training):
    """A plan made for a large batch serves smaller ones, which may be divided into more chunks."""
    net, x, y = training.network(), *training.samples()[:2]
    for batch in [600, 513, 512, 511, 480, 33, 32, 31, 16, 2, 1, 600]:
        with cr.threads(3):
            value, gradient = net.value_and_grad(x[:batch], y[:batch])
        expected = training.network().value_and_grad(x[:batch], y[:batch])
        assert (value, gradient.tobytes()) == (expected[0], expected[1].tobytes())
