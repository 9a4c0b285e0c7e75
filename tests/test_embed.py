"""The core as part of another C++ project: examples/embed_cpp builds on its own, and learns."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "embed_cpp"
CORE = ROOT / "cpp" / "chainrule"


def run(*command):
    """Run a command and return what it printed; if it fails, what it printed is the message."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800
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


def test_headers_of_the_core_hide_none_of_the_system(cmake, tmp_path):
    here = [path.name for path in CORE.parent.iterdir()]
    assert here == ["chainrule"] or sorted(here) == ["CMakeLists.txt", "chainrule"]
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None or not Path("/usr/include/poll.h").exists():
        pytest.skip("needs a POSIX system and a compiler that takes -fsyntax-only")
    program = tmp_path / "program.cpp"
    program.write_text(
        """
        #include <error.h>
        #include <memory>
        #include <poll.h>
        #include <random>

        #include "chainrule/network/network.h"

        int main() {
          struct pollfd descriptor = {0, POLLIN, 0};
          std::unique_ptr<std::mt19937> generator;
          error(0, 0, "the system's own");
          const chainrule::Network<float> network(
              {chainrule::input(2), chainrule::dense(1, "tanh")}, "mse", 0);
          return poll(&descriptor, 1, 0) + static_cast<int>(network.n_parameters());
        }
        """
    )
    run(compiler, "-std=c++17", "-fsyntax-only", f"-I{CORE.parent}", program)
