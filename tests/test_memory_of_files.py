"""Files and memory: nothing leaks, and without memory there is MemoryError with all as before."""
# SPDX-License-Identifier: BSD-3-Clause

import gc
import os
import sys

import pytest

import chainrule as cr
from child_processes import python
from failing_calls import X, Y, attempt, make
from resident_memory import needs_proc, resident


def save_and_load(folder):
    net = make()
    net.save(folder / "net")
    cr.Network.load(folder / "net").predict(X)


def load_in_vain(folder):
    path = folder / "damaged"
    if not path.exists():
        make().save(path)
        path.write_bytes(path.read_bytes()[:-1])
    attempt(lambda: cr.Network.load(path))


def checkpoint_and_resume(folder):
    path = folder / "run"
    options = {"batch_size": 100, "stop": cr.NoImprovement(restore_best=True)}
    make().fit(X, Y, epochs=2, callbacks=cr.Checkpoint(path, keep=2), **options)
    make().fit(X, Y, epochs=3, resume=path, **options)


def resume_in_vain(folder):
    path = folder / "run"
    make().fit(X, Y, callbacks=cr.Checkpoint(path))
    attempt(lambda: make().fit(X, Y, optimizer=cr.SGD(), resume=path))


CYCLES = [save_and_load, load_in_vain, checkpoint_and_resume, resume_in_vain]


@needs_proc
@pytest.mark.parametrize("cycle", CYCLES)
def test_no_leak(cycle, tmp_path, monkeypatch):
    """Each cycle makes and drops at least 40 kB: 2,000 of them would leave 80 MB."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk would take a minute
    for _ in range(50):  # until the allocator has what it wants
        cycle(tmp_path)
    gc.collect()
    before, objects = resident(), len(gc.get_objects())
    for _ in range(2000):
        cycle(tmp_path)
    gc.collect()
    assert resident() - before < 8_000_000
    assert len(gc.get_objects()) - objects < 50


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_without_memory_files_and_networks_are_as_before(tmp_path):
    code = f"""
        import resource
        import numpy as np, chainrule as cr
        path = {str(tmp_path / "net")!r}
        net = cr.Network([cr.Input(5000), cr.Dense(5000)], rng=0)  # 100 MB
        def occupied():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[0]) * resource.getpagesize()
        def attempt(work):
            try: work()
            except MemoryError: return 0
            return 1
        net.save(path)
        with open(path, "rb") as file: before = file.read()
        bits = net.parameters.tobytes()
        unlimited = resource.getrlimit(resource.RLIMIT_AS)
        saved = loaded = 0
        limits = range(10, 400, 30)
        for megabytes in limits:
            resource.setrlimit(resource.RLIMIT_AS, (occupied() + megabytes * 10**6, unlimited[1]))
            loaded += attempt(lambda: cr.Network.load(path))
            saved += attempt(lambda: net.save(path))
            resource.setrlimit(resource.RLIMIT_AS, unlimited)
            with open(path, "rb") as file: assert file.read() == before
            assert net.parameters.tobytes() == bits
        assert 0 < saved < len(limits), saved
        assert 0 < loaded < len(limits), loaded
        print("as before")
    """
    assert python(code) == "as before\n"
    assert os.listdir(tmp_path) == ["net"]
