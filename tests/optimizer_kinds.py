"""Every optimizer with each of its options: what several tests run through."""
# SPDX-License-Identifier: BSD-3-Clause

import chainrule as cr
from chainrule.optimizers import Optimizer

# One name for each: its class and its arguments, which are PyTorch's but for learning_rate (lr).
KINDS = {
    "SGD": (cr.SGD, {"learning_rate": 0.1}),
    "SGD decay": (cr.SGD, {"learning_rate": 0.1, "weight_decay": 0.1}),
    "SGD momentum decay": (
        cr.SGD,
        {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    ),
    "SGD nesterov decay": (
        cr.SGD,
        {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    "RMSprop": (cr.RMSprop, {}),
    "RMSprop decay": (cr.RMSprop, {"alpha": 0.9, "eps": 1e-4, "weight_decay": 0.1}),
    "RMSprop momentum": (cr.RMSprop, {"learning_rate": 1e-3, "momentum": 0.9}),
    "RMSprop centered": (cr.RMSprop, {"centered": True, "eps": 1e-3}),
    "RMSprop centered momentum decay": (
        cr.RMSprop,
        {
            "learning_rate": 1e-3,
            "centered": True,
            "momentum": 0.5,
            "eps": 1e-3,
            "weight_decay": 0.1,
        },
    ),
    "Adagrad": (cr.Adagrad, {}),
    "Adagrad options": (
        cr.Adagrad,
        {
            "learning_rate": 0.1,
            "lr_decay": 0.01,
            "initial_accumulator_value": 0.1,
            "eps": 1e-6,
            "weight_decay": 0.1,
        },
    ),
    "Adadelta": (cr.Adadelta, {}),
    "Adadelta options": (
        cr.Adadelta,
        {"learning_rate": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1},
    ),
    "Adam": (cr.Adam, {"learning_rate": 0.01}),
    "Adam decay": (cr.Adam, {"betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
    "Adam amsgrad": (cr.Adam, {"learning_rate": 0.01, "betas": (0.9, 0.9), "amsgrad": True}),
    "Adam amsgrad decay": (cr.Adam, {"amsgrad": True, "weight_decay": 0.1}),
    "AdamW": (cr.AdamW, {"learning_rate": 0.01}),
    "AdamW amsgrad": (cr.AdamW, {"weight_decay": 0.5, "amsgrad": True, "betas": (0.5, 0.75)}),
    "NAdam": (cr.NAdam, {}),
    "NAdam decay": (cr.NAdam, {"momentum_decay": 0.1, "weight_decay": 0.1}),
    "NAdam decoupled": (
        cr.NAdam,
        {"momentum_decay": 0.0, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    "RAdam": (cr.RAdam, {}),
    "RAdam decay": (cr.RAdam, {"betas": (0.8, 0.99), "weight_decay": 0.1}),
    "RAdam decoupled": (
        cr.RAdam,
        {"learning_rate": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    "RAdam never rectified": (cr.RAdam, {"betas": (0.9, 0.5)}),
    "Lion": (cr.Lion, {"learning_rate": 1e-3}),
    "Lion options": (
        cr.Lion,
        {"learning_rate": 1e-3, "betas": (0.5, 0.75), "weight_decay": 0.5},
    ),
    "Rprop": (cr.Rprop, {}),
    "Rprop options": (
        cr.Rprop,
        {"learning_rate": 0.1, "etas": (0.25, 1.5), "step_sizes": (1e-3, 0.2)},
    ),
}
# Any other one with its defaults.
KINDS |= {
    each.__name__: (each, {})
    for each in Optimizer.__subclasses__()
    if each not in {kind for kind, _ in KINDS.values()}
}


def optimizer(kind):
    """Return a new optimizer of this kind."""
    make, arguments = KINDS[kind]
    return make(**arguments)
