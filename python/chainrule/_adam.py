"""Adam and the optimizers that have come from it."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from chainrule._optimizer import Flag, LearningRate, Number, Optimizer, Pair


class Adam(Optimizer):
    """Adam: steps of about `learning_rate` whatever the scale of the gradient.

    m := beta1 m + (1 - beta1) g, v := beta2 v + (1 - beta2) g^2,
    w := w - epsilon m^ / (sqrt(v^) + eps) with m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)
    (Kingma and Ba, ICLR 2015, algorithm 1).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.001
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0; `AdamW` decays apart from it.
    amsgrad : bool, default False
        Take the largest v so far in place of v (Reddi, Kale and Kumar, ICLR 2018, algorithm 2).
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "adam"

    learning_rate: LearningRate = LearningRate(default=1e-3, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.999))
    eps: Number = Number(default=1e-8)
    weight_decay: Number = Number(default=0.0)
    amsgrad: Flag = Flag(default=False)


class AdamW(Optimizer):
    """Adam whose weights decay apart from the gradient.

    w := (1 - epsilon weight_decay) w - epsilon m^ / (sqrt(v^) + eps), with Adam's m^ and v^
    (Loshchilov and Hutter, ICLR 2019, algorithm 2, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.001
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    weight_decay : float, default 0.01
        The part of w that goes in a step, times epsilon, >= 0.
    amsgrad : bool, default False
        Take the largest v so far in place of v (Reddi, Kale and Kumar, ICLR 2018, algorithm 2).
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "adamw"

    learning_rate: LearningRate = LearningRate(default=1e-3, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.999))
    eps: Number = Number(default=1e-8)
    weight_decay: Number = Number(default=0.01)
    amsgrad: Flag = Flag(default=False)


class NAdam(Optimizer):
    """Adam with Nesterov's momentum.

    w := w - epsilon ((1 - mu_t) / (1 - p_t) g + mu_(t+1) / (1 - p_t mu_(t+1)) m) / (sqrt(v^) + eps)
    with Adam's m and v^, p_t = mu_1 ... mu_t and mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)
    (Dozat, ICLR 2016 workshop, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.002
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    momentum_decay : float, default 0.004
        How fast mu_t comes to beta1, >= 0.
    decoupled_weight_decay : bool, default False
        Have the weights decay apart from the gradient, as in `AdamW`.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "nadam"

    learning_rate: LearningRate = LearningRate(default=2e-3, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.999))
    eps: Number = Number(default=1e-8)
    weight_decay: Number = Number(default=0.0)
    momentum_decay: Number = Number(default=4e-3)
    decoupled_weight_decay: Flag = Flag(default=False)


class RAdam(Optimizer):
    """Adam that begins with the mean gradient alone, until v says enough.

    With rho_t = rho - 2 t beta2^t / (1 - beta2^t), rho = 2 / (1 - beta2) - 1: w := w - epsilon m^
    while rho_t <= 5, then w := w - epsilon r_t m^ sqrt(1 - beta2^t) / (sqrt(v) + eps),
    r_t^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t), with Adam's m^ and v
    (Liu et al., ICLR 2020, algorithm 2, as PyTorch defines it).

    Parameters
    ----------
    learning_rate : float, schedule or function, default 0.001
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    decoupled_weight_decay : bool, default False
        Have the weights decay apart from the gradient, as in `AdamW`.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "radam"

    learning_rate: LearningRate = LearningRate(default=1e-3, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.999))
    eps: Number = Number(default=1e-8)
    weight_decay: Number = Number(default=0.0)
    decoupled_weight_decay: Flag = Flag(default=False)
