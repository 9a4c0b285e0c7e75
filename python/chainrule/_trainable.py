"""What a network does with many samples: train, and tell how good it is and how it does."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy.typing as npt

from chainrule import _core, _no_optimizer
from chainrule._class_weight import ClassWeight
from chainrule._measured import as_metrics, measure
from chainrule._spec import shown
from chainrule._training import train
from chainrule.checkpoint import resumed
from chainrule.diagnosis import Diagnosis, diagnose
from chainrule.history import History
from chainrule.lbfgs import LBFGS
from chainrule.optimizers import Adam, Optimizer
from chainrule.stopping import StopCondition

if TYPE_CHECKING:
    from chainrule.network import Network


class Trainable(_core.Network):
    """The part of a `Network` that is about trainings."""

    _history: History | None
    _optimizer: Optimizer | None
    _last_optimizer: Optimizer | LBFGS | None  # of a training; neither copies nor pickles have it

    def __getstate__(self) -> Any:
        state = super().__getstate__()
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        attributes = {**attributes, "_last_optimizer": None}
        return attributes if slots is None else (attributes, slots)

    @property
    def _network(self) -> Network:
        return cast("Network", self)

    @property
    def history(self) -> History | None:
        """The history of the last training by `fit`, finished or not; None before the first."""
        return self._history

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        optimizer: Optimizer | LBFGS | None = None,
        epochs: int | Literal["auto"] | None = "auto",
        batch_size: int = 32,
        validation_data: tuple[npt.ArrayLike | None, ...] | None = None,
        stop: StopCondition | Sequence[StopCondition] = (),
        callbacks: object = (),
        shuffle: bool = True,
        order: npt.ArrayLike | None = None,
        sample_weight: npt.ArrayLike | None = None,
        class_weight: ClassWeight | Literal["balanced"] | None = None,
        validation_split: float | None = None,
        metrics: object = (),
        gradient_norm: bool = False,
        progress: bool | Literal["auto"] = False,
        on_divergence: Literal["raise", "stop", "restore"] = "raise",
        resume: str | os.PathLike[str] | None = None,
    ) -> History:
        """Train: while (termination condition not met) w := w - epsilon dC/dw.

        The loop runs in native code without the GIL. Rows of `x` and `y` are gathered and converted
        batch by batch, so data of any dtype and memory layout is never copied whole. Ctrl-C ends
        training with KeyboardInterrupt and the network at its last finished step. Epochs count over
        the life of the network: ``fit(epochs=2)`` and ``fit(epochs=3)`` with the same optimizer
        object give the bits of ``fit(epochs=5)``.

        Parameters
        ----------
        x : array_like, shape (n, n_in)
            Samples; any real dtype.
        y : array_like
            Targets. Shape (n, n_out), or (n,) if n_out is 1. For "cross_entropy" labels, shape
            (n,), whole numbers from 0 to n_out - 1, or probabilities, shape (n, n_out). For
            "binary_cross_entropy" numbers from 0 to 1, for "poisson" numbers >= 0, for "hinge" -1
            or 1. NaN, a target that is missing, for losses with ``mask_nan``.
        optimizer : optimizer or LBFGS, optional
            By default a new ``Adam()``. `LBFGS` takes all samples in each of its iterations, which
            are epochs here; with it "auto" goes on until it has converged.
        epochs : int, "auto" or None, default "auto"
            How often to go through all samples; None until a condition in `stop`, or a callback,
            ends it. "auto" is None with a condition in `stop`, else 1; with an `order`, always 1.
        batch_size : int, default 32
            Samples per update; the last batch of an epoch may be smaller. `LBFGS` leaves the
            default out of account and takes no number below that of the samples.
        validation_data : (x, y) or (x, y, sample_weight), optional
            Samples whose cost is computed after each epoch, with the same `class_weight`.
        stop : stop condition or sequence of stop conditions, optional
            `CostBelow`, `NoImprovement`, `GradientBelow`, `TimeLimit`, `StopWhen`, `AllOf`.
        callbacks : callback or sequence of callbacks, optional
            Objects with any of the methods ``on_fit_begin``, ``on_step_end``, ``on_epoch_end`` and
            ``on_fit_end``, which are called with the network and a `Record` and may return True to
            stop: see `Callback`; and `Checkpoint`, which writes the training into a file.
        shuffle : bool, default True
            Visit the samples in a new random order each epoch, drawn from the network's seed.
        order : array_like of int, shape (epochs, n), optional
            The order of samples in each epoch, instead of shuffling.
        sample_weight : array_like, shape (n,), optional
            Weights w_i >= 0, with a finite sum; the cost of a batch is sum(w_i C_i) / sum(w_i).
        class_weight : dict {class: weight}, array_like or "balanced", optional
            Where each sample has one class: w_i comes times the weight of its class, >= 0, 1 for
            one that a dict does not name; for probabilities, times the mean weight. "balanced"
            is n / (number of classes * samples of the class), as in scikit-learn.
        validation_split : float, optional
            Share of the samples, > 0 and < 1, that is held out as validation data: drawn from the
            network's seed, the same in every call. The rows of both parts are copied.
        metrics : str, metric, function or sequence of them, optional
            Computed after each epoch from the validation data, as "validation_accuracy" and so on
            in the history, or without such from all of x and y: "accuracy", "top_k",
            "balanced_accuracy", "f1", "auc", "log_loss", "mae", "rmse", "mape", "r2", objects such
            as ``cr.TopK(3)``, `Metric`, or a function (s, y) -> number.
        gradient_norm : bool, default False
            Record the norm of the gradient. The whole gradient of each step is computed before its
            update then, which takes longer.
        progress : bool or "auto", default False
            Show epochs, costs, samples a second and the time left on stderr: as a bar of tqdm,
            where that is installed (extra ``[progress]``), else as a line. "auto" shows nothing
            where stderr is no terminal.
        on_divergence : "raise", "stop" or "restore", default "raise"
            What comes of a cost, a gradient or weights that are no longer finite. "raise" raises
            TrainingDiverged. "stop" ends the training as a condition would, with the last finite
            weights, a RuntimeWarning, and the error in ``history.diverged``. "restore" puts the
            weights and the optimizer's state of the last whole epoch back, or those that the
            training began with, and goes on from there with half the learning rate: at most 5
            times, each of which is a RuntimeWarning and an entry of ``history.restored``; then it
            raises. It keeps a copy of weights and state, made after each epoch. Conditions and
            callbacks that have seen steps of the epoch see it once more.
        resume : path, optional
            A file of `Checkpoint`: go on from there, with the same data and arguments, in a network
            made in the same way. Weights, the optimizer's state, the generator and all that
            conditions remember are set to what they were; the bits are those of a training that was
            never cut. `epochs` counts from the beginning: where 3 of 6 are done, 3 are left.

        Returns
        -------
        History
            Costs, times, and what ended the training. `history` keeps it. A training that ends with
            an exception has one, too: the exception carries it as its attribute ``history``. All
            costs, the validation cost too, have the penalties `l1` and `l2` of the weights in them.

        Raises
        ------
        ShapeError
            If an array has the wrong shape.
        ModelFormatError, OSError
            If `resume` is no checkpoint, or cannot be read.
        ValueError
            If a value is not finite, naming row and column; if `resume` is a checkpoint of another
            architecture, optimizer, training or number of samples; if targets do not suit the loss;
            if a number is out of its range; if `optimizer` holds the state of another network; if
            an array is part of the network's own parameters; if all layers are frozen.
        TypeError
            If an argument is of the wrong type, or a callback returns anything but True, False and
            None.
        TrainingDiverged
            If the cost (that of the validation data, too), a gradient or a weight becomes infinite
            or NaN, unless `on_divergence` says else; the weights are the last finite ones, or those
            that its message tells of. It says where that began and what the causes may be.
        ConcurrentUseError
            If another call uses the network or the optimizer at this moment.
        """
        if optimizer is None:
            optimizer = Adam()
        if resume is not None and isinstance(optimizer, LBFGS):
            raise ValueError("what LBFGS remembers of its steps fits no checkpoint")
        with contextlib.ExitStack() as stack:
            position = None
            if resume is not None:
                if not isinstance(optimizer, Optimizer):
                    raise TypeError(_no_optimizer.why(optimizer))
                position = stack.enter_context(
                    resumed(self._network, optimizer, resume, on_divergence)
                )
            return train(
                self._network,
                (x, y, sample_weight, validation_data, class_weight),
                optimizer=optimizer,
                epochs=epochs,
                batch_size=batch_size,
                stop=stop,
                callbacks=callbacks,
                shuffle=shuffle,
                order=order,
                validation_split=validation_split,
                metrics=metrics,
                gradient_norm=gradient_norm,
                progress=progress,
                on_divergence=on_divergence,
                position=position,
            )

    def partial_fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        class_weight: ClassWeight | None = None,
    ) -> Network:
        """Go once through some samples, with an optimizer that the network keeps for this.

        It is an `Adam` with its defaults unless `optimizer` is set to another one, and goes on from
        call to call; copies and pickles of the network have one of their own with its state.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            Samples, targets and weights as in `fit`.

        Returns
        -------
        Network
            The network itself.

        Raises
        ------
        ShapeError, ValueError, TypeError, TrainingDiverged, ConcurrentUseError
            As `fit`.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
        >>> net.partial_fit([[1], [2]], [0, 1]).partial_fit([[3]], [2]).optimizer.steps
        2
        """
        if self._optimizer is None:
            self._optimizer = Adam()
        self.fit(
            x,
            y,
            optimizer=self._optimizer,
            epochs=1,
            sample_weight=sample_weight,
            class_weight=class_weight,
        )
        return self._network

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer of `partial_fit`, which can be set; None before the first call."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer | None) -> None:
        if isinstance(optimizer, LBFGS):
            raise TypeError(_no_optimizer.why(optimizer))
        if not isinstance(optimizer, Optimizer | None):
            raise TypeError(f"optimizer must be an optimizer or None, got {shown(optimizer)}")
        self._optimizer = optimizer

    def evaluate(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        metrics: object = (),
        sample_weight: npt.ArrayLike | None = None,
        *,
        class_weight: ClassWeight | None = None,
    ) -> dict[str, float]:
        """Return the cost and metrics of some samples.

        Parameters
        ----------
        x, y, sample_weight : array_like
            Samples, targets and weights as in `fit`.
        metrics : str, metric, function or sequence of them, optional
            As in `fit`.
        class_weight : dict or array_like, optional
            As in `fit`; for the cost alone.

        Returns
        -------
        dict of str to float
            "cost", and each metric by its name.

        Raises
        ------
        ShapeError, ValueError, TypeError
            If x or y is not as `fit` takes them, or a metric is unknown, does not suit the outputs,
            or returns no number.
        """
        made = as_metrics(metrics, self._network)
        cost = self.cost(x, y, sample_weight, class_weight=class_weight)
        values = measure(made, self._network, self.predict(x), y, sample_weight)
        return {"cost": cost} | {
            each.name or "": value for each, value in zip(made, values, strict=True)
        }

    def diagnose(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        class_weight: ClassWeight | None = None,
        learning_rate: float | None = None,
        optimizer: Optimizer | None = None,
    ) -> Diagnosis:
        """Look for dead and saturated neurons, and for gradients that vanish or explode.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            Samples, targets and weights as in `fit`, all of them at once. Weights count for the
            cost and its gradient; in the shares each sample counts once.
        learning_rate : float, optional
            The epsilon of the update, >= 0; 0.01 by default.
        optimizer : optimizer, optional
            Whose learning rate is taken instead. The update is that of plain gradient descent
            whatever optimizer it is.

        Returns
        -------
        Diagnosis
            A table with a row for each layer that has parameters; ``print`` shows it, ``to_dict()``
            has its columns:

            * "layer": its number, that of the input being 1: it is ``net.layers[layer - 1]``.
            * "kind", "activation", "neurons": what it is.
            * "zero": the share of the activations a_j, over samples and neurons, that are 0.
            * "dead": the share of the neurons whose a_j is 0 for every sample. From one that uses
              relu no gradient comes back for these samples.
            * "saturated": of an activation with bounds ("sigmoid", "tanh", "softmax", "softsign",
              "relu6", "hard_sigmoid"), the share of the activations with abs(f'(z_j)) below 0.05
              of its maximum, beyond abs(z) = 2.2 for tanh; f' is da_j/dz_j. None for other layers.
            * "gradient_norm", "weight_norm": the Euclidean norms of dC/dW and W (gamma for
              `LayerNorm`), with penalties in C as always.
            * "gradient_to_weight": the one divided by the other.
            * "update_to_weight": epsilon norm(dC/dW) / norm(W), with the layer's
              `learning_rate_factor` in epsilon; 0 for a frozen layer. About 1e-3 is a common aim.

            A ratio is 0 where the gradient is 0, and infinite where W alone is 0.

        Raises
        ------
        ShapeError, ValueError, TypeError
            If x or y is not as `fit` takes them; if `learning_rate` is out of its range, there are
            both it and `optimizer`, or that of the optimizer is a schedule or a function.

        Notes
        -----
        `Dropout` drops nothing here. All activations of all samples are in memory at once.

        Examples
        --------
        >>> import chainrule as cr
        >>> layers = [cr.Input(1), cr.Dense(2, "relu"), cr.Dense(1, bias=False)]
        >>> net = cr.Network(layers, dtype="float64", rng=0)
        >>> net.layers[1].weights, net.layers[1].bias = [[1], [-1]], [0, 0]
        >>> net.layers[2].weights = [[1, 0]]
        >>> net.diagnose([[1], [2]], [0, 0], learning_rate=0.1)
        Diagnosis: cost 2.5, learning rate 0.1
          layer  kind   activation  neurons   zero   dead  saturated  |dW|   |W|  dW/W  update/W
              2  Dense  relu              2  50.0%  50.0%          -     5  1.41  3.54     0.354
              3  Dense  identity          1   0.0%   0.0%          -     5     1     5       0.5
        """
        return diagnose(
            self._network,
            x,
            y,
            sample_weight,
            class_weight=class_weight,
            learning_rate=learning_rate,
            optimizer=optimizer,
        )
