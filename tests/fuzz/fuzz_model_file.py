"""A fuzz target for files of networks: whatever is in one, there is a network or ModelFormatError.

``python tests/fuzz/fuzz_model_file.py tests/fuzz/corpus -max_total_time=600`` runs it, with atheris
installed; arguments are those of libFuzzer. An input is one byte and a text: the byte says whether
the text is a whole file, the header of one, or the description in one.
``python tests/fuzz/fuzz_model_file.py --corpus`` writes the corpus.
"""
# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import chainrule as cr

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from hostile_files import X, Y, checkpoint, file_of, parts_of  # noqa: E402

GOOD = checkpoint()
HEADER, _, NUMBERS = parts_of(GOOD)
WHOLE, OF_HEADER, OF_DESCRIPTION = range(3)
FOLDER = tempfile.TemporaryDirectory()
PATH = os.path.join(FOLDER.name, "net")


def file_from(data: bytes) -> bytes:
    """Return the file that an input stands for."""
    kind, text = data[0] % 3, data[1:]
    if kind == WHOLE:
        return text
    if kind == OF_HEADER:
        return file_of(text, NUMBERS)
    entry = {"__metadata__": {"chainrule": text.decode(errors="replace")}}
    return file_of(HEADER | entry, NUMBERS)


def one_input(data: bytes) -> None:
    """Load, inspect, predict and resume; raise whatever is no clean error."""
    if not data:
        return
    with open(PATH, "wb") as file:
        file.write(file_from(data))
    try:
        net = cr.Network.load(PATH)
    except cr.ModelFormatError:
        return
    except ValueError as error:
        if "pass it as `loss`" in str(error):
            return
        raise
    with contextlib.redirect_stdout(io.StringIO()):
        cr.inspect(PATH)
    if net.n_in * net.n_out < 10**6:
        net.predict(np.ones((2, net.n_in)))
    layers = [cr.Input(3), cr.Dense(2, cr.Elu(0.5)), cr.LayerNorm(), cr.Dense(2)]
    optimizer = cr.Adam(cr.StepDecay(0.1, 5), ema=0.5)
    options = {"stop": cr.NoImprovement(restore_best=True), "epochs": 3, "resume": PATH}
    try:
        cr.Network(layers, rng=0).fit(X, Y, optimizer=optimizer, **options)
    except (ValueError, cr.TrainingDiverged):
        return


def write_corpus() -> None:
    """Write an input of each kind, and the files that every version must read."""
    folder = HERE / "corpus"
    header = json.dumps(HEADER).encode()
    inputs = {
        "checkpoint": bytes([WHOLE]) + GOOD,
        "header": bytes([OF_HEADER]) + header,
        "description": bytes([OF_DESCRIPTION]) + HEADER["__metadata__"]["chainrule"].encode(),
    }
    for path in (HERE.parent / "data" / "golden").glob("*.safetensors"):
        inputs[path.stem] = bytes([WHOLE]) + path.read_bytes()
    for name, data in inputs.items():
        (folder / name).write_bytes(data)


def main() -> None:
    if sys.argv[1:] == ["--corpus"]:
        write_corpus()
        return
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
