"""Files that are replaced as a whole: whatever happens, there is the old one or the new one."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import glob
import itertools
import os
import stat
from collections.abc import Iterable
from io import FileIO

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed: that is lock enough
    fcntl = None  # type: ignore[assignment]

_AT_ONCE = 1 << 20  # bytes of a write


def replace_file(path: str | os.PathLike[str], data: Iterable[bytes | memoryview]) -> None:
    """Write the parts of `data` to a file, in the place of the one that may be there.

    It is written to a temporary file in the same folder, flushed to the disk, and then renamed, so
    that a crash, a full disk or a loss of power leaves the old file or the new one, complete. The
    new one has the permissions of the old one; where `path` is a symbolic link, what it leads to is
    replaced. Temporary files that killed processes have left are removed.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is as it was.
    """
    name = os.fsdecode(path)
    target = os.path.realpath(name)
    if os.path.isdir(target) or name.endswith(os.sep):
        raise IsADirectoryError(f"{name!r} is a folder, expected the path of a file")
    if os.path.exists(target) and not os.path.isfile(target):
        raise OSError(f"{name!r} is no regular file")
    try:
        _write_and_rename(target, data)
    except OSError as error:
        if error.filename is not None:  # not the temporary one, which nobody knows
            error.filename = name
        raise
    _flush_folder(os.path.dirname(target))


def _write_and_rename(target: str, data: Iterable[bytes | memoryview]) -> None:
    _remove_leftovers(target)
    with _open_locked(target) as file:
        try:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(file.name, stat.S_IMODE(os.stat(target).st_mode))
            for part in data:
                view = memoryview(part)
                while view:
                    view = view[file.write(view[:_AT_ONCE]) :]
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # Windows renames no open file
            os.replace(file.name, target)  # elsewhere while its lock is held
        except BaseException:
            file.close()
            with contextlib.suppress(OSError):
                os.unlink(file.name)
            raise


def keep_older(path: str, most: int) -> None:
    """Give what is in a file another name, too, before it is replaced.

    "name.1.ending" is the last one then, "name.2.ending" the one before it, up to `most` of them.
    """
    root, ending = os.path.splitext(path)
    numbered = (f"{root}.{number}{ending}" for number in range(1, most + 1))
    names = [path]
    while os.path.exists(names[-1]) and (older := next(numbered, None)) is not None:
        names.append(older)
    for newer, older in reversed(list(itertools.pairwise(names[1:]))):
        os.replace(newer, older)
    if len(names) > 1:
        _link(os.path.realpath(path), names[1])


def _link(path: str, other: str) -> None:
    try:
        os.link(path, other)
    except OSError:  # a file system without links
        with open(path, "rb") as file:
            replace_file(other, iter(lambda: file.read(_AT_ONCE), b""))


def _open_locked(target: str) -> FileIO:
    """Open a new file beside `target`, with a lock that lasts until it is closed.

    The lock tells a file that is being written from one that nobody will finish.
    """
    while True:
        name = f"{_prefix(target)}{os.urandom(6).hex()}{_SUFFIX}"
        file = open(name, "xb", buffering=0)  # noqa: SIM115, the caller closes it
        if fcntl is None:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file.fileno()).st_nlink == 1:
                return file
        except BlockingIOError:
            pass
        except OSError:  # a file system without locks
            return file
        file.close()  # taken for a leftover before it was locked


_SUFFIX = ".tmp"
_LONGEST = 200  # bytes


def _prefix(target: str) -> str:
    folder, name = os.path.split(target)
    shortened = os.fsdecode(os.fsencode(name)[:_LONGEST])  # with what is added it must fit a name
    return os.path.join(folder, f".{shortened}.")


def _remove_leftovers(target: str) -> None:
    for name in glob.glob(f"{glob.escape(_prefix(target))}{'[0-9a-f]' * 12}{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if fcntl is None:
                os.unlink(name)
                continue
            with open(name, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name)


def _flush_folder(folder: str) -> None:
    """Have the renaming reach the disk, as far as the folder can be opened."""
    if fcntl is None:
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:  # one that may be written to but not read
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
