"""The file format: a description and named arrays in one safetensors file; see docs/files.md."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._durable_file import replace_file
from chainrule._errors import ModelFormatError
from chainrule._spec import Spec, printable, shortened, shown
from chainrule._spec_json import as_objects, objects_from, spec_from

Array = npt.NDArray[Any]
Path = str | os.PathLike[str]

FORMAT = "chainrule"  # the entry of the metadata
VERSION = 1
# Bytes of a header, some hundred a layer: the objects that it becomes take twenty times as many.
MOST_HEADER = 1 << 22
# How safetensors calls the dtypes that there are.
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_HEAD = {"format_version", "written_by", "description"}
_AT_ONCE = 1 << 22  # bytes of an array that are copied at a time


# ---- To a file -----------------------------------------------------------------------------------


def write(path: Path, spec: Spec, arrays: Mapping[str, Array]) -> None:
    """Write a file, in the place of the one that may be there: equal contents give equal bytes.

    Raises
    ------
    OSError
        If it cannot be written; the old one is as it was.
    """
    head = {"format_version": VERSION, "written_by": f"chainrule {_core.__version__}"}
    head |= {"description": as_objects(spec)}
    header: dict[str, Any] = {"__metadata__": {FORMAT: json.dumps(head, allow_nan=False)}}
    # As safetensors does, so that each number is aligned: the large ones first.
    in_order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    end = 0
    for name in in_order:
        begin, end = end, end + arrays[name].nbytes
        shape = list(arrays[name].shape)
        dtype = f"F{arrays[name].itemsize * 8}"
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MOST_HEADER:
        raise ValueError(
            f"this network has too many layers for a file: its header would have {len(text)} "
            f"bytes, more than {MOST_HEADER}"
        )
    numbers = (_little_endian(arrays[name]) for name in in_order)
    # Not by safetensors' own function, which ends the process where memory does.
    replace_file(path, chain([len(text).to_bytes(8, "little") + text], numbers))


def _little_endian(array: Array) -> memoryview:
    in_order = np.ascontiguousarray(array, DTYPES[f"F{array.itemsize * 8}"])
    return in_order.reshape(-1).data.cast("B")


# ---- From a file ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contents:
    """What is in a file that is open: its description, and the arrays that can be read."""

    version: int
    written_by: str
    spec: Spec
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
    _offsets: dict[str, int]
    _file: BufferedReader

    def require(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        """Raise ModelFormatError unless there is such an array."""
        if name not in self.shapes:
            raise ModelFormatError(f"it has no array {name!r}")
        if self.shapes[name] != (dtype, shape):
            found, of_shape = self.shapes[name]
            raise ModelFormatError(
                f"its array {name!r} is {found} of shape {of_shape}, "
                f"expected {dtype} of shape {shape}"
            )

    def read(self, name: str, target: Array, *, finite: bool = True) -> None:
        """Copy an array into one of the same shape; raise ModelFormatError for what does not fit.

        With `finite`, NaN and infinities are refused.
        """
        self.require(name, target.dtype, target.shape)
        if target.size == 0:
            return
        self._file.seek(self._offsets[name])
        rows = max(1, _AT_ONCE * len(target) // target.nbytes)
        for first in range(0, len(target), rows):
            part = target[first : first + rows]
            read = np.empty(part.shape, DTYPES[f"F{target.itemsize * 8}"])
            if self._file.readinto(read.reshape(-1).data.cast("B")) < read.nbytes:
                raise ModelFormatError(f"it ends within its array {name!r}")
            if finite and not np.isfinite(read).all():
                raise ModelFormatError(f"its array {name!r} holds NaN or an infinity")
            part[...] = read


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Open a file for the time of a ``with``, in which what does not fit raises ModelFormatError.

    The arrays stay in the file until they are read.

    Raises
    ------
    OSError
        If it cannot be read.
    ModelFormatError
        If it is no file of this format. The message begins with the path, also that of one raised
        within the ``with``.
    """
    name = os.fsdecode(path)
    found = os.stat(name)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(f"{name!r} is a folder, expected a file")
    try:
        if not stat.S_ISREG(found.st_mode):
            raise ModelFormatError("it is no regular file")
        with open(name, "rb") as file:
            _require_safetensors(name)
            yield _contents(file)
    except ModelFormatError as error:
        # What a file says may be anything, and of any length.
        raise ModelFormatError(f"{name}: {printable(shortened(str(error)))}") from None


def _require_safetensors(name: str) -> None:
    """Raise ModelFormatError unless header and size fit each other, by safetensors' own checks."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(name, framework="numpy"):
            pass
    except SafetensorError as error:
        raise ModelFormatError(f"it is no complete safetensors file: {error}") from None


def _contents(file: BufferedReader) -> Contents:
    size = int.from_bytes(file.read(8), "little")
    if size > MOST_HEADER:
        raise ModelFormatError(f"its header has {size} bytes, expected at most {MOST_HEADER}")
    header = objects_from(file.read(size))
    try:
        entry = (header.pop("__metadata__", None) or {}).get(FORMAT)
        shapes, offsets = {}, {}
        for name, array in header.items():
            dtype = DTYPES.get(array["dtype"])
            if dtype is None:
                raise ModelFormatError(
                    f"its array {name!r} has dtype {array['dtype']}, expected F32 or F64"
                )
            shapes[name] = dtype.newbyteorder("="), tuple(array["shape"])
            offsets[name] = 8 + size + array["data_offsets"][0]
    except (AttributeError, KeyError, IndexError, TypeError):
        raise ModelFormatError("its header has an entry of the wrong type") from None
    if entry is None:
        raise ModelFormatError("it is a safetensors file that chainrule has not written")
    head = objects_from(entry)
    version, written_by = (head.get(key) for key in ("format_version", "written_by"))
    if type(version) is not int or version < 1:
        raise ModelFormatError(f"its format version is {shown(version)}, expected 1 or more")
    if version > VERSION:
        raise ModelFormatError(
            f"it has format version {version}, written by {shown(written_by)}; "
            f"this chainrule reads up to version {VERSION}: update it"
        )
    if head.keys() - _HEAD:
        raise ModelFormatError(f"it has the unknown entry {min(head.keys() - _HEAD)!r}")
    spec = spec_from(head.get("description"))
    return Contents(version, str(written_by), spec, shapes, offsets, file)
