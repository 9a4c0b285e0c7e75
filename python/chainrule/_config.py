"""What this chainrule is made of: its version and libraries."""

# SPDX-License-Identifier: BSD-3-Clause
import platform

import numpy as np

from chainrule import _core

__version__ = _core.__version__


def show_config() -> dict[str, str]:
    """Tell what this chainrule is made of, for bug reports and benchmark records.

    Returns
    -------
    dict of str to str
        ``version``, ``blas`` (the library of the matrix products, with the name of its kernels),
        ``python``, ``numpy`` and ``machine``.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.show_config()["version"] == cr.__version__
    True
    """
    return {
        "version": __version__,
        "blas": _core.product_library(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
    }
