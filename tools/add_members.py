"""Adds the members of examples/members to a scratch copy, builds it and runs each in every plan.

Fails where a member needs other files than the table "To add" of ARCHITECTURE.md names.
"""

# SPDX-License-Identifier: BSD-3-Clause
import ast
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).parents[1]
MEMBERS = ROOT / "examples" / "members"
# Tests that no member's name is part of, but that look at whole lists.
WHOLE = [
    "tests/test_all_members.py",
    "tests/test_bad_construction.py",
    "tests/test_bits.py::test_trainings_are_of_all_members",
    "tests/test_codebase.py",
    "tests/test_members.py",
    "tests/test_network.py",
    "tests/test_reference.py",
    "tests/test_settings.py",
    "tests/test_typing.py",
]

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class Member:
    """A member to add: its row of the table, and what gets its parts beside its own header."""

    name: str
    row: str
    list_of: str  # the list of its family in C++
    python: str = ""  # gets its class
    reference: str = ""  # gets its reference, and the entry in the dict at its end
    tests: str = ""
    edits: list[tuple[str, str, str]] = field(default_factory=list)  # path, pattern, replacement


OPTIMIZERS, BASE = "python/chainrule/optimizers.py", "python/chainrule/_optimizer.py"
ADDED = [
    Member(
        "isru",
        "an activation",
        "cpp/chainrule/activations/list.h",
        "python/chainrule/activations.py",
        "tests/reference/activations.py",
        edits=[
            (
                "python/chainrule/layers.py",
                r'(?<=f of the layer: )"identity"',
                r'"isru", \g<0>',
            )
        ],
    ),
    *[
        Member(
            name,
            "a loss",
            "cpp/chainrule/losses/list.h",
            "python/chainrule/losses.py",
            "tests/reference/losses.py",
            edits=[
                (
                    "python/chainrule/network.py",
                    r'^ +\* "huber"',
                    rf'        * "{name}": any but softmax over one neuron.\n\g<0>',
                ),
                (
                    "README.md",
                    r'^\| "huber" \|.*\n',
                    rf'\g<0>| "{name}" | numbers | any but softmax of one | (n, n_out) |\n',
                ),
            ],
        )
        for name in ("cauchy", "shift_invariant")
    ],
    Member(
        "adamax",
        "an optimizer",
        "cpp/chainrule/optimizers/list.h",
        OPTIMIZERS,
        "tests/reference/optimizers.py",
    ),
    Member(
        "squash",
        "a gradient transform",
        "cpp/chainrule/gradients/list.h",
        reference="tests/reference/gradients.py",
        edits=[
            (
                BASE,
                r"^    clip_norm: Transform = .*\n",
                r"\g<0>    squash: Transform = Transform(default=None)\n",
            ),
            (
                BASE,
                r"^    clip_norm : float, optional\n",
                r"    squash : float, optional\n        The limit of each element.\n\g<0>",
            ),
        ],
    ),
    Member(
        "diagonal",
        "a stage between dense layers",
        "cpp/chainrule/stages/list.h",
        "python/chainrule/stages.py",
        "tests/reference/stages.py",
    ),
    Member(
        "cost_rises",
        "a stop condition",
        "cpp/chainrule/network/observers/list.h",
        "python/chainrule/stopping.py",
        tests="tests/test_stopping.py",
    ),
]


def files_of_row(row: str) -> set[str]:
    """Return the paths that the table names for a family; a new file stands for its folder."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    found = re.search(rf"^\| {row} \| (.*) \|$", page, re.MULTILINE)
    if not found:
        sys.exit(f'ARCHITECTURE.md: no row "{row}" in the table "To add"')
    return set(re.findall(r"`([\w./]+/[\w./]*|README\.md)`", found[1]))


class Copy:
    """The tracked files of the repository, in a folder of their own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.touched: set[str] = set()  # a new file stands for its folder
        listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for path in filter(None, listed.split("\0")):
            self.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.path(path).write_bytes((ROOT / path).read_bytes())

    def path(self, path: str) -> pathlib.Path:
        return self.folder / path

    def make(self, path: str, text: str) -> None:
        assert not self.path(path).exists(), path
        self.path(path).write_text(text)
        self.touched.add(f"{pathlib.PurePosixPath(path).parent}/")

    def edit(self, path: str, pattern: str, replacement: Replacement) -> None:
        """Replace a pattern wherever it is found; there is at least one place."""
        text = self.path(path).read_text()
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count == 0:
            sys.exit(f"{path}: {pattern} is not there any more")
        self.path(path).write_text(text)
        self.touched.add(path)

    def append(self, path: str, text: str) -> None:
        self.edit(path, r"\n\Z", lambda _: f"\n\n\n{text}")


def code_of(path: pathlib.Path) -> tuple[str, str]:
    """Return the name of a Python file's first definition, and all that follows its imports."""
    text = path.read_text()
    definitions = (ast.ClassDef, ast.FunctionDef)
    first = next(node for node in ast.parse(text).body if isinstance(node, definitions))
    line = min(node.lineno for node in [first, *first.decorator_list])
    return first.name, "\n".join(text.splitlines()[line - 1 :]) + "\n"


def add(copy: Copy, member: Member) -> None:
    source = MEMBERS / member.name
    header = (source / f"{member.name}.h").read_text()
    kind = re.findall(r"^(?:struct|class) (\w+)", header, re.MULTILINE)[0]
    folder = member.list_of.removesuffix("list.h")
    copy.make(f"{folder}{member.name}.h", header)
    include = f'#include "{folder.removeprefix("cpp/")}{member.name}.h"'
    copy.edit(member.list_of, r'^#include "chainrule/members\.h"', rf"{include}\n\g<0>")
    copy.edit(member.list_of, r"^using \w+ =\s+TypeList<[^>]*", rf"\g<0>, {kind}")
    if member.python:
        title, code = code_of(source / "python_class.py")
        copy.append(member.python, code)
        module = f"chainrule.{pathlib.Path(member.python).stem}"
        package = "python/chainrule/__init__.py"
        copy.edit(package, rf"^from {module} import \(?\s*", rf"\g<0>{title}, ")
        copy.edit(package, r"^__all__ = \[\n", rf'\g<0>    "{title}",\n')
    if member.reference:
        title, code = code_of(source / "reference.py")
        copy.edit(member.reference, r"^[A-Z_]+ = \{", lambda found: f"{code}\n\n{found[0]}")
        copy.edit(member.reference, r",?\s*\}\s*\Z", f', "{member.name}": {title}}}\n')
    if member.tests:
        copy.append(member.tests, code_of(source / "tests.py")[1])
    for path, pattern, replacement in member.edits:
        copy.edit(path, pattern, replacement)


def run(*command: str | pathlib.Path, cwd: pathlib.Path) -> str:
    """Run a command and return what it printed; where it fails, print it and end."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command, cwd=cwd, env=others, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0:
        sys.exit(f"{result.stdout}\n{' '.join(map(str, command))} failed")
    return result.stdout


def check_files(copy: Copy, member: Member) -> None:
    """Add a member, and end unless it takes the files that the table names for its family."""
    copy.touched = set()
    add(copy, member)
    named = files_of_row(member.row)
    if copy.touched != named:
        sys.exit(
            f"{member.row}, {member.name}: takes {sorted(copy.touched - named)} beyond the table, "
            f"which names {sorted(named - copy.touched)} for nothing"
        )


def build(copy: Copy, environment: pathlib.Path) -> pathlib.Path:
    """Install the copy in an environment of its own, and return that one's Python."""
    run(sys.executable, "-m", "venv", environment, cwd=copy.folder)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    defines = ("CHAINRULE_WERROR=ON", "CHAINRULE_CPU_TARGETS=v3;neon")
    settings = [f"--config-settings=cmake.define.{each}" for each in defines]
    run(python, "-m", "pip", "install", "--quiet", *settings, ".[test]", cwd=copy.folder)
    return python


def test(copy: Copy, python: pathlib.Path, results: pathlib.Path) -> None:
    """Run the tests of each new member, and those of whole lists."""
    names = " or ".join(member.name for member in ADDED)
    run(python, "-m", "pytest", "-q", "-k", names, f"--junitxml={results}", cwd=copy.folder)
    cases = ElementTree.parse(results).iter("testcase")
    passed = [case.get("name", "").lower() for case in cases if case.find("skipped") is None]
    for member in ADDED:
        count = sum(member.name in name for name in passed)
        if count == 0:
            sys.exit(f"{member.row}, {member.name}: no test")
        files = len(files_of_row(member.row))
        print(f"{member.row}, {member.name}: {files} files, {count} tests passed", flush=True)
    # With members of all families at once, some files of the copy are longer than they may be.
    long_files = "tests/test_codebase.py::test_files_are_short"
    run(python, "-m", "pytest", "-q", "--deselect", long_files, *WHOLE, cwd=copy.folder)
    print(f"the lists as a whole: {len(WHOLE)} test modules passed")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chainrule-members-") as folder:
        work = pathlib.Path(folder)
        copy = Copy(work / "chainrule")
        for member in ADDED:
            check_files(copy, member)
        test(copy, build(copy, work / "environment"), work / "results.xml")


if __name__ == "__main__":
    main()
