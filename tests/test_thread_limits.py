"""Limits of threads that come and go: blocks that end in any order, and those of threadpoolctl."""
# SPDX-License-Identifier: BSD-3-Clause

import _ctypes
import itertools
import shutil
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import chainrule as cr
from child_processes import python
from meanwhile import in_another_thread

cr.register_threadpoolctl()


@pytest.fixture(autouse=True)
def eight_threads():
    cr.set_num_threads(8)


def leave(block):
    block.__exit__(None, None, None)


# ---- Blocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations([2, 3, 4])), ids=str)
def test_blocks_end_in_any_order(order):
    blocks = {n: cr.threads(n) for n in (2, 3, 4)}
    for block in blocks.values():
        block.__enter__()
    inside = [8, *blocks]
    for n in order:
        leave(blocks[n])
        inside.remove(n)
        assert cr.get_num_threads() == inside[-1]


def test_a_block_below_another_is_entered_again():
    with cr.threads(2) as below:
        with cr.threads(3):
            leave(below)
            assert cr.get_num_threads() == 3
            below.__enter__()
            assert cr.get_num_threads() == 2
        assert cr.get_num_threads() == 2
    assert cr.get_num_threads() == 8


def test_a_block_ends_on_another_thread():
    block = cr.threads(2)
    block.__enter__()

    def leave_it():
        with cr.threads(5):
            leave(block)
            inside = cr.get_num_threads()
        return inside, cr.get_num_threads()

    assert in_another_thread(leave_it) == (5, 8)
    assert cr.get_num_threads() == 8


# ---- threadpoolctl -------------------------------------------------------------------------------


def ours():
    """Return what threadpoolctl says about our threads."""
    (found,) = (each for each in threadpool_info() if each["user_api"] == "chainrule")
    return found


def test_threadpoolctl_sees_our_threads():
    found = ours()
    assert found["internal_api"] == "chainrule"
    assert found["version"] == cr.__version__
    assert Path(found["filepath"]).samefile(cr._core.__file__)
    assert found["num_threads"] == 8
    cr.set_num_threads(5)
    assert ours()["num_threads"] == 5


@pytest.mark.parametrize("limits", [{"limits": 1}, {"limits": {"chainrule": 1}}], ids=str)
def test_threadpoolctl_limits_our_threads(limits):
    with threadpool_limits(**limits):
        assert (cr.get_num_threads(), ours()["num_threads"]) == (1, 1)
        assert in_another_thread(cr.get_num_threads) == 1
        with threadpool_limits(3, user_api="chainrule"):
            assert cr.get_num_threads() == 3
        assert cr.get_num_threads() == 1
    assert cr.get_num_threads() == 8
    with threadpool_limits(1, user_api="blas"):
        assert cr.get_num_threads() == 8


def test_threadpoolctl_does_not_keep_the_limit_of_a_block():
    with cr.threads(2):
        with threadpool_limits(1):
            assert cr.get_num_threads() == 2  # of this thread, which goes before
            assert in_another_thread(cr.get_num_threads) == 1
        assert cr.get_num_threads() == 2
    assert cr.get_num_threads() == 8


def test_no_threads_by_threadpoolctl():
    with pytest.raises(ValueError, match="must be >= 1, got 0"):
        threadpool_limits({"chainrule": 0})
    assert cr.get_num_threads() == 8


COUNT = "print([each['user_api'] for each in threadpoolctl.threadpool_info()].count('chainrule'))"


@pytest.mark.parametrize(
    "code",
    [
        "import threadpoolctl, chainrule",
        "import threadpoolctl; threadpoolctl.threadpool_info(); import chainrule",
        "import threadpoolctl, chainrule; chainrule.register_threadpoolctl()",
        "import chainrule, threadpoolctl; chainrule.register_threadpoolctl()",
        "import chainrule; chainrule.register_threadpoolctl(); import threadpoolctl",
        "import chainrule, threadpoolctl\nfor _ in 1, 2: chainrule.register_threadpoolctl()",
        "import threadpoolctl, chainrule, importlib; importlib.reload(chainrule._threadpoolctl)",
        "import threadpoolctl, chainrule, importlib; importlib.reload(threadpoolctl)\n"
        "chainrule.register_threadpoolctl()",
    ],
)
def test_our_library_is_registered_once(code):
    assert python(f"{code}\n{COUNT}", "-W", "error") == "1\n"


def test_nothing_is_registered_unasked():
    assert python(f"import chainrule, threadpoolctl\n{COUNT}") == "0\n"


def test_import_neither_imports_threadpoolctl_nor_changes_how_it_is_found():
    code = """
        import sys
        before = list(sys.meta_path)
        import chainrule
        print("threadpoolctl" in sys.modules, sys.meta_path == before)
    """
    assert python(code) == "False True\n"


def error_of_registering(first):
    """Run a line of code, import chainrule and register; return the error's name and message."""
    code = f"""
        import sys
        {first}
        import chainrule as cr
        sys.path[:] = sys.path[:1]  # where `first` may have put something; no site-packages
        try: cr.register_threadpoolctl()
        except ImportError as error: print(error.name, "|", error)
    """
    return python(code, "-W", "error").strip().split(" | ")


@pytest.mark.parametrize("first", ["", "sys.modules['threadpoolctl'] = None"])
def test_without_threadpoolctl(first):
    name, message = error_of_registering(first)
    assert name == "threadpoolctl"
    assert message.startswith("threadpoolctl cannot be imported. Is it installed?")


@pytest.mark.parametrize("first", ["", "; import threadpoolctl"])
def test_threadpoolctl_that_is_too_old(tmp_path, first):
    (tmp_path / "threadpoolctl.py").write_text("__version__ = '3.1.0'")
    name, message = error_of_registering(f"sys.path.insert(0, {str(tmp_path)!r}){first}")
    assert name == "threadpoolctl"
    assert message.startswith("threadpoolctl has version 3.1.0, expected 3.2 or newer: ")


@pytest.mark.skipif(sys.platform == "win32", reason="a library in use cannot be deleted")
def test_other_packages_have_a_core_too(tmp_path):
    other = tmp_path / Path(cr._core.__file__).name
    shutil.copy(_ctypes.__file__, other)
    code = f"import threadpoolctl, chainrule, ctypes; other = ctypes.CDLL({str(other)!r})\n{COUNT}"
    assert python(code) == "1\n"
