"""The project's chores, each in an environment of its own: `nox -l` lists them."""
# SPDX-License-Identifier: BSD-3-Clause

import sys

import nox

nox.options.sessions = ["lint", "tests"]

PROJECT = nox.project.load_toml("pyproject.toml")
LINT = PROJECT["project"]["optional-dependencies"]["lint"]


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on an installed wheel; arguments go to pytest."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check and format every file."""
    session.install(*LINT, *PROJECT["project"]["dependencies"])
    session.run("pre-commit", "run", "--all-files", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks on an installed wheel; arguments go to pytest."""
    session.install(".[bench]")
    session.run("pytest", "benchmarks", *session.posargs)


@nox.session
def stubs(session: nox.Session) -> None:
    """Write python/chainrule/_core.pyi from the compiled module."""
    session.install(".", *LINT)
    session.run("python", "tools/stubs.py", *session.posargs)


@nox.session(venv_backend="none")
def dev(session: nox.Session) -> None:
    """Make .venv with an editable install and all tools; run it again after a change in C++."""
    python = ".venv/Scripts/python" if sys.platform == "win32" else ".venv/bin/python"
    session.run("python", "-m", "venv", ".venv")
    session.run(python, "-m", "pip", "install", *PROJECT["build-system"]["requires"])
    session.run(python, "-m", "pip", "install", "--no-build-isolation", "-e", ".[test,bench,lint]")
