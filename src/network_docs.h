// The crossing between Python and C++: what Python's help() says about the bound methods of a network.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule::docs {

constexpr const char* kPredict = R"(Compute the output s of the network.

Safe to call from many threads at once.

Parameters
----------
x : array_like, shape (batch, n_in) or (n_in,)
    Samples, or one sample; any real dtype and memory layout. The batch may be empty.
out : numpy.ndarray, optional
    Where to put the result: of the network's dtype, contiguous in C order.
check_finite : bool, default True
    False leaves out the look at every value of `x`: a row with a NaN gives NaN, one with an
    infinity or a number that is too large for the network's dtype what the formulas make of it;
    the other rows are as ever.
ema : bool, default False
    Compute with the average of the weights that a training by an optimizer with ``ema=`` has made,
    instead of the weights after its last step.

Returns
-------
numpy.ndarray, shape (batch, n_out) or (n_out,)
    s, of the network's dtype; `out` itself if it is given.

Raises
------
ShapeError
    If `x` or `out` has the wrong shape.
ValueError
    If `x` has a NaN or an infinity, naming row and column, unless `check_finite` is False; if
    `out` is part of the network's own parameters; if there is no average for `ema`.
TypeError
    If `x` is no array of real numbers, `out` has the wrong dtype, or `check_finite` or `ema` is no
    bool.
ConcurrentUseError
    If the network is being trained at this moment.
)";

constexpr const char* kCost = R"(Compute the cost C of samples.

Parameters
----------
x : array_like, shape (batch, n_in)
    Samples, at least one.
y : array_like
    Targets, as in `fit`.
sample_weight : array_like, shape (batch,), optional
    Weights w_i >= 0, with a finite sum.
class_weight : dict {class: weight} or array_like, shape (n_classes,), optional
    Weights of classes, as in `fit`.

Returns
-------
float
    The mean cost of a sample: sum(w_i C_i) / sum(w_i), all w_i = 1 by default. The penalties
    `l1` and `l2` of the weights come to it.

Raises
------
ShapeError, ValueError, TypeError, ConcurrentUseError
    As in `fit`.
)";

constexpr const char* kValueAndGrad = R"(Compute the cost C and its gradient for all parameters.

Parameters
----------
x, y, sample_weight, class_weight
    As in `cost`.
step : int, optional
    Compute as in this step of a training, >= 0: with its random masks, where the network has a
    `Dropout`. They depend on the step, the network's seed and the place in the batch alone. None
    computes as `cost` and `predict` do, without any.

Returns
-------
cost : float
    C, as `cost` has it, penalties included.
gradient : numpy.ndarray, shape (n_parameters,)
    dC/dw in the layout of `parameters` and of the network's dtype; `split` gives dW and db of each
    dense layer. 0 for the parameters of frozen layers.

Raises
------
ShapeError, ValueError, TypeError, ConcurrentUseError
    As in `fit`.
)";

constexpr const char* kTrainStep = R"(Update the parameters once, with all samples as one batch.

Parameters
----------
x, y, sample_weight, class_weight
    As in `cost`.
optimizer : Optimizer
    How to update; it keeps its state for the next step. With ``accumulate=k`` every k-th call
    changes the parameters.

Returns
-------
float
    C before the update.

Raises
------
TrainingDiverged
    If cost, gradient or weights become infinite or NaN; the weights are the last finite ones. It
    says in which layer that began and what the causes may be.
ShapeError, ValueError, TypeError, ConcurrentUseError
    As in `fit`.
)";

constexpr const char* kPlan = R"(Tell how a batch would be computed.

Parameters
----------
batch : int
    Number of samples, at least 1.
training : bool, default True
    For training, or for predictions and costs.

Returns
-------
dict
    ``plan``: "narrow" (few weights: vectors lie along the samples), "rows" (tiles of the batch go
    through the whole network), "columns" (layer by layer, divided by neurons) or "layerwise" (layer
    by layer, on one thread); ``product``: "own" or "blas"; ``cpu``: the target of the kernels;
    ``threads``: how many at most.

Raises
------
ValueError
    If `batch` is less than 1.
TypeError
    If `batch` is no whole number, or `training` no bool.
)";

constexpr const char* kSplit =
    R"(Take a flat block apart into one pair for each layer that has parameters.

Parameters
----------
block : numpy.ndarray, shape (n_parameters,)
    In the layout of `parameters`: a gradient, or the parameters themselves.

Returns
-------
list of (W, b)
    Views: W of shape (n_out, n_in), b of shape (n_out,), or None for a layer without bias. Of a
    `LayerNorm`, its gamma and beta.

Raises
------
ShapeError
    If the block has the wrong shape.
)";

}  // namespace chainrule::docs
