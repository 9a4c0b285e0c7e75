"""Loads the compiled core, with its library of matrix products found and kept to itself."""

# SPDX-License-Identifier: BSD-3-Clause
import os
from importlib.util import find_spec

# First, so that NumPy's own BLAS does not see the setting below.
import numpy as np  # noqa: F401

if hasattr(os, "add_dll_directory"):
    # Windows looks for our copy of OpenBLAS only where it is told to: beside the compiled core.
    _origin = getattr(find_spec("chainrule._core"), "origin", None) or __file__
    _libs = os.path.join(os.path.dirname(_origin), "_libs")
    if os.path.isdir(_libs):
        os.add_dll_directory(_libs)

# Our copy of OpenBLAS works on the threads that call it. Unless it is told so while it is loaded,
# it starts threads of its own, which would wait for work for as long as the process lives.
_found = os.environ.get("OPENBLAS_NUM_THREADS")
os.environ["OPENBLAS_NUM_THREADS"] = "1"
try:
    from chainrule import _core  # noqa: F401
except ImportError as error:
    raise ImportError(
        "chainrule's compiled core cannot be loaded. In a source checkout, did you forget to build "
        "it? `pip install .` does that."
    ) from error
finally:
    if _found is None:
        del os.environ["OPENBLAS_NUM_THREADS"]
    else:
        os.environ["OPENBLAS_NUM_THREADS"] = _found
