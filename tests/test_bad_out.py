"""Wrong places for predictions: a clear error, and nothing changed."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr
from chainrule import ShapeError
from undisturbed import N_OUT, N, Pair, make, x

F4 = np.float32
BAD_OUT = {
    "list": ([[0.0] * 3] * N, TypeError, "out must be a NumPy array, got .*list"),
    "string": ("out", TypeError, "out must be a NumPy array, got .*str"),
    "float64": (np.zeros((6, 3)), TypeError, "out has dtype float64, expected float32"),
    "big-endian": (np.zeros((6, 3), ">f4"), TypeError, "out has dtype >f4, expected float32"),
    "short": (np.zeros((5, 3), F4), ShapeError, r"out has shape \(5, 3\), expected \(6, 3\)"),
    "transposed": (np.zeros((3, 6), F4), ShapeError, r"out has shape \(3, 6\), expected \(6, 3\)"),
    "flat": (np.zeros(18, F4), ShapeError, r"out has shape \(18,\), expected \(6, 3\)"),
    "Fortran order": (np.zeros((3, 6), F4).T, ValueError, "out must be .*contiguous in C order"),
    "part of rows": (np.zeros((6, 5), F4)[:, :3], ValueError, "out must be .*contiguous"),
    "broadcast": (np.broadcast_to(F4(0), (6, 3)), ValueError, "out must be writable"),
    "misaligned": (
        np.zeros(73, np.int8)[1:].view(F4).reshape(6, 3),
        ValueError,
        "out must be .*aligned",
    ),
}


@pytest.mark.parametrize("case", BAD_OUT)
def test_out(case):
    bad, exception, match = BAD_OUT[case]
    pair = Pair()
    with pair.refuses(exception, match, bad):
        pair.net.predict(x, out=bad)


def test_out_that_is_part_of_the_parameters():
    net = cr.Network([cr.Input(4), cr.Dense(4), cr.Dense(4)], rng=0)
    before = net.parameters.tobytes()
    for first in 0, 8, 20, 24:
        out = net.parameters[first : first + 16].reshape(4, 4)
        with pytest.raises(ValueError, match="out is part of the network's own parameters"):
            net.predict(np.ones((4, 4)), out=out)
        with pytest.raises(ValueError, match="out is part of the network's own parameters"):
            net.predict(np.ones(4), out=out[1])
    assert net.parameters.tobytes() == before
    other = net.copy()
    net.predict(np.ones((4, 4)), out=other.parameters[:16].reshape(4, 4))


def test_out_that_is_masked():
    out = np.ma.array(np.zeros((N, N_OUT), F4), mask=np.eye(N, N_OUT))
    with pytest.raises(TypeError, match="out is a masked array"):
        make().predict(x, out=out)


def test_out_that_is_read_only():
    pair = Pair()
    out = np.zeros((N, N_OUT), F4)
    out.flags.writeable = False
    with pair.refuses(ValueError, "out must be writable", out):
        pair.net.predict(x, out=out)


def test_out_of_one_sample():
    pair = Pair()
    with pair.refuses(cr.ShapeError, r"out has shape \(1, 3\), expected \(3,\)"):
        pair.net.predict(x[0], out=np.zeros((1, N_OUT), F4))
