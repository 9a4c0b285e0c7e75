"""Checks that the kernels of a build export their tables and nothing else: check_symbols.py FOLDER.

A function that a linker may share between files, such as one of std::, would be taken from a file
that is compiled for new CPUs as well as from any other, and crash the old ones.
"""

# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import re
import subprocess
import sys

LIBRARY = "libchainrule_core.a"
OBJECT = re.compile(r"\[target_(\w+)\.cpp\.o\]: (\S+) (\w) ")  # a line of nm -A -P


def exported(folder: pathlib.Path) -> dict[str, list[tuple[str, str]]]:
    """Return the symbols that others may see, with their types, of each CPU target in a build."""
    cache = folder / "CMakeCache.txt"  # a cross-build has an nm of its own
    found = re.search(r"^CMAKE_NM:\w+=(.+)$", cache.read_text() if cache.exists() else "", re.M)
    listing = subprocess.run(
        [found[1] if found else "nm", "-A", "-P", "--defined-only", folder / LIBRARY],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    symbols: dict[str, list[tuple[str, str]]] = {}
    for target, name, kind in OBJECT.findall(listing):
        # Types in lower case are local, except for weak symbols and those unique in a process.
        symbols.setdefault(target, []).extend(
            [(name, kind)] if kind in "uvw" or kind.isupper() else []
        )
    return symbols


def wrong_symbols(folder: pathlib.Path) -> list[str]:
    """Return what should not be there, or is missing, one line each."""
    symbols = exported(folder)
    if not symbols:
        return [f"{folder / LIBRARY} has no kernels"]
    wrong = []
    for target, names in symbols.items():
        table = f"_ZN9chainrule{len(target)}{target}7kTablesE"
        wrong += [f"{target}: {each}" for each, kind in names if each != table or kind not in "DR"]
        if table not in dict(names):
            wrong.append(f"{target}: no table")
    return wrong


if __name__ == "__main__":
    if wrong := wrong_symbols(pathlib.Path(sys.argv[1])):
        sys.exit("\n".join(["The kernels export what they should not:", *wrong]))
