"""The losses, as objects with numbers of their own; each is known by its name, too."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from chainrule import _core
from chainrule._class_weight import ByClass, as_floats
from chainrule._spec import Member


@dataclass(frozen=True, repr=False)
class Loss(Member):
    """What all losses have in common: a `Network` takes one in place of a name."""

    def _check(self) -> None:
        _core.check_loss(self._spec())

    def __repr__(self) -> str:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        shown = [
            f"{each.name}={given[each.name]!r}"
            for each in fields(self)
            if given[each.name] != each.default or not (each.kw_only or each.default is None)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


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
class CrossEntropy(Loss):
    """Cross-entropy of classes: C_i = -sum_j y_j ln s_j; PyTorch's CrossEntropyLoss.

    With `label_smoothing`, y_j is (1 - label_smoothing) y_j + label_smoothing / n. With
    `class_weight` v, C_i = -sum_j v_j y_j ln s_j, and the cost of a batch is sum(w_i C_i) over
    sum(w_i v_label) for labels, over sum(w_i) for probabilities, as PyTorch's ``weight``.

    Parameters
    ----------
    label_smoothing : float, default 0
        The part of each target that is shared out over all classes, in [0, 1).
    class_weight : dict {class: weight} or array_like, shape (n_classes,), optional
        How much a class counts, >= 0; 1 for those that a dict does not name.
    logits : bool, default False
        Whether the network ends with identity: its outputs are the weighted inputs z of a softmax,
        which is part of the loss.

    Raises
    ------
    ValueError
        If a number is out of its range, infinite or NaN.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.CrossEntropy(label_smoothing=0.1, class_weight={2: 5})
    CrossEntropy(label_smoothing=0.1, class_weight={2: 5.0})
    >>> layers = [cr.Input(2), cr.Dense(3)]
    >>> net = cr.Network(layers, loss=cr.CrossEntropy(logits=True), rng=0)
    """

    _name = "cross_entropy"
    label_smoothing: float = 0.0
    class_weight: Mapping[int, float] | tuple[float, ...] | Any = None
    logits: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        weights: Any = self.class_weight
        if isinstance(weights, Mapping) or hasattr(weights, "keys"):
            object.__setattr__(self, "class_weight", ByClass(dict(weights.items())))
        elif weights is not None:
            object.__setattr__(self, "class_weight", as_floats("class_weight", weights))
        super().__post_init__()


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of outputs that each answer yes (1) or no (0) on their own.

    C_i = -(1/n) sum_j (p_j y_j ln s_j + (1 - y_j) ln(1 - s_j)); PyTorch's BCEWithLogitsLoss. With
    `label_smoothing`, y_j is (1 - label_smoothing) y_j + label_smoothing / 2, as in Keras.

    Parameters
    ----------
    pos_weight : float or array_like, shape (n_out,), optional
        p: how much more a yes counts than a no, >= 0: for all outputs, or for each.
    label_smoothing : float, default 0
        The part of each target that is shared out over yes and no, in [0, 1).
    logits : bool, default False
        Whether the network ends with identity: its outputs are the weighted inputs z of a sigmoid,
        which is part of the loss.
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    ValueError
        If a number is out of its range, infinite or NaN.
    TypeError
        If an argument has the wrong type.
    """

    _name = "binary_cross_entropy"
    _lists = ("pos_weight",)
    pos_weight: float | tuple[float, ...] | Any = None
    label_smoothing: float = 0.0
    logits: bool = field(default=False, kw_only=True)
    mask_nan: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.pos_weight is not None:
            weights = as_floats("pos_weight", self.pos_weight, or_one=True)
            object.__setattr__(self, "pos_weight", weights)
        super().__post_init__()


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


@dataclass(frozen=True, repr=False)
class Hinge(Loss):
    """For two classes, y either -1 or 1: C_i = (1/n) sum_j max(0, 1 - y_j s_j).

    The loss of the support vector machine (Cortes and Vapnik, Machine Learning 20, 1995);
    scikit-learn's hinge_loss.

    Parameters
    ----------
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    TypeError
        If `mask_nan` is no bool.
    """

    _name = "hinge"
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class Focal(Loss):
    """Cross-entropy of yes/no outputs in which what is certain counts little.

    C_i = (1/n) sum_j alpha_t (1 - p_t)^gamma ce_j with p_t = y s + (1 - y)(1 - s) and
    alpha_t = y alpha + (1 - y)(1 - alpha), ce_j the term of `BinaryCrossEntropy` (Lin et al., ICCV
    2017, equation 5); torchvision's sigmoid_focal_loss.

    Parameters
    ----------
    gamma : float, default 2
        The larger, the less what is certain counts, >= 0.
    alpha : float, default 0.25
        How much a yes counts, > 0 and < 1; a no counts 1 - alpha.
    logits : bool, default False
        Whether the network ends with identity: see `BinaryCrossEntropy`.
    mask_nan : bool, default False
        Whether a target that is NaN is missing: see `Mse`.

    Raises
    ------
    ValueError
        If a number is out of its range, infinite or NaN.
    TypeError
        If an argument has the wrong type.
    """

    _name = "focal"
    gamma: float = 2.0
    alpha: float = 0.25
    logits: bool = field(default=False, kw_only=True)
    mask_nan: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, repr=False)
class KlDivergence(Loss):
    """Divergence of the predicted distribution from y: C_i = sum_j y_j (ln y_j - ln s_j).

    0 ln 0 is 0 (Kullback and Leibler, 1951); PyTorch's KLDivLoss with ``reduction="batchmean"``.

    Parameters
    ----------
    logits : bool, default False
        Whether the network ends with identity: see `CrossEntropy`.

    Raises
    ------
    TypeError
        If `logits` is no bool.
    """

    _name = "kl_divergence"
    logits: bool = field(default=False, kw_only=True)
