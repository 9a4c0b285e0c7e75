"""The losses, as objects with numbers of their own; each is known by its name, too."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chainrule._class_losses import BinaryCrossEntropy as BinaryCrossEntropy
from chainrule._class_losses import CrossEntropy as CrossEntropy
from chainrule._class_losses import Focal as Focal
from chainrule._class_losses import Hinge as Hinge
from chainrule._class_losses import KlDivergence as KlDivergence
from chainrule._class_weight import as_floats
from chainrule._loss import Loss as Loss


@dataclass(frozen=True, repr=False)
class Mse(Loss):
    """Mean squared error: C_i = (1/n) sum_j (s_j - y_j)^2; PyTorch's MSELoss.

    Parameters
    ----------
    mask_nan : bool, default False
        Whether a target that is NaN is missing: no part of cost and gradient. The cost of a batch
        is then the mean over the targets that are there, each as often as its sample weighs.

    Raises
    ------
    TypeError
        If `mask_nan` is no bool.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network([cr.Input(1), cr.Dense(2, init="zeros")], loss=cr.Mse(mask_nan=True))
    >>> net.cost([[0], [0]], [[3, float("nan")], [1, 2]])  # (9 + 1 + 4) / 3
    4.666666666666667
    """

    _name = "mse"
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class Mae(Loss):
    """Mean absolute error: C_i = (1/n) sum_j abs(s_j - y_j); PyTorch's L1Loss.

    Parameters
    ----------
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    TypeError
        If `mask_nan` is no bool.
    """

    _name = "mae"
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class Huber(Loss):
    """Squared error up to `delta`, and beyond it an error that grows linearly.

    C_i = (1/n) sum_j h(s_j - y_j) with h(e) = e^2 / 2 where abs(e) <= delta, else
    delta (abs(e) - delta / 2) (Huber, Annals of Mathematical Statistics 35, 1964); PyTorch's
    HuberLoss.

    Parameters
    ----------
    delta : float, default 1
        The error from which on the cost grows linearly, > 0.
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    ValueError
        If `delta` is not above 0, infinite or NaN.
    TypeError
        If it is no number, or `mask_nan` no bool.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Network([cr.Input(2), cr.Dense(1)], loss=cr.Huber(0.5)).loss
    Huber(delta=0.5)
    """

    _name = "huber"
    delta: float = 1.0
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class LogCosh(Loss):
    """C_i = (1/n) sum_j ln cosh(s_j - y_j): squared near 0, linear far from it, smooth everywhere.

    Half the squared error near 0, abs(s_j - y_j) - ln 2 far from it (Chen et al., 2019, section 3);
    Keras' LogCosh.

    Parameters
    ----------
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    TypeError
        If `mask_nan` is no bool.
    """

    _name = "log_cosh"
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """For counts y >= 0 with means s: C_i = (1/n) sum_j (s_j - y_j ln(s_j + eps)).

    The negative log-likelihood without what depends on y alone (McCullagh and Nelder, 1989, section
    6.2); PyTorch's PoissonNLLLoss. With `logits`, s_j = e^z_j: C_i = (1/n) sum_j (e^z_j - y_j z_j).

    Parameters
    ----------
    eps : float, default 1e-8
        Keeps the logarithm finite, > 0; without effect on logits.
    logits : bool, default False
        Whether the network ends with identity: its outputs are the logarithms of the means.
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    ValueError
        If `eps` is not above 0, infinite or NaN.
    TypeError
        If an argument has the wrong type.
    """

    _name = "poisson"
    eps: float = 1e-8
    logits: bool = field(default=False, kw_only=True)
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class Quantile(Loss):
    """The pinball loss: least where a part tau of all y lies below s.

    C_i = (1/n) sum_j max(tau_j e_j, (tau_j - 1) e_j), e = y - s (Koenker and Bassett, Econometrica
    46, 1978). With several quantiles, the network has an output for each: first those of target 1,
    then those of target 2; y has a column for each target.

    Parameters
    ----------
    quantiles : float or array_like, default 0.5
        tau, > 0 and < 1: one for all outputs, or several of each target.
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    ValueError
        If a quantile is not > 0 and < 1.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> import chainrule as cr
    >>> layers = [cr.Input(1), cr.Dense(3, init="zeros")]
    >>> net = cr.Network(layers, loss=cr.Quantile([0.1, 0.5, 0.9]))
    >>> round(net.cost([[0]], [6]), 9)  # 6 (0.1 + 0.5 + 0.9) / 3
    3.0
    """

    _name = "quantile"
    _lists = ("quantiles",)
    quantiles: float | tuple[float, ...] | Any = 0.5
    mask_nan: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        quantiles = as_floats("quantiles", self.quantiles, or_one=True)
        object.__setattr__(self, "quantiles", quantiles)
        super().__post_init__()
