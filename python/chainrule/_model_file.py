"""The file format: a description and named arrays in one safetensors file; see docs/files.md."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._durable_file import replace_file
from chainrule._errors import ModelFormatError
from chainrule._spec import Spec, shown
from chainrule._spec_json import as_objects, objects_from, spec_from

Array = npt.NDArray[Any]
Path = str | os.PathLike[str]

FORMAT = "chainrule"  # the entry of the metadata
VERSION = 1
# How safetensors calls the dtypes that there are.
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype(np.float32), "F64": np.dtype(np.float64)}
_AT_ONCE = 1 << 22  # bytes of an array that are copied at a time


def write(path: Path, spec: Spec, arrays: Mapping[str, Array]) -> None:
    """Write a file, in the place of the one that may be there.

    Raises
    ------
    OSError
        If it cannot be written; the old one is as it was.
    """
    from safetensors.numpy import save

    # One entry, since safetensors writes several in any order: equal networks make equal files.
    head = {"format_version": VERSION, "written_by": f"chainrule {_core.__version__}"}
    entry = json.dumps(head | {"description": as_objects(spec)}, allow_nan=False)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_file(path, save(contiguous, {FORMAT: entry}))


@dataclass(frozen=True)
class Contents:
    """What is in a file that is open: its description, and the arrays that can be read."""

    version: int
    written_by: str
    spec: Spec
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
    _file: Any

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
        source = self._file.get_slice(name)
        rows = max(1, _AT_ONCE * len(target) // target.nbytes)
        for first in range(0, len(target), rows):
            part = source[first : min(first + rows, len(target))]
            if finite and not np.isfinite(part).all():
                raise ModelFormatError(f"its array {name!r} holds NaN or an infinity")
            target[first : first + rows] = part


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
        with _safetensors(name) as file:
            yield _contents(file)
    except ModelFormatError as error:
        raise ModelFormatError(f"{name}: {error}") from None


@contextlib.contextmanager
def _safetensors(name: str) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(name, framework="numpy") as file:
            yield file
    except SafetensorError as error:
        raise ModelFormatError(f"it is no complete safetensors file: {error}") from None


def _contents(file: Any) -> Contents:
    entry = (file.metadata() or {}).get(FORMAT)
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
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    for name in file.keys():  # noqa: SIM118, it is no dict
        part = file.get_slice(name)
        dtype = str(part.get_dtype())
        if dtype not in DTYPES:
            raise ModelFormatError(f"its array {name!r} has dtype {dtype}, expected F32 or F64")
        shapes[name] = DTYPES[dtype], tuple(part.get_shape())
    return Contents(version, str(written_by), spec_from(head.get("description")), shapes, file)
