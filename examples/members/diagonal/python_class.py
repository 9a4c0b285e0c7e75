"""What python/chainrule/stages.py gets for "diagonal"."""

# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy.typing as npt

from chainrule.stages import Stage


class Diagonal(Stage):
    """Multiply each neuron by a trained factor of its own: factors_j a_j."""

    __slots__ = ()

    _name = "diagonal"
    _trains = True

    def __init__(self) -> None:
        super().__init__()

    @property
    def factors(self) -> npt.NDArray[Any]:
        """The network's factors, shape (n,), 1 at first: a writable view; assigning copies."""
        return self._trained()[0]

    @factors.setter
    def factors(self, values: npt.ArrayLike) -> None:
        self._assign("factors", self.factors, values)
