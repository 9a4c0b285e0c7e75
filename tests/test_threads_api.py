"""How many threads, whose product, which CPU target: every way to say it, and what plans say."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from child_processes import python_with
from eight_threads import BATCH, X, Y, make, threads_of
from meanwhile import in_another_thread
from trainings import COLUMNS, LAYERWISE, ROWS


@pytest.fixture(autouse=True)
def eight_threads_of_our_own(own_product):
    """Give each test our own product and eight threads."""
    cr.set_num_threads(8)


# ---- How many: four ways to say it ---------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_for_the_whole_process(n):
    cr.set_num_threads(n)
    assert cr.get_num_threads() == n
    assert cr.show_config()["threads"] == str(n)
    assert in_another_thread(cr.get_num_threads) == n
    net = make()
    assert threads_of(net, 10**7) == in_another_thread(lambda: threads_of(net, 10**7)) == n


def test_within_a_block():
    net = make()
    with cr.threads(3) as outer:
        assert isinstance(outer, cr.threads)
        assert (cr.get_num_threads(), threads_of(net)) == (3, 3)
        with cr.threads(5):
            assert (cr.get_num_threads(), threads_of(net)) == (5, 5)
            with cr.threads(1):
                assert (cr.get_num_threads(), threads_of(net)) == (1, 1)
            assert cr.get_num_threads() == 5
        assert cr.get_num_threads() == 3
        cr.set_num_threads(4)  # of the process: the block's own limit stands
        assert cr.get_num_threads() == 3
    assert (cr.get_num_threads(), threads_of(net)) == (4, 4)


def test_a_block_is_of_its_own_thread():
    inside, done = threading.Event(), threading.Event()

    def hold():
        with cr.threads(2):
            inside.set()
            done.wait()
            return cr.get_num_threads()

    with cr.threads(3):
        assert in_another_thread(cr.get_num_threads) == 8
        result = []
        thread = threading.Thread(target=lambda: result.append(hold()))
        thread.start()
        inside.wait()
        assert cr.get_num_threads() == 3
        done.set()
        thread.join()
        assert result == [2]
        assert cr.get_num_threads() == 3


def fail():
    raise LookupError


def test_a_block_that_an_exception_leaves():
    net, diverging = make(), cr.SGD(1e30)
    for failing, exception in (
        (fail, LookupError),
        (lambda: net.predict(X[:, :3]), cr.ShapeError),
        (lambda: net.fit(X, Y, optimizer=diverging, epochs=9), cr.TrainingDiverged),
        (lambda: cr.threads(0), ValueError),
    ):
        with cr.threads(3):
            with pytest.raises(exception), cr.threads(2):
                failing()
            assert cr.get_num_threads() == 3
        assert cr.get_num_threads() == 8
    # Threads that met an exception go on.
    with cr.threads(8):
        assert np.isfinite(make().fit(X, Y, batch_size=BATCH).cost).all()


def test_a_block_can_be_used_again_but_not_twice_at_once():
    block = cr.threads(2)
    for _ in range(2):
        with block:
            assert cr.get_num_threads() == 2
        assert cr.get_num_threads() == 8
    with block:
        with pytest.raises(RuntimeError, match=r"in use already; make another"), block:
            pass
        assert cr.get_num_threads() == 2
    assert cr.get_num_threads() == 8


def test_for_one_network():
    net, other = make(), make()
    assert net.threads is None
    net.threads = 3
    assert net.threads == 3
    assert (threads_of(net), threads_of(other), cr.get_num_threads()) == (3, 8, 8)
    with cr.threads(2):  # the least of them counts
        assert threads_of(net) == 2
    with cr.threads(5):
        assert (threads_of(net), threads_of(other)) == (3, 5)
    net.threads = 99
    assert (net.threads, threads_of(net)) == (99, 8)
    net.threads = None
    assert (net.threads, threads_of(net)) == (None, 8)


SETTERS = {
    "set_num_threads": cr.set_num_threads,
    "threads": cr.threads,
    "net.threads": lambda n: setattr(make(), "threads", n),
}


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize("n", [0, -1, -(2**31)])
def test_fewer_than_one_thread(setter, n):
    with pytest.raises(ValueError, match=rf"threads? must be .*>= 1, got {n}$"):
        SETTERS[setter](n)
    assert cr.get_num_threads() == 8


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize("n", [2.5, 2.0, "2", [2], (), None], ids=repr)
def test_what_is_no_number_of_threads(setter, n):
    if setter == "net.threads" and n is None:
        pytest.skip("no limit")
    with pytest.raises(TypeError):
        SETTERS[setter](n)
    assert cr.get_num_threads() == 8


@pytest.mark.parametrize("setter", SETTERS)
def test_whole_numbers_of_any_kind(setter):
    for n in (np.int8(2), np.uint64(3), np.array(4)):
        SETTERS[setter](n)


# ---- The environment -----------------------------------------------------------------------------


def usable_cpus():
    """Return how many threads a call may use if nobody says anything."""
    return int(python_with({}, "print(cr.get_num_threads())"))


def test_default_is_what_the_process_may_use():
    most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert 1 <= usable_cpus() <= most
    assert python_with({"CHAINRULE_NUM_THREADS": ""}, "print(cr.get_num_threads())") == str(
        usable_cpus()
    )


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux sets affinities")
def test_default_follows_affinity():
    code = """
        import os
        cpus = os.sched_getaffinity(0)
        before = cr.get_num_threads()
        os.sched_setaffinity(0, {min(cpus)})
        large = 10**9
        print(cr.get_num_threads(), net.plan(large)["threads"], end=" ")
        with cr.threads(3):  # more can be asked for
            print(net.plan(large)["threads"], end=" ")
        os.sched_setaffinity(0, cpus)
        print(cr.get_num_threads() == before)
    """
    assert python_with({}, code) == "1 1 3 True"
    # Who says a number is believed.
    code = """
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        print(cr.get_num_threads())
    """
    assert python_with({"CHAINRULE_NUM_THREADS": "5"}, code) == "5"


def test_number_in_the_environment():
    code = """
        print(cr.get_num_threads(), net.plan(10**9)["threads"], end=" ")
        with cr.threads(2):
            print(cr.get_num_threads(), end=" ")
        cr.set_num_threads(3)
        print(cr.get_num_threads())
    """
    assert python_with({"CHAINRULE_NUM_THREADS": "5"}, code) == "5 5 2 3"


def test_wrong_number_in_the_environment():
    texts = ["0", "-1", "2.5", "two", " 2", "2 ", "+2", "0x2", "1e1"]
    code = f"""
        import os
        for text in {texts}:
            os.environ["CHAINRULE_NUM_THREADS"] = text
            try:
                print(cr.get_num_threads())
            except ValueError as error:
                print(error)
    """
    expected = 'CHAINRULE_NUM_THREADS must be a whole number >= 1, got "{}"'
    assert python_with({}, code).split("\n") == [expected.format(text) for text in texts]


WRONG = {
    "CHAINRULE_NUM_THREADS": ("none", "CHAINRULE_NUM_THREADS must be a whole number >= 1"),
    "CHAINRULE_CPU": (
        "v9",
        f'CHAINRULE_CPU is "v9", this machine can run: {", ".join(_core.cpu_targets())}',
    ),
    "CHAINRULE_PRODUCT": ("fast", 'CHAINRULE_PRODUCT: unknown product "fast"'),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_setting_is_an_error_at_each_use(name):
    code = """
        from eight_threads import X, make
        from support import squares
        for use in (cr.show_config, lambda: make().plan(10**9), lambda: make().predict(X),
                    lambda: net.predict([1, 2, 3]), lambda: make(squares).predict(X[:1])):
            try:
                use()
            except ValueError as error:
                print(error)
    """
    text, message = WRONG[name]
    errors = python_with({name: text}, code).split("\n")
    assert len(errors) == 5
    assert all(error.startswith(message) for error in errors), errors


@pytest.mark.parametrize("cpu", _core.cpu_targets())
def test_target_in_the_environment(cpu):
    code = "print(cr.show_config()['cpu'], net.plan(1)['cpu'], cr._core.cpu_target())"
    assert python_with({"CHAINRULE_CPU": cpu}, code) == " ".join([cpu] * 3)


def test_best_target_is_the_default():
    best = _core.cpu_targets()[-1]
    assert python_with({}, "print(net.plan(1)['cpu'])") == best
    assert python_with({"CHAINRULE_CPU": ""}, "print(net.plan(1)['cpu'])") == best


@pytest.mark.parametrize("product", ["own", "blas"])
def test_product_in_the_environment(product):
    code = """
        print(cr.show_config()["product"], net.plan(1)["product"], end=" ")
        cr.set_product("own")
        print(cr.show_config()["product"], net.plan(1)["product"])
    """
    assert python_with({"CHAINRULE_PRODUCT": product}, code) == f"{product} {product} own own"


# ---- Products and plans --------------------------------------------------------------------------


def test_products():
    net = make()
    for choice in ("own", "blas"):
        cr.set_product(choice)
        assert cr.show_config()["product"] == choice
        assert net.plan(BATCH)["product"] == choice
        net.predict(X[:9])
    cr.set_product("auto")
    assert cr.show_config()["product"] == "auto"
    assert net.plan(BATCH)["product"] in {"own", "blas"}


@pytest.mark.parametrize("word", ["fast", "", "OWN", "own ", "openblas", "none"])
def test_unknown_product(word):
    with pytest.raises(ValueError, match=f'^unknown product "{word}".* Known: auto, own, blas$'):
        cr.set_product(word)
    assert cr.show_config()["product"] == "own"


@pytest.mark.parametrize("word", [None, 1, ["own"]], ids=repr)
def test_product_that_is_no_word(word):
    with pytest.raises(TypeError):
        cr.set_product(word)
    assert cr.show_config()["product"] == "own"


def test_plan_of_a_batch():
    net = make()
    sizes = [1, 2, 3, 10, 100, 300, 1000, 10**6, 2**40]
    for training in (True, False):
        plans = [net.plan(batch, training=training) for batch in sizes]
        for plan in plans:
            assert list(plan) == ["plan", "product", "cpu", "threads"]
            assert (plan["product"], plan["cpu"]) == ("own", cr.show_config()["cpu"])
            assert type(plan["threads"]) is int
        counts = [plan["threads"] for plan in plans]
        assert counts == sorted(counts)
        assert (counts[0], counts[-1]) == (1, 8)
    # A step does three times the work of a prediction.
    assert all(threads_of(net, n) >= threads_of(net, n, training=False) for n in sizes)
    assert net.plan(np.int32(300)) == net.plan(300) == net.plan(300, training=True)


def test_plan_of_each_kind_of_network():
    assert ROWS[0].network().plan(BATCH)["plan"] == "rows"
    assert COLUMNS[0].network().plan(16)["plan"] == "columns"
    for training in LAYERWISE:
        assert training.network().plan(training.batch)["plan"] == "layerwise"


def test_a_plan_changes_nothing():
    net = make()
    before = net.parameters.tobytes(), repr(net), net._epochs_begun
    net.plan(10**9)
    assert (net.parameters.tobytes(), repr(net), net._epochs_begun) == before


def test_plan_that_works_alone_says_one_thread():
    softmax_inside = [cr.Input(48), cr.Dense(300, "softmax"), cr.Dense(10)]
    assert threads_of(cr.Network(softmax_inside, rng=0), 10**6) == 1
    cr.set_product("blas")
    plan = make().plan(10**6)
    assert (plan["plan"], plan["threads"]) == ("layerwise", 1)


@pytest.mark.parametrize("batch", [0, -1, -(2**62)])
def test_plan_of_no_samples(batch):
    with pytest.raises(ValueError, match=f"^batch must be >= 1, got {batch}$"):
        make().plan(batch)


@pytest.mark.parametrize("batch", [2.5, "3", None, [3], 2**70], ids=repr)
def test_plan_of_what_is_no_batch(batch):
    with pytest.raises((TypeError, ValueError)):
        make().plan(batch)


def test_plan_takes_training_by_name():
    with pytest.raises(TypeError):
        make().plan(3, False)
    with pytest.raises(TypeError):
        make().plan(3, training="no")
