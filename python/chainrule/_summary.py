"""What `print` shows of a network: its layers as a table."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule import _training_options
from chainrule._spec import Member
from chainrule._table import aligned_rows
from chainrule.layers import Dense, Input, widths_of
from chainrule.stages import Stage

if TYPE_CHECKING:
    from chainrule.network import Network


def _name(member: str | Member) -> str:
    return member if isinstance(member, str) else repr(member)


def summary(network: Network) -> str:
    """Return a line about the network, and one for each of its layers."""
    rows = [("layer", "kind", "neurons", "activation", "W", "b", "parameters", "options")]
    width = 0
    for number, layer in enumerate(network.layers, start=1):
        activation = W_shape = b_shape = ""
        size = 0
        if isinstance(layer, Dense):
            width, activation = layer.n_out, _name(layer.activation)
            W, b = layer.weights, layer.bias
            W_shape, b_shape = str(W.shape), "-" if b is None else str(b.shape)
        elif isinstance(layer, Input):
            width = layer.n
        else:
            activation = layer._arguments() if isinstance(layer, Stage) else ""
        if layer._trains:
            size = sum(each.size for each in layer._trained() if each is not None)
        kind = type(layer).__name__
        parameters = f"{size:,}" if size else ""
        options = _training_options.text_of(layer._description)
        row = str(number), kind, str(width), activation, W_shape, b_shape, parameters, options
        rows.append(row)
    if not any(row[-1] for row in rows[1:]):
        rows = [(*row[:-1], "") for row in rows]
    align = (str.rjust, str.ljust, str.rjust, *[str.ljust] * 3, str.rjust, str.ljust)
    loss = network.loss
    loss_name = getattr(loss, "__name__", "custom") if callable(loss) else _name(loss)
    head = (
        f"{type(network).__name__} {widths_of(network.layers)}, "
        f"{network.n_parameters:,} parameters, loss {loss_name}, {network.dtype.name}"
    )
    return "\n".join([head, *aligned_rows(rows, align)])
