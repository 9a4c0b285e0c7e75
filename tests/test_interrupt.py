"""Ctrl-C ends long work within 200 ms, with the network at its last finished step."""
# SPDX-License-Identifier: BSD-3-Clause

import _thread
import copy
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

import chainrule as cr

PROMISED = 0.2  # seconds
# Other processes may hold this one up: what counts is the best of a few tries.
TRIES = 4

rng = np.random.default_rng(1)
X = rng.normal(size=(1000, 20)).astype(np.float32)
Y = rng.normal(size=(1000, 3)).astype(np.float32)

needs_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def make(loss="mse"):
    return cr.Network([cr.Input(20), cr.Dense(30, "tanh"), cr.Dense(3)], loss=loss, rng=5)


def squares(s, y):
    return ((s - y) ** 2).mean(), 2 * (s - y) / s.size


def rows(n, width):
    """Return many samples in next to no memory."""
    return np.broadcast_to(np.float32(0.5), (n, width))


def best(measure, tries=TRIES):
    """Return the best of a few measurements; one is enough if it keeps the promise."""
    seconds = []
    while len(seconds) < tries and min(seconds, default=1) > PROMISED:
        seconds.append(measure())
    return min(seconds)


def press_ctrl_c(work, after=0.15):
    """Do the work, press Ctrl-C after a while, and return how long it took to be obeyed."""
    pressed = []

    def press():
        time.sleep(after)
        pressed.append(time.perf_counter())
        if os.name == "nt":
            _thread.interrupt_main()
        else:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    finished = False

    def work_and_wait():
        nonlocal finished
        work()
        finished = True
        thread.join()
        time.sleep(1)  # a late interrupt arrives here, not in the next test

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        work_and_wait()
    seconds = time.perf_counter() - pressed[0]
    thread.join()
    assert not finished, "the work was too short to be interrupted"
    return seconds


def for_ever(net, **options):
    return net.fit(X, Y, epochs=None, stop=[cr.TimeLimit(30)], **options)


LONG = {
    "fit": lambda: for_ever(make()),
    "fit, batches of one": lambda: for_ever(make(), batch_size=1),
    "fit, one batch": lambda: for_ever(make(), batch_size=1000),
    "fit, cost function": lambda: for_ever(make(squares)),
    "fit, validation": lambda: make().fit(X, Y, validation_data=(rows(10**8, 20), rows(10**8, 3))),
    "fit, check of x": lambda: make().fit(rows(10**8, 20), rows(10**8, 3)),
    "predict": lambda: make().predict(rows(10**8, 20)),
    "cost": lambda: make().cost(rows(10**8, 20), rows(10**8, 3)),
}


@pytest.mark.parametrize("work", LONG)
def test_within_200_ms(work):
    assert best(lambda: press_ctrl_c(LONG[work])) <= PROMISED


@contextmanager
def alarms():
    """Have Python see a signal every 5 ms, and collect this thread's CPU time when it does.

    Unlike the time on the clock, that does not depend on what else the machine does.
    """
    times = []
    before = signal.signal(signal.SIGALRM, lambda *_: times.append(time.thread_time()))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    times.append(time.thread_time())
    try:
        yield times
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        times.append(time.thread_time())


def longest_deaf_time(work):
    """Return for how long no signal was seen at most, in the better of two tries."""

    def measure():
        with alarms() as times:
            work()
        return max(np.diff(times))

    return best(measure, tries=2)


@needs_posix
def test_one_long_layer():
    net = cr.Network([cr.Input(32_000), cr.Dense(1024)], rng=0)
    plan = net.plan(1024)
    if cr.show_config()["blas"] == "builtin" or (plan["product"], plan["cpu"]) == ("own", "scalar"):
        pytest.skip("plain C++ products take too long for this")
    assert longest_deaf_time(lambda: net.predict(rows(1024, 32_000))) <= PROMISED


@needs_posix
@pytest.mark.parametrize("call", ["predict", "value_and_grad", "train_step"])
def test_one_large_layer(call):
    n = 100 if cr.show_config()["blas"] == "builtin" else 2000
    net = cr.Network([cr.Input(4000), cr.Dense(4000), cr.Dense(1)], rng=0)
    x, y = rows(n, 4000), rows(n, 1)
    work = {
        "predict": lambda: net.predict(x),
        "value_and_grad": lambda: net.value_and_grad(x, y),
        "train_step": lambda: net.train_step(x, y, cr.SGD()),
    }
    assert longest_deaf_time(work[call]) <= PROMISED


@needs_posix
@pytest.mark.parametrize("call", ["make", "copy", "deepcopy", "trace"])
def test_many_weights(call):
    layers = [cr.Input(8000), cr.Dense(8000)]
    net = cr.Network(layers, rng=0)
    x, y = rows(2, 8000), rows(2, 8000)
    work = {
        "make": lambda: cr.Network(layers, rng=0),
        "copy": net.copy,
        "deepcopy": lambda: copy.deepcopy(net),
        "trace": lambda: net.trace(x, y),
    }
    assert longest_deaf_time(work[call]) <= PROMISED


def test_a_network_that_is_not_made_leaves_nothing():
    before = len(gc.get_objects())
    press_ctrl_c(lambda: cr.Network([cr.Input(20_000), cr.Dense(20_000)], rng=0))
    gc.collect()
    assert len(gc.get_objects()) < before + 100


@needs_posix
def test_one_large_batch():
    # Nearly all of the time goes into activations and the cost, not into products.
    n = 400_000
    net = cr.Network([cr.Input(1), cr.Dense(100, "softmax")], loss="cross_entropy", rng=0)
    x, y = rows(n, 1), np.broadcast_to(3, n)
    assert longest_deaf_time(lambda: net.fit(x, y, batch_size=n)) <= PROMISED


@needs_posix
def test_shuffling_many_samples():
    n = 20_000_000
    net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    x = rows(n, 1)
    assert longest_deaf_time(lambda: net.fit(x, x, batch_size=4096)) <= PROMISED


@needs_posix
def test_process_ends_as_others_do():
    code = (
        "import numpy as np, chainrule as cr, time\n"
        "net = cr.Network([cr.Input(20), cr.Dense(30, 'tanh'), cr.Dense(3)])\n"
        "print('ready', flush=True)\n"
        "try: net.fit(np.ones((1000, 20)), np.ones((1000, 3)), epochs=10**9)\n"
        "except KeyboardInterrupt: print(time.monotonic(), flush=True); raise\n"
    )

    def measure():
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout.readline() == "ready\n"
                time.sleep(0.1)
                sent = time.monotonic()
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=30)
            finally:
                process.kill()
        assert process.returncode == -signal.SIGINT
        assert errors.endswith("KeyboardInterrupt\n")
        return float(output) - sent

    assert best(measure) <= PROMISED


@pytest.mark.parametrize("loss", ["mse", squares], ids=["mse", "function"])
def test_network_is_at_its_last_finished_step(loss):
    net, twin = make(loss), make(loss)
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    for _ in range(3):
        before = optimizer.steps
        press_ctrl_c(lambda: for_ever(net, optimizer=optimizer, shuffle=False), after=0.05)
        epochs, rest = divmod(optimizer.steps - before, 32)  # 31 batches of 32, and one of 8
        assert epochs + rest > 0
        twin.fit(X, Y, optimizer=twin_optimizer, epochs=epochs, shuffle=False)
        for first in range(0, 32 * rest, 32):
            some = slice(first, first + 32)
            twin.train_step(X[some], Y[some], twin_optimizer)
        assert twin_optimizer.steps == optimizer.steps
        assert net.parameters.tobytes() == twin.parameters.tobytes()
        assert [m.tobytes() for m in optimizer._states()] == [
            m.tobytes() for m in twin_optimizer._states()
        ]
        assert net.predict(X).tobytes() == twin.predict(X).tobytes()


def test_everything_works_afterwards():
    net, optimizer = make(), cr.Adam()
    press_ctrl_c(lambda: for_ever(net, optimizer=optimizer))
    press_ctrl_c(lambda: net.predict(rows(10**8, 20), out=np.empty((10**8, 3), np.float32)))
    before = net.parameters.tobytes()
    assert net.fit(X, Y, optimizer=optimizer, epochs=3).epochs == 3
    assert net.parameters.tobytes() != before
    assert np.isfinite(net.cost(X, Y))
    net.copy().trace(X, Y)
    net.explain(X[0], Y[0], layer=1, j=1, k=1)


@needs_posix
def test_signals_that_are_handled_do_not_disturb_training():
    net, twin = make(), make()
    with alarms() as times:
        history = net.fit(X, Y, epochs=1500)
    assert len(times) > 3
    assert twin.fit(X, Y, epochs=1500).cost == history.cost
    assert net.parameters.tobytes() == twin.parameters.tobytes()


@needs_posix
def test_exception_of_a_signal_handler_comes_through():
    class TimeIsUpError(Exception):
        pass

    def handler(*_):
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(TimeIsUpError):
            for_ever(make())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@needs_posix
def test_signal_handler_that_uses_the_network():
    net = make()
    seen = []

    def handler(*_):
        try:
            net.predict(X)
        except Exception as error:
            seen.append(error)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        net.fit(X, Y, epochs=None, stop=[cr.TimeLimit(0.3)])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert [type(error) for error in seen] == [cr.ConcurrentUseError]


def test_training_in_another_thread_goes_on():
    # Ctrl-C belongs to the main thread.
    net, twin = make(), make()
    thread = threading.Thread(target=net.fit, args=(X, Y), kwargs={"epochs": 300})
    thread.start()
    press_ctrl_c(lambda: time.sleep(10), after=0.02)
    thread.join()
    twin.fit(X, Y, epochs=300)
    assert net.parameters.tobytes() == twin.parameters.tobytes()


@needs_posix
def test_signal_handlers_stay_as_they_are():
    signals = sorted(signal.valid_signals())
    before = [signal.getsignal(each) for each in signals]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    make().fit(X, Y)
    press_ctrl_c(lambda: for_ever(make()), after=0.05)
    assert [signal.getsignal(each) for each in signals] == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
