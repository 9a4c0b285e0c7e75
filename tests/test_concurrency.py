"""Many threads, busy machines: the same bits as alone, or ConcurrentUseError."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import chainrule as cr
import eight_threads
import shared_network
from child_processes import busy_machine, python
from meanwhile import being_asked, being_trained, make_steps, meanwhile, until
from shared_network import X, Y, make, train
from support import squares

POLL_INTERVAL = 0.02  # seconds, at least: cpp/chainrule/poll.h


@pytest.mark.parametrize("problem", [shared_network, eight_threads], ids=lambda each: each.__name__)
@pytest.mark.usefixtures("four_threads")
def test_predict_from_eight_threads(problem):
    net = problem.make()
    batches = [problem.X[:n] for n in (1, 7, 64, 500, 2000)]
    expected = [net.predict(batch).tobytes() for batch in batches]

    def predict(i):
        which = i % len(batches)
        return net.predict(batches[which]).tobytes() == expected[which]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(predict, range(800)))


def test_everything_that_only_reads_from_many_threads():
    net = make()
    calls = [
        lambda: net.predict(X).tobytes(),
        lambda: net.cost(X, Y),
        lambda: net.value_and_grad(X[:300], Y[:300])[1].tobytes(),
        lambda: net.trace(X[:10], Y[:10]).delta(2).tobytes(),
        lambda: net.copy().predict(X[:10]).tobytes(),
        lambda: pickle.loads(pickle.dumps(net)).parameters.tobytes(),
    ]
    expected = [call() for call in calls]
    with ThreadPoolExecutor(6) as pool:
        found = list(
            pool.map(lambda i: calls[i % len(calls)]() == expected[i % len(calls)], range(300))
        )
    assert all(found)


USES = {
    "predict": lambda net: net.predict(X[:5]),
    "cost": lambda net: net.cost(X[:5], Y[:5]),
    "value_and_grad": lambda net: net.value_and_grad(X[:5], Y[:5]),
    "trace": lambda net: net.trace(X[:5], Y[:5]),
    "explain": lambda net: net.explain(X[0], Y[0], layer=1, j=1, k=1),
    "train_step": lambda net: net.train_step(X[:5], Y[:5], cr.SGD()),
    "fit": lambda net: net.fit(X[:5], Y[:5]),
    "fit of no epochs": lambda net: net.fit(X[:5], Y[:5], epochs=0),
    "copy": lambda net: net.copy(),
    "copy.copy": copy.copy,
    "pickle": pickle.dumps,
    "set parameters": lambda net: setattr(net, "parameters", np.zeros(net.n_parameters)),
    "set weights": lambda net: setattr(net.layers[1], "weights", np.zeros((40, 20))),
    "set bias": lambda net: setattr(net.layers[1], "bias", np.zeros(40)),
}


def outcome(use):
    try:
        use()
    except Exception as error:
        return repr(error)
    return "done"


def test_training_excludes_everything_else():
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    with being_trained(net, X, Y, optimizer):
        found = {name: outcome(lambda use=use: use(net)) for name, use in USES.items()}
    expected = "ConcurrentUseError('this network is being trained by another call"
    assert {name: text[: len(expected)] for name, text in found.items()} == dict.fromkeys(
        USES, expected
    )
    # Training was not disturbed, and afterwards everything works.
    make_steps(twin, X, Y, twin_optimizer, optimizer.steps)
    assert net.parameters.tobytes() == twin.parameters.tobytes()
    assert {outcome(lambda use=use: use(net)) for use in USES.values()} == {"done"}


def test_what_a_network_is_can_be_read_while_it_is_trained():
    net, optimizer = make(), cr.Adam()
    with being_trained(net, X, Y, optimizer):
        assert (net.n_in, net.n_out, net.dtype, net.seed) == (20, 3, np.float32, 5)
        assert net.parameters.shape == (net.n_parameters,)
        assert "20-40-3" in repr(net)
        assert optimizer.learning_rate == 1e-3
        assert repr(optimizer)


def test_predict_excludes_training():
    net = make()
    large = np.broadcast_to(X[0], (1_000_000, 20))
    before = net.parameters.tobytes()

    def is_refused():
        try:
            net.fit(X[:1], Y[:1], optimizer=cr.SGD(0))
        except cr.ConcurrentUseError as error:
            assert "network is in use by another call" in str(error)  # noqa: PT017
            return True
        return False

    with being_asked(net, large):
        until(is_refused)
    assert net.parameters.tobytes() == before
    net.fit(X, Y)


def test_one_optimizer_serves_one_call_at_a_time():
    net, other, optimizer = make(), make(), cr.Adam()
    before = other.parameters.tobytes()
    with being_trained(net, X, Y, optimizer):
        uses = {
            "fit": lambda: other.fit(X, Y, optimizer=optimizer),
            "train_step": lambda: other.train_step(X, Y, optimizer),
            "learning_rate": lambda: setattr(optimizer, "learning_rate", 0.5),
            "copy": lambda: copy.copy(optimizer),
            "pickle": lambda: pickle.dumps(optimizer),
        }
        found = {name: outcome(use) for name, use in uses.items()}
    expected = "ConcurrentUseError('this optimizer is being trained by another call"
    assert {name: text[: len(expected)] for name, text in found.items()} == dict.fromkeys(
        uses, expected
    )
    assert other.parameters.tobytes() == before
    optimizer.learning_rate = 0.5
    net.fit(X, Y, optimizer=optimizer)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("fit", "predict"), ("fit", "copy"), ("train_step", "cost"), ("value_and_grad", "train_step")],
)
def test_cost_function_that_uses_its_own_network(outer, inner):
    net = make(loss=lambda s, y: USES[inner](net) and squares(s, y))
    before = net.parameters.tobytes()
    with pytest.raises(cr.ConcurrentUseError, match=r"network is (being trained|in use)"):
        USES[outer](net)
    assert net.parameters.tobytes() == before
    net.predict(X)


def test_cost_function_that_predicts_while_nothing_is_trained():
    net = make(loss=lambda s, y: (float(net.predict(X).size), 0 * s))
    assert net.cost(X, Y) == X.shape[0] * 3


def test_two_networks_in_two_threads_have_the_bits_of_each_alone():
    alone = [train(make(seed), epochs=10) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: train(make(seed), epochs=10), range(4)))
    assert together == alone


def test_cost_functions_in_two_threads():
    alone = [train(make(seed, squares)) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: train(make(seed, squares)), range(4)))
    assert together == alone


@pytest.mark.parametrize("call", ["fit", "predict", "value_and_grad"])
def test_other_threads_go_on(call):
    net = make()
    n = 3_000_000
    x, y = np.broadcast_to(X[0], (n, 20)), np.broadcast_to(Y[0], (n, 3))
    work = {
        "fit": lambda: net.fit(X, Y, epochs=500),
        "predict": lambda: net.predict(x),
        "value_and_grad": lambda: net.value_and_grad(x, y),
    }[call]
    count = 0

    def tick():
        nonlocal count
        count += 1
        time.sleep(0)  # lets go of the GIL

    with meanwhile(tick):
        before, begin = count, time.perf_counter()
        work()
        ticks, seconds = count - before, time.perf_counter() - begin
    # With the GIL held, the other thread would be let in at each poll at most. However busy the
    # machine is, it gets some part of the time, in which it ticks many times.
    assert ticks > 3 * seconds / POLL_INTERVAL


def test_optimizer_may_move_to_another_thread():
    net, twin = make(), make()
    optimizer, twin_optimizer = cr.Adam(), cr.Adam()
    for _ in range(3):
        thread = threading.Thread(target=train, args=(net, 1, optimizer))
        thread.start()
        thread.join()
    train(twin, 3, twin_optimizer)
    assert net.parameters.tobytes() == twin.parameters.tobytes()


def test_same_bits_on_a_busy_machine():
    expected = train(make(), epochs=10)
    with busy_machine(processes_per_cpu=2), meanwhile(lambda: sum(range(10_000))):
        assert [train(make(), epochs=10) for _ in range(3)] == [expected] * 3


@pytest.mark.parametrize("which", ["y", "order"])
def test_numbers_that_change_after_they_were_checked(which):
    # Whatever comes out of it, no memory that is not the array's is read or written.
    code = f"""
        import threading, numpy as np, chainrule as cr
        from meanwhile import until
        net = cr.Network([cr.Input(4), cr.Dense(3, "softmax")], loss="cross_entropy")
        x, y, order = np.ones((50_000, 4)), np.zeros(50_000, int), np.zeros(50_000, int)
        optimizer = cr.SGD()
        options = dict(order=np.broadcast_to(order, (1000, 50_000)), epochs=1000, batch_size=8)
        def train():
            try: net.fit(x, y, optimizer=optimizer, **options)  # for some seconds
            except ValueError as error: print("refused")
        thread = threading.Thread(target=train)
        thread.start()
        until(lambda: optimizer.steps > 0)
        {which}[...] = 10**12
        thread.join()
    """
    assert python(code) == "refused\n"
