"""The members of the core's lists as Python makes them, with numbers that are not the defaults."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from chainrule import _core
from chainrule.activations import Activation
from chainrule.losses import Loss
from chainrule.optimizers import Optimizer
from chainrule.schedules import Schedule
from chainrule.stages import Stage
from chainrule.stopping import StopCondition

BASES = {
    "activations": Activation,
    "losses": Loss,
    "optimizers": Optimizer,
    "stages": Stage,
    "stop_conditions": StopCondition,
    "schedules": Schedule,
}
# What a member needs beside its numbers.
OTHERS = {"warm_up": {"then": 0.5}}
DECLARED = {family: dict(members) for family, members in _core.declared_parameters().items()}

# For each range of a number: one that it takes, and some that it refuses.
RANGES = {
    "a finite number": (-0.5, [np.nan, np.inf]),
    "a finite number > 0": (0.5, [0, -1, np.nan, np.inf]),
    "a finite number > 1": (1.5, [1, 0.5, np.nan, np.inf]),
    "a finite number >= 0": (0.25, [-1, np.nan, np.inf]),
    "a number > 0 and < 1": (0.5, [0, 1, -1, np.nan]),
    "a number in [0, 1)": (0.5, [-0.5, 1, np.nan]),
    "a whole number >= 1": (3, [0, 2.5, np.nan]),
    "0 or 1": (True, [0.5, np.nan]),  # True or False in Python's classes
}
# (family, name, parameter, value, range); the number of "stop_when" is a question to Python.
REFUSED = [
    (family, name, parameter, value, allowed)
    for family, members in DECLARED.items()
    for name, declared in members.items()
    for parameter, _, allowed, _ in declared
    for value in RANGES[allowed][1]
    if name != "stop_when"
]


def classes(family):
    """Return the Python class of each member that has one, under its name."""
    return {kind._name: kind for kind in BASES[family].__subclasses__() if "_name" in vars(kind)}


def numbers(family, name):
    """Return a number for each parameter of a member."""
    return {parameter: RANGES[allowed][0] for parameter, _, allowed, _ in DECLARED[family][name]}


def make(family, name, **others):
    """Return a member with such numbers, and with `others`; by its name where it has no class."""
    of_member = numbers(family, name) | OTHERS.get(name, {}) | others
    if family == "optimizers":
        made = classes(family)[name]()
        made._set_numbers(of_member)
        return made
    return classes(family)[name](**of_member) if name in classes(family) else name


def of_reference(references, made):
    """Return the reference of an optimizer that is made."""
    arguments = {name: getattr(made, name) for name in made._arguments}
    return references[made._name](**arguments)
