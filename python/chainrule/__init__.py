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
from chainrule._errors import ModelFormatError
from chainrule._threadpoolctl import register_threadpoolctl
from chainrule._threads import threads
from chainrule.activations import (
    Elu,
    Exponential,
    Gelu,
    GeluTanh,
    HardSigmoid,
    HardSwish,
    Identity,
    LeakyRelu,
    Mish,
    Relu,
    Relu6,
    Selu,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from chainrule.callbacks import Callback, Record
from chainrule.checkpoint import Checkpoint
from chainrule.diagnosis import Diagnosis
from chainrule.explain import Explanation
from chainrule.history import History
from chainrule.inspection import FileContents, inspect
from chainrule.layers import Dense, Input
from chainrule.lbfgs import LBFGS
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
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "AllOf",
    "BinaryCrossEntropy",
    "Callback",
    "Checkpoint",
    "ConcurrentUseError",
    "ConstantRate",
    "CosineDecay",
    "CostBelow",
    "CrossEntropy",
    "Dense",
    "Diagnosis",
    "Dropout",
    "Elu",
    "Explanation",
    "Exponential",
    "ExponentialDecay",
    "FileContents",
    "Focal",
    "Gelu",
    "GeluTanh",
    "GradientBelow",
    "HardSigmoid",
    "HardSwish",
    "Hinge",
    "History",
    "Huber",
    "Identity",
    "Input",
    "InverseScaling",
    "KlDivergence",
    "LayerNorm",
    "LeakyRelu",
    "Lion",
    "LogCosh",
    "Mae",
    "Metric",
    "Mish",
    "ModelFormatError",
    "Mse",
    "NAdam",
    "Network",
    "NoImprovement",
    "OneCycle",
    "Poisson",
    "Quantile",
    "RAdam",
    "RMSprop",
    "Record",
    "ReduceOnPlateau",
    "Relu",
    "Relu6",
    "Rprop",
    "ScalarLogger",
    "Selu",
    "ShapeError",
    "Sigmoid",
    "Silu",
    "Softmax",
    "Softplus",
    "Softsign",
    "StepDecay",
    "StopWhen",
    "Tanh",
    "TimeLimit",
    "TopK",
    "Trace",
    "TrainingDiverged",
    "WarmUp",
    "__version__",
    "datasets",
    "get_num_threads",
    "inspect",
    "register_threadpoolctl",
    "set_num_threads",
    "set_product",
    "show_config",
    "threads",
]
