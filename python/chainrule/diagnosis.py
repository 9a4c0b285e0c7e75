"""What goes on in the layers of a network: dead and saturated neurons, sizes of gradients."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule import _no_optimizer, _notebook, _slopes
from chainrule._class_weight import ClassWeight
from chainrule._spec import real_number
from chainrule._table import aligned_rows
from chainrule.layers import Dense
from chainrule.optimizers import Optimizer

if TYPE_CHECKING:
    from chainrule.network import Network
    from chainrule.trace import Trace

Array = npt.NDArray[Any]

# A neuron is saturated where its |f'(z)| is below this part of the largest one.
SATURATED = 0.05
_SHARES = ("zero", "dead", "saturated")
# What a column is called where it is shown.
_HEADS = {
    "gradient_norm": "|dW|",
    "weight_norm": "|W|",
    "gradient_to_weight": "dW/W",
    "update_to_weight": "update/W",
}


class Diagnosis:
    """What `Network.diagnose` returns: a row for each layer with parameters.

    Attributes
    ----------
    cost : float
        The cost of the samples.
    learning_rate : float
        What the updates were computed with.
    """

    def __init__(self, cost: float, learning_rate: float, columns: dict[str, list[Any]]) -> None:
        self.cost, self.learning_rate = cost, learning_rate
        self._columns = columns

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns that `Network.diagnose` lists, such as for ``pandas.DataFrame``."""
        return {name: values.copy() for name, values in self._columns.items()}

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the heads of the columns and the rows, as text."""
        heads = tuple(_HEADS.get(name, name) for name in self._columns)
        columns = [[_text(name, each) for each in self._columns[name]] for name in self._columns]
        return [heads, *zip(*columns, strict=True)]

    def _head(self) -> str:
        return f"Diagnosis: cost {self.cost:.6g}, learning rate {self.learning_rate:.6g}"

    def __repr__(self) -> str:
        to_the_left = ("kind", "activation")
        align = [str.ljust if name in to_the_left else str.rjust for name in self._columns]
        return "\n".join([self._head(), *aligned_rows(self._rows(), align)])

    def _repr_html_(self) -> str:
        return _notebook.table_html(self._head(), self._rows())


def _text(name: str, value: object) -> str:
    if value is None:
        return "-"
    if name in _SHARES:
        return f"{value:.1%}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def diagnose(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None,
    *,
    class_weight: ClassWeight | None,
    learning_rate: float | None,
    optimizer: Optimizer | None,
) -> Diagnosis:
    """Diagnose a network; `Network.diagnose` says how."""
    rate = _rate(learning_rate, optimizer)
    trace = network.trace(x, y, sample_weight, class_weight=class_weight)
    rows = []
    for number, layer in enumerate(network.layers, start=1):
        if not layer._trains:
            continue
        a = trace.a(number)
        is_zero = a == 0
        gradient = _norm(trace._gradients[number - 1][0])
        weights = _norm(layer._trained()[0])
        trained: Any = layer  # has options of the training
        own_rate = rate * trained.learning_rate_factor if trained.trainable else 0.0
        rows.append(
            {
                "layer": number,
                "kind": type(layer).__name__,
                "activation": _activation(layer),
                "neurons": a.shape[1],
                "zero": float(is_zero.mean()),
                "dead": float(is_zero.all(axis=0).mean()),
                "saturated": _saturated(layer, trace, number),
                "gradient_norm": gradient,
                "weight_norm": weights,
                "gradient_to_weight": _ratio(gradient, weights),
                "update_to_weight": _ratio(own_rate * gradient, weights),
            }
        )
    return Diagnosis(trace.cost, rate, {name: [row[name] for row in rows] for name in rows[0]})


def _rate(learning_rate: float | None, optimizer: Optimizer | None) -> float:
    """Return the learning rate that is meant."""
    if optimizer is None:
        rate = 0.01 if learning_rate is None else real_number("learning_rate", learning_rate)
        if not 0 <= rate < np.inf:
            raise ValueError(f"learning_rate must be finite and >= 0, got {rate}")
        return rate
    if learning_rate is not None:
        raise ValueError("give learning_rate or optimizer, not both")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(_no_optimizer.why(optimizer))
    of_optimizer: Any = optimizer.learning_rate  # type: ignore[attr-defined]
    if not isinstance(of_optimizer, float):
        raise ValueError(
            f"the learning rate of this optimizer changes, it is {of_optimizer!r}; give the one "
            "that is meant as learning_rate, such as history.learning_rate[-1]"
        )
    return of_optimizer


def _activation(layer: object) -> str:
    activation = layer.activation if isinstance(layer, Dense) else ""
    return activation if isinstance(activation, str) else repr(activation)


def _saturated(layer: object, trace: Trace, number: int) -> float | None:
    """Return the share of small slopes; None where no activation can saturate."""
    largest = _slopes.largest_of_bounded(layer.activation) if isinstance(layer, Dense) else None
    if largest is None or not isinstance(layer, Dense):
        return None
    with np.errstate(all="ignore"):  # what underflows is 0
        slopes = _slopes.own_slopes(layer.activation, trace.z(number))
    return float((np.abs(slopes) < SATURATED * largest).mean())


def _norm(values: Array) -> float:
    """Return the Euclidean norm, which no square makes too large or too small."""
    wide = values.astype(np.float64)
    largest = float(np.abs(wide).max(initial=0))
    return largest * float(np.linalg.norm(wide / largest)) if largest else 0.0


def _ratio(above: float, below: float) -> float:
    """Return above / below; 0 where above is 0, else infinity where below is 0."""
    if above == 0:
        return 0.0
    return above / below if below else np.inf
