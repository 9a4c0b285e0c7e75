"""Many processes: the same bits in each, forks at any moment, exit at any moment."""
# SPDX-License-Identifier: BSD-3-Clause

import hashlib
import os
import subprocess
import sys
import textwrap
from contextlib import ExitStack

import numpy as np
import pytest

import chainrule as cr
from child_processes import python
from forked import forks, in_child, needs_fork
from meanwhile import being_asked, being_trained, until
from shared_network import X, Y, make, train

SCRIPT = """
    import hashlib, numpy as np, chainrule as cr
    x, y = np.arange(12000.0).reshape(600, 20) % 7 - 3, np.arange(1800.0).reshape(600, 3) % 5 - 2
    for dtype in ("float32", "float64"):
        net = cr.Network([cr.Input(20), cr.Dense(150, "tanh"), cr.Dense(3)], dtype=dtype, rng=1)
        cost = net.fit(x, y, epochs=3, batch_size=200).cost
        print(hashlib.sha256(net.parameters.tobytes() + repr(cost).encode()).hexdigest())
"""


def test_same_bits_for_any_number_of_threads_and_in_every_process():
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "CHAINRULE_NUM_THREADS")
    found = set()
    for threads in (None, "1", "2", "7"):
        environment = dict(os.environ)
        for name in names:
            environment.pop(name, None)
            if threads:
                environment[name] = threads
        found.add(python(SCRIPT, env=environment))
    assert len(found) == 1
    assert len(set(found.pop().split())) == 2


def check_child(net, optimizer, expected):
    assert net.predict(X).tobytes() == expected
    train(net, 1, optimizer)
    train(make())


@needs_fork
@forks
@pytest.mark.parametrize("used", [False, True], ids=["before use", "after use"])
def test_fork(used):
    net, optimizer = make(), cr.Adam()
    if used:
        train(net, 1, optimizer)
    expected = net.predict(X).tobytes()
    assert in_child(lambda: check_child(net, optimizer, expected)) == "ok"
    # What the child does stays in the child, and the parent goes on.
    assert net.predict(X).tobytes() == expected
    assert in_child(lambda: in_child(lambda: check_child(net, optimizer, expected))) == "ok"
    train(net, 1, optimizer)


@needs_fork
@forks
def test_forked_children_train_alike():
    net, optimizer = make(), cr.Adam()
    train(net, 1, optimizer)

    def work():
        train(net, 2, optimizer)
        raise LookupError(hashlib.sha256(net.parameters.tobytes()).hexdigest())

    found = {in_child(work) for _ in range(3)}
    train(net, 2, optimizer)
    expected = hashlib.sha256(net.parameters.tobytes()).hexdigest()
    assert found == {repr(LookupError(expected))}


def is_in_use(net):
    """Tell whether another call uses the network: its weights cannot be set meanwhile."""
    try:
        net.layers[1].bias = net.layers[1].bias
    except cr.ConcurrentUseError:
        return True
    return False


@needs_fork
@forks
def test_fork_while_another_thread_predicts():
    net, optimizer = make(), cr.Adam()
    expected = net.predict(X).tobytes()
    large = np.broadcast_to(X[0], (200_000, 20))
    found = []
    with being_asked(net, large):
        for _ in range(5):
            until(lambda: is_in_use(net))
            # That thread does not exist in the child, so nobody uses the network there.
            found.append(in_child(lambda: check_child(net, optimizer, expected)))
    assert found == ["ok"] * 5


@needs_fork
@forks
def test_fork_while_another_thread_trains():
    net, other, optimizer = make(), make(), cr.Adam()
    expected = other.predict(X).tobytes()
    with being_trained(net, X, Y, optimizer):
        found = in_child(lambda: check_child(other, cr.Adam(), expected))
        # The network itself may be in the middle of a step, but nobody trains it in the child.
        own = in_child(lambda: (setattr(net, "parameters", other.parameters), train(net, 1)))
    assert (found, own) == ("ok", "ok")


@pytest.mark.parametrize("loss", ["'mse'", "lambda s, y: (((s - y)**2).mean(), 2*(s - y)/s.size)"])
def test_exit_while_a_thread_trains(loss):
    code = f"""
        import threading, numpy as np, chainrule as cr
        from meanwhile import until
        net = cr.Network([cr.Input(20), cr.Dense(9, "tanh"), cr.Dense(3)], loss={loss})
        x, y, optimizer = np.ones((1000, 20)), np.ones((1000, 3)), cr.Adam()
        options = dict(epochs=None, stop=[cr.TimeLimit(60)], optimizer=optimizer)
        threading.Thread(target=net.fit, args=(x, y), kwargs=options, daemon=True).start()
        until(lambda: optimizer.steps >= 10)
        print("the end")
    """
    assert python(code) == "the end\n"


WAYS_TO_EXIT = {
    "the main thread trains": """
        # As a service does that is told to end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        Sender(signal.SIGTERM, lambda: optimizer.steps >= steps).start()
        train(net, optimizer)
        os._exit(1)  # no exit came during the training
    """,
    "a daemon thread trains": """
        threading.Thread(target=train, args=(net, optimizer), daemon=True).start()
        until(lambda: optimizer.steps >= steps)
        sys.exit()
    """,
}


@needs_fork
@pytest.mark.parametrize("way", WAYS_TO_EXIT)
def test_exit_during_a_training_fifty_times(way):
    # Children of one process that has imported everything; each ends as an interpreter does.
    code = """
        import os, random, signal, sys, threading, chainrule as cr
        from eight_threads import BATCH, X, Y, make
        from meanwhile import until
        from signals import Sender
        from support import squares
        def train(net, optimizer):
            with cr.threads(4):
                net.fit(X, Y, optimizer=optimizer, batch_size=BATCH, stop=cr.TimeLimit(60))
        for n in range(50):
            child = os.fork()
            if child == 0:
                break
            _, status = os.waitpid(child, 0)
            if status:
                sys.exit(f"exit {n} ended with status {status}")
        else:
            print("the end")
            sys.exit()
        signal.alarm(60)  # ends what hangs, and so fails the test
        steps = random.Random(n).randint(1, 50)
        net, optimizer = make(squares if n % 2 else "mse"), cr.Adam()
    """
    code = textwrap.dedent(code) + textwrap.dedent(WAYS_TO_EXIT[way])
    assert python(code, timeout=600) == "the end\n"


@pytest.mark.parametrize("kind", ["gradient", "cost", "event"])
def test_exit_while_a_thread_is_in_code_of_the_users_own(kind):
    # What a cost function or an event returns may have code of its own. A pause of it that begins
    # before the interpreter ends, and is over while it does, comes back to a GIL that nobody gets.
    code = f"""
        import threading, numpy as np, chainrule as cr
        from meanwhile import moment, until
        class Slow:
            def __init__(self, value): self.value = value
            def __array__(self, dtype=None, copy=None):
                moment()
                return np.asarray(self.value)
            def __bool__(self):
                moment()
                return False
        def cost(s, y):
            value, gradient = ((s - y)**2).mean(), 2*(s - y)/s.size
            if {kind!r} == "gradient": gradient = Slow(gradient)
            if {kind!r} == "cost": value = Slow(value)
            return value, gradient
        class Event:
            def is_set(self): return Slow(0)
        net = cr.Network([cr.Input(20), cr.Dense(9, "tanh"), cr.Dense(3)], loss=cost)
        x, y, optimizer = np.ones((1000, 20)), np.ones((1000, 3)), cr.Adam()
        options = dict(stop=[cr.StopWhen(Event()), cr.TimeLimit(60)], optimizer=optimizer)
        threading.Thread(target=net.fit, args=(x, y), kwargs=options, daemon=True).start()
        until(lambda: optimizer.steps >= 50)
        print("the end")
    """
    for _ in range(4):
        assert python(code) == "the end\n"


# ---- While the interpreter ends ------------------------------------------------------------------

LATE_CALLS = {
    "predict": "net.predict(x)",
    "cost": "net.cost(x, y)",
    "value_and_grad": "net.value_and_grad(x, y)",
    "train_step": "net.train_step(x, y, cr_adam)",
    "fit": "net.fit(x, y, epochs=20)",
    "fit until stopped": "net.fit(x, y, stop=never_again)",
    "trace": "net.trace(x, y)",
    "explain": "str(net.explain(x[0], y[0], layer=1, j=1, k=1))",
    "copy": "net.copy()",
    "pickle": "pickle_loads(pickle_dumps(net))",
    "a new network": "cr_network(layers, rng=0)",
    "a custom cost": "custom.fit(x, y, epochs=3)",
    "peak": "peak_gflops('float32', 1)",
}
LATE_MOMENTS = {
    "__del__ of an object of the module": """
        class Late:
            def __del__(self): late()
        kept = Late()
    """,
    "__del__ of an object in a cycle": """
        class Late:
            def __init__(self): self.me = self
            def __del__(self): late()
        kept = Late()
        import gc; gc.disable()
    """,
    "finally of a suspended generator": """
        def generator():
            try: yield
            finally: late()
        kept = generator()
        next(kept)
    """,
    "atexit": """
        import atexit
        atexit.register(late)
    """,
}


@pytest.mark.once
@pytest.mark.parametrize("moment", LATE_MOMENTS)
def test_calls_while_the_interpreter_ends_work_or_raise(moment):
    # Each in a process of its own, all at the same time.
    code = """
        import pickle, threading, numpy as np, chainrule as cr
        from chainrule._core import peak_gflops
        layers = [cr.Input(64), cr.Dense(128, "tanh"), cr.Dense(10)]
        def squares(s, y): return float(0), s - y
        net, custom = cr.Network(layers, rng=0), cr.Network(layers, loss=squares, rng=0)
        x, y, cr_adam, cr_network = np.ones((2000, 64)), np.ones((2000, 10)), cr.Adam(), cr.Network
        pickle_loads, pickle_dumps = pickle.loads, pickle.dumps
        event = threading.Event()
        event.set()
        never_again = cr.StopWhen(event)
        net.cost(x, y)  # there are threads
        def late(net=net, custom=custom, x=x, y=y, cr_adam=cr_adam, cr_network=cr_network,
                 layers=layers, pickle_loads=pickle_loads, pickle_dumps=pickle_dumps,
                 never_again=never_again, peak_gflops=peak_gflops, print=print):
            try:
                CALL
                print("worked")
            except Exception as error:
                print("raised", error)
    """
    code = textwrap.dedent(code) + textwrap.dedent(LATE_MOMENTS[moment])
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code.replace("CALL", call)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for name, call in LATE_CALLS.items()
        }
        for child in children.values():
            stack.callback(child.kill)  # before it is waited for: a child that hangs fails the test
        for name, child in children.items():
            out, errors = child.communicate(timeout=60)
            assert child.returncode == 0, (name, errors)
            assert out.startswith(("worked", "raised")), (name, out, errors)
            # What needs nothing of Python that may be gone already works.
            if name in ("predict", "cost", "value_and_grad", "train_step", "fit", "trace"):
                assert out == "worked\n", name
