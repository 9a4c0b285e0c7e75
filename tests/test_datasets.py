"""The packaged data: complete, scaled, documented, small."""
# SPDX-License-Identifier: BSD-3-Clause

from importlib import resources

import numpy as np

from chainrule.datasets import load_digits

DATA = resources.files("chainrule").joinpath("data")


def test_digits_are_the_known_data():
    x, y = load_digits()
    assert x.shape == (1797, 64)
    assert x.dtype == np.float32
    assert y.shape == (1797,)
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    pixels = x * 16
    assert np.array_equal(pixels, np.rint(pixels))
    assert (pixels.min(), pixels.max(), pixels.sum()) == (0, 16, 561718)
    assert pixels[0, :8].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_each_call_returns_arrays_of_its_own():
    x, y = load_digits()
    x[:], y[:] = 0, 0
    x, y = load_digits()
    assert x.any()
    assert y.any()


def test_the_file_is_small_and_its_licence_comes_along():
    assert len(DATA.joinpath("digits.npz").read_bytes()) < 100_000
    text = DATA.joinpath("digits.txt").read_text(encoding="utf-8")
    for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "Changes"):
        assert part in text
