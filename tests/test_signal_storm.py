"""Many signals: Ctrl-C again and again, and others faster than they can be handled."""
# SPDX-License-Identifier: BSD-3-Clause

import random
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from functools import partial

import pytest

import chainrule as cr
from eight_threads import BATCH, X, Y, make
from meanwhile import make_steps, meanwhile
from signals import handled_by, needs_posix, sending

pytestmark = pytest.mark.usefixtures("four_threads")


def test_ctrl_c_fifty_times_at_random_moments():
    dice = random.Random(1)
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    for _ in range(50):
        before = optimizer.steps
        enough = before + dice.randint(1, 50)
        with (
            sending(signal.SIGINT, lambda enough=enough: optimizer.steps >= enough),
            pytest.raises(KeyboardInterrupt),
        ):
            net.fit(
                X,
                Y,
                optimizer=optimizer,
                batch_size=BATCH,
                shuffle=False,
                stop=cr.TimeLimit(60),  # decides nothing but when a test fails that nothing stops
            )
        make_steps(twin, X, Y, twin_optimizer, optimizer.steps - before, BATCH)
        assert net.parameters.tobytes() == twin.parameters.tobytes()
    history = net.fit(X, Y, optimizer=optimizer, batch_size=BATCH, epochs=2, shuffle=False)
    make_steps(twin, X, Y, twin_optimizer, 2 * len(X) // BATCH, BATCH)
    assert history.epochs == 2
    assert net.parameters.tobytes() == twin.parameters.tobytes()
    assert net.predict(X).tobytes() == twin.predict(X).tobytes()


@needs_posix
def test_a_storm_of_signals_does_not_disturb_training():
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    numbers = [signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGWINCH]
    sent, handled, enough = 0, Counter(), threading.Event()

    def storm():
        nonlocal sent
        for number in numbers:
            signal.pthread_kill(threading.main_thread().ident, number)
            sent += 1

    def handler(number):
        handled[number] += optimizer.steps > 0
        if all(handled[each] >= 10 for each in numbers):
            enough.set()

    with ExitStack() as stack:
        for number in numbers:
            stack.enter_context(handled_by(partial(handler, number), number))
        stack.enter_context(meanwhile(storm))
        net.fit(
            X,
            Y,
            optimizer=optimizer,
            batch_size=BATCH,
            shuffle=False,
            stop=[cr.StopWhen(enough), cr.TimeLimit(60)],
        )
        assert enough.is_set()
    # Several came before Python's handler was called for the first of them.
    assert sent > handled.total()
    make_steps(twin, X, Y, twin_optimizer, optimizer.steps, BATCH)
    assert net.parameters.tobytes() == twin.parameters.tobytes()
