"""A cost of the user's own: (s, y) -> (cost, dC_ds)."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from reference import LOSSES
from support import DTYPES, PAIRS, Case, assert_relative, bits, fused


def mse(s, y):
    d = s - y
    return (d**2).mean(), 2 * d / d.size


def formula_of(loss):
    """Return a loss of the reference as a cost function."""
    member = LOSSES[loss]()
    return lambda s, y: (member.cost(s, y).mean(), member.gradient(s, y) / len(s))


def pair_of(loss, output):
    """Return a network with a loss by name and one with its formula, and samples for them."""
    case = Case(3, (4, 6, 3), ("tanh", output), loss, batch=50)
    named = case.network()
    custom = cr.Network(named.layers, loss=formula_of(loss), dtype="float64", rng=named.seed)
    custom.parameters = named.parameters
    return named, custom, *case.samples()[:2]


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_formula_is_the_named_loss(plan, loss, output):
    named, custom, x, y = pair_of(loss, output)
    assert custom.cost(x, y) == pytest.approx(named.cost(x, y), rel=1e-13)
    cost, gradient = custom.value_and_grad(x, y)
    assert cost == pytest.approx(named.cost(x, y), rel=1e-13)
    assert_relative(gradient, named.value_and_grad(x, y)[1], 1e-12, f"gradient, {loss}")
    trace, of_named = custom.trace(x, y), named.trace(x, y)
    assert_relative(trace.delta(3), of_named.delta(3), 1e-12, f"delta, {loss}")
    assert_relative(trace.dC_ds, of_named.dC_ds, 1e-12, f"dC/ds, {loss}")
    assert not trace.fused
    assert of_named.fused == fused(output, loss)


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_formula_trains_as_the_named_loss(plan, loss, output, optimizer):
    named, custom, x, y = pair_of(loss, output)
    expected, history = (
        net.fit(
            x,
            y,
            optimizer=getattr(cr, optimizer)(0.01),
            epochs=3,
            batch_size=16,
            validation_data=(x[:20], y[:20]),
        )
        for net in (named, custom)
    )
    assert history.cost == pytest.approx(expected.cost, rel=1e-11)
    assert history.validation_cost == pytest.approx(expected.validation_cost, rel=1e-11)
    assert_relative(custom.parameters, named.parameters, 1e-10, f"{optimizer}, {loss}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_come_in_the_dtype_of_the_network(dtype):
    seen = []

    def cost(s, y):
        seen.append((s.dtype.name, s.shape, y.dtype.name, y.shape))
        return mse(s, y)

    net = cr.Network([cr.Input(2), cr.Dense(3)], loss=cost, dtype=dtype, rng=0)
    y = np.ones((5, 3), np.int16)
    net.cost(np.ones((5, 2)), y)
    net.fit(np.ones((5, 2)), y, batch_size=4)
    assert seen == [(dtype, (n, 3), "int16", (n, 3)) for n in (5, 4, 1)]


@pytest.mark.parametrize(
    "number",
    [
        lambda i: i,
        lambda i: i[:, None, None] + np.zeros((1, 2, 3)),
        lambda i: np.char.mod("%d", i),
        lambda i: [str(each) for each in i],
        lambda i: i.astype(">i4"),
        lambda i: np.repeat(i, 2)[::2],
        lambda i: i[::-1].copy()[::-1],
    ],
    ids=["ints", "3d", "strings", "list", "big-endian", "strided", "reversed"],
)
def test_rows_of_y_come_with_their_outputs(number):
    # s = x, and the number of the sample stands in x and, some way or other, in y.
    i = np.arange(50)
    y, together = number(i), []

    def cost(s, y):
        assert isinstance(y, np.ndarray)
        together.extend(zip(s[:, 0].tolist(), y.reshape(len(s), -1)[:, 0].tolist(), strict=True))
        return 0.0, np.zeros_like(s)

    net = cr.Network([cr.Input(1), cr.Dense(1, bias=False)], loss=cost, rng=0)
    net.parameters = [1]
    net.fit(i[:, None], y, epochs=3, batch_size=16, validation_data=(i[:7, None], y[:7]))
    assert len(together) == 3 * (50 + 7)
    assert all(s == int(of_y) for s, of_y in together)
    first_epoch = [s for s, _ in together[:50]]
    assert sorted(first_epoch) == i.tolist()
    assert first_epoch != i.tolist()


def test_one_sample():
    net = cr.Network([cr.Input(2), cr.Dense(3)], loss=mse, dtype="float64", rng=0)
    x, y = [1.0, 2.0], [3.0, 4.0, 5.0]
    assert net.cost(x, y) == net.cost([x], [y])
    assert net.trace(x, y).delta(2).shape == (1, 3)
    assert net.train_step(x, y, cr.SGD(0.1)) > net.cost(x, y)


def test_outputs_are_copies_that_may_be_written_to():
    def spoil(s, y):
        result = mse(s, y)
        s[...] = 1e9
        y[...] = 1e9
        return result

    x, y = np.ones((5, 2)), np.zeros((5, 3))
    x.flags.writeable = False
    nets = [cr.Network([cr.Input(2), cr.Dense(3)], loss=f, rng=0) for f in (mse, spoil)]
    for net in nets:
        net.fit(x, y.copy(), optimizer=cr.SGD(0.1), batch_size=2)
    assert bits(nets[0]) == bits(nets[1])


NUMBERS = {
    "float": float,
    "float32": np.float32,
    "no axes": np.asarray,
    "two axes": lambda cost: np.array([[cost]]),
    "list": lambda cost: [cost],
}
GRADIENTS = {
    "array": np.asarray,
    "columns": np.asfortranarray,
    "lists": np.ndarray.tolist,
    "big-endian": lambda g: g.astype(">f8"),
    "reversed": lambda g: g[::-1].copy()[::-1],
}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_cost_and_gradient_may_be_any_numbers(number, gradient):
    def cost(s, y):
        C, dC_ds = mse(s, y)
        return NUMBERS[number](C), GRADIENTS[gradient](dC_ds)

    x, y = np.arange(10.0).reshape(5, 2), np.ones((5, 3))
    nets = [cr.Network([cr.Input(2), cr.Dense(3)], loss=f, rng=0) for f in (mse, cost)]
    (expected, expected_gradient), (C, g) = (net.value_and_grad(x, y) for net in nets)
    assert pytest.approx(expected, rel=1e-6) == C
    np.testing.assert_array_equal(g, expected_gradient)


def test_a_list_for_a_pair_will_do():
    net = cr.Network([cr.Input(2), cr.Dense(3)], loss=lambda s, y: list(mse(s, y)), rng=0)
    assert net.cost(np.ones((5, 2)), np.ones((5, 3))) > 0


def test_weights_of_samples_are_the_functions_own_business():
    net = cr.Network([cr.Input(2), cr.Dense(3)], loss=mse, rng=0)
    data = np.ones((5, 2)), np.ones((5, 3)), np.ones(5)
    before = bits(net)
    with pytest.raises(ValueError, match="sample_weight"):
        net.cost(*data)
    with pytest.raises(ValueError, match="sample_weight"):
        net.fit(*data[:2], sample_weight=data[2])
    assert bits(net) == before


class Fault(Exception):
    """An exception of the user's own."""


def raise_fault(s, y):
    raise Fault


def not_finite(value):
    return lambda s, y: (mse(s, y)[0], np.full_like(s, value))


# Kinds of fault, and what comes of them; test_bad_cost_function.py has every wrong answer.
FAULTS = {
    "raises": (raise_fault, Fault),
    "nothing": (lambda s, y: None, TypeError),
    "gradient too wide": (lambda s, y: (1.0, np.ones((len(s), 4))), cr.ShapeError),
    "gradient flat": (lambda s, y: (1.0, mse(s, y)[1].ravel()), cr.ShapeError),
    "cost NaN": (lambda s, y: (np.nan, mse(s, y)[1]), cr.TrainingDiverged),
    "gradient NaN": (not_finite(np.nan), cr.TrainingDiverged),
    "gradient infinite": (not_finite(np.inf), cr.TrainingDiverged),
}


class Faulty:
    """The mean squared error, but for `fault`, if there is one, in call number `at`."""

    fault = None
    at = 0

    def __init__(self):
        self.calls = 0

    def __call__(self, s, y):
        self.calls += 1
        if self.fault and self.calls == self.at:
            return self.fault(s, y)
        return mse(s, y)

    def fail(self, fault, at=1):
        self.fault, self.at, self.calls = fault, at, 0


def twins(optimizer):
    """Return two networks alike, each with an optimizer and one epoch behind it."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=(50, 3))
    both = []
    for _ in range(2):
        net = cr.Network([cr.Input(2), cr.Dense(4, "tanh"), cr.Dense(3)], loss=Faulty(), rng=0)
        both.append((net, own := optimizer()))
        net.fit(x, y, optimizer=own, batch_size=16)
    return *both, x, y


CALLS = {
    "fit": lambda net, x, y, own: net.fit(x, y, optimizer=own, batch_size=16),
    "train_step": lambda net, x, y, own: net.train_step(x, y, own),
    "value_and_grad": lambda net, x, y, own: net.value_and_grad(x, y),
    "cost": lambda net, x, y, own: net.cost(x, y),
    "trace": lambda net, x, y, own: net.trace(x, y),
    "explain": lambda net, x, y, own: net.explain(x[0], y[0], layer=1, j=1, k=1),
}
LEARN = ["fit", "train_step"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_changes_nothing(fault, call):
    function, error = FAULTS[fault]
    (net, own), (twin, of_twin), x, y = twins(lambda: cr.Adam(0.01))
    net.loss.fail(function)
    if error is cr.TrainingDiverged and call not in LEARN:
        with np.errstate(invalid="ignore"):
            CALLS[call](net, x, y, own)  # which shows what came
    else:
        with pytest.raises(error):
            CALLS[call](net, x, y, own)
    net.loss.fail(None)

    assert bits(net) == bits(twin)
    assert own.steps == of_twin.steps
    histories = [
        each.fit(x, y, optimizer=its, epochs=2, batch_size=16)
        for each, its in ((net, own), (twin, of_twin))
    ]
    assert bits(net) == bits(twin)
    assert histories[0].cost == histories[1].cost


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "optimizer", [cr.Adam, lambda: cr.SGD(0.1, momentum=0.5)], ids=["adam", "sgd"]
)
def test_fault_leaves_the_last_finished_step(fault, optimizer):
    function, error = FAULTS[fault]
    (net, own), (twin, of_twin), x, y = twins(optimizer)
    # The undisturbed twin notes the weights that each step starts from.
    starts = []

    def note(s, y):
        starts.append(bits(twin))
        return mse(s, y)

    twin._loss = note
    twin.fit(x, y, optimizer=of_twin, batch_size=16)
    net.loss.fail(function, at=3)
    with pytest.raises(error):
        net.fit(x, y, optimizer=own, batch_size=16)
    assert bits(net) == starts[2]
    assert own.steps == 4 + 2


def test_fault_in_validation_comes_after_the_epoch():
    (net, own), (twin, of_twin), x, y = twins(lambda: cr.Adam(0.01))
    net.loss.fail(raise_fault, at=5)
    with pytest.raises(Fault):
        net.fit(x, y, optimizer=own, batch_size=16, validation_data=(x, y))
    twin.fit(x, y, optimizer=of_twin, batch_size=16)
    assert bits(net) == bits(twin)
    net.loss.fail(None)
    for each, its in (net, own), (twin, of_twin):
        each.fit(x, y, optimizer=its, batch_size=16)
    assert bits(net) == bits(twin)


def test_fault_of_a_first_step_leaves_the_optimizer_free():
    (net, _), (twin, _), x, y = twins(lambda: cr.Adam(0.01))
    free, of_twin = cr.Adam(0.01), cr.Adam(0.01)
    net.loss.fail(raise_fault)
    with pytest.raises(Fault):
        net.train_step(x, y, free)
    assert free.steps == 0
    other, its_twin = twin.copy(), twin.copy()
    other.train_step(x, y, free)
    its_twin.train_step(x, y, of_twin)
    assert bits(other) == bits(its_twin)


@pytest.mark.parametrize("call", ["predict", "cost", "fit", "copy"])
def test_function_that_uses_its_own_network(call):
    # While fit runs, others are kept off; the parameters stay as they are.
    def meddle(s, y):
        x = np.ones((2, 2))
        if call == "predict":
            net.predict(x)
        elif call == "cost":
            net.cost(x, np.ones((2, 3)))
        elif call == "fit":
            net.fit(x, np.ones((2, 3)))
        else:
            net.copy()
        return mse(s, y)

    net = cr.Network([cr.Input(2), cr.Dense(3)], loss=meddle, rng=0)
    before = bits(net)
    with pytest.raises(cr.ConcurrentUseError):
        net.fit(np.ones((5, 2)), np.ones((5, 3)))
    assert bits(net) == before


@pytest.mark.parametrize("threads", [1, 3])
def test_function_sees_the_parameters_of_its_step(plan, threads):
    # A plan may keep the weights that it trains to itself, but not from the function.
    layers = [cr.Input(6), cr.Dense(150, "tanh"), cr.Dense(70, "relu"), cr.Dense(2)]
    seen = []

    def cost(s, y):
        seen.append(bits(net))
        return mse(s, y)

    net, twin = (cr.Network(layers, loss=loss, rng=0) for loss in (cost, mse))
    assert net.plan(16)["plan"] == {"narrow": "rows"}.get(plan, plan)  # narrow serves no such cost
    x, y = np.random.default_rng(0).normal(size=(2, 64, 6)).astype("f4")
    y, optimizer, steps = y[:, :2], cr.Adam(0.01), []
    for i in range(0, 64, 16):
        steps.append(bits(twin))
        twin.train_step(x[i : i + 16], y[i : i + 16], optimizer)
    with cr.threads(threads):
        net.fit(x, y, optimizer=cr.Adam(0.01), batch_size=16, shuffle=False)
    assert seen == steps
    assert bits(net) == bits(twin)
