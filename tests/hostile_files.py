"""Files that are changed by hand, and what must become of them."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import functools
import json
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

import chainrule as cr

rng = np.random.default_rng(1)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
MOST_SECONDS = 1
MOST_BYTES = 4_000_000  # beside the file: what Python and NumPy take for anything
OBJECTS = 16  # bytes that the objects of a header take for each of its own


@functools.cache
def checkpoint():
    """Return the bytes of a checkpoint with an average and an optimizer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        layers = [cr.Input(3), cr.Dense(2, cr.Elu(0.5)), cr.LayerNorm(), cr.Dense(2)]
        stop = cr.NoImprovement(restore_best=True)
        optimizer = cr.Adam(cr.StepDecay(0.1, 5), ema=0.5)
        options = {"callbacks": cr.Checkpoint(path), "stop": stop, "epochs": 2}
        cr.Network(layers, rng=0).fit(X, Y, optimizer=optimizer, **options)
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
        assert len(refused) < len(str(path)) + 250
        assert refused.isprintable()
        return False
    assert np.isfinite(net.parameters).all()
    net.predict(np.ones((2, net.n_in)))
    return True


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
