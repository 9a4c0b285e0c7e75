"""A loss says which output activations it takes; every other pair is refused with what to write."""
# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np
import pytest

import chainrule as cr
from all_members import classes, numbers
from support import ACTIVATIONS, DTYPES, LOSS_NAMES, OUTPUTS, PAIRS, members, random_targets

REFUSED = [pair for pair in members(LOSS_NAMES, ACTIVATIONS) if pair not in PAIRS]
LOSS_NUMBERS = {loss: numbers("losses", loss) for loss in LOSS_NAMES}
WITH_LOGITS = [
    classes("losses")[loss](logits=True) for loss in LOSS_NAMES if "logits" in LOSS_NUMBERS[loss]
]


def network(loss, output, n_out=3, hidden=(50,), **options):
    dense = [cr.Dense(n, "relu") for n in hidden]
    return cr.Network([cr.Input(4), *dense, cr.Dense(n_out, output)], loss=loss, **options)


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_pairs_that_are_taken(loss, output):
    y = random_targets(loss, 5, 3, np.random.default_rng(0))
    history = network(loss, output, rng=0).fit(np.ones((5, 4)), y)
    assert np.isfinite(history.cost[0])


@pytest.mark.parametrize(("loss", "output"), REFUSED)
@pytest.mark.parametrize("hidden", [(), (50,), (5, 6)])
def test_pairs_that_are_refused(loss, output, hidden):
    *others, last = OUTPUTS[loss]
    taken = f"{', '.join(others)} or {last}" if others else last
    write = "one of these" if others else f'Dense(3, "{last}")'
    number = len(hidden) + 2
    logits = output == "identity" and "logits" in LOSS_NUMBERS[loss]
    message = (
        f'loss "{loss}" takes the outputs of {taken}, but layer {number}, Dense(3, "{output}"), '
        f"has {output}; write {write}" + ", or give the loss logits=True" * logits
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        network(loss, output, hidden=hidden)


@pytest.mark.parametrize("loss", WITH_LOGITS, ids=repr)
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_logits_take_identity(loss, output):
    if output == "identity":
        assert network(loss, output).loss == loss
        return
    message = (
        f'loss "{loss._name}" with logits takes the outputs of identity, but layer 3, '
        f'Dense(3, "{output}"), has {output}; write Dense(3, "identity")'
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        network(loss, output)


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_one_output_is_no_distribution(output):
    with pytest.raises(ValueError, match="two classes or more") as caught:
        network("cross_entropy", output, n_out=1)
    assert 'write Dense(1, "sigmoid") and the loss "binary_cross_entropy"' in str(caught.value)
    assert f'layer 3, Dense(1, "{output}")' in str(caught.value)


@pytest.mark.parametrize("loss", ["mse", lambda s, y: (0.0, 0 * s)])
def test_softmax_over_one_output_is_the_constant_1(loss):
    with pytest.raises(ValueError, match=r"layer 3, Dense\(1, \"softmax\"\), is the constant 1"):
        network(loss, "softmax", n_out=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_written_instead_learns(dtype):
    # Three clouds of points, as far apart as those of iris: with relu at the end cost was negative.
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 50)
    x = rng.normal(size=(150, 4)) / 2 + 3 * np.eye(3, 4)[labels]
    net = network("cross_entropy", "softmax", dtype=dtype, rng=0)
    cost = net.fit(x, labels, optimizer=cr.Adam(0.01), epochs=30).cost
    assert 0 < cost[-1] < 0.1 < cost[0]
    assert (net.predict(x).argmax(axis=1) == labels).mean() > 0.98
    yes = labels == 1
    net = network("binary_cross_entropy", "sigmoid", n_out=1, dtype=dtype, rng=0)
    assert 0 < net.fit(x, yes, optimizer=cr.Adam(0.01), epochs=30).cost[-1] < 0.1
    assert ((net.predict(x)[:, 0] > 0.5) == yes).mean() > 0.98


def test_help_and_readme_name_every_pair():
    from pathlib import Path

    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for loss in LOSS_NAMES:
        (row,) = re.findall(rf'^\| "{loss}" \|.*$', readme, re.MULTILINE)
        (item,) = re.findall(rf'\* "{loss}": (.*)', cr.Network.__doc__)
        for text in row, item:
            any_output = OUTPUTS[loss] == ACTIVATIONS
            named = [output for output in ACTIVATIONS if re.search(rf"\b{output}\b", text)]
            assert named == (["softmax"] if any_output else OUTPUTS[loss]), text
            assert ("any" in text) == any_output
