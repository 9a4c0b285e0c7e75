"""Dense feed-forward networks on the CPU: every step of backpropagation visible, and fast."""

# SPDX-License-Identifier: BSD-3-Clause
import os as _os
import pathlib as _pathlib

if hasattr(
    _os, "add_dll_directory"
):  # Windows looks for our copy of OpenBLAS only where it is told to
    _libs = _pathlib.Path(__file__).with_name("_libs")
    if _libs.is_dir():
        _os.add_dll_directory(str(_libs))

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
