"""Threads at work: made when they are needed, shared, idle after a call, made anew in a fork."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import time
from contextlib import ExitStack

import numpy as np
import pytest

import chainrule as cr
from child_processes import python_with
from eight_threads import BATCH, X, Y, make, threads_of
from forked import forks, in_child, needs_fork
from meanwhile import being_trained
from support import needs_two_cpus
from tasks import TASKS, tasks
from trainings import COLUMNS, LAYERWISE, ROWS

pytestmark = pytest.mark.usefixtures("own_product")

MAIN = TASKS / str(os.getpid())
linux = pytest.mark.skipif(not TASKS.exists(), reason="counts threads in /proc")


def cpu_seconds(task):
    """Return for how long a thread has been on a CPU."""
    return int((task / "schedstat").read_text().split()[0]) / 1e9


@linux
def test_threads_are_made_when_they_are_needed():
    """Not by an import, a limit, a plan or a small call; then as many as the largest call needs."""
    code = """
        from eight_threads import BATCH, X, Y, make
        from tasks import tasks
        before, counts = tasks(), []
        small, net = net, make()
        cr.set_num_threads(64)
        with cr.threads(8):
            net.plan(10**6)
            small.predict([[1, 2, 3]])
            small.fit([[1, 2, 3]] * 9, [[1, 2]] * 9)
            counts.append(len(tasks() - before))
        with cr.threads(1):
            net.fit(X, Y, batch_size=BATCH)
            counts.append(len(tasks() - before))
        for n in (3, 2, 6, 6, 4):
            with cr.threads(n):
                net.fit(X, Y, batch_size=BATCH)
            counts.append(len(tasks() - before))
        net.threads = 2
        net.predict(X)
        counts.append(len(tasks() - before))
        print(*counts)
    """
    assert python_with({"CHAINRULE_PRODUCT": "own"}, code) == "0 0 2 2 5 5 5 5"


@linux
def test_calls_side_by_side_share_their_threads():
    code = """
        import threading
        from eight_threads import BATCH, X, Y, make
        from meanwhile import until
        from tasks import tasks
        before = tasks()
        def work():
            with cr.threads(4):
                make().fit(X, Y, batch_size=BATCH, epochs=20)
        threads = [threading.Thread(target=work) for _ in range(6)]
        for each in threads: each.start()
        for each in threads: each.join()
        # A thread that was joined may be there a little longer.
        until(lambda: len(tasks() - before) <= 3)
        print(len(tasks() - before))
    """
    assert python_with({"CHAINRULE_PRODUCT": "own"}, code) == "3"


@linux
@pytest.mark.skipif(not (TASKS / str(os.getpid()) / "schedstat").exists(), reason="no schedstat")
@needs_two_cpus  # on one, the caller has done all before a worker comes
@pytest.mark.parametrize(("training", "batch"), [(ROWS[0], 10_000), (COLUMNS[0], 300)])
def test_threads_really_share_the_work(training, batch):
    net, optimizer = training.network(), cr.SGD(0.01)
    x, y, _ = training.samples()
    i = np.arange(batch) % len(x)
    n = len(os.sched_getaffinity(0)) + 1
    with cr.threads(n):
        assert threads_of(net, batch) == n
        before = {task: cpu_seconds(task) for task in tasks()}
        own = time.process_time()
        # A machine that is busy with other things may need a while to let them run.
        for _ in range(100):
            net.train_step(x[i], y[i], optimizer)
            others = [cpu_seconds(task) - before.get(task, 0) for task in tasks() if task != MAIN]
            if sum(others) > 0.01 * (time.process_time() - own):
                break
        else:
            pytest.fail(f"of {time.process_time() - own} s the other threads had {others}")


@pytest.mark.parametrize("training", [ROWS[0], COLUMNS[0], LAYERWISE[0]], ids=lambda t: t.name)
def test_no_thread_is_busy_after_a_call(training):
    net = training.network()
    x, y, _ = training.samples()
    optimizer = cr.SGD(0.01)
    with cr.threads(8):
        for call in (
            lambda: net.fit(x, y, optimizer=optimizer, batch_size=training.batch),
            lambda: net.train_step(x, y, optimizer),
            lambda: net.predict(x),
            lambda: net.fit(x, y, optimizer=optimizer, epochs=0),
        ):
            call()
            # A thread that is busy gets its part of the CPUs while this one has some time on them.
            own, together = time.thread_time(), time.process_time()
            while time.thread_time() - own < 0.1:
                pass
            own, together = time.thread_time() - own, time.process_time() - together
            assert together - own < 0.1 * own


# ---- Forks ---------------------------------------------------------------------------------------


def trained(net, optimizer):
    net.fit(X[:600], Y[:600], optimizer=optimizer, batch_size=BATCH)
    return net.parameters.tobytes(), net.predict(X).tobytes()


@needs_fork
@forks
@pytest.mark.parametrize("others", [False, True], ids=["idle threads", "threads at work"])
def test_fork_after_threads_were_used(others):
    net, optimizer = make(), cr.Adam()
    with cr.threads(4):
        trained(net, optimizer)
        twin, twin_optimizer = make(), cr.Adam()
        trained(twin, twin_optimizer)
        expected = trained(twin, twin_optimizer)

        def work():
            if TASKS.exists():
                assert len(tasks()) == 1
            assert cr.get_num_threads() == 4
            assert trained(net, optimizer) == expected
            if TASKS.exists():
                assert len(tasks()) == 4
            assert in_child(lambda: trained(make(), cr.Adam())) == "ok"

        with ExitStack() as stack:
            if others:
                beside = make()
                beside.threads = 3
                stack.enter_context(being_trained(beside, X, Y, cr.Adam(), batch_size=BATCH))
            found = [in_child(work) for _ in range(3)]
        assert found == ["ok"] * 3
        assert trained(net, optimizer) == expected  # and the parent goes on
