"""What python/chainrule/optimizers.py gets for "amsgrad"."""

# SPDX-License-Identifier: BSD-3-Clause
from chainrule._spec import real_number
from chainrule.optimizers import Number, Optimizer


class AMSGrad(Optimizer):
    """Adam whose steps go by the largest v so far; the weights decay on their own.

    With Adam's m^, and v^ from the largest v so far: w := (1 - epsilon weight_decay) w
    - epsilon m^ / (sqrt(v^) + eps) (Reddi, Kale and Kumar, ICLR 2018, algorithm 2; Loshchilov and
    Hutter, ICLR 2019).

    Parameters
    ----------
    learning_rate : float, default 0.001
        The article's epsilon, >= 0.
    beta1, beta2 : float, default 0.9 and 0.999
        Of the running means of the gradient and of its square, in [0, 1).
    eps : float, default 1e-8
        Keeps the division finite, >= 0.
    weight_decay : float, default 0.01
        The part of w that goes in a step, times epsilon, >= 0.
    first_square : float, default 0
        What the running mean of squares starts from, >= 0.
    clip_norm : float, optional
        As of `Adam`.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    """

    __slots__ = ()

    _name = "amsgrad"
    _arguments = ("learning_rate", "beta1", "beta2", "eps", "weight_decay", "first_square")

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        first_square: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        numbers = {
            "learning_rate": learning_rate,
            "beta1": beta1,
            "beta2": beta2,
            "eps": eps,
            "weight_decay": weight_decay,
            "first_square": first_square,
        }
        super().__init__(
            {name: real_number(name, value) for name, value in numbers.items()},
            {"clip_norm": clip_norm},
        )

    learning_rate = Number("learning_rate", "float: The article's epsilon, >= 0.")
    beta1 = Number("beta1", "float: Of the running mean of the gradient, in [0, 1).")
    beta2 = Number("beta2", "float: Of the running mean of its square, in [0, 1).")
    eps = Number("eps", "float: Keeps the division finite, >= 0.")
    weight_decay = Number("weight_decay", "float: The part of w that goes, times epsilon, >= 0.")
    first_square = Number("first_square", "float: What v starts from, >= 0.")
