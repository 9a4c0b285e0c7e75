"""Dense feed-forward networks on the CPU: every step of backpropagation visible, and fast."""

# SPDX-License-Identifier: BSD-3-Clause
from chainrule import _load_core as _load_core  # isort: split

from chainrule import datasets
from chainrule._config import __version__, show_config
from chainrule._core import (
    ConcurrentUseError,
    ShapeError,
    TrainingDiverged,
    get_num_threads,
    set_num_threads,
    set_product,
)
from chainrule._threadpoolctl import register_threadpoolctl
from chainrule._threads import threads
from chainrule.activations import Gelu, LeakyRelu
from chainrule.callbacks import Callback, Record
from chainrule.explain import Explanation
from chainrule.history import History
from chainrule.layers import Dense, Input
from chainrule.losses import Huber
from chainrule.network import Network
from chainrule.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
)
from chainrule.stages import Dropout, LayerNorm
from chainrule.stopping import CostBelow, NoImprovement, StopWhen, TimeLimit
from chainrule.trace import Trace

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Callback",
    "ConcurrentUseError",
    "CostBelow",
    "Dense",
    "Dropout",
    "Explanation",
    "Gelu",
    "History",
    "Huber",
    "Input",
    "LayerNorm",
    "LeakyRelu",
    "Lion",
    "NAdam",
    "Network",
    "NoImprovement",
    "RAdam",
    "RMSprop",
    "Record",
    "Rprop",
    "ShapeError",
    "StopWhen",
    "TimeLimit",
    "Trace",
    "TrainingDiverged",
    "__version__",
    "datasets",
    "get_num_threads",
    "register_threadpoolctl",
    "set_num_threads",
    "set_product",
    "show_config",
    "threads",
]
