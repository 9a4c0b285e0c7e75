"""The examples run, and print the right numbers."""
# SPDX-License-Identifier: BSD-3-Clause

import gzip
import importlib.util
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MNIST = Path(os.environ.get("CHAINRULE_DATA", EXAMPLES.parents[1] / "shared" / "data" / "mnist"))


def run(name, *arguments, status=0, **environment):
    """Run an example and return what it printed, its errors if it fails."""
    result = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | environment,
    )
    assert result.returncode == status, result.stderr
    return result.stderr if status else result.stdout


# --- article.py


@pytest.fixture(scope="module")
def article():
    return run("article.py")


def numbers(text, name):
    """Return the numbers printed behind ``name =``, as printed."""
    block = re.search(rf"^  {re.escape(name)} += (.*(?:\n {{15}}.*)*)", text, re.MULTILINE)
    assert block, f"{name} is not printed"
    rows = [re.findall(r"-?[\d.]+", row) for row in block[1].splitlines()]
    return np.array(rows, dtype=float).squeeze()


def test_article_follows_the_equations(article):
    """Each number printed follows from those printed before it."""

    def near(name, value):
        np.testing.assert_allclose(numbers(article, name), np.squeeze(value), atol=2e-5)

    def get(name):
        return numbers(article, name)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    near("z^(2)", get("W^(1)") @ get("x = a^(1)") + get("b^(1)"))
    near("a^(2)", sigmoid(get("z^(2)")))
    near("z^(3)", get("W^(2)") @ get("a^(2)") + get("b^(2)"))
    near("a^(3)", sigmoid(get("z^(3)")))
    near("s", get("W^(3)") @ get("a^(3)"))
    near("C", (get("s") - get("y")) ** 2)
    near("delta^(4)", 2 * (get("s") - get("y")))
    near("delta^(3)", get("delta^(4)") * get("W^(3)") * get("a^(3)") * (1 - get("a^(3)")))
    near("delta^(2)", get("delta^(3)") @ get("W^(2)") * get("a^(2)") * (1 - get("a^(2)")))
    near("dC/dW^(1)", np.outer(get("delta^(2)"), get("x = a^(1)")))
    near("dC/db^(1)", get("delta^(2)"))
    near("dC/dW^(2)", np.outer(get("delta^(3)"), get("a^(2)")))
    near("dC/db^(2)", get("delta^(3)"))
    near("dC/dW^(3)", get("delta^(4)") * get("a^(3)"))
    assert "b^(3)" not in article


def test_article_explains_the_weight(article):
    """The gradient of w_22^(2) that is explained is the one in the gradient."""
    explained = article[article.index("One weight") : article.index("Training")]
    printed = [float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", explained)]
    gradient = numbers(article, "dC/dW^(2)")[1, 1]
    assert any(abs(number - gradient) < 1e-5 for number in printed)


def test_article_learns(article):
    before, after = (
        float(re.search(rf"cost {when}: +([\d.]+)", article)[1]) for when in ("before", "after")
    )
    assert after < 1e-3 < 0.1 < before
    assert "CostBelow" in article


# --- mnist.py


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"no MNIST in {MNIST} (set CHAINRULE_DATA)")
def test_mnist_learns():
    text = run("mnist.py", "--data", str(MNIST))
    assert float(re.search(r"test accuracy ([\d.]+)%", text)[1]) >= 97.5
    assert len(re.findall(r"^epoch", text, re.MULTILINE)) == 6


def test_mnist_without_data_says_so(tmp_path):
    assert "--data DIR or set $CHAINRULE_DATA" in run("mnist.py", status=2, CHAINRULE_DATA="")
    assert "train-images-idx3-ubyte" in run("mnist.py", "--data", str(tmp_path), status=1)
    bad = tmp_path / "train-images-idx3-ubyte"
    bad.write_bytes(b"no digits")
    message = run("mnist.py", status=1, CHAINRULE_DATA=str(tmp_path))
    assert "no IDX file" in message
    assert "Traceback" not in message


@pytest.fixture(scope="module")
def load_idx():
    spec = importlib.util.spec_from_file_location("mnist", EXAMPLES / "mnist.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load_idx


IDX = struct.pack(">HBB2I", 0, 8, 2, 2, 3) + bytes(range(6))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_is_read(load_idx, tmp_path, pack):
    path = tmp_path / "values"
    path.write_bytes(pack(IDX))
    values = load_idx(path)
    assert values.dtype == np.uint8
    assert values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x09\1" + bytes(9), "no IDX file"),
        (IDX[:11], "no IDX file"),
        (IDX[:-1], "5 bytes"),
        (IDX + b"\0", "7 bytes"),
        (IDX[:12], "0 bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "0 bytes"),
        (gzip.compress(IDX, mtime=0)[:-9], "damaged gzip"),
        (gzip.compress(IDX, mtime=0)[:10] + bytes(20), "damaged gzip"),
    ],
)
def test_damaged_idx_is_refused(load_idx, tmp_path, content, message):
    path = tmp_path / "values"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        load_idx(path)
    assert str(path) in str(error.value)
