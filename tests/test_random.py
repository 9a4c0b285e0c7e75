"""The generator: Random123's vectors, NumPy's Philox, and what the streams are made of."""
# SPDX-License-Identifier: BSD-3-Clause

from statistics import NormalDist

import numpy as np
import pytest

import chainrule as cr
from chainrule import _core
from support import bits

# Random123 (D. E. Shaw Research), file tests/kat_vectors, lines "philox4x32 10":
# counter, key, result.
KNOWN_ANSWERS = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
"""
KNOWN = [[int(word, 16) for word in line.split()] for line in KNOWN_ANSWERS.split("\n") if line]


@pytest.mark.parametrize("words", KNOWN, ids=["zeros", "ones", "pi"])
def test_known_answers(words):
    assert _core.philox4x32_10(words[:4], words[4:6]) == words[6:]


def philox4x(n_bits, multipliers, weyl, counter, key, rounds=10):
    """Philox with four words of `n_bits`, in whole numbers: Salmon et al., SC11, section 4.3."""
    mask = 2**n_bits - 1
    c, k = list(counter), list(key)
    for _ in range(rounds):
        product0, product1 = multipliers[0] * c[0], multipliers[1] * c[2]
        c = [
            (product1 >> n_bits) ^ c[1] ^ k[0],
            product1 & mask,
            (product0 >> n_bits) ^ c[3] ^ k[1],
            product0 & mask,
        ]
        k = [(k[i] + weyl[i]) & mask for i in (0, 1)]
    return c


def philox4x64(counter, key):
    multipliers = 0xD2E7470EE14C6C93, 0xCA5A826395121157
    return philox4x(64, multipliers, (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B), counter, key)


def philox4x32(counter, key):
    return philox4x(32, (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85), counter, key)


def random_words(n_bits, n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(2**n_bits, size=n, dtype=np.uint64).tolist()


# NumPy's Philox has words of 64 bits, the core's of 32: their numbers cannot be the same ones. But
# the round is the same for either width, so the function above is checked against NumPy in one
# width and then checks the core in the other.
@pytest.mark.parametrize("seed", range(20))
def test_same_rounds_as_numpy(seed):
    counter, key = random_words(64, 4, seed), random_words(64, 2, seed + 1000)
    generator = np.random.Philox(counter=np.array(counter, np.uint64), key=np.array(key, np.uint64))
    # It counts up before its first block.
    assert generator.random_raw(4).tolist() == philox4x64([counter[0] + 1, *counter[1:]], key)


@pytest.mark.parametrize("seed", range(20))
def test_core_makes_these_rounds(seed):
    counter, key = random_words(32, 4, seed), random_words(32, 2, seed + 1000)
    assert _core.philox4x32_10(counter, key) == philox4x32(counter, key)


# The streams of a network. Their numbers are a promise: a seed means the same network for ever.

INITIAL_PARAMETERS, SHUFFLE = 1, 2


def words(seed, purpose, index):
    """Yield the numbers of 32 bits of one purpose: four from each block."""
    key = seed & 0xFFFFFFFF, seed >> 32
    for n in range(2**64):
        yield from philox4x32((n & 0xFFFFFFFF, n >> 32, index, purpose), key)


def stream(seed, purpose, index):
    """Yield the numbers of 64 bits of one purpose: two words, the lower one first."""
    numbers = words(seed, purpose, index)
    for low in numbers:
        yield low | next(numbers) << 32


SEEDS = [0, 1, 2**32 - 1, 2**32, 0x123456789ABCDEF0, 2**64 - 1]


def drawn_in_order(layer):
    """Return the parameters of a layer in the order in which they are drawn: W[j, k], then b."""
    return np.concatenate([layer.weights.ravel(), layer.bias])


@pytest.mark.parametrize("seed", SEEDS)
def test_uniform_parameters_are_those_of_the_stream(seed):
    net = cr.Network(
        [cr.Input(5), cr.Dense(3, init="uniform"), cr.Dense(4, init="he_uniform")],
        dtype="float64",
        rng=seed,
    )
    for index, bound in (0, 5**-0.5), (1, (6 / 3) ** 0.5):
        layer = net.layers[index + 1]
        numbers = stream(seed, INITIAL_PARAMETERS, index)
        for parameter in drawn_in_order(layer).tolist():
            uniform = (next(numbers) >> 11) / 2**53
            assert parameter == pytest.approx((2 * uniform - 1) * bound, rel=1e-15, abs=1e-17)


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_parameters_are_those_of_the_stream(seed):
    # By inversion: the quantile of a uniform number. Python's is Wichura's algorithm, too.
    net = cr.Network([cr.Input(4), cr.Dense(25, init="normal")], dtype="float64", rng=seed)
    numbers = stream(seed, INITIAL_PARAMETERS, 0)
    for parameter in drawn_in_order(net.layers[1]).tolist():
        uniform = ((next(numbers) >> 12) + 0.5) / 2**52
        expected = NormalDist().inv_cdf(uniform) / 2  # a standard deviation of 1 / sqrt(n_in)
        assert parameter == pytest.approx(expected, rel=1e-14, abs=1e-16)


def shuffled(n, seed, epoch):
    """Return the order of an epoch: Fisher and Yates, from the last place down."""
    order = list(range(n))
    numbers = words(seed, SHUFFLE, epoch)
    for left in range(n, 1, -1):
        # Lemire: the high word of a product, drawn again where some would come once too often.
        products = (number * left for number in numbers)
        i = next(each for each in products if each % 2**32 >= 2**32 % left) >> 32
        order[left - 1], order[i] = order[i], order[left - 1]
    return order


class Visits:
    """A cost function that notes the targets that come, which are numbers of samples."""

    def __init__(self):
        self.samples = []

    def __call__(self, s, y):
        self.samples.extend(y.tolist())
        return 0.0, np.zeros_like(s)


@pytest.mark.parametrize("seed", SEEDS)
def test_epochs_are_shuffled_by_the_stream(seed):
    n, visits = 37, Visits()
    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=visits, rng=seed)
    for epochs in 2, 0, 1:  # they are counted from call to call
        net.fit(np.zeros((n, 1)), np.arange(n), epochs=epochs, batch_size=8)
    assert visits.samples == [i for epoch in range(3) for i in shuffled(n, seed, epoch)]


def test_epoch_that_was_cut_short_counts():
    n, visits = 37, Visits()
    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=visits, rng=0)
    x, y = np.zeros((n, 1)), np.arange(n)
    net.fit(x, y, batch_size=8, stop=[cr.TimeLimit(1e-9)])
    assert visits.samples == shuffled(n, 0, 0)[:8]
    net.copy().fit(x, y)
    net.fit(x, y)
    assert visits.samples[8:] == 2 * shuffled(n, 0, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffling_is_an_order_that_could_be_given(seed):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(37, 3)), rng.normal(size=(37, 2))
    net = cr.Network([cr.Input(3), cr.Dense(4, "tanh"), cr.Dense(2)], rng=seed)
    twin = net.copy()
    order = [shuffled(37, seed, epoch) for epoch in range(2)]
    net.fit(x, y, optimizer=cr.SGD(0.1), epochs=2, batch_size=8)
    twin.fit(x, y, optimizer=cr.SGD(0.1), epochs=2, batch_size=8, order=order)
    assert bits(net) == bits(twin)


def test_seeds():
    layers = [cr.Input(3), cr.Dense(2)]

    def of(rng):
        return bits(cr.Network(layers, rng=rng))

    assert of(1) == of(1) == of(np.uint8(1))
    assert of(None) != of(None)
    assert len({of(seed) for seed in SEEDS}) == len(SEEDS)
    rng = np.random.default_rng(0)
    first, second = of(rng), of(rng)
    assert first != second
    assert first == of(np.random.default_rng(0))
    net = cr.Network(layers)
    assert of(net.seed) == bits(net)


def test_every_sample_is_as_often_in_every_place():
    # Chi-square with (n - 1)^2 degrees of freedom, to 5 standard deviations.
    n, epochs, visits = 8, 4000, Visits()
    net = cr.Network([cr.Input(1), cr.Dense(1)], loss=visits, rng=0)
    net.fit(np.zeros((n, 1)), np.arange(n), epochs=epochs, batch_size=n)
    count = np.zeros((n, n))
    np.add.at(count, (np.tile(np.arange(n), epochs), visits.samples), 1)
    chi2 = ((count - epochs / n) ** 2 / (epochs / n)).sum()
    freedom = (n - 1) ** 2
    assert abs(chi2 - freedom) < 5 * (2 * freedom) ** 0.5
