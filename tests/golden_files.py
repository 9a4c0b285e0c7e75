"""The networks in tests/data/golden/, and how the files of a new format are made.

``python tests/golden_files.py`` writes those of the format that this chainrule writes, and what
they hold; files that are there stay as they are, since they must be read for ever.
"""
# SPDX-License-Identifier: BSD-3-Clause

import json
import zlib
from pathlib import Path

import numpy as np

import chainrule as cr

FOLDER = Path(__file__).parent / "data" / "golden"
rng = np.random.default_rng(7)
X = rng.normal(size=(24, 4))
Y = rng.normal(size=(24, 2))
LABELS = rng.integers(0, 3, 24)
TRAINING = {
    "epochs": 4,
    "batch_size": 8,
    "validation_split": 0.25,
    "stop": cr.NoImprovement(5, restore_best=True),
}


def article():
    """Return the network of the article, untrained."""
    layers = [cr.Input(4), cr.Dense(2, "sigmoid"), cr.Dense(2, "sigmoid"), cr.Dense(1, bias=False)]
    return cr.Network(layers, dtype="float64", rng=1), None


def classes():
    """Return a classifier, trained, with its optimizer."""
    loss = cr.CrossEntropy(0.1, class_weight={1: 2}, logits=True)
    net = cr.Network([cr.Input(4), cr.Dense(6, cr.Elu(0.5)), cr.Dense(3)], loss=loss, rng=2)
    optimizer = cr.SGD(cr.ReduceOnPlateau(0.1, patience=0), momentum=0.9, nesterov=True)
    net.fit(X, LABELS, optimizer=optimizer, epochs=3)
    return net, optimizer


def everything():
    """Return a network with all kinds of options, and an optimizer with all of its own."""
    layers = [
        cr.Input(4),
        cr.Dense(6, "gelu", l1=0.001, l2=0.01, max_norm=2, init="orthogonal"),
        cr.LayerNorm(1e-4, learning_rate_factor=0.5),
        cr.Dropout(0.25),
        cr.Dense(5, cr.LeakyRelu(0.1), trainable=False),
        cr.Dense(4, bias=False),
    ]
    schedule = cr.WarmUp(3, cr.CosineDecay(0.05, 20, restarts=True))
    optimizer = cr.Adam(schedule, amsgrad=True, clip_norm=1, clip_value=0.5, accumulate=2, ema=0.9)
    return cr.Network(layers, loss=cr.Quantile([0.25, 0.75]), rng=3), optimizer


def path_of(version, name):
    return FOLDER / f"format_{version}_{name}.safetensors"


def contents(net):
    """Return what a file must give: bits that are the file's own, and predictions."""
    average = None if net.average is None else zlib.crc32(net.average.tobytes())
    return {
        "parameters": zlib.crc32(net.parameters.tobytes()),
        "average": average,
        "predictions": net.predict(X[:3]).tolist(),
    }


def write(version):
    """Write the files of a format that is new."""
    expected = FOLDER / f"format_{version}.json"
    if expected.exists():
        print(f"{expected} is there, and stays")
        return
    found = {}
    for make in (article, classes):
        net, optimizer = make()
        net.save(path_of(version, make.__name__), include_optimizer=optimizer or False)
        found[make.__name__] = contents(net)
    net, optimizer = everything()
    save = cr.Checkpoint(path_of(version, "everything"), every_seconds=1e-9, keep=5)
    net.fit(X, Y, optimizer=optimizer, callbacks=save, **TRAINING)
    # In the middle of the third epoch
    path_of(version, "everything.4").replace(path_of(version, "everything"))
    for number in range(1, 4):
        path_of(version, f"everything.{number}").unlink()
    found["everything"] = contents(cr.Network.load(path_of(version, "everything")))
    found["everything"]["resumed"] = net.predict(X[:3]).tolist()
    expected.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    from chainrule._model_file import VERSION

    write(VERSION)
