"""Data that comes with the package."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_digits"]


def load_digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Load the UCI optical digits: 1,797 handwritten digits as images of 8x8 pixels.

    Returns
    -------
    x : ndarray of float32, shape (1797, 64)
        The images, row by row, from 0 (paper) to 1 (ink) in steps of 1/16.
    y : ndarray of int64, shape (1797,)
        The digits that they show, 0 to 9.

    Notes
    -----
    The images come writer by writer, so the last ones are by other hands than the first: shuffle
    them, as by ``numpy.random.default_rng(0).permutation(1797)``, before they are split.

    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, CC BY 4.0; ``data/digits.txt`` says more.

    Examples
    --------
    >>> import chainrule as cr
    >>> x, y = cr.datasets.load_digits()
    >>> x.shape, y.shape
    ((1797, 64), (1797,))
    >>> y[:5].tolist()
    [0, 1, 2, 3, 4]
    """
    from importlib import resources  # here, since it costs more to import than the whole package

    archive = resources.files("chainrule").joinpath("data", "digits.npz")
    with archive.open("rb") as file, np.load(file, allow_pickle=False) as digits:
        return digits["x"] / np.float32(16), digits["y"].astype(np.int64)
