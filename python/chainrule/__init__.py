"""Dense feed-forward networks on the CPU: every step of backpropagation visible, and fast."""

# SPDX-License-Identifier: BSD-3-Clause
import os as _os

if hasattr(_os, "add_dll_directory"):
    # Windows looks for our copy of OpenBLAS only where it is told to: beside the compiled core.
    from importlib.util import find_spec as _find_spec

    _origin = getattr(_find_spec("chainrule._core"), "origin", None) or __file__
    _libs = _os.path.join(_os.path.dirname(_origin), "_libs")
    if _os.path.isdir(_libs):
        _os.add_dll_directory(_libs)

try:
    from chainrule import _core as _core
except ImportError as _error:
    raise ImportError(
        "chainrule's compiled core cannot be loaded. In a source checkout, did you forget to build "
        "it? `pip install .` does that."
    ) from _error

from chainrule import datasets
from chainrule._config import __version__, show_config
from chainrule._core import ConcurrentUseError, ShapeError, TrainingDiverged
from chainrule.explain import Explanation
from chainrule.layers import Dense, Input
from chainrule.network import History, Network
from chainrule.optimizers import SGD, Adam
from chainrule.stopping import CostBelow, NoImprovement, TimeLimit
from chainrule.trace import Trace

__all__ = [
    "SGD",
    "Adam",
    "ConcurrentUseError",
    "CostBelow",
    "Dense",
    "Explanation",
    "History",
    "Input",
    "Network",
    "NoImprovement",
    "ShapeError",
    "TimeLimit",
    "Trace",
    "TrainingDiverged",
    "__version__",
    "datasets",
    "show_config",
]
