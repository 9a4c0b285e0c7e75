"""Gradient transforms: from the gradient g = dC/dw of all parameters to the one of the step."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


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


GRADIENT_TRANSFORMS = {"clip_norm": ClipNorm}
