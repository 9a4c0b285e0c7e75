"""The network: layers in order, a cost, and what can be done with them."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._class_weight import ClassWeight
from chainrule._measured import as_metrics, measure
from chainrule._spec import (
    Spec,
    as_list,
    dtype_name,
    refuse_second_init,
    seed_of,
    shown,
    spec_of,
)
from chainrule._summary import summary
from chainrule._training import train
from chainrule.explain import Explanation, explain
from chainrule.history import History
from chainrule.layers import Layer, assign
from chainrule.losses import Loss
from chainrule.optimizers import Adam, Optimizer
from chainrule.stopping import StopCondition
from chainrule.trace import Trace

Array = npt.NDArray[Any]
CostFunction = Callable[[Array, Array], tuple[float | np.floating[Any], npt.ArrayLike]]


class Network(_core.Network):
    """A dense feed-forward network.

    Parameters
    ----------
    layers : sequence of layers
        One `Input`, first, then one or more `Dense`, `Dropout` or `LayerNorm` before any of them.
    loss : str, loss or callable, default "mse"
        The cost C, by its name or an object such as ``cr.Huber(0.5)``, and the outputs it takes:

        * "mse": any but softmax over one neuron, which is the constant 1.
        * "huber": any but softmax over one neuron; errors above `Huber.delta` count linearly.
        * "cross_entropy": softmax, over two neurons or more; for classes.
        * "binary_cross_entropy": sigmoid; for yes or no, one or several of them.
        * "mae": any but softmax over one neuron; absolute errors.
        * "log_cosh": any but softmax over one neuron; a smooth mixture of "mse" and "mae".
        * "poisson": sigmoid or softmax, whose outputs are above 0; for counts.
        * "quantile": any but softmax over one neuron; for the median, or see `Quantile`.
        * "hinge": identity or tanh; for two classes, -1 and 1.
        * "focal": sigmoid; as "binary_cross_entropy" where few answers are yes.
        * "kl_divergence": softmax, over two neurons or more; for distributions.
        * a function ``(s, y) -> (cost, dC_ds)`` of the outputs s, shape (batch, n_out), and the
          rows of y as they were passed: as "mse". `cost` is one number for the batch and `dC_ds`,
          shape (batch, n_out), its gradient.

        ``cr.CrossEntropy(logits=True)`` and its kin take identity; outputs stay weighted inputs.
    dtype : str or numpy.dtype, default "float32"
        Of parameters, computation and outputs: float32 or float64.
    rng : None, int or numpy.random.Generator, optional
        Seed of the first parameters and of the order of samples: the same number gives the same
        network, None a new one each time.

    Raises
    ------
    ValueError
        If the first layer is not `Input` or the last not `Dense`, a name is unknown, the loss does
        not take the outputs of the last layer, or that layer is a softmax over one neuron.
    TypeError
        If an argument has the wrong type.
    RuntimeError
        If ``__init__`` is called once more.

    Examples
    --------
    The network of the article:

    >>> import chainrule as cr
    >>> net = cr.Network(
    ...     [cr.Input(4), cr.Dense(2, "sigmoid"), cr.Dense(2, "sigmoid"), cr.Dense(1, bias=False)],
    ...     rng=0,
    ... )
    >>> net
    Network 4-2-2-1, 18 parameters, loss mse, float32
      layer  kind   neurons  activation  W       b     parameters
          1  Input        4
          2  Dense        2  sigmoid     (2, 4)  (2,)          10
          3  Dense        2  sigmoid     (2, 2)  (2,)           6
          4  Dense        1  identity    (1, 2)  -              2
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        loss: str | Loss | CostFunction = "mse",
        dtype: npt.DTypeLike = "float32",
        rng: int | np.random.Generator | None = None,
    ) -> None:
        refuse_second_init(self._made, type(self))
        layers = as_list("layers", "be Input, Dense or other layer objects", Layer, layers)
        is_class = isinstance(loss, type) and issubclass(loss, Loss)
        if is_class or not (isinstance(loss, str | Loss) or callable(loss)):
            raise TypeError(
                f"loss must be a name or a function, got {shown(loss)}; "
                "or an object such as cr.Huber(0.5)"
            )
        if isinstance(loss, str | Loss):
            _core.check_loss(spec_of(loss))
        self._make(layers, loss, dtype_name(dtype), seed_of(rng), None)

    def _make(
        self,
        layers: list[Layer],
        loss: str | Loss | CostFunction,
        dtype: str,
        seed: int,
        parameters: Array | None,
    ) -> None:
        """Make what `__init__` does; `parameters` are copied instead of drawn."""
        parts = [("layer", layer._spec()) for layer in layers]
        parts.append(("loss", spec_of(loss if isinstance(loss, str | Loss) else "custom")))
        spec: Spec = ("network", {}, {"dtype": dtype}, parts)
        super().__init__(spec, seed, parameters)
        self._loss = loss
        # Descriptions only: a layer with its parameters is made when it is asked for, so that
        # network and layers do not keep each other alive.
        self._layers = [layer._of(None, 0) for layer in layers]
        self._history: History | None = None
        self._optimizer: Optimizer | None = None

    @property
    def loss(self) -> str | Loss | CostFunction:
        """The cost: a name, a loss object or a function."""
        return self._loss

    @property
    def history(self) -> History | None:
        """The history of the last training by `fit`, finished or not; None before the first."""
        return self._history

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order, `Input` first; a `Dense` has writable `weights` and `bias`."""
        n = itertools.count()  # those with parameters
        return tuple(each._of(self, next(n) if each._trains else -1) for each in self._layers)

    @property
    def parameters(self) -> Array:
        """All weights and biases, shape (n_parameters,): a writable view; assigning copies values.

        Layer by layer W as (n_in, n_out), then b. `split` turns such a block into pairs (W, b).
        """
        return self._parameters()

    @parameters.setter
    def parameters(self, values: npt.ArrayLike) -> None:
        self._exclusive(lambda: assign("parameters", self._parameters(), values))

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        optimizer: Optimizer | None = None,
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
        optimizer : SGD or Adam, optional
            By default a new ``Adam()``.
        epochs : int, "auto" or None, default "auto"
            How often to go through all samples; None until a condition in `stop`, or a callback,
            ends it. "auto" is None with a condition in `stop`, else 1; with an `order`, always 1.
        batch_size : int, default 32
            Samples per update; the last batch of an epoch may be smaller.
        validation_data : (x, y) or (x, y, sample_weight), optional
            Samples whose cost is computed after each epoch, with the same `class_weight`.
        stop : stop condition or sequence of stop conditions, optional
            `CostBelow`, `NoImprovement`, `GradientBelow`, `TimeLimit`, `StopWhen`, `AllOf`.
        callbacks : callback or sequence of callbacks, optional
            Objects with any of the methods ``on_fit_begin``, ``on_step_end``, ``on_epoch_end`` and
            ``on_fit_end``, which are called with the network and a `Record` and may return True to
            stop: see `Callback`.
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

        Returns
        -------
        History
            Costs, times, and what ended the training. `history` keeps it. A training that ends with
            an exception has one, too: the exception carries it as its attribute ``history``.

        Raises
        ------
        ShapeError
            If an array has the wrong shape.
        ValueError
            If a value is not finite, naming row and column; if targets do not suit the loss; if a
            number is out of its range; if `optimizer` holds the state of another network; if an
            array is part of the network's own parameters.
        TypeError
            If an argument is of the wrong type, or a callback returns anything but True, False and
            None.
        TrainingDiverged
            If the cost (that of the validation data, too), a gradient or a weight becomes infinite
            or NaN; the weights are the last finite ones.
        ConcurrentUseError
            If another call uses the network or the optimizer at this moment.
        """
        return train(
            self,
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
        weights: dict[str, Any] = {"sample_weight": sample_weight, "class_weight": class_weight}
        self.fit(x, y, optimizer=self._optimizer, epochs=1, **weights)
        return self

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer of `partial_fit`, which can be set; None before the first call."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer | None) -> None:
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
        made = as_metrics(metrics, self)
        cost = self.cost(x, y, sample_weight, class_weight=class_weight)
        values = measure(made, self, self.predict(x), y, sample_weight)
        return {"cost": cost} | {
            each.name or "": value for each, value in zip(made, values, strict=True)
        }

    def trace(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        class_weight: ClassWeight | None = None,
    ) -> Trace:
        """Go forward and backward once and show everything on the way.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            Samples, targets and weights as in `fit`; one sample may be (n_in,).

        Returns
        -------
        Trace
            z, a, f'(z), delta, dW and db of each layer in the article's numbering, s, dC/ds and the
            cost.

        Raises
        ------
        ShapeError, ValueError, TypeError
            If x or y is not as `fit` takes them.
        """
        traced = self._trace(x, y, sample_weight, class_weight)
        return Trace(
            layers=self._layers,
            cost=traced["cost"],
            z=traced["z"],
            a=traced["a"],
            delta=traced["delta"],
            gradients=self.split(traced["gradient"]),
            dC_ds=traced["dC_ds"],
            fused=traced["fused"],
        )

    def explain(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        layer: int,
        j: int,
        k: int | None = None,
        bias: bool = False,
    ) -> Explanation:
        """Explain one derivative: every factor of the chain from C to one weight or bias.

        Parameters
        ----------
        x : array_like, shape (n_in,) or (1, n_in)
            One sample.
        y : array_like
            Its target.
        layer, j, k : int
            The weight w_jk^(layer), which leads from neuron k of this layer to neuron j of the
            next; all count from 1, as in the article.
        bias : bool, default False
            Explain dC/db_j^(layer) instead; then without `k`.

        Returns
        -------
        Explanation
            The factors with their values, all paths, and two checks; ``print`` shows the equation.

        Raises
        ------
        IndexError
            If there is no such layer or neuron.
        ValueError
            If x is more than one sample, or `k` and `bias` do not go together.
        """
        return explain(self, x, y, layer=layer, j=j, k=k, bias=bias)

    def copy(self) -> Network:
        """Return an independent network with the same layers, parameters and random stream.

        Attributes that you have given the network are those of the copy, too.
        """
        return self._with_state(self.__getstate__())

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self._with_state(copy.deepcopy(self.__getstate__(), memo))

    def _with_state(self, state: Any) -> Network:
        """Return a copy whose attributes are those of `state`, as `pickle` sets them."""
        twin = self._twin(self.dtype.name)
        if hasattr(twin, "__setstate__"):
            twin.__setstate__(state)
            return twin
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        for name, value in (slots or {}).items():
            setattr(twin, name, value)
        vars(twin).update(attributes or {})
        if twin._history is not None:
            twin._history = twin._history.copy()
        twin._optimizer = copy.copy(twin._optimizer)  # one serves one network
        return twin

    def _twin(self, dtype: str) -> Network:
        """Return a network of the same kind and parameters in another dtype."""
        # Straight from one block to the other, while nobody trains this network.
        twin: Network = self._shared(lambda: _rebuild(*self._parts(dtype, self.parameters)))
        return twin

    def _parts(self, dtype: str, parameters: Array) -> tuple[Any, ...]:
        """Return what `_rebuild` takes."""
        position = self.seed, self._epochs_begun, self._steps_made
        return type(self), self._layers, self.loss, dtype, *position, self.threads, parameters

    def __reduce__(self) -> tuple[Any, ...]:
        # The position in the training belongs to the parameters: both while nobody trains.
        parts = self._shared(lambda: self._parts(self.dtype.name, self.parameters.copy()))
        return _rebuild, parts, self.__getstate__()

    def __repr__(self) -> str:
        return summary(self)


def _rebuild(
    kind: type[Network],
    layers: list[Layer],
    loss: str | Loss | CostFunction,
    dtype: str,
    seed: int,
    epochs_begun: int,
    steps_made: int,
    threads: int | None,
    parameters: Array,
) -> Network:
    network = kind.__new__(kind)
    network._make(layers, loss, dtype, seed, parameters)
    network._epochs_begun = epochs_begun
    network._steps_made = steps_made
    network.threads = threads
    return network
