"""The network: layers in order, a cost, and what can be done with them."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._spec import as_list, true_or_false, whole_number
from chainrule.explain import Explanation, explain
from chainrule.layers import Dense, Input, Layer, assign
from chainrule.optimizers import Adam, Optimizer
from chainrule.stopping import StopCondition
from chainrule.trace import Trace

Array = npt.NDArray[Any]
CostFunction = Callable[[Array, Array], tuple[float, npt.ArrayLike]]


@dataclass(frozen=True)
class History:
    """How a training went: what `Network.fit` returns.

    Attributes
    ----------
    cost : list of float
        Training cost of each whole epoch: the mean over its steps, each before its update.
    validation_cost : list of float
        Cost of the validation data after each whole epoch; empty without validation data.
    epochs : int
        Number of whole epochs.
    seconds : float
        Wall-clock time.
    stopped_by : "epochs" or StopCondition
        What ended it: the number of epochs, or one of the conditions in `stop`.
    """

    cost: list[float]
    validation_cost: list[float]
    epochs: int
    seconds: float
    stopped_by: StopCondition | Literal["epochs"]


class Network(_core.Network):
    """A dense feed-forward network.

    Parameters
    ----------
    layers : sequence of layers
        One `Input`, first, then one or more `Dense`.
    loss : str or callable, default "mse"
        The cost C of the article: "mse", "cross_entropy", "binary_cross_entropy", or a function
        ``(s, y) -> (cost, dC_ds)`` of the outputs s, shape (batch, n_out), and the rows of y as
        they were passed: `cost` is one number for the batch and `dC_ds`, shape (batch, n_out), its
        gradient.
    dtype : str or numpy.dtype, default "float32"
        Of parameters, computation and outputs: float32 or float64.
    rng : None, int or numpy.random.Generator, optional
        Seed of the first parameters and of the order of samples: the same number gives the same
        network, None a new one each time.

    Raises
    ------
    ValueError
        If the layers are not `Input` and then `Dense`, or a name is unknown.
    TypeError
        If an argument has the wrong type.

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
        loss: str | CostFunction = "mse",
        dtype: npt.DTypeLike = "float32",
        rng: int | np.random.Generator | None = None,
    ) -> None:
        layers = as_list("layers", "be Input and Dense objects", Layer, layers)
        if not (isinstance(loss, str) or callable(loss)):
            raise TypeError(f"loss must be a name or a function, got {loss!r}")
        if isinstance(loss, str):
            _core.check_loss(loss)
        super().__init__(
            [layer._spec() for layer in layers],
            loss if isinstance(loss, str) else "",
            _dtype_name(dtype),
            _seed(rng),
        )
        self._loss = loss
        # Descriptions only: a layer with its parameters is made when it is asked for, so that
        # network and layers do not keep each other alive.
        self._layers = [layer._of(None, 0) for layer in layers]

    @property
    def loss(self) -> str | CostFunction:
        """The cost: a name or a function."""
        return self._loss

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order, `Input` first; a `Dense` has writable `weights` and `bias`."""
        return tuple(layer._of(self, i - 1) for i, layer in enumerate(self._layers))

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
        epochs: int | None = 1,
        batch_size: int = 32,
        validation_data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        stop: Sequence[StopCondition] = (),
        shuffle: bool = True,
        order: npt.ArrayLike | None = None,
        sample_weight: npt.ArrayLike | None = None,
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
            "binary_cross_entropy" numbers from 0 to 1.
        optimizer : SGD or Adam, optional
            By default a new ``Adam()``.
        epochs : int or None, default 1
            How often to go through all samples; None until a condition in `stop` ends it.
        batch_size : int, default 32
            Samples per update; the last batch of an epoch may be smaller.
        validation_data : (x, y), optional
            Samples whose cost is computed after each epoch.
        stop : sequence of stop conditions, optional
            `CostBelow`, `NoImprovement`, `TimeLimit`.
        shuffle : bool, default True
            Visit the samples in a new random order each epoch, drawn from the network's seed.
        order : array_like of int, shape (epochs, n), optional
            The order of samples in each epoch, instead of shuffling.
        sample_weight : array_like, shape (n,), optional
            Weights w_i >= 0; the cost of a batch is sum(w_i C_i) / sum(w_i).

        Returns
        -------
        History
            Costs, times, and what ended the training.

        Raises
        ------
        ShapeError
            If an array has the wrong shape.
        ValueError
            If a value is not finite, naming row and column; if targets do not suit the loss; if a
            number is out of its range; if `optimizer` holds the state of another network.
        TypeError
            If an argument is of the wrong type.
        TrainingDiverged
            If cost, gradient or weights become infinite or NaN; the weights are the last finite
            ones.
        ConcurrentUseError
            If another call uses the network or the optimizer at this moment.
        """
        if optimizer is None:
            optimizer = Adam()
        if isinstance(stop, StopCondition):
            stop = [stop]
        conditions = as_list("stop", "hold stop conditions", StopCondition, stop)
        if epochs is not None and (epochs := whole_number("epochs", epochs)) < 0:
            raise ValueError(f"epochs must be >= 0, got {epochs}")
        cost, validation_cost, seconds, stopped_by = self._fit(
            x,
            y,
            optimizer,
            -1 if epochs is None else epochs,
            whole_number("batch_size", batch_size),
            true_or_false("shuffle", shuffle),
            order,
            [each._spec() for each in conditions],
            validation_data,
            sample_weight,
        )
        return History(
            cost=cost,
            validation_cost=validation_cost,
            epochs=len(cost),
            seconds=seconds,
            stopped_by="epochs" if stopped_by < 0 else conditions[stopped_by],
        )

    def trace(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Trace:
        """Go forward and backward once and show everything on the way.

        Parameters
        ----------
        x, y : array_like
            Samples and targets as in `fit`; one sample may be (n_in,).

        Returns
        -------
        Trace
            z, a, delta, dW and db of each layer in the article's numbering, s and the cost.

        Raises
        ------
        ShapeError, ValueError, TypeError
            If x or y is not as `fit` takes them.
        """
        traced = self._trace(x, y)
        return Trace(
            cost=traced["cost"],
            z=traced["z"],
            a=traced["a"],
            delta=traced["delta"],
            gradients=self.split(traced["gradient"]),
            dC_ds=traced["dC_ds"],
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
        """Return an independent network with the same layers, parameters and random stream."""
        return self._twin(self.dtype)

    def _twin(self, dtype: npt.DTypeLike) -> Network:
        function, (kind, layers, loss, _, *rest) = self.__reduce__()
        twin: Network = function(kind, layers, loss, np.dtype(dtype).name, *rest)
        return twin

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[Any, ...]]:
        return _rebuild, (
            type(self),
            self._layers,
            self.loss,
            self.dtype.name,
            self.seed,
            self._epochs_begun,
            self.threads,
            self._shared(self.parameters.copy),
        )

    def __repr__(self) -> str:
        rows = [("layer", "kind", "neurons", "activation", "W", "b", "parameters")]
        for number, layer in enumerate(self.layers, start=1):
            if isinstance(layer, Dense):
                W, b = layer.weights, layer.bias
                rows.append(
                    (
                        str(number),
                        "Dense",
                        str(layer.n_out),
                        layer.activation,
                        str(W.shape),
                        "-" if b is None else str(b.shape),
                        f"{W.size + (0 if b is None else b.size):,}",
                    )
                )
            elif isinstance(layer, Input):
                rows.append((str(number), "Input", str(layer.n), "", "", "", ""))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        align = (str.rjust, str.ljust, str.rjust, str.ljust, str.ljust, str.ljust, str.rjust)
        table = [
            "  ".join(put(cell, width) for put, cell, width in zip(align, row, widths, strict=True))
            for row in rows
        ]
        loss = self.loss if isinstance(self.loss, str) else getattr(self.loss, "__name__", "custom")
        head = (
            f"{type(self).__name__} {'-'.join(row[2] for row in rows[1:])}, "
            f"{self.n_parameters:,} parameters, loss {loss}, {self.dtype.name}"
        )
        return "\n".join([head, *(f"  {line}".rstrip() for line in table)])


def _rebuild(
    kind: type[Network],
    layers: list[Layer],
    loss: str | CostFunction,
    dtype: str,
    seed: int,
    epochs_begun: int,
    threads: int | None,
    parameters: Array,
) -> Network:
    network = kind.__new__(kind)
    Network.__init__(network, layers, loss=loss, dtype=dtype, rng=seed)
    network._parameters()[...] = parameters
    network._epochs_begun = epochs_begun
    network.threads = threads
    return network


def _dtype_name(dtype: npt.DTypeLike) -> str:
    if dtype is None:  # NumPy would take it for float64
        raise TypeError("dtype must be float32 or float64, got None")
    return np.dtype(dtype).name


def _seed(rng: int | np.random.Generator | None) -> int:
    if rng is None:
        return int.from_bytes(os.urandom(8), "little")
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**64, dtype=np.uint64))
    try:
        seed = operator.index(rng)
    except TypeError:
        raise TypeError(
            f"rng must be None, a whole number or a numpy.random.Generator, got {rng!r}"
        ) from None
    if not 0 <= seed < 2**64:
        raise ValueError(f"rng must be from 0 to 2**64 - 1, got {seed}")
    return seed
