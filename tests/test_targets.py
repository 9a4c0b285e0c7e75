"""The kernels of each CPU target keep to themselves: old CPUs never meet code for new ones."""
# SPDX-License-Identifier: BSD-3-Clause

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule import _core

ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / "tools" / "check_symbols.py"

spec = importlib.util.spec_from_file_location(TOOL.stem, TOOL)
check_symbols = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_symbols)

needs_nm = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("nm")), reason="reads ELF files with nm"
)
# The gate builds one for the C++ tests, and an editable install is one.
BUILDS = sorted(path.parent for path in ROOT.glob(f"build/*/{check_symbols.LIBRARY}"))


def test_targets_are_those_of_the_build_files():
    text = (ROOT / "cmake" / "SimdTargets.cmake").read_text()
    names = re.findall(r"^add_simd_target\((\w+)", text, re.MULTILINE)
    assert names[0] == "scalar"
    assert [name for name in names if name in _core.cpu_targets()] == _core.cpu_targets()
    for name in names:
        assert (ROOT / "cpp" / "chainrule" / "kernels" / f"target_{name}.cpp").is_file()
        assert (ROOT / "cpp" / "chainrule" / "simd" / f"vec_{name}.h").is_file()


@needs_nm
@pytest.mark.skipif(not BUILDS, reason="no folder in build/ has the core as a library")
def test_kernels_export_their_tables_and_nothing_else():
    for folder in BUILDS:
        assert "scalar" in check_symbols.exported(folder), folder
        assert check_symbols.wrong_symbols(folder) == [], folder


TABLE = """
namespace chainrule::v3 {
extern const int kTables;
const int kTables = 1;
namespace { __attribute__((noinline, used)) int own(int x) { return x + kTables; } }
}
"""
SHARED = {
    "inline function": "inline int shared(int x) { return 3 * x; } int (*use)(int) = shared;",
    "template": "template <class T> T shared(T x) { return x; } template int shared(int);",
    "inline variable": "inline int shared = 3; static int* volatile use = &shared;",
    "function": "int shared(int x) { return 3 * x; }",
}


@needs_nm
@pytest.mark.skipif(not (shutil.which("c++") and shutil.which("ar")), reason="needs a compiler")
@pytest.mark.parametrize("code", ["", *SHARED])
def test_shared_code_is_found(code, tmp_path):
    source = tmp_path / "target_v3.cpp"
    source.write_text(TABLE + SHARED.get(code, ""))
    subprocess.run(["c++", "-std=c++17", "-c", source, "-o", f"{source}.o"], check=True)
    subprocess.run(["ar", "rcs", tmp_path / check_symbols.LIBRARY, f"{source}.o"], check=True)
    wrong = check_symbols.wrong_symbols(tmp_path)
    assert bool(wrong) == bool(code)
    assert not code or "shared" in " ".join(wrong)


@needs_nm
@pytest.mark.skipif(not (shutil.which("c++") and shutil.which("ar")), reason="needs a compiler")
def test_missing_table_is_found(tmp_path):
    (tmp_path / "other.o").write_bytes(b"")
    subprocess.run(
        ["ar", "rcs", tmp_path / check_symbols.LIBRARY, tmp_path / "other.o"], check=True
    )
    assert check_symbols.wrong_symbols(tmp_path) == [
        f"{tmp_path / check_symbols.LIBRARY} has no kernels"
    ]
