"""What tests/reference/stages.py gets for "diagonal"."""
# SPDX-License-Identifier: BSD-3-Clause


class Diagonal:
    """factors_j a_j."""

    trained = ("factors",)

    def __init__(self, number, factors):
        self.factors = factors

    def vectors(self):
        return [self.factors]

    def forward(self, a, noise):
        return self.factors * a

    def backward(self, a, dC_dout, noise):
        return self.factors * dC_dout

    def gradient(self, a, dC_dout):
        return [(dC_dout * a).sum(axis=0)]
