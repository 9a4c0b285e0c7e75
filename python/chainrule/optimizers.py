"""The optimizers: how a gradient changes the parameters. Definitions follow PyTorch's.

In all formulas g is dC/dw, after what the gradient transforms have done to it; a `weight_decay`
that is no part of the formula is added before: g := g + weight_decay w. Optimizers take what
`chainrule.optimizers.Optimizer` says, too.
"""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from chainrule._adam import Adam as Adam
from chainrule._adam import AdamW as AdamW
from chainrule._adam import NAdam as NAdam
from chainrule._adam import RAdam as RAdam
from chainrule._optimizer import Flag, LearningRate, Number, Pair
from chainrule._optimizer import Optimizer as Optimizer


class SGD(Optimizer):
    """Gradient descent: w := w - epsilon g.

    With momentum mu: m := mu m + g, w := w - epsilon m; in Nesterov's form w := w - epsilon (g + mu
    m) (Sutskever et al., ICML 2013, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.01
        The article's epsilon, >= 0.
    momentum : float, default 0
        mu, in [0, 1).
    nesterov : bool, default False
        Use Nesterov's form; needs momentum.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "sgd"

    learning_rate: LearningRate = LearningRate(default=0.01, kw_only=False)
    momentum: Number = Number(default=0.0)
    nesterov: Flag = Flag(default=False)
    weight_decay: Number = Number(default=0.0)


class RMSprop(Optimizer):
    """RMSprop: w := w - epsilon g / (sqrt(v) + eps), v := alpha v + (1 - alpha) g^2.

    Centered, with the variance v - n^2 in place of v, n := alpha n + (1 - alpha) g; with momentum
    mu: m := mu m + g / (sqrt(v) + eps), w := w - epsilon m (Tieleman and Hinton, "Neural networks
    for machine learning", Coursera 2012, lecture 6.5; centered: Graves, arXiv 1308.0850).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.01
        The article's epsilon, >= 0.
    alpha : float, default 0.99
        Of the running means, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    momentum : float, default 0
        mu, in [0, 1).
    centered : bool, default False
        Divide by the root of the variance of g instead of its mean square.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "rmsprop"

    learning_rate: LearningRate = LearningRate(default=0.01, kw_only=False)
    alpha: Number = Number(default=0.99)
    eps: Number = Number(default=1e-8)
    momentum: Number = Number(default=0.0)
    centered: Flag = Flag(default=False)
    weight_decay: Number = Number(default=0.0)


class Adagrad(Optimizer):
    """Adagrad: w := w - epsilon_t g / (sqrt(v) + eps), v := v + g^2.

    In step t the rate is epsilon_t = epsilon / (1 + (t - 1) lr_decay) (Duchi, Hazan and Singer,
    JMLR 12, 2011).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.01
        The article's epsilon, >= 0.
    lr_decay : float, default 0
        How fast the rate falls from step to step, >= 0.
    initial_accumulator_value : float, default 0
        What v starts from, >= 0.
    eps : float, default 1e-10
        Keeps the division finite, >= 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "adagrad"

    learning_rate: LearningRate = LearningRate(default=0.01, kw_only=False)
    lr_decay: Number = Number(default=0.0)
    initial_accumulator_value: Number = Number(default=0.0)
    eps: Number = Number(default=1e-10)
    weight_decay: Number = Number(default=0.0)


class Adadelta(Optimizer):
    """Adadelta: w := w - epsilon d with d = sqrt(u + eps) / sqrt(v + eps) g.

    v := rho v + (1 - rho) g^2 before the step, u := rho u + (1 - rho) d^2 after it (Zeiler, arXiv
    1212.5701, algorithm 1, where epsilon is 1).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 1
        The article's epsilon, >= 0.
    rho : float, default 0.9
        Of the running means, in [0, 1).
    eps : float, default 1e-6
        What the first steps are made of, >= 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "adadelta"

    learning_rate: LearningRate = LearningRate(default=1.0, kw_only=False)
    rho: Number = Number(default=0.9)
    eps: Number = Number(default=1e-6)
    weight_decay: Number = Number(default=0.0)


class Lion(Optimizer):
    """Lion: steps of `learning_rate` in each direction, by the sign of a mean gradient.

    w := (1 - epsilon weight_decay) w - epsilon sign(beta1 m + (1 - beta1) g), then
    m := beta2 m + (1 - beta2) g (Chen et al., NeurIPS 2023, algorithm 2).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.0001
        The article's epsilon, >= 0; the paper takes a third to a tenth of Adam's.
    betas : (float, float), default (0.9, 0.99)
        beta1 and beta2, in [0, 1).
    weight_decay : float, default 0
        The part of w that goes in a step, times epsilon, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "lion"

    learning_rate: LearningRate = LearningRate(default=1e-4, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.99))
    weight_decay: Number = Number(default=0.0)


class Rprop(Optimizer):
    """Rprop: steps of sizes d of their own, by the sign of the gradient.

    w := w - d sign(g). Before that d grows by etas[1] where g has the sign of the step before, and
    shrinks by etas[0] where it has the other one, within `step_sizes`; after a change of sign the
    weight waits a step (Riedmiller and Braun, ICNN 1993, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.01
        d of the first step, >= 0. A later change has no effect.
    etas : (float, float), default (0.5, 1.2)
        The factors of d, the first > 0 and < 1, the second > 1.
    step_sizes : (float, float), default (1e-6, 50)
        The smallest d, >= 0, and the largest one, > 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.

    Notes
    -----
    For the gradient of all samples, ``batch_size=len(x)``: that of a mini-batch changes its sign by
    chance, and each change shrinks a step.
    """

    __slots__ = ()

    _name = "rprop"

    learning_rate: LearningRate = LearningRate(default=0.01, kw_only=False)
    etas: Pair = Pair(default=(0.5, 1.2))
    step_sizes: Pair = Pair(default=(1e-6, 50.0))
