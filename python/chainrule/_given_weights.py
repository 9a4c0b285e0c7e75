"""First weights that a user supplies: an array, or a function that makes one."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import shown

Array = npt.NDArray[Any]
# In quotes, since NumPy imports its generators when they are first looked at.
MakeWeights = Callable[[tuple[int, int], "np.random.Generator"], Any]

# The init of a layer in a network whose weights came from outside, and in its spec.
CUSTOM = "custom"


def checked_init(init: object, n_out: int) -> Any:
    """Return a name or function as it is, and arrays as copies; raise if it is none of these."""
    if isinstance(init, str):
        return init
    if isinstance(init, tuple | list) or hasattr(init, "__array__"):
        return _copies(init, n_out)
    if callable(init) and not isinstance(init, type):
        return init
    raise _no_init(init)


def _no_init(init: object) -> TypeError:
    return TypeError(
        f"Dense: init must be a name, got {shown(init)}; or an array W of shape (n_out, n_in), "
        "a pair (W, b) of arrays, or a function (shape, rng) -> W"
    )


def _copies(init: Any, n_out: int) -> Any:
    if isinstance(init, tuple):
        if len(init) != 2:
            raise _no_init(init)
        W, b = init
        return _copy("W", W, 2, n_out), None if b is None else _copy("b", b, 1, n_out)
    return _copy("W", init, 2, n_out)


def _copy(letter: str, values: object, n_dims: int, n_out: int) -> Array:
    if _core.is_masked(values):
        raise TypeError(f"Dense: init is a masked array {letter}, whose mask would be lost")
    try:
        copied = np.array(values)
    except ValueError:  # rows of different lengths
        raise _no_init(values) from None
    if copied.dtype.kind not in "biuf" or copied.ndim == 0:
        raise _no_init(values)
    expected = f"({n_out}, n_in)" if n_dims == 2 else f"({n_out},)"
    if copied.ndim != n_dims or copied.shape[0] != n_out:
        raise _core.ShapeError(
            f"Dense: init has {letter} of shape {copied.shape}, expected {expected}"
        )
    if not np.isfinite(copied).all():
        raise ValueError(f"Dense: init has a NaN or an infinity in {letter}")
    copied.flags.writeable = False
    return copied


def weights_from(
    init: Any, shape: tuple[int, int], seed: int, number: int
) -> tuple[npt.ArrayLike, npt.ArrayLike | None]:
    """Return W and b, if there is one, of layer `number`, from what `checked_init` returned.

    A function is called with the shape (n_out, n_in) and a generator that the network's seed and
    the number of the layer decide.
    """
    made = init(shape, np.random.default_rng([seed, number])) if callable(init) else init
    if isinstance(made, tuple):
        if len(made) != 2:
            raise TypeError(
                f"init of layer {number} must return W or a pair (W, b), got {shown(made)}"
            )
        return made
    return made, None


def text_of(init: Any) -> str:
    """Return what `repr` shows of it."""
    if isinstance(init, str):
        return repr(init)
    if callable(init):
        return f"<function {getattr(init, '__name__', type(init).__name__)}>"
    W = init[0] if isinstance(init, tuple) else init
    return f"<array {W.shape}>"


def same(one: Any, other: Any) -> bool:
    """Tell whether two of them give the same weights."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(map(same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return type(one) is type(other) and bool(one == other)
