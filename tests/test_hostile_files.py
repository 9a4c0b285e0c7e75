"""Files that are damaged, or made to do harm: a clean error, quickly, in bounded memory (R5)."""
# SPDX-License-Identifier: BSD-3-Clause

import builtins
import json
import os
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
import golden_files
from hostile_files import (
    anything,
    changed,
    checkpoint,
    described,
    file_of,
    load,
    loaded,
    numbers_of_sizes,
    parts_of,
    places_of,
)
from resident_memory import resident


@pytest.fixture
def good():
    return checkpoint()


# ---- Damage --------------------------------------------------------------------------------------


def test_the_good_file_is_one(good, tmp_path):
    assert load(tmp_path / "net", good)
    header, _, numbers = parts_of(good)
    assert load(tmp_path / "net", file_of(header, numbers))
    assert load(tmp_path / "net", described(good, lambda description: None))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the bytes of a network alone."""
    path = tmp_path_factory.mktemp("small") / "net"
    cr.Network([cr.Input(2), cr.Dense(2, cr.Elu(0.5)), cr.Dense(1, bias=False)], rng=0).save(path)
    return path.read_bytes()


def test_every_truncation(small, good, tmp_path):
    for data in (small, good):
        for size in range(len(data)):
            assert not loaded(tmp_path / "net", data[:size]), size
        assert not loaded(tmp_path / "net", data + b"\0")


def every_change(small, good):
    """Yield files with one other byte: several ones in each place of one, one in the other."""
    for place, byte in enumerate(small):
        for other in {0, 255, ord("9"), ord('"')} | {byte ^ 1 << bit for bit in range(8)} - {byte}:
            yield small[:place] + bytes([other]) + small[place + 1 :]
    for place, byte in enumerate(good):
        yield good[:place] + bytes([byte ^ 1 << place % 8]) + good[place + 1 :]


def test_every_byte_changed(small, good, tmp_path):
    before = resident() if sys.platform == "linux" else 0
    taken = [loaded(tmp_path / "net", data) for data in every_change(small, good)]
    # Another seed or weight is as good as this one; most of the file is its header.
    assert 0.01 < np.mean(taken) < 0.6
    if sys.platform == "linux":
        assert resident() - before < 30_000_000


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(good, value, tmp_path):
    header, _, numbers = parts_of(good)
    for name, array in header.items():
        if name == "__metadata__":
            continue
        changed = bytearray(numbers)
        place = array["data_offsets"][0]
        dtype = {"F32": np.float32, "F64": np.float64}[array["dtype"]]
        changed[place : place + dtype().nbytes] = dtype(value).tobytes()
        # In the history of a training they may stand: it may have a metric that is NaN.
        assert load(tmp_path / "net", file_of(header, changed)) == name.startswith("position.")


# ---- Headers -------------------------------------------------------------------------------------

SIZES = [0, 1, 7, 8, 10**6, 10**8, 10**10, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1]


@pytest.mark.parametrize("size", SIZES)
def test_sizes_of_the_header(good, size, tmp_path):
    header, _, numbers = parts_of(good)
    assert not load(tmp_path / "net", file_of(header, numbers, size))


def test_a_header_that_would_become_many_objects(good, tmp_path):
    """22 MB of text, 500 MB of lists."""
    header, _, numbers = parts_of(good)
    many = {"__metadata__": {"chainrule": '{"a":[' + "[]," * 7_000_000 + "1]}"}}
    data = file_of(header | many, numbers)
    assert not load(tmp_path / "net", data)
    with pytest.raises(cr.ModelFormatError, match=r"its header has .* bytes, expected at most"):
        cr.inspect(tmp_path / "net")


def nested(depth, inside=b"1"):
    return b"[" * depth + inside + b"]" * depth


HEADERS = {
    "empty": b"",
    "no JSON": b"chainrule",
    "a number": b"1",
    "a list": b"[]",
    "no entries": b"{}",
    "not UTF-8": b'{"\xff": 1}',
    "deep": b'{"a":' + nested(100_000) + b"}",
    "deep metadata": b'{"__metadata__":' + nested(100_000) + b"}",
    "metadata of numbers": b'{"__metadata__":{"chainrule":1}}',
    "no chainrule": b'{"__metadata__":{"format":"pt"}}',
    "a large number": b'{"a":{"dtype":"F32","shape":[1' + b"0" * 5000 + b'],"data_offsets":[0,4]}}',
    "10 GB": b'{"a":{"dtype":"F32","shape":[2500000000],"data_offsets":[0,10000000000]}}',
    "a size that wraps around": (
        b'{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}'
    ),
}


@pytest.mark.parametrize("header", HEADERS)
def test_headers(header, tmp_path):
    for numbers in (b"", bytes(16)):
        assert not load(tmp_path / "net", file_of(HEADERS[header], numbers))


def test_an_entry_twice(good, tmp_path):
    header, _, numbers = parts_of(good)
    text = json.dumps(header).encode()
    for name in ("__metadata__", "layers.1.weights"):
        again = b"{" + json.dumps({name: header[name]}).encode()[1:-1] + b"," + text[1:]
        assert not load(tmp_path / "net", file_of(again, numbers))


@given(data=st.data())
def test_any_change_of_a_header(data, good, tmp_path):
    header, _, numbers = parts_of(good)
    place = data.draw(st.sampled_from(list(places_of(header))))
    value = data.draw(numbers_of_sizes | anything)
    load(tmp_path / "net", file_of(changed(header, place, value), numbers))


# ---- What is no file -----------------------------------------------------------------------------


@pytest.mark.parametrize("read", [cr.Network.load, cr.inspect])
def test_paths(read, tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="is a folder, expected a file"):
        read(tmp_path)
    with pytest.raises(TypeError):
        read(None)
    with pytest.raises(ValueError, match="null"):
        read("a\0b")
    (tmp_path / "empty").touch()
    with pytest.raises(cr.ModelFormatError, match="empty: it is no complete safetensors file"):
        read(tmp_path / "empty")
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "pipe", "/dev/zero", "/dev/null"):
            with pytest.raises(cr.ModelFormatError, match="it is no regular file"):
                read(path)


EVENTS = {"open", "exec", "compile", "import", "os.system", "pickle.find_class"}


def test_no_other_path_is_read_and_no_code_runs(good, tmp_path, monkeypatch):
    """Loading opens the file and nothing else; neither pickle nor eval is near."""
    path = tmp_path / "net"
    path.write_bytes(good)
    cr.Network.load(path)  # what is imported at the first use
    seen = []
    opened, audited = builtins.open, []
    monkeypatch.setattr(builtins, "open", lambda *a, **k: seen.append(a[0]) or opened(*a, **k))
    watching = True

    def hook(event, arguments):
        if watching and event in {
            "open",
            "exec",
            "compile",
            "import",
            "os.system",
            "pickle.find_class",
        }:
            audited.append((event, arguments[0]))

    sys.addaudithook(hook)
    try:
        cr.Network.load(path)
    finally:
        watching = False
    assert set(map(str, seen)) <= {str(path)}
    assert audited
    assert {(event, str(what)) for event, what in audited} == {("open", str(path))}


def test_what_is_shown_cannot_control_a_terminal(good, tmp_path, capsys):
    path = tmp_path / "net"
    path.write_bytes(described(good, lambda d: d.update(written_by="\x1b[2J\nevil\r")))
    cr.inspect(path)
    shown = capsys.readouterr().out
    assert "evil" in shown
    assert all(each.isprintable() for each in shown.splitlines())
    assert len(shown.splitlines()) == len(str(cr.inspect(path)).split("\n"))


def test_golden_files_are_good(tmp_path):
    for name in ("article", "classes", "everything"):
        assert load(tmp_path / "net", golden_files.path_of(1, name).read_bytes())
