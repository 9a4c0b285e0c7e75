"""Stages between dense layers, under the core's names: rows of activations in and out, (batch, n).

A stage is made with its number among the layers behind the input, its numbers and its vectors. It
offers ``forward(a, noise)``, ``backward(a, dC_dout, noise)`` = dC/da, and ``gradient(a, dC_dout)``
of its vectors; ``noise`` is None outside of training.
"""
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass

import numpy as np

PURPOSE = 3  # of the generator's counter: noise


def philox4x32_10(counter, key):
    """Philox4x32-10 of many counters at once: four arrays of uint64 below 2^32 in and out.

    Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11, section 4.3.
    """
    low = np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = counter
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & low,
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & low,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


@dataclass
class Noise:
    """The random numbers of one step of a training."""

    seed: int
    step: int

    def numbers(self, stage, batch, n):
        """Return whole numbers below 2^32, (batch, n), of the stage with this number.

        Neuron 64 c + 16 w + i has word w of block 16 c + i.
        """
        chunks = -(-n // 64)
        blocks = np.arange(16 * chunks, dtype=np.uint64)[None, :]
        sample = np.arange(batch, dtype=np.uint64)[:, None]
        zero = np.zeros((batch, 16 * chunks), np.uint64)
        purpose = np.uint64((PURPOSE | stage << 8) & 0xFFFFFFFF)
        counter = (
            zero + blocks,
            zero + sample,
            zero + np.uint64(self.step & 0xFFFFFFFF),
            zero + purpose,
        )
        words = np.stack(philox4x32_10(counter, self.seed))  # (4, batch, blocks)
        in_chunks = words.reshape(4, batch, chunks, 16).transpose(1, 2, 0, 3)
        return in_chunks.reshape(batch, 64 * chunks)[:, :n]


class Dropout:
    """a_j / (1 - rate), or 0 where the number of the neuron is below rate 2^32."""

    trained = ()

    def __init__(self, number, rate):
        self.number, self.rate = number, rate

    def vectors(self):
        return []

    def _factors(self, a, noise):
        if noise is None:
            return 1.0
        kept = noise.numbers(self.number, *a.shape) >= np.uint64(self.rate * 2.0**32)
        return kept / (1 - self.rate)

    def forward(self, a, noise):
        return a * self._factors(a, noise)

    def backward(self, a, dC_dout, noise):
        return dC_dout * self._factors(a, noise)

    def gradient(self, a, dC_dout):
        return []


class LayerNorm:
    """gamma x^ + beta, x^ = (a - mean) / sqrt(variance + eps), over the neurons of a sample."""

    trained = ("gamma", "beta")

    def __init__(self, number, eps, gamma, beta):
        self.eps, self.gamma, self.beta = eps, gamma, beta

    def vectors(self):
        return [self.gamma, self.beta]

    def _normalized(self, a):
        mean, variance = a.mean(axis=1, keepdims=True), a.var(axis=1, keepdims=True)
        scale = 1 / np.sqrt(variance + self.eps)
        return (a - mean) * scale, scale

    def forward(self, a, noise):
        return self.gamma * self._normalized(a)[0] + self.beta

    def backward(self, a, dC_dout, noise):
        x, scale = self._normalized(a)
        g = self.gamma * dC_dout
        mean_g, mean_gx = (each.mean(axis=1, keepdims=True) for each in (g, g * x))
        return (g - mean_g - x * mean_gx) * scale

    def gradient(self, a, dC_dout):
        x, _ = self._normalized(a)
        return [(dC_dout * x).sum(axis=0), dC_dout.sum(axis=0)]


STAGES = {"dropout": Dropout, "layer_norm": LayerNorm}
