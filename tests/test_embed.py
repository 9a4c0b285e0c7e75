"""The core as part of another C++ project: examples/embed_cpp builds on its own, and learns."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "embed_cpp"


def run(*command):
    """Run a command and return what it printed; if it fails, what it printed is the message."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def cmake():
    """Return the path of a CMake that is new enough, beside a C++ compiler."""
    path = shutil.which("cmake")
    if path is None:
        pytest.skip("no cmake on the PATH")
    version = re.search(r"(\d+)\.(\d+)", run(path, "--version"))
    if tuple(map(int, version.groups())) < (3, 25):
        pytest.skip(f"cmake {version[0]} is older than 3.25")
    compilers = (os.environ.get("CXX"), "c++", "g++", "clang++", "cl")
    if not any(name and shutil.which(name) for name in compilers):
        pytest.skip("no C++ compiler on the PATH")
    return path


def test_a_project_of_its_own_trains_and_predicts(cmake, tmp_path):
    # Plain C++ products: the test is about the core in a foreign project, whatever BLAS is here.
    run(
        cmake,
        "-S",
        EXAMPLE,
        "-B",
        tmp_path,
        "-DCHAINRULE_BLAS=builtin",
        "-DCMAKE_BUILD_TYPE=Release",
    )
    run(cmake, "--build", tmp_path, "--parallel", "2", "--config", "Release")
    program = next(
        path for path in tmp_path.rglob("embed*") if path.stem == "embed" and path.is_file()
    )
    text = run(program)

    before, after = map(float, re.findall(r"cost .*: ([\d.]+)", text))
    assert after < 0.01 < 0.5 < before
    outputs = re.findall(r"([01]) xor ([01]): ([\d.]+)", text)
    assert len(outputs) == 4
    for one, other, s in outputs:
        assert abs(float(s) - (one != other)) < 0.05
