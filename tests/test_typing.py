"""What type checkers and inspect.signature see: the pages and examples pass mypy --strict."""
# SPDX-License-Identifier: BSD-3-Clause

import inspect
import re
from pathlib import Path

import pytest

import chainrule as cr

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "docs/embedding.md", "docs/guarantees.md", "docs/optimizers.md"]

USES = """
import threading
from typing import assert_type

import numpy as np
import numpy.typing as npt

import chainrule as cr

Array = npt.NDArray[np.float64]

net = cr.Network([cr.Input(4), cr.Dense(2)], rng=np.random.default_rng(0))
x, y = np.ones((3, 4)), [[1, 2], [3, 4], [5, 6]]


def own(s: Array, y: Array) -> tuple[np.float32, Array]:
    return np.float32(0), s - y


cr.Network([cr.Input(4), cr.Dense(2)], loss=own, dtype=np.float64)
net.fit(x, y, stop=cr.CostBelow(0.1))


class Printer(cr.Callback):
    def on_epoch_end(self, network: cr.Network, record: cr.Record) -> bool:
        assert_type(record.validation_cost, float | None)
        return record.cost < 0.1


class Own:
    def on_step_end(self, network: cr.Network, record: cr.Record) -> None:
        print(record.step, network.parameters.sum())


net.fit(x, y, stop=cr.NoImprovement(restore_best=True), callbacks=[Printer(), Own()])
net.fit(x, y, callbacks=Own())
net.fit(x, y, stop=[cr.TimeLimit(1), cr.StopWhen(threading.Event())], epochs=None)
assert_type(net.cost(x, y), float)
assert_type(net.train_step(x, y, cr.SGD()), float)
assert_type(cr.Adam().eps, float)
assert_type(cr.Adam().betas, tuple[float, float])
assert_type(cr.SGD().nesterov, bool)
assert_type(cr.Adam(0.1, weight_decay=0.01, clip_value=1.0).clip_value, float | None)
cr.Rprop(0.1, etas=(0.5, 1.5), clip_norm=None).step_sizes = 0.0, 1.0
assert_type(cr.Dense(2).n_out, int)
assert_type(cr.Dense(2).activation, str | cr.activations.Activation)
assert_type(net.history, cr.History | None)
adam = cr.Adam()
adam.learning_rate, adam.betas = 0.1, (0.5, 0.5)
layer = net.layers[1]
layer.weights = layer.weights * 2
if layer.bias is not None:
    layer.bias[0] = 1
for each in net.layers[1:]:
    each.weights.sum()
with cr.threads(2):
    net.predict(x, out=net.predict(x), check_finite=False).sum()
cr.set_num_threads(cr.get_num_threads())
"""
WRONG = {
    "net.predict('text', nonsense=1)": "call-arg",
    "net.predict(object())": "arg-type",
    "net.fit(x, y, epochs='many')": "arg-type",
    "net.fit(x, y, stop=5)": "arg-type",
    "cr.Adam('0.1')": "arg-type",
    "cr.Adam(lr=0.1)": "call-arg",
    "cr.Adam(0.1, 0.9)": "call-arg",
    "cr.RMSprop(centered=1)": "arg-type",
    "adam.learning_rate = '0.1'": "assignment",
    "adam.betas = 0.9": "assignment",
    "adam.lr = 0.1": "attr-defined",
    "layer.activation_ = 'relu'": "attr-defined",
    "cr.Dense(2).n_out = 'many'": "assignment",
    "net.train_step(x, y, 'adam')": "arg-type",
    "cr.StopWhen(5)": "arg-type",
    "cr.threads('2')": "arg-type",
    "net.plan(batch='1')": "arg-type",
}


def check(tmp_path, *sources):
    """Run mypy --strict on pieces of code or on files, and return what it prints."""
    api = pytest.importorskip("mypy.api")
    paths = []
    for i, source in enumerate(sources):
        path = source
        if isinstance(source, str):
            path = tmp_path / f"piece_{i}.py"
            path.write_text(source)
        paths.append(str(path))
    cache = f"--cache-dir={tmp_path / 'cache'}"
    out, errors, _ = api.run(["--strict", "--config-file=", cache, *paths])
    assert not errors
    return out


def test_pages_and_examples_are_typed(tmp_path):
    pages = [
        "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))
        for page in PAGES
    ]
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert len(examples) >= 2
    out = check(tmp_path, USES, *pages, *examples)
    assert out.startswith("Success"), out


def test_wrong_uses_are_seen(tmp_path):
    out = check(tmp_path, USES + "\n".join(WRONG))
    first = len(USES.splitlines()) + 1
    found = dict(re.findall(r"piece_0\.py:(\d+): error: .*\[([\w-]+)\]", out))
    assert found == {str(first + i): kind for i, kind in enumerate(WRONG.values())}, out


BOUND = ["predict", "cost", "value_and_grad", "train_step", "split", "plan"]


@pytest.mark.parametrize("name", BOUND)
def test_signatures_of_bound_methods(name):
    signature = inspect.signature(getattr(cr.Network, name))
    assert next(iter(signature.parameters)) == "self"
    doc = inspect.getdoc(getattr(cr.Network, name))
    for parameter in list(signature.parameters)[1:]:
        assert re.search(rf"^(\w+, )*{parameter}(, \w+)* ?:?", doc, re.MULTILINE), parameter
    assert name in dir(cr.Network)
    # The stub, which type checkers read, has the same parameters and defaults.
    stub = (ROOT / "python" / "chainrule" / "_core.pyi").read_text()
    text = re.search(rf"    def {name}\((.*?)\) -> ", stub, re.DOTALL)[1]
    shown = [re.sub(r": [^=]*?(?= = |$)", "", each.strip()) for each in split_arguments(text)]
    expected = str(signature).replace("(self, /, ", "self, ").rstrip(")").split(", ")
    assert [each.replace(" = ", "=") for each in shown if each] == expected


def split_arguments(text):
    """Split at the commas that are not within brackets."""
    depth, parts = 0, [""]
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def test_signatures_of_functions():
    assert str(inspect.signature(cr.set_num_threads)) == "(n)"
    assert str(inspect.signature(cr.get_num_threads)) == "()"
    assert str(inspect.signature(cr.set_product)) == "(choice)"
    assert str(inspect.signature(cr.threads)) == "(n: int) -> None"
    for name in cr.__all__:
        thing = getattr(cr, name)
        if callable(thing) and not (isinstance(thing, type) and issubclass(thing, Exception)):
            assert inspect.signature(thing) is not None
