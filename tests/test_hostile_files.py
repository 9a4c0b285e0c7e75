"""Files that are damaged, or made to do harm: a clean error, quickly, in bounded memory (R5)."""
# SPDX-License-Identifier: BSD-3-Clause

import builtins
import copy
import json
import os
import sys
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
import golden_files

rng = np.random.default_rng(1)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
MOST_SECONDS = 1
MOST_BYTES = 4_000_000  # beside the file: what Python and NumPy take for anything
OBJECTS = 16  # bytes that the objects of a header take for each of its own


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Return the bytes of a checkpoint with an average and an optimizer."""
    path = tmp_path_factory.mktemp("good") / "run"
    net = cr.Network([cr.Input(3), cr.Dense(2, cr.Elu(0.5)), cr.LayerNorm(), cr.Dense(2)], rng=0)
    stop = cr.NoImprovement(restore_best=True)
    optimizer = cr.Adam(cr.StepDecay(0.1, 5), ema=0.5)
    net.fit(X, Y, optimizer=optimizer, callbacks=cr.Checkpoint(path), stop=stop, epochs=2)
    return path.read_bytes()


def load(path, data):
    """Load a file of these bytes, within the limits; return whether it is taken for a network."""
    tracemalloc.start()
    try:
        taken = loaded(path, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    header = min(int.from_bytes(data[:8], "little"), len(data))
    assert peak < len(data) + OBJECTS * header + MOST_BYTES
    return taken


def loaded(path, data):
    """Do so without a look at the memory, which takes long."""
    path.write_bytes(data)
    net, refused = None, ""
    start = time.perf_counter()
    try:
        net = cr.Network.load(path)
    except cr.ModelFormatError as error:
        refused = str(error)
    assert time.perf_counter() - start < MOST_SECONDS
    if net is None:
        assert refused.startswith(f"{path}: ")
        return False
    assert np.isfinite(net.parameters).all()
    net.predict(np.ones((2, net.n_in)))
    return True


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def parts_of(data):
    """Return the header, the description and the numbers of a file."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    return header, json.loads(header["__metadata__"]["chainrule"]), data[8 + size :]


def file_of(header, numbers, size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + numbers


def described(good, change):
    """Return a good file but for its description, which `change` makes another one."""
    header, description, numbers = parts_of(good)
    other = change(description)
    description = description if other is None else other
    header["__metadata__"]["chainrule"] = (
        description if isinstance(description, str) else json.dumps(description)
    )
    return file_of(header, numbers)


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


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["F32", "F64", "I64", "BF16", "network", "layer", "dense", "adam"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
numbers_of_sizes = st.sampled_from(
    [-1, 0, 1, 2, 3, 4, 8, 2**31, 2**53, 2**62, 2**63, 2**64, 10**30]
)


def places_of(tree, place=()):
    """Return the places of all that a tree of JSON holds, itself among them."""
    yield place
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places_of(value, (*place, key))


def changed(tree, place, value):
    """Return a copy of a tree that has another value in a place."""
    if not place:
        return value
    tree = copy.deepcopy(tree)
    inside = tree
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return tree


@given(data=st.data())
def test_any_change_of_a_header(data, good, tmp_path):
    header, _, numbers = parts_of(good)
    place = data.draw(st.sampled_from(list(places_of(header))))
    value = data.draw(numbers_of_sizes | anything)
    load(tmp_path / "net", file_of(changed(header, place, value), numbers))


@given(data=st.data())
def test_any_change_of_a_description(data, good, tmp_path):
    _, description, _ = parts_of(good)
    place = data.draw(st.sampled_from(list(places_of(description))))
    value = data.draw(numbers_of_sizes | anything)
    load(tmp_path / "net", described(good, lambda tree: changed(tree, place, value)))


@given(text=st.text() | anything.map(json.dumps))
def test_any_description(text, good, tmp_path):
    assert not load(tmp_path / "net", described(good, lambda _: text))


# ---- Descriptions --------------------------------------------------------------------------------


def part(tree, *roles):
    """Return the part of a description that has these roles, from outside to inside."""
    for role in roles:
        (tree, *_) = [inside for of_part, inside in tree["parts"] if of_part == role]
    return tree


def layer(description, number):
    return part(description["description"], "network")["parts"][number][1]


def sets(where, kind, key, value):
    def change(description):
        where(description)[kind][key] = value

    return change


def deep(description):
    inside = '{"name": "a", "numbers": {}, "words": {}, "parts": [["network", '
    model_ = inside * 3000 + "0" + "]]}" * 3000
    return '{"format_version": 1, "description": ' + model_ + "}"


def network(description):
    return part(description["description"], "network")


def settings(description):
    return part(description["description"], "optimizer", "settings")


def first_layer_twice(description):
    network(description)["parts"].insert(0, network(description)["parts"][0])


def dense(description):
    return layer(description, 1)


def model(description):
    return description["description"]


DESCRIPTIONS = {
    "version 0": lambda d: d.update(format_version=0),
    "version 1.0": lambda d: d.update(format_version=1.0),
    "version true": lambda d: d.update(format_version=True),
    "version of letters": lambda d: d.update(format_version="1"),
    "no version": lambda d: d.pop("format_version"),
    "no description": lambda d: d.pop("description"),
    "deep": deep,
    "another name": lambda d: model(d).update(name="network"),
    "no network": lambda d: model(d).update(parts=[]),
    "two networks": lambda d: model(d)["parts"].append(model(d)["parts"][0]),
    "another role": lambda d: model(d)["parts"].append(["extra", network(d)]),
    "no seed": lambda d: model(d)["words"].clear(),
    "a negative seed": sets(model, "words", "seed", "-1"),
    "a seed of 65 bits": sets(model, "words", "seed", str(2**64)),
    "a long seed": sets(model, "words", "seed", "9" * 5000),
    "negative epochs": sets(model, "numbers", "epochs_begun", -1),
    "half a step": sets(model, "numbers", "steps_made", 0.5),
    "too many steps": sets(model, "numbers", "steps_made", 1e300),
    "infinitely many steps": sets(model, "numbers", "steps_made", "Infinity"),
    "no average": lambda d: model(d)["numbers"].pop("steps_in_average"),
    "an average of nothing": sets(model, "numbers", "steps_in_average", 0),
    "a dtype": sets(network, "words", "dtype", "float16"),
    "a dtype of another file": sets(network, "words", "dtype", "float64"),
    "an unknown dtype": sets(network, "words", "dtype", "x" * 1000),
    "no dtype": lambda d: network(d)["words"].clear(),
    "a dtype that NumPy would read": sets(network, "words", "dtype", "f4,f4"),
    "no layers": lambda d: network(d).update(parts=[]),
    "two inputs": first_layer_twice,
    "an unknown layer": lambda d: dense(d).update(name="conv"),
    "a loss for a layer": lambda d: dense(d).update(name="mse"),
    "an unknown word": sets(dense, "words", "name", "x"),
    "an unknown number": sets(dense, "numbers", "l3", 1),
    "no width": lambda d: dense(d)["numbers"].pop("n_out"),
    "no activation": lambda d: dense(d).update(parts=[]),
    "two activations": lambda d: dense(d)["parts"].append(dense(d)["parts"][0]),
    "an unknown activation": lambda d: part(dense(d), "activation").update(name="os.system"),
    "a class of Python": lambda d: part(dense(d), "activation").update(name="Elu"),
    "alpha is NaN": lambda d: part(dense(d), "activation")["numbers"].update(alpha="NaN"),
    "l2 is negative": sets(dense, "numbers", "l2", -1),
    "bias is 2": sets(dense, "numbers", "bias", 2),
    "an unknown loss": lambda d: part(network(d), "loss").update(name="custom2"),
    "a loss that does not fit": lambda d: part(network(d), "loss").update(name="cross_entropy"),
    "an unknown optimizer": lambda d: settings(d).update(name="adam2"),
    "another optimizer": lambda d: settings(d).update(name="sgd"),
    "a negative rate": sets(settings, "numbers", "learning_rate", -1),
    "an unknown schedule": lambda d: part(settings(d), "learning_rate").update(name="step"),
    "negative steps": lambda d: part(model(d), "optimizer")["numbers"].update(steps=-1),
    "running numbers": lambda d: part(model(d), "optimizer", "running")["numbers"].update(a=1),
    "schedule memory": lambda d: part(model(d), "optimizer", "schedule")["numbers"].update(a=1),
    "another position": lambda d: part(model(d), "position").update(name="place"),
} | {
    f"width {width}": sets(dense, "numbers", "n_out", width)
    for width in (0, -1, 1.5, 3, 10**6, 2**31, 2**53, 2**63, 1e300, "NaN", "Infinity")
}


@pytest.mark.parametrize("change", DESCRIPTIONS)
def test_descriptions(change, good, tmp_path):
    def apply(description):
        text = DESCRIPTIONS[change](description)
        return text if change == "deep" else None

    assert not load(tmp_path / "net", described(good, apply))


def test_a_newer_format(good, tmp_path):
    data = described(good, lambda d: d.update(format_version=2, written_by="chainrule 9"))
    assert not load(tmp_path / "net", data)
    message = "format version 2, written by 'chainrule 9'; this chainrule reads up to version 1"
    with pytest.raises(cr.ModelFormatError, match=message):
        cr.Network.load(tmp_path / "net")
    with pytest.raises(cr.ModelFormatError, match=message):
        cr.inspect(tmp_path / "net")


def test_many_layers(good, tmp_path):
    """None of them has its weights in the file."""

    def many(description):
        parts = network(description)["parts"]
        parts[1:2] = [parts[1]] * 5000

    assert not load(tmp_path / "net", described(good, many))


def test_arrays_that_belong_to_nothing(good, tmp_path):
    header, _, numbers = parts_of(good)
    for name in ("more", "layers.9.weights", "optimizer.q.layers.1.weights", "optimizer.m"):
        more = {"dtype": "F32", "shape": [1], "data_offsets": [len(numbers), len(numbers) + 4]}
        assert not load(tmp_path / "net", file_of({**header, name: more}, numbers + bytes(4)))


def test_a_position_with_wrong_numbers(good, tmp_path):
    """The network loads; the training is refused, with nothing changed."""
    path = tmp_path / "run"
    make = [cr.Input(3), cr.Dense(2, cr.Elu(0.5)), cr.LayerNorm(), cr.Dense(2)]
    for key, value in {"epoch": -1, "first": 5, "steps": 1.5, "cost_sum": "NaN", "best": 1}.items():
        change = sets(lambda d: part(model(d), "position"), "numbers", key, value)
        assert load(path, described(good, change))
        net = cr.Network(make, rng=0)
        before = net.parameters.tobytes()
        with pytest.raises(ValueError, match=r"position|known|expected"):
            net.fit(
                *(X, Y),
                optimizer=cr.Adam(cr.StepDecay(0.1, 5), ema=0.5),
                resume=path,
                stop=cr.NoImprovement(restore_best=True),
                epochs=3,
            )
        assert net.parameters.tobytes() == before


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
