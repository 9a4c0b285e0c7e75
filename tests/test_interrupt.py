"""Ctrl-C ends long work within 200 ms or one tile, with the network at its last finished step."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

import chainrule as cr
from child_processes import busy_machine
from forked import forks, in_child, needs_fork
from meanwhile import being_trained, make_steps, until
from signals import alarms, handled_by, needs_posix, sending
from support import squares
from tasks import TASKS, tasks

rng = np.random.default_rng(1)
X = rng.normal(size=(1000, 20)).astype(np.float32)
Y = rng.normal(size=(1000, 3)).astype(np.float32)


def make(loss="mse"):
    return cr.Network([cr.Input(20), cr.Dense(30, "tanh"), cr.Dense(3)], loss=loss, rng=5)


def rows(n, width):
    """Return many samples in next to no memory."""
    return np.broadcast_to(np.float32(0.5), (n, width))


# ---- How soon ------------------------------------------------------------------------------------
#
# The promise is 200 ms or one tile. Seconds on the clock say how busy the machine is: what counts
# here is CPU time, and how much a machine does in 200 ms is measured beside it.


def cpu_seconds(work):
    """Return the CPU time of all threads of this process during the work."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def press_ctrl_c(work, condition):
    """Press Ctrl-C once the condition holds, and return the CPU time from then until it is obeyed.

    The condition must not hold before the work has begun.
    """
    finished = False

    def work_and_wait():
        nonlocal finished
        work()
        finished = True
        # An interrupt that comes too late ends this wait, and not the next test.
        threading.Event().wait(60)

    with sending(signal.SIGINT, condition) as sender, pytest.raises(KeyboardInterrupt):
        work_and_wait()
    late = time.process_time() - sender.cpu_seconds
    assert not finished, "nothing interrupted the work"
    return late


def for_ever(net, **options):
    """Train until an interrupt comes; if none does, the limit ends the test."""
    return net.fit(X, Y, stop=[cr.TimeLimit(60)], **options)


# Work, and how much of it takes two threads some 200 ms on a core of today.
LONG = {
    "fit": (lambda n: make().fit(X, Y, epochs=n), 5000),
    "fit, batches of one": (lambda n: make().fit(X, Y, epochs=n, batch_size=1), 600),
    "fit, one batch": (lambda n: make().fit(X, Y, epochs=n, batch_size=1000), 5000),
    "fit, cost function": (lambda n: make(squares).fit(X, Y, epochs=n), 700),
    "fit, validation": (
        lambda n: make().fit(X, Y, validation_data=(rows(n, 20), rows(n, 3))),
        5_000_000,
    ),
    "fit, check of x": (
        lambda n: make().fit(rows(n, 20), rows(n, 3), epochs=0),
        5_000_000,
    ),
    "predict": (lambda n: make().predict(rows(n, 20)), 5_000_000),
    "cost": (lambda n: make().cost(rows(n, 20), rows(n, 3)), 5_000_000),
}


@pytest.mark.parametrize("name", LONG)
def test_before_a_twentieth_of_long_work_is_done(name):
    work, a_twentieth = LONG[name]
    with cr.threads(2):
        allowed = cpu_seconds(lambda: work(a_twentieth))
        begin = time.process_time()
        late = press_ctrl_c(
            lambda: work(20 * a_twentieth), lambda: time.process_time() - begin > allowed / 2
        )
    assert late < allowed


def longest_deaf_time(work, threads=1):
    """Return the longest CPU time during which Python saw no signal, and that of all the work.

    Both are those of the calling thread. With several threads, the load decides how much it does.
    """
    times = []
    look = lambda: times.append(time.thread_time())  # noqa: E731
    with cr.threads(threads), alarms(look):
        look()
        work()
        look()
    return max(np.diff(times)), times[-1] - times[0]


def assert_heard(work, n, threads=1):
    """Check that Python sees a signal within a quarter of work that takes half a second or more.

    How large an n that takes depends on the machine: n is where to begin.
    """
    longest, whole = longest_deaf_time(partial(work, n), threads)
    while whole < 0.5:
        n *= 2
        longest, whole = longest_deaf_time(partial(work, n), threads)
    assert longest < whole / 4


@needs_posix
def test_one_long_layer():
    net = cr.Network([cr.Input(32_000), cr.Dense(1024)], rng=0)
    plan = net.plan(1024)
    if cr.show_config()["blas"] == "builtin" or (plan["product"], plan["cpu"]) == ("own", "scalar"):
        pytest.skip("plain C++ products take too long for this")
    assert_heard(lambda n: net.predict(rows(n, 32_000)), 1024)


@needs_posix
@pytest.mark.parametrize("call", ["predict", "value_and_grad", "train_step"])
def test_one_large_layer(call):
    n = 100 if cr.show_config()["blas"] == "builtin" else 2000
    net = cr.Network([cr.Input(4000), cr.Dense(4000), cr.Dense(1)], rng=0)
    work = {
        "predict": lambda n: net.predict(rows(n, 4000)),
        "value_and_grad": lambda n: net.value_and_grad(rows(n, 4000), rows(n, 1)),
        "train_step": lambda n: net.train_step(rows(n, 4000), rows(n, 1), cr.SGD()),
    }
    assert_heard(work[call], n)


@needs_posix
def test_orthogonal_weights():
    layers = [cr.Input(1500), cr.Dense(1000, init="orthogonal")]
    longest, making = longest_deaf_time(lambda: cr.Network(layers, rng=0))
    assert longest < making / 4


@needs_posix
def test_many_weights():
    layers = [cr.Input(8000), cr.Dense(8000)]
    net = cr.Network(layers, rng=0)
    longest, making = longest_deaf_time(lambda: cr.Network(layers, rng=0))
    assert longest < making / 4
    # To copy weights takes a small part of the time that it takes to draw them.
    for copying in net.copy, lambda: copy.deepcopy(net):
        longest, _ = longest_deaf_time(copying)
        assert longest < making / 4
    # So does the memory of the gradient of a trace, a quarter of a gigabyte.
    n = 60 if cr.show_config()["blas"] == "builtin" else 500
    assert_heard(lambda n: net.trace(rows(n, 8000), rows(n, 8000)), n)


@needs_posix
def test_trace_of_many_samples():
    # A large part of the time goes into the arrays that Python gets.
    net = cr.Network([cr.Input(20), cr.Dense(30, "tanh"), cr.Dense(3)], rng=0)
    assert_heard(lambda n: net.trace(rows(n, 20), rows(n, 3)), 400_000)


def test_a_network_that_is_not_made_leaves_nothing():
    before = len(gc.get_objects())
    a_little = cpu_seconds(lambda: cr.Network([cr.Input(2000), cr.Dense(2000)], rng=0))
    begin = time.process_time()
    press_ctrl_c(
        lambda: cr.Network([cr.Input(20_000), cr.Dense(20_000)], rng=0),
        lambda: time.process_time() - begin > a_little,
    )
    gc.collect()
    assert len(gc.get_objects()) < before + 100


@needs_posix
def test_one_large_batch():
    # Nearly all of the time goes into activations and the cost, not into products.
    n = 400_000
    net = cr.Network([cr.Input(1), cr.Dense(100, "softmax")], loss="cross_entropy", rng=0)
    x, y = rows(n, 1), np.broadcast_to(3, n)
    longest, _ = longest_deaf_time(lambda: net.fit(x, y, batch_size=n))
    _, ten_steps = longest_deaf_time(lambda: net.fit(x, y, batch_size=n, epochs=10))
    assert longest < ten_steps / 4


@needs_posix
def test_shuffling_many_samples():
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    assert_heard(lambda n: net.fit(rows(n, 1), rows(n, 1), batch_size=4096), 20_000_000)


@needs_fork
@forks
@pytest.mark.skipif(
    not hasattr(os, "SCHED_IDLE") or len(os.sched_getaffinity(0)) == 1,
    reason="needs a thread that only an idle CPU would run, and a CPU for it",
)
def test_a_worker_that_gets_no_cpu():
    """On a busy machine, the caller does what no worker has come to do."""
    net = cr.Network([cr.Input(4000), cr.Dense(4000), cr.Dense(1)], rng=0)

    def work():
        with cr.threads(2):
            net.predict(rows(2000, 4000))  # there is a worker
        with busy_machine():
            own, *_, other = sorted(os.sched_getaffinity(0))
            workers = tasks() - {TASKS / str(os.getpid())}
            os.sched_setaffinity(0, {own})
            for worker in map(int, (task.name for task in workers)):
                os.sched_setaffinity(worker, {other})
                os.sched_setscheduler(worker, os.SCHED_IDLE, os.sched_param(0))
            assert_heard(lambda n: net.predict(rows(n, 4000)), 2000, threads=2)

    assert in_child(work) == "ok"


# ---- What is left --------------------------------------------------------------------------------


@needs_posix
def test_process_ends_as_others_do():
    code = (
        "import numpy as np, chainrule as cr\n"
        "net = cr.Network([cr.Input(20), cr.Dense(30, 'tanh'), cr.Dense(3)])\n"
        "class Training:\n"
        "    said = False\n"
        "    def is_set(self):\n"
        "        if not self.said: print('training', flush=True)\n"
        "        self.said = True\n"
        "net.fit(np.ones((1000, 20)), np.ones((1000, 3)), stop=cr.StopWhen(Training()))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "training\n"
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert errors.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize("loss", ["mse", squares], ids=["mse", "function"])
def test_network_is_at_its_last_finished_step(loss):
    net, twin = make(loss), make(loss)
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    for more in 1, 100, 1000:
        before = optimizer.steps
        press_ctrl_c(
            lambda: for_ever(net, optimizer=optimizer, shuffle=False),
            lambda enough=before + more: optimizer.steps >= enough,
        )
        make_steps(twin, X, Y, twin_optimizer, optimizer.steps - before)
        assert twin_optimizer.steps == optimizer.steps
        assert net.parameters.tobytes() == twin.parameters.tobytes()
        assert [m.tobytes() for m in optimizer._states().values()] == [
            m.tobytes() for m in twin_optimizer._states().values()
        ]
        assert net.predict(X).tobytes() == twin.predict(X).tobytes()


def test_everything_works_afterwards():
    net, optimizer = make(), cr.Adam()
    press_ctrl_c(lambda: for_ever(net, optimizer=optimizer), lambda: optimizer.steps > 100)
    out = np.zeros((10**8, 3), np.float32)
    press_ctrl_c(lambda: net.predict(rows(10**8, 20), out=out), out[0].any)
    before = net.parameters.tobytes()
    assert net.fit(X, Y, optimizer=optimizer, epochs=3).epochs == 3
    assert net.parameters.tobytes() != before
    assert np.isfinite(net.cost(X, Y))
    net.copy().trace(X, Y)
    net.explain(X[0], Y[0], layer=1, j=1, k=1)


@needs_posix
def test_signals_that_are_handled_do_not_disturb_training():
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    seen, costs = [], []
    n = 3000 * 32  # steps of a call, which takes long enough for some signals to be seen during it
    with alarms(lambda: seen.append(optimizer.steps % n)):
        while sum(steps > 0 for steps in seen) < 3:
            costs += net.fit(X, Y, optimizer=optimizer, epochs=3000).cost
    assert twin.fit(X, Y, optimizer=twin_optimizer, epochs=len(costs)).cost == costs
    assert net.parameters.tobytes() == twin.parameters.tobytes()


@needs_posix
def test_exception_of_a_signal_handler_comes_through():
    class TimeIsUpError(Exception):
        pass

    def handler():
        raise TimeIsUpError

    optimizer = cr.Adam()
    with (
        handled_by(handler, signal.SIGALRM),
        sending(signal.SIGALRM, lambda: optimizer.steps > 0),
        pytest.raises(TimeIsUpError),
    ):
        for_ever(make(), optimizer=optimizer)


@needs_posix
def test_signal_handler_that_uses_the_network():
    net, optimizer = make(), cr.Adam()
    seen, done = [], threading.Event()

    def handler():
        try:
            net.predict(X)
        except Exception as error:
            seen.append(error)
        done.set()

    with (
        handled_by(handler, signal.SIGALRM),
        sending(signal.SIGALRM, lambda: optimizer.steps > 0),
    ):
        net.fit(X, Y, optimizer=optimizer, stop=cr.StopWhen(done))
    assert [type(error) for error in seen] == [cr.ConcurrentUseError]


def test_training_in_another_thread_goes_on():
    # Ctrl-C belongs to the main thread.
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    with being_trained(net, X, Y, optimizer):
        waiting = threading.Event()
        press_ctrl_c(lambda: waiting.set() or threading.Event().wait(60), waiting.is_set)
        steps = optimizer.steps
        until(lambda: optimizer.steps > steps)
    make_steps(twin, X, Y, twin_optimizer, optimizer.steps)
    assert net.parameters.tobytes() == twin.parameters.tobytes()


@needs_posix
def test_signal_handlers_stay_as_they_are():
    signals = sorted(signal.valid_signals())
    before = [signal.getsignal(each) for each in signals]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    make().fit(X, Y)
    optimizer = cr.Adam()
    press_ctrl_c(lambda: for_ever(make(), optimizer=optimizer), lambda: optimizer.steps > 0)
    assert [signal.getsignal(each) for each in signals] == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
