"""Gradient transforms: from the gradient g = dC/dw of all parameters to the one of the step."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


class ClipValue:
    """Elements of the gradient that are larger than a limit are made as large as the limit."""

    def __init__(self, clip_value):
        self.clip_value = clip_value

    def __call__(self, g):
        """Return min(max(g, -clip_value), clip_value)."""
        return np.minimum(np.maximum(g, -self.clip_value), self.clip_value)


class ClipNorm:
    """A gradient that is longer than a limit is made as long as the limit.

    Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, ICML 2013;
    the 1e-6 is PyTorch's.
    """

    def __init__(self, clip_norm):
        self.clip_norm = clip_norm

    def __call__(self, g):
        """Return g min(1, clip_norm / (|g| + 1e-6))."""
        return g * min(1.0, self.clip_norm / (np.sqrt(np.sum(g**2)) + 1e-6))


GRADIENT_TRANSFORMS = {"clip_value": ClipValue, "clip_norm": ClipNorm}
