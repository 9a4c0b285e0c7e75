"""The CPU's floating-point state and NumPy's: left as found, denormals flushed inside only."""
# SPDX-License-Identifier: BSD-3-Clause

import ctypes
import platform
import signal
import struct
import sys
import threading
import warnings

import numpy as np
import pytest

import chainrule as cr
from failing_calls import X, Y, attempt, fails, make
from signals import handled_by, needs_posix, sending
from support import squares

TINY = np.array([5e-324, 1e-310])
ONE = np.ones(2)


def numpy_has_denormals():
    return ((TINY * ONE) == TINY).all() and np.float32(1e-40) * np.float32(1) > 0


def bad_calls():
    net = make()
    attempt(lambda: net.fit(X, Y * np.nan))
    attempt(lambda: make(fails).fit(X, Y))
    attempt(lambda: net.fit(X, Y, optimizer=cr.SGD(1e38), epochs=9))


CALLS = {
    "predict": lambda: make().predict(X),
    "cost": lambda: make().cost(X, Y),
    "value_and_grad": lambda: make().value_and_grad(X, Y),
    "train_step": lambda: make().train_step(X, Y, cr.Adam()),
    "fit": lambda: make().fit(X, Y, validation_data=(X, Y)),
    "trace": lambda: make().trace(X, Y),
    "explain": lambda: make().explain(X[0], Y[0], layer=1, j=1, k=1),
    "cost function": lambda: make(squares).fit(X, Y),
    "failing calls": bad_calls,
}


@pytest.mark.parametrize("call", CALLS)
def test_denormals_and_errstate_are_left_alone(call):
    assert numpy_has_denormals()
    with np.errstate(all="raise", under="ignore"):
        before = np.geterr()
        CALLS[call]()
        assert np.geterr() == before
        assert numpy_has_denormals()


def test_denormals_are_flushed_inside():
    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], rng=0)
    net.parameters = [1e-20]
    if platform.machine().lower() in ("x86_64", "amd64", "arm64", "aarch64"):
        assert net.predict([1e-20]) == 0
    assert numpy_has_denormals()


@pytest.mark.parametrize("call", ["cost", "value_and_grad", "train_step", "fit", "trace"])
def test_denormals_are_not_flushed_in_a_cost_function(call):
    seen = []

    def cost(s, y):
        seen.append(numpy_has_denormals())
        return squares(s, y)

    net = make(cost)
    if call == "train_step":
        net.train_step(X, Y, cr.SGD())
    else:
        getattr(net, call)(X, Y)
    assert set(seen) == {True}


@needs_posix
def test_denormals_are_not_flushed_in_a_signal_handler():
    seen, done, optimizer = [], threading.Event(), cr.Adam()

    def handler():
        seen.append(numpy_has_denormals())
        done.set()

    with (
        handled_by(handler, signal.SIGALRM),
        sending(signal.SIGALRM, lambda: optimizer.steps > 0),
    ):
        make().fit(X, Y, optimizer=optimizer, stop=cr.StopWhen(done))
    assert seen == [True]


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="knows x86-64's registers"
)
class TestControlAndStatusRegister:
    """MXCSR: rounding, flushing of denormals, and which exceptions there have been."""

    FLUSH, ROUND_UP = 0x8040, 0x4000
    INVALID_DIVIDED_OVERFLOWN = 0x0D  # what no line of Python between the calls sets by itself
    libm = ctypes.CDLL("libm.so.6") if sys.platform == "linux" else None

    def get(self):
        environment = ctypes.create_string_buffer(64)
        assert self.libm.fegetenv(environment) == 0
        return struct.unpack_from("I", environment, 28)[0]

    def set(self, mxcsr):
        environment = ctypes.create_string_buffer(64)
        assert self.libm.fegetenv(environment) == 0
        struct.pack_into("I", environment, 28, mxcsr)
        assert self.libm.fesetenv(environment) == 0

    @pytest.mark.parametrize("extra", [0, FLUSH, ROUND_UP, 0x01, 0x0D], ids=hex)
    @pytest.mark.parametrize("call", [call for call in CALLS if call != "cost function"])
    def test_is_left_as_found(self, call, extra):
        relevant = ~0x3F | self.INVALID_DIVIDED_OVERFLOWN
        x, y = X.astype(np.float32), Y.astype(np.float32)
        net, optimizer = make(), cr.Adam()
        failing = np.where(y > 0, np.float32(np.inf), y)
        work = {
            "predict": lambda: net.predict(x),
            "cost": lambda: net.cost(x, y),
            "value_and_grad": lambda: net.value_and_grad(x, y),
            "train_step": lambda: net.train_step(x, y, optimizer),
            "fit": lambda: net._fit(x, y, optimizer, 1, 32, True, None, [], None, None),
            "trace": lambda: net._trace(x, y),
            "explain": lambda: net._trace(x[0], y[0]),
            "failing calls": lambda: net.cost(x, failing),
        }[call]
        found = self.get() & ~0x3F
        try:
            self.set(found | extra)
            before = self.get() & relevant
            try:
                work()
            except ValueError:
                assert call == "failing calls"
            after = self.get() & relevant
        finally:
            self.set(found)
        assert after == before == (found | extra) & relevant


def test_explain_does_not_depend_on_what_numpy_does_about_underflow():
    net = cr.Network([cr.Input(2), cr.Dense(2, "sigmoid"), cr.Dense(2, "softmax")], rng=0)
    net.parameters = net.parameters * 400
    text = str(net.explain([3.0, 4.0], [1.0, 0.0], layer=1, j=1, k=1))
    with np.errstate(all="raise"):
        assert str(net.explain([3.0, 4.0], [1.0, 0.0], layer=1, j=1, k=1)) == text


def test_no_warning_comes_from_a_call():
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        for call in CALLS.values():
            call()
