"""Descriptions of networks and trainings that are wrong: a clean error, and nothing allocated."""
# SPDX-License-Identifier: BSD-3-Clause

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from hostile_files import (
    X,
    Y,
    anything,
    changed,
    checkpoint,
    described,
    file_of,
    load,
    numbers_of_sizes,
    parts_of,
    places_of,
)


@pytest.fixture
def good():
    return checkpoint()


@given(data=st.data())
def test_any_change_of_a_description(data, good, tmp_path):
    _, description, _ = parts_of(good)
    place = data.draw(st.sampled_from(list(places_of(description))))
    value = data.draw(numbers_of_sizes | anything)
    load(tmp_path / "net", described(good, lambda tree: changed(tree, place, value)))


@given(text=st.text() | anything.map(json.dumps))
def test_any_description(text, good, tmp_path):
    assert not load(tmp_path / "net", described(good, lambda _: text))


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
    "an unknown number of the model": sets(model, "numbers", "more", 1),
    "an unknown word of the model": sets(model, "words", "more", "x"),
    "an unknown entry of the head": lambda d: d.update(more=1),
    "an unknown part of an optimizer": lambda d: part(model(d), "optimizer")["parts"].append(
        ["more", settings(d)]
    ),
    "a seed with a bar": sets(model, "words", "seed", "1_0"),
    "a role of 100 kB": lambda d: model(d)["parts"].append(["x" * 100_000, network(d)]),
    "a name that controls": lambda d: dense(d).update(name="\x1b[2J"),
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
    "a dtype that NumPy would parse": sets(network, "words", "dtype", "(f4,f4"),
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
        with pytest.raises(ValueError, match=r"checkpoint|known|expected"):
            net.fit(
                *(X, Y),
                optimizer=cr.Adam(cr.StepDecay(0.1, 5), ema=0.5),
                resume=path,
                stop=cr.NoImprovement(restore_best=True),
                epochs=3,
            )
        assert net.parameters.tobytes() == before
