"""What python/chainrule/optimizers.py gets for "adamax"."""

# SPDX-License-Identifier: BSD-3-Clause
from chainrule._optimizer import Number, Pair
from chainrule.optimizers import Optimizer


class Adamax(Optimizer):
    """Adam whose steps go by the largest gradient so far, of which the older ones fade.

    m := beta1 m + (1 - beta1) g, u := max(beta2 u, abs(g) + eps), w := w - epsilon m^ / u with
    m^ = m / (1 - beta1^t) (Kingma and Ba, ICLR 2015, algorithm 2).

    Parameters
    ----------
    learning_rate : float, default 0.002
        The article's epsilon, >= 0.
    betas : (float, float), default (0.9, 0.999)
        beta1 and beta2, in [0, 1).
    eps : float, default 1e-8
        Keeps u above 0, > 0.
    weight_decay : float, default 0
        The part of w that is added to the gradient, >= 0.
    first_magnitude : float, default 0
        What u starts from, >= 0.
    clip_value, clip_norm, accumulate, ema
        As in every `Optimizer`, which says what is refused, too.
    """

    __slots__ = ()

    _name = "adamax"

    learning_rate: Number = Number(default=2e-3, kw_only=False)
    betas: Pair = Pair(default=(0.9, 0.999))
    eps: Number = Number(default=1e-8)
    weight_decay: Number = Number(default=0.0)
    first_magnitude: Number = Number(default=0.0)
