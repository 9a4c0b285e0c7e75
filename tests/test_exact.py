"""Networks of small whole numbers, whose every number float32 holds: results are equal, not close.

A wrong index, end of a tile or tail of a vector is seen here at once, wherever it is.
"""
# SPDX-License-Identifier: BSD-3-Clause

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from itertools import product as combinations

import numpy as np
import pytest

import chainrule as cr
from exact_numbers import SIGNIFICANT, Exact, ExactNetwork, Layer, MayBeRoundedError, cost_sums
from support import DTYPES, PLANS, seed_of

# Below, at and above: vectors of samples or neurons (4 to 16), panels of neurons (8 to 64), the
# lanes of a sum (16); blocks of samples (32), tiles of rows (64), batches for which weights are
# packed (96, 128) and those of the narrow plan whose chunks have more than one block (512).
WIDTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129]
BATCHES = [1, 2, 7, 16, 31, 32, 33, 63, 64, 65, 95, 96, 127, 128, 129, 513]
POWERS_OF_TWO = [1, 2, 8, 64]  # widths of outputs whose mean is exact
recent = lru_cache(maxsize=2)  # the tests of one case follow each other

EPSILON = 0.125  # of one step; any power of two would do

TINY = [(1, 1, 1), (4, 2, 2, 1), (2, 3, 2)]  # which have kernels of their own for single samples
# More terms than are added at a time, on the way forward and back; parameters that no cache holds.
LARGE = [(1100, 65, 8), (9, 65, 1100, 8), (1100, 1100, 8)]

pytestmark = pytest.mark.usefixtures("four_threads")


def integers(rng, shape, most):
    return rng.integers(-most, most, size=shape, endpoint=True)


def is_power_of_two(n):
    return n & (n - 1) == 0


def ones(batch):
    return Exact(np.ones((batch, 1)))


def powers_of_two(rng, batch):
    """Return a weight for each sample, (batch, 1); their sum is a power of two as well."""
    weight = np.ones((batch, 1), int)
    weight[: 2 ** batch.bit_length() - batch] = 2
    if batch >= 4 and is_power_of_two(batch):  # so far, each has 2
        weight[:3, 0] = 4, 1, 1
    return Exact(rng.permutation(weight))


def mean(cost):
    """Return sum_i w_i C_i / sum_i w_i, rounded once."""
    weighted, weight = cost
    return float(weighted / weight)


@dataclass(frozen=True)
class Case:
    """A network of whole numbers with samples. Printed, it says everything that makes it again."""

    widths: tuple
    batch: int
    # Weights of a neuron that are not 0, and the largest of them: what keeps the numbers small.
    fan_in: int = 24
    most: int = 2
    weighted: bool = True

    def __str__(self):
        end = "" if self.weighted else ", all alike"
        return f"{'-'.join(map(str, self.widths))}, {self.batch}{end}"

    def rng(self, *what):
        return np.random.default_rng(seed_of(self, *what))

    def kinds(self):
        """Return for each layer whether it has a bias and whether it has a relu."""
        rng = self.rng("kinds")
        # A relu of few neurons is often off for all samples, and its network a constant.
        return [(bool(rng.integers(4)), n >= 5 and bool(rng.integers(3))) for n in self.widths[1:]]

    @recent
    def exact(self):
        rng, layers = self.rng("weights"), []
        for shape, kind in zip(pairwise(self.widths), self.kinds(), strict=True):
            W, b = (integers(rng, (rows, shape[1]), self.most) for rows in (shape[0], 1))
            W *= rng.permuted(np.arange(shape[0])[:, None] < np.full(shape, self.fan_in), axis=0)
            layers.append(Layer(Exact(np.concatenate([W, b]) if kind[0] else W), *kind))
        return ExactNetwork(layers)

    def unset_network(self, dtype):
        """Return a network of these layers, made by chainrule, with any parameters."""
        dense = [
            cr.Dense(n, "relu" if has_relu else "identity", bias=has_bias)
            for n, (has_bias, has_relu) in zip(self.widths[1:], self.kinds(), strict=True)
        ]
        return cr.Network([cr.Input(self.widths[0]), *dense], dtype=dtype, rng=0)

    def network(self, dtype):
        """Return the network with its own parameters."""
        net = self.unset_network(dtype)
        net.parameters = self.exact().parameters()
        return net

    def x(self):
        return Exact(integers(self.rng("x"), (self.batch, self.widths[0]), self.most))

    @recent
    def passed(self):
        """Return what the samples are in each layer, and s."""
        return self.exact().forward(self.x())

    @recent
    def results(self):
        """Return a target near s, weights of the samples, and what follows from them."""
        net, passed, rng = self.exact(), self.passed(), self.rng("y")
        s = passed[-1]
        y = s + Exact(integers(rng, s.n.shape, 3))
        weight = powers_of_two(rng, self.batch) if self.weighted else ones(self.batch)
        cost = mean(cost_sums(s, y, weight))
        gradient = net.flat(net.gradients(passed, y, weight))
        stepped = deepcopy(net)
        stepped.train_step(passed, y, weight, EPSILON)
        return y, weight, cost, gradient, stepped.parameters()

    @recent
    def training(self):
        """Return the samples of some steps, the learning rate, the costs, the last parameters.

        There are two steps at least, and at most four: as many as are exact. With weights, the
        fourth has fewer samples.
        """
        net, rng = deepcopy(self.exact()), self.rng("training")
        steps, costs, learning_rate = [], [], None
        n_errors = 8 if len(self.widths) <= 3 else 3
        for batch in 3 * [self.batch] + [self.batch // 2 + 1 if self.weighted else self.batch]:
            try:
                x = Exact(integers(rng, (batch, self.widths[0]), self.most))
                # Targets are near what the network gives at that time, so that it stays small.
                passed = net.forward(x)
                s = passed[-1]
                error = np.zeros(s.n.shape, int)
                where = (rng.integers(n, size=n_errors) for n in error.shape)
                error[tuple(where)] = rng.choice([-1, 1], size=n_errors)
                y = s + Exact(error)
                weight = powers_of_two(rng, batch) if self.weighted else ones(batch)
                # Times dC/ds = 2 w_i (s - y) / (n_out sum_i w_i), that is half of w_i (s - y).
                learning_rate = learning_rate or sum(weight.fractions()) * s.n.shape[1] / 4
                costs.append(cost_sums(s, y, weight))
                net.train_step(passed, y, weight, learning_rate)
            except MayBeRoundedError:
                break
            steps.append((x.values(), y.values(), weight.values()[:, 0] if self.weighted else None))
        assert len(steps) >= 2
        return steps, float(learning_rate), costs[: len(steps)], net.parameters()


def drawn(batch, **kwargs):
    """Return networks of 1 to 4 layers that together have each width before their outputs."""
    rng = np.random.default_rng(seed_of(batch))
    parts = np.split(rng.permutation(WIDTHS), np.cumsum([1, 3, 4, 4]))
    outputs = rng.choice(POWERS_OF_TWO, size=len(parts)).tolist()
    return [
        Case((*part.tolist(), n_out), batch, weighted=not is_power_of_two(batch), **kwargs)
        for part, n_out in zip(parts, outputs, strict=True)
    ]


def tiny(**kwargs):
    alike = {1: [True, False], 2: [True, False], 17: [True], 33: [True]}  # by size of the batch
    return [
        Case(widths, batch, weighted=weighted, **kwargs)
        for widths, batch in combinations(TINY, alike)
        for weighted in alike[batch]
    ]


SMALL = {"fan_in": 3, "most": 1}  # numbers that stay so for some steps
CASES = [case for batch in BATCHES for case in drawn(batch)] + tiny()
CASES += [Case(widths, 129, fan_in=400, most=1) for widths in LARGE]
# Of any width, whose mean may be rounded.
OUTPUTS = [Case((17, 33, width), batch) for width, batch in zip(WIDTHS, BATCHES, strict=True)]
TRAININGS = [case for batch in BATCHES for case in drawn(batch, **SMALL)] + tiny(**SMALL)
TRAININGS += [Case(widths, 129, **SMALL) for widths in LARGE]


def assert_equal(actual, expected, what):
    actual = np.asarray(actual, float)
    assert actual.shape == expected.shape, what
    wrong = np.argwhere(actual != expected)
    assert len(wrong) == 0, (
        f"{what}: {len(wrong)} of {actual.size} differ, first at {wrong[0].tolist()}: "
        f"got {actual[tuple(wrong[0])]!r}, expected {expected[tuple(wrong[0])]!r}"
    )


def in_every_plan(cases):
    """Run a test with each case in every plan with both dtypes, one after the other."""
    ways = pytest.mark.parametrize(
        ("plan", "dtype"), list(combinations(PLANS, DTYPES)), indirect=["plan"]
    )
    return lambda test: ways(pytest.mark.parametrize("case", cases, ids=str)(test))


@in_every_plan(OUTPUTS)
def test_outputs(plan, case, dtype):
    net = case.network(dtype)
    assert net.plan(case.batch)["plan"] == plan
    assert_equal(net.predict(case.x().values()), case.passed()[-1].values(), "s")


@in_every_plan(CASES)
def test_predictions_costs_and_gradients(plan, case, dtype):
    y, weight, expected_cost, expected_gradient, expected_parameters = case.results()
    net, x, y = case.network(dtype), case.x().values(), y.values()
    assert net.plan(case.batch)["plan"] == plan
    weight = weight.values()[:, 0] if case.weighted else None
    assert_equal(net.predict(x), case.passed()[-1].values(), "s")
    assert net.cost(x, y, weight) == expected_cost
    cost, gradient = net.value_and_grad(x, y, weight)
    assert cost == expected_cost
    assert_equal(gradient, expected_gradient, "gradient")
    assert net.train_step(x, y, cr.SGD(EPSILON), weight) == expected_cost
    assert_equal(net.parameters, expected_parameters, "parameters after one step")


@in_every_plan(TRAININGS)
def test_training(plan, case, dtype):
    steps, learning_rate, costs, expected = case.training()
    stepped, fitted = case.network(dtype), case.network(dtype)
    assert fitted.plan(case.batch, training=True)["plan"] == plan
    optimizer = cr.SGD(learning_rate)
    for (x, y, weight), cost in zip(steps, costs, strict=True):
        assert stepped.train_step(x, y, optimizer, weight) == mean(cost)
    assert_equal(stepped.parameters, expected, "parameters after steps")
    x, y, weight = zip(*steps, strict=True)
    history = fitted.fit(
        np.concatenate(x),
        np.concatenate(y),
        optimizer=cr.SGD(learning_rate),
        batch_size=case.batch,
        shuffle=False,
        sample_weight=np.concatenate(weight) if case.weighted else None,
    )
    assert_equal(fitted.parameters, expected, "parameters after fit")
    assert history.cost == [mean(map(sum, zip(*costs, strict=True)))]


@pytest.mark.usefixtures("own_product", "four_threads")
def test_cases_are_of_all_kinds():
    for cases in CASES, TRAININGS:
        kinds = {kind for each in cases for kind in each.kinds()}
        assert kinds == set(combinations([False, True], repeat=2))
        assert {len(each.widths) - 1 for each in cases} == {1, 2, 3, 4}
        met = {(width, each.batch) for each in cases for width in each.widths[:-1]}
        assert met >= set(combinations(WIDTHS, BATCHES))
    several = [each.unset_network("float64").plan(each.batch)["threads"] > 1 for each in CASES]
    assert set(several) == {False, True}


def test_what_may_be_rounded_is_refused():
    most = Exact([[SIGNIFICANT]])
    for rounded in (
        lambda: most + Exact([[1]]),
        lambda: Exact([[SIGNIFICANT, 1, -SIGNIFICANT]]) @ Exact([[1], [1], [1]]),  # on its way
        lambda: Exact([[3]]) + Exact([[1]], -23),
        lambda: Exact([[4097]]) * Exact([[4097]]),
    ):
        with pytest.raises(MayBeRoundedError):
            rounded()
    assert_equal((most + Exact([[0]])).values(), np.array([[2.0**24]]), "the most")
    # Even numbers may be twice as large.
    assert_equal((most * Exact([[2]])).values(), np.array([[2.0**25]]), "twice the most")
