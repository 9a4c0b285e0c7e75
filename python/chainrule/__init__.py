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
from chainrule.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Hinge,
    Huber,
    KlDivergence,
    LogCosh,
    Mae,
    Mse,
    Poisson,
    Quantile,
)
from chainrule.metrics import F1, Metric, TopK
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
from chainrule.progress import ScalarLogger
from chainrule.schedules import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseScaling,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    WarmUp,
)
from chainrule.stages import Dropout, LayerNorm
from chainrule.stopping import (
    AllOf,
    CostBelow,
    GradientBelow,
    NoImprovement,
    StopWhen,
    TimeLimit,
)
from chainrule.trace import Trace

__all__ = [
    "F1",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "AllOf",
    "BinaryCrossEntropy",
    "Callback",
    "ConcurrentUseError",
    "ConstantRate",
    "CosineDecay",
    "CostBelow",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Explanation",
    "ExponentialDecay",
    "Gelu",
    "GradientBelow",
    "History",
    "Huber",
    "Input",
    "InverseScaling",
    "LayerNorm",
    "LeakyRelu",
    "Lion",
    "Metric",
    "NAdam",
    "Network",
    "NoImprovement",
    "OneCycle",
    "RAdam",
    "RMSprop",
    "Focal",
    "Hinge",
    "KlDivergence",
    "LogCosh",
    "Mae",
    "Mse",
    "Poisson",
    "Quantile",
    "Record",
    "ReduceOnPlateau",
    "Rprop",
    "ScalarLogger",
    "ShapeError",
    "StepDecay",
    "StopWhen",
    "TimeLimit",
    "TopK",
    "Trace",
    "TrainingDiverged",
    "WarmUp",
    "__version__",
    "datasets",
    "get_num_threads",
    "register_threadpoolctl",
    "set_num_threads",
    "set_product",
    "show_config",
    "threads",
]
