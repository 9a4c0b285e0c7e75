"""The text book: a multilayer perceptron in pure NumPy, float64, in the letters of the equations.

Start at network.py. The members stand in ACTIVATIONS, LOSSES, OPTIMIZERS, STAGES
and GRADIENT_TRANSFORMS under the core's names.
"""
# SPDX-License-Identifier: BSD-3-Clause

from .activations import ACTIVATIONS
from .gradients import GRADIENT_TRANSFORMS
from .losses import LOSSES, one_hot, share
from .network import Gradients, Network, Pass, central_difference, flatten, member, train
from .optimizers import OPTIMIZERS, SGD, Adam
from .stages import STAGES, Noise

__all__ = [
    "ACTIVATIONS",
    "GRADIENT_TRANSFORMS",
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "STAGES",
    "Adam",
    "Gradients",
    "Network",
    "Noise",
    "Pass",
    "central_difference",
    "flatten",
    "member",
    "one_hot",
    "share",
    "train",
]
