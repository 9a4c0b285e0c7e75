"""What is in a file, told without building it."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from chainrule._model_file import Path, opened
from chainrule._spec import printable
from chainrule._spec_json import as_objects
from chainrule._table import aligned_rows


@dataclass(frozen=True, repr=False)
class FileContents:
    """What `inspect` has found in a file; ``str`` tells it in some lines.

    Attributes
    ----------
    path : str
        Of the file.
    size : int
        In bytes.
    format_version : int
        Of the format.
    written_by : str
        What has written it, such as "chainrule 0.2.0".
    description : dict
        What the arrays mean, as the file has it: name, numbers, words and parts of a tree.
    arrays : dict of str to (str, tuple of int)
        dtype and shape of each array.
    """

    path: str
    size: int
    format_version: int
    written_by: str
    description: dict[str, Any]
    arrays: dict[str, tuple[str, tuple[int, ...]]]

    def __repr__(self) -> str:
        return f"<FileContents of {self.path!r}: {len(self.arrays)} arrays>"

    def __str__(self) -> str:
        # What a file says may be anything: nothing of it controls a terminal.
        return "\n".join(map(printable, self._lines()))

    def _lines(self) -> Iterator[str]:
        yield (
            f"{self.path}: {self.size:,} bytes, format {self.format_version}, "
            f"written by {self.written_by}"
        )
        for network in _parts(self.description, "network"):
            layers, losses = _parts(network, "layer"), _parts(network, "loss")
            shapes = {name: shape for name, (_, shape) in self.arrays.items()}
            n = sum(prod(shape) for name, shape in shapes.items() if name.startswith("layers."))
            yield (
                f"network: {len(layers)} layers, {n:,} parameters, "
                f"loss {', '.join(map(_text, losses))}, {network['words'].get('dtype')}"
            )
            rows = [("layer", "kind", "", "W", "b")]
            for number, layer in enumerate(layers):
                names = (f"layers.{number}.weights", f"layers.{number}.bias")
                of_layer = (str(shapes.get(name, "")) for name in names)
                rows.append((str(number + 1), layer["name"], _entries(layer), *of_layer))
            yield from aligned_rows(rows, (str.rjust, *[str.ljust] * 4))
        life = self.description["numbers"]
        yield f"trained: {life.get('epochs_begun')} epochs begun, {life.get('steps_made')} steps"
        for optimizer in _parts(self.description, "optimizer"):
            settings = ", ".join(map(_text, _parts(optimizer, "settings")))
            yield f"optimizer: {settings}, {optimizer['numbers'].get('steps')} updates"
        for position in _parts(self.description, "position"):
            at = position["numbers"]
            yield (
                f"training: {at.get('epoch')} whole epochs, {at.get('steps')} steps, batches of "
                f"{at.get('batch_size')} of {at.get('samples')} samples"
            )


def inspect(path: Path) -> FileContents:
    """Print what is in a file of `Network.save` or `Checkpoint`, and return it; nothing is built.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    FileContents
        The same, as an object.

    Raises
    ------
    ModelFormatError
        If it is no such file; what its arrays hold is not looked at.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Network([cr.Input(2), cr.Dense(1)], rng=0).save("small.safetensors")
    >>> found = cr.inspect("small.safetensors")  # doctest: +ELLIPSIS
    small.safetensors: ... bytes, format 1, written by chainrule ...
    network: 2 layers, 3 parameters, loss mse, float32
      layer  kind                                                              W       b
          1  input  n=2
          2  dense  n_out=1, bias=1, init=glorot_uniform, activation identity  (1, 2)  (1,)
    trained: 0 epochs begun, 0 steps
    >>> found.arrays["layers.1.weights"]
    ('float32', (1, 2))
    """
    with opened(path) as contents:
        found = FileContents(
            os.fsdecode(path),
            os.stat(path).st_size,
            contents.version,
            contents.written_by,
            as_objects(contents.spec),
            {name: (str(dtype), shape) for name, (dtype, shape) in contents.shapes.items()},
        )
    print(found)
    return found


def _parts(described: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [part for of_part, part in described["parts"] if of_part == role]


def _entries(described: dict[str, Any]) -> str:
    own = {**described["numbers"], **described["words"]}
    parts = [f"{role} {_text(part)}" for role, part in described["parts"]]
    return ", ".join([f"{key}={value}" for key, value in own.items()] + parts)


def _text(described: dict[str, Any]) -> str:
    entries = _entries(described)
    return f"{described['name']}({entries})" if entries else described["name"]
