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
        ``version``; ``blas``, the BLAS of this build; ``product``, who computes products ("auto",
        "own" or "blas"); ``cpu``, the target of the kernels; ``threads``, how many a call may use;
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
        "product": _core.product_choice(),
        "cpu": _core.cpu_target(),
        "threads": str(_core.get_num_threads()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
    }
