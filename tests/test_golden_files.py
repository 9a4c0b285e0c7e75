"""Files of every format that a chainrule has written are read for ever (promise R18)."""
# SPDX-License-Identifier: BSD-3-Clause

import json

import numpy as np
import pytest

import chainrule as cr
import golden_files
from chainrule._model_file import VERSION

FORMATS = range(1, VERSION + 1)


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize(
    "make", [golden_files.article, golden_files.classes, golden_files.everything]
)
def test_golden_file(make, version):
    expected = json.loads((golden_files.FOLDER / f"format_{version}.json").read_text())
    expected = expected[make.__name__]
    path = golden_files.path_of(version, make.__name__)
    assert cr.inspect(path).format_version == version
    found = cr.Network.load(path)
    contents = golden_files.contents(found)
    assert (contents["parameters"], contents["average"]) == (
        expected["parameters"],
        expected["average"],
    )
    # Another target may compute in another order.
    np.testing.assert_allclose(contents["predictions"], expected["predictions"], rtol=1e-5)
    net, optimizer = make()
    assert found._spec() == net._spec()
    if optimizer is not None:
        assert found.optimizer._spec() == optimizer._spec()


@pytest.mark.parametrize("version", FORMATS)
def test_golden_checkpoint(version):
    expected = json.loads((golden_files.FOLDER / f"format_{version}.json").read_text())
    path = golden_files.path_of(version, "everything")
    net, optimizer = golden_files.everything()
    data = golden_files.X, golden_files.Y
    history = net.fit(*data, optimizer=optimizer, resume=path, **golden_files.TRAINING)
    assert len(history.cost) == golden_files.TRAINING["epochs"]
    resumed = expected["everything"]["resumed"]
    np.testing.assert_allclose(net.predict(golden_files.X[:3]), resumed, rtol=1e-4)
