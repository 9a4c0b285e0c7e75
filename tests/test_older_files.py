"""Files that keep what they were before, under other names."""
# SPDX-License-Identifier: BSD-3-Clause

import errno
import os

import pytest

from chainrule._durable_file import keep_older, replace_file

unix = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")


@pytest.mark.parametrize("links", [True, False])
def test_older_ones_have_numbers(tmp_path, links, monkeypatch):
    if not links:

        def refused(*_):
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refused)
    path = str(tmp_path / "run.1.safetensors")
    for round_ in range(5):
        keep_older(path, 2)
        replace_file(path, [str(round_).encode(), b"!"])
    expected = {"run.1.safetensors": "4!", "run.1.1.safetensors": "3!", "run.1.2.safetensors": "2!"}
    found = {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)}
    assert found == expected


@unix
def test_older_ones_of_a_symbolic_link(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "store" / "real")
    for text in ("a", "b", "c"):
        keep_older(str(tmp_path / "run"), 2**62)
        replace_file(tmp_path / "run", [text.encode()])
    found = {name: (tmp_path / name).read_text() for name in ("run", "run.1", "run.2")}
    assert found == {"run": "c", "run.1": "b", "run.2": "a"}
    assert (tmp_path / "run").is_symlink()


def test_an_older_one_that_is_missing_leaves_a_gap_for_no_one(tmp_path):
    path = tmp_path / "run"
    for text in ("a", "b", "c"):
        keep_older(str(path), 3)
        replace_file(path, [text.encode()])
    (tmp_path / "run.1").unlink()
    keep_older(str(path), 3)
    replace_file(path, [b"d"])
    found = [(tmp_path / each).read_text() for each in ("run", "run.1")]
    assert found == ["d", "c"]
    assert (tmp_path / "run.2").read_text() == "a"
