"""`import chainrule` is fast, quiet and small: NumPy, the standard library, and nothing else."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import pathlib
import shutil
import statistics
import textwrap

import pytest

import chainrule as cr
from child_processes import python

PACKAGE = pathlib.Path(cr.__file__).parent
CORE = pathlib.Path(cr._core.__file__)

TRAIN = """
import numpy as np, chainrule as cr
net = cr.Network([cr.Input(4), cr.Dense(3, "tanh"), cr.Dense(1)], rng=0)
x, y = np.ones((8, 4)), np.ones(8)
net.fit(x, y, epochs=1, validation_data=(x, y), stop=[cr.CostBelow(0), cr.TimeLimit(9)])
str(net.explain(x[0], y[0], layer=1, j=1, k=1)), net.trace(x, y), net.copy(), repr(net)
cr.show_config()
"""


def test_imports_numpy_and_the_standard_library_only():
    found = python("""
        import sys
        before = set(sys.modules)
        import chainrule
        new = {name.split(".")[0] for name in set(sys.modules) - before}
        print(*sorted(new - set(sys.stdlib_module_names)))
    """)
    known = {"numpy", "chainrule"}
    assert {name for name in found.split() if not name.startswith("_editable")} == known


def test_imports_no_command():
    """What only the command line needs is imported when a command runs."""
    found = python("""
        import sys
        import chainrule
        print(*[name for name in sys.modules if name.startswith("chainrule.")])
    """)
    commands = ("chainrule.bench", "chainrule.cli", "chainrule.demo")
    assert not [name for name in found.split() if name.startswith(commands)]


def test_says_nothing_and_changes_nothing():
    found = python("""
        import locale, os, random, signal, sys, threading, warnings
        import numpy as np
        def state():
            return {
                "environment": dict(os.environ),
                "folder": os.getcwd(),
                "path": list(sys.path),
                "handlers": [signal.getsignal(each) for each in signal.valid_signals()],
                "threads": threading.active_count(),
                "errstate": np.geterr(),
                "print options": np.get_printoptions(),
                "warnings": list(warnings.filters),
                "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, sys.gettrace()),
                "random": random.getstate(),
                "numpy.random": repr(np.random.get_state()),
                "locale": locale.setlocale(locale.LC_ALL),
                "recursion": sys.getrecursionlimit(),
                "switch interval": sys.getswitchinterval(),
                "float": np.array([5e-324]) * np.ones(1) > 0,
            }
        before = state()
        import chainrule
        after = state()
        print(*[name for name in before if before[name] != after[name]])
    """)
    assert found.strip() == ""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux's /proc")
@pytest.mark.parametrize("threads", [None, "4"])
def test_starts_no_thread(threads):
    environment = dict(os.environ)
    environment.pop("OPENBLAS_NUM_THREADS", None)
    if threads:
        environment["OPENBLAS_NUM_THREADS"] = threads
    code = f"""
import os, numpy
before = len(os.listdir("/proc/self/task"))
import chainrule
imported = len(os.listdir("/proc/self/task"))
{TRAIN}
print(before, imported, len(os.listdir("/proc/self/task")))
"""
    before, imported, trained = python(code, env=environment).split()
    assert (imported, trained) == (before, before)


def test_works_with_warnings_as_errors():
    assert python(TRAIN, "-W", "error", "-X", "dev") == ""


def test_works_isolated_and_optimized():
    assert python(TRAIN, "-I", "-OO") == ""


def test_works_without_home_and_with_little_environment(tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C"}
    for name in ("SYSTEMROOT", "LD_LIBRARY_PATH"):
        if name in os.environ:
            environment[name] = os.environ[name]
    assert python(TRAIN, "-I", env=environment, cwd=tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def copy_package(to, core):
    """Copy the installed package, with or without its compiled part, and make it read-only."""
    ignore = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_libs")
    shutil.copytree(PACKAGE, to / "chainrule", ignore=ignore)
    if core:
        shutil.copy(CORE, to / "chainrule")
        if (CORE.parent / "_libs").is_dir():
            shutil.copytree(CORE.parent / "_libs", to / "chainrule" / "_libs")
    for path in (to, *to.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def files_in(folder):
    paths = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return sorted((path, path.stat().st_size, path.stat().st_mtime_ns) for path in paths)


# Without the finder of an editable installation, which knows the checkout first.
FROM_FOLDER = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]
sys.path.insert(0, {!r})
"""


def test_works_from_a_read_only_folder(folder):
    copy_package(folder, core=True)
    before = files_in(folder)
    code = FROM_FOLDER.format(str(folder)) + TRAIN + "print(cr.__file__, cr._core.__file__)"
    for path in python(code, "-B", cwd=folder).split():
        assert pathlib.Path(path).parent == folder / "chainrule"
    assert files_in(folder) == before
    assert not list(folder.rglob("__pycache__"))


def test_missing_core_is_explained(folder):
    copy_package(folder, core=False)
    code = FROM_FOLDER.format(str(folder)) + textwrap.dedent("""
        try: import chainrule
        except ImportError as error: print(error); print("cause:", repr(error.__cause__))
        else: print("imported", chainrule.__file__)
    """)
    message = python(code, "-B")
    assert message.startswith("chainrule's compiled core cannot be loaded")
    assert "pip install" in message
    assert "cause: ImportError" in message


def test_takes_less_time_than_numpy():
    # CPU time of the importing thread, in the same process: neither the load of the machine nor its
    # speed decides.
    code = """
        import time
        begin = time.thread_time()
        import numpy
        imported = time.thread_time()
        import chainrule
        print((time.thread_time() - imported) / (imported - begin))
    """
    python(code)  # whose byte code is there from now on
    assert statistics.median(float(python(code)) for _ in range(5)) < 1


def test_the_names_are_there():
    assert set(cr.__all__) <= set(dir(cr))
    assert "Network" in cr.__all__
    # Exceptions are what users catch: their names, and what else catches them.
    assert issubclass(cr.ShapeError, ValueError)
    assert issubclass(cr.TrainingDiverged, RuntimeError)
    assert issubclass(cr.ConcurrentUseError, RuntimeError)
    for error in (cr.ShapeError, cr.TrainingDiverged, cr.ConcurrentUseError):
        assert error.__module__ == "chainrule"
        assert error.__doc__
