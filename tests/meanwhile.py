"""What other threads do meanwhile, and how a test waits for it."""
# SPDX-License-Identifier: BSD-3-Clause

import threading
import time
from contextlib import contextmanager, suppress

import chainrule as cr


def moment():
    """Let others run for a moment. Nothing may depend on how long that is."""
    time.sleep(0.001)


def until(condition, seconds=60):
    """Wait until the condition holds.

    The time limit decides nothing but when a condition that never holds fails its test.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        moment()


def in_another_thread(function):
    """Call the function in another thread, and return what it returned."""
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


@contextmanager
def meanwhile(work):
    """Have another thread do this work over and over again, until the block is left."""
    done = threading.Event()
    began = threading.Event()
    errors = []

    def repeat():
        while not done.is_set():
            began.set()
            try:
                work()
            except Exception as error:
                errors.append(error)
                return

    thread = threading.Thread(target=repeat)
    thread.start()
    began.wait()
    try:
        yield thread
    finally:
        done.set()
        thread.join()
    assert errors == []


@contextmanager
def being_asked(net, x):
    """Have another thread predict over and over again, until the block is left."""

    def predict():
        with suppress(cr.ConcurrentUseError):  # where the block changes the network
            net.predict(x)

    with meanwhile(predict):
        yield


@contextmanager
def being_trained(net, x, y, optimizer, **options):
    """Have another thread train the network from before the block begins until it is left."""
    done, errors = threading.Event(), []
    options |= {"optimizer": optimizer, "shuffle": False, "stop": [cr.StopWhen(done)]}
    begun_with = optimizer.steps

    def train():
        try:
            net.fit(x, y, **options)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        until(lambda: optimizer.steps > begun_with or errors)
        yield
        assert thread.is_alive()
    finally:
        done.set()
        thread.join()
    assert errors == []


def make_steps(net, x, y, optimizer, count, batch_size=32):
    """Make the first `count` steps of a training that does not shuffle, and none beyond."""
    epochs, rest = divmod(count, -(-len(x) // batch_size))
    net.fit(x, y, optimizer=optimizer, epochs=epochs, batch_size=batch_size, shuffle=False)
    for first in range(0, batch_size * rest, batch_size):
        some = slice(first, first + batch_size)
        net.train_step(x[some], y[some], optimizer)
