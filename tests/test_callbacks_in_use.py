"""What a callback may do with the network that is trained, and what its exceptions leave."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import threading

import numpy as np
import pytest

import chainrule as cr
from callbacks_at_work import STOPS, At, Log, X, Y, fit, make
from chainrule.callbacks import METHODS
from support import bits
from undisturbed import Pair, values, x

READ = {
    "predict": lambda net: net.predict(X).tobytes(),
    "cost": lambda net: net.cost(X, Y),
    "value_and_grad": lambda net: net.value_and_grad(X, Y)[1].tobytes(),
    "trace": lambda net: net.trace(X, Y).delta(2).tobytes(),
    "explain": lambda net: net.explain(X[0], Y[0], layer=1, j=1, k=1).value,
    "parameters": bits,
    "weights": lambda net: net.layers[1].weights.tobytes(),
    "copy": lambda net: (bits(net.copy()), net.copy()._steps_made),
    "deepcopy": lambda net: bits(copy.deepcopy(net)),
    "pickle": lambda net: bits(pickle.loads(pickle.dumps(net))),
}


@pytest.mark.parametrize("threads", [1, 3])
def test_a_callback_reads_the_network_of_the_last_step(plan, threads):
    found = []

    class Reader:
        def on_step_end(self, network, record):
            found.append({name: read(network) for name, read in READ.items()})

        def on_epoch_end(self, network, record):
            found.append(READ["predict"](network))

    net, twin, optimizer, expected = make(), make(), cr.Adam(0.01), []
    with cr.threads(threads):
        fit(net, Reader())
        for i in (0, 16, 32, 48) * 2:
            twin.train_step(X[i : i + 16], Y[i : i + 16], optimizer)
            expected.append({name: read(twin) for name, read in READ.items()})
            if i == 48:
                expected.append(READ["predict"](twin))
    assert found == expected
    assert bits(net) == bits(twin)


def test_a_callback_keeps_network_and_optimizer_together():
    net, optimizer, kept = make(), cr.Adam(0.01), []
    keep = At("on_step_end", lambda network: kept.append(pickle.dumps((network, optimizer))), n=4)
    fit(net, keep, optimizer)
    twin, of_twin = pickle.loads(kept[0])
    assert (twin._steps_made, of_twin.steps) == (4, 4)
    fit(twin, optimizer=of_twin, epochs=1)
    assert bits(twin) == bits(net)


CHANGE = {
    "fit": lambda net, optimizer: net.fit(X, Y),
    "train_step": lambda net, optimizer: net.train_step(X, Y, cr.SGD()),
    "set parameters": lambda net, optimizer: setattr(net, "parameters", 0 * net.parameters),
    "set weights": lambda net, optimizer: setattr(net.layers[1], "weights", np.zeros((150, 6))),
    "optimizer": lambda net, optimizer: setattr(optimizer, "learning_rate", 0.5),
    "optimizer of another": lambda net, optimizer: make().train_step(X, Y, optimizer),
}


@pytest.mark.parametrize("change", CHANGE)
@pytest.mark.parametrize("method", METHODS)
def test_a_callback_changes_nothing(method, change):
    net, twin, optimizer, refused = make(), make(), cr.Adam(0.01), []

    def meddle(network):
        with pytest.raises(cr.ConcurrentUseError, match=r"this (network|optimizer) is being") as e:
            CHANGE[change](network, optimizer)
        refused.append(e)

    fit(net, At(method, meddle), optimizer)
    fit(twin)
    assert len(refused) == 1
    assert bits(net) == bits(twin)


@pytest.mark.parametrize("method", METHODS)
def test_other_threads_are_kept_off(method):
    outcomes = []

    def elsewhere(network):
        network.predict(X)

        def read():
            try:
                network.predict(X)
            except cr.ConcurrentUseError as error:
                outcomes.append(str(error))

        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    fit(make(), At(method, elsewhere))
    assert len(outcomes) == 1
    assert outcomes[0].startswith("this network is being trained by another call")


def test_reading_ends_with_the_callback():
    # Between callbacks, the cost function of the same thread is kept off as ever.
    def cost(s, y):
        net.predict(X)
        return ((s - y) ** 2).mean(), 2 * (s - y) / s.size

    net = make(loss=cost)
    with pytest.raises(cr.ConcurrentUseError):
        fit(net, At("on_fit_begin", lambda network: network.predict(X) is None))
    assert net._steps_made == 0


def test_a_callback_trains_another_network():
    inner, twin = make(), make()
    seen = []

    def train(network):
        def both(_):
            seen.append((network.predict(X).tobytes(), inner.predict(X).tobytes()))

        fit(inner, At("on_epoch_end", both, n=2))

    outer = make()
    fit(outer, At("on_epoch_end", train))
    fit(twin)
    assert bits(inner) == bits(outer) == bits(twin)
    assert seen[0][1] == twin.predict(X).tobytes() != seen[0][0]


# ---- Exceptions ----------------------------------------------------------------------------------


class Fault(Exception):
    """An exception of the user's own."""


@pytest.mark.parametrize("kind", [Fault, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize(("method", "n", "steps", "epochs"), [*STOPS, ("on_fit_end", 1, 8, 2)])
def test_an_exception_comes_through(plan, method, n, steps, epochs, kind):
    net, twin, log = make(), make(), Log()
    optimizer, of_twin = cr.Adam(0.01), cr.Adam(0.01)
    error = kind("mine")

    def fail(network):
        raise error

    with pytest.raises(kind) as caught:
        fit(net, [At(method, fail, n), log], optimizer)
    assert caught.value is error
    for i in ((0, 16, 32, 48) * 2)[:steps]:
        twin.train_step(X[i : i + 16], Y[i : i + 16], of_twin)
    assert bits(net) == bits(twin)
    assert (optimizer.steps, net._steps_made) == (steps, steps)
    assert "end" not in [name for name, _ in log.told]
    if method == "on_fit_begin":
        assert net.history is None
    else:
        assert error.history is net.history
        # The last step of an epoch is told of before its end.
        assert net.history.epochs == (epochs - (method == "on_step_end" and steps % 4 == 0))
        by = "interrupted" if kind is KeyboardInterrupt else "error"
        assert net.history.stopped_by == by
    # Both go on alike.
    net._epochs_begun = twin._epochs_begun
    fit(net, optimizer=optimizer)
    fit(twin, optimizer=of_twin)
    assert bits(net) == bits(twin)


def test_an_exception_at_the_beginning_changes_nothing():
    pair = Pair()
    history = pair.net.history

    def fail(network):
        raise Fault("mine")

    with pair.refuses(Fault, "mine"):
        callback = At("on_fit_begin", fail)
        with pytest.raises(Fault) as caught:
            pair.net.fit(x, values, optimizer=pair.optimizer, callbacks=callback)
        assert pair.net.history is history
        raise caught.value
    fresh = cr.Adam()
    with pytest.raises(Fault):
        fit(make(), At("on_fit_begin", fail), fresh)
    fit(make(), optimizer=fresh)  # which still belongs to nobody


def test_the_best_parameters_are_not_put_back_after_an_exception():
    net, twin = make(), make()

    def fail(network):
        raise Fault

    options = {"optimizer": cr.SGD(0.3, momentum=0.9), "epochs": 20}
    stop = cr.NoImprovement(patience=20, restore_best=True)
    with pytest.raises(Fault):
        fit(net, At("on_epoch_end", fail, n=9), stop=stop, **options)
    assert np.argmin(net.history.cost) < 8
    fit(twin, **options | {"optimizer": cr.SGD(0.3, momentum=0.9), "epochs": 9})
    assert bits(net) == bits(twin)


def test_divergence_is_no_end():
    log = Log()
    with pytest.raises(cr.TrainingDiverged):
        fit(make(), log, cr.SGD(1e30))
    assert [name for name, _ in log.told].count("end") == 0
