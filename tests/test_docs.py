"""Every snippet that a user can read runs: on the pages, in the help texts, and in the shell."""
# SPDX-License-Identifier: BSD-3-Clause

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import chainrule as cr

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
PAGES += [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]

RUN = {"python", "pycon", "console"}  # the languages of blocks that a test here runs
SHOWN = {"text", ""}  # what a program prints, trees of files, and the like
MODULES = [f"chainrule.{each.name}" for each in pkgutil.iter_modules(cr.__path__)]


def lines_by_language(page):
    """Yield each line of a page with the language of its block, None outside of blocks."""
    language = None
    for line in (ROOT / page).read_text().splitlines():
        if line.lstrip().startswith("```"):
            assert line.startswith("```"), f"{page}: a block is indented: {line}"
            language = line.strip("`") if language is None else None
            yield None, ""
        else:
            yield language, line
    assert language is None, f"{page}: a block does not end"


def source(page):
    """Return the Python of a page: its blocks, and the calls in its tables, each on its own line.

    All other lines are empty, so that an error is shown with its line on the page.
    """
    code = []
    for language, line in lines_by_language(page):
        if language == "python":
            code.append(line)
        elif language is None and line.startswith("|"):
            code.append("; ".join(re.findall(r"`((?:net|trace)\.(?!py`)[^`]+)`", line)))
        else:
            code.append("")
    return "\n".join(code)


@pytest.mark.parametrize("page", PAGES)
def test_snippets_of_a_page_run(page, tmp_path, monkeypatch):
    """Blocks of one page run in order, in one namespace, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    exec(compile(source(page), ROOT / page, "exec"), namespace)
    session = "\n".join(
        line if language == "pycon" else "" for language, line in lines_by_language(page)
    )
    examples = doctest.DocTestParser().get_doctest(session, namespace, page, page, 0)
    assert doctest.DocTestRunner().run(examples).failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_a_page_name_a_language_that_is_tested(page):
    assert {language for language, _ in lines_by_language(page)} <= {None, *RUN, *SHOWN}


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_help_texts(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where some write files
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0


def test_readme_has_a_program_to_start_with():
    assert "net.fit(" in source("README.md")
    assert "trace.delta(2)" in source("README.md")


def test_commands_of_the_readme_are_those_of_the_gate():
    gate = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [
        line for language, line in lines_by_language("README.md") if language == "console" and line
    ]
    assert commands == ["pip install . && chainrule demo", 'pip install ".[test]" && pytest']
    assert set(commands) <= set(gate)
