"""The losses whose targets are classes, labels or distributions over classes."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule._class_weight import ByClass, as_floats
from chainrule._loss import Loss


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
