"""The network: layers in order, a cost, and what can be done with them."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import contextlib
import copy
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _core
from chainrule._class_weight import ClassWeight
from chainrule._given_weights import CUSTOM
from chainrule._layer import Layer, Place, assign
from chainrule._spec import (
    Spec,
    as_list,
    dtype_name,
    refuse_second_init,
    seed_of,
    shown,
    spec_of,
)
from chainrule._storable import Storable
from chainrule._summary import summary
from chainrule.explain import Explanation, explain
from chainrule.history import History
from chainrule.layers import Dense, refuse_custom
from chainrule.losses import Loss
from chainrule.optimizers import Optimizer
from chainrule.trace import Trace

Array = npt.NDArray[Any]
CostFunction = Callable[[Array, Array], tuple[float | np.floating[Any], npt.ArrayLike]]


class Network(Storable):
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
        * "poisson": exponential, softplus, sigmoid or softmax: outputs above 0; for counts.
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
        if parameters is None:
            refuse_custom(layers)
        super().__init__(_spec_of(layers, loss, dtype), seed, parameters)
        self._loss = loss
        # Descriptions only: a layer with its parameters is made when it is asked for, so that
        # network and layers do not keep each other alive.
        self._layers = [layer._described() for layer in layers]
        self._history: History | None = None
        self._optimizer: Optimizer | None = None
        self._last_optimizer = None
        for number, layer in enumerate(self.layers):
            if isinstance(layer, Dense) and not isinstance(layer.init, str):
                if parameters is None:
                    layer._set_first_weights(seed)
                self._layers[number] = layer._described(init=CUSTOM)

    def _spec(self) -> Spec:
        return _spec_of(self._layers, self.loss, self.dtype.name)

    @property
    def loss(self) -> str | Loss | CostFunction:
        """The cost: a name, a loss object or a function."""
        return self._loss

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order, `Input` first; a `Dense` has writable `weights` and `bias`."""
        n = itertools.count()  # those with parameters
        return tuple(
            each._in(Place(self, number, next(n) if each._trains else -1))
            for number, each in enumerate(self._layers)
        )

    def _set_option(self, number: int, name: str, value: object) -> None:
        """Change an option of the training of a layer, from the next training on."""
        changed = self._layers[number]._described(**{name: value})
        self._set_options(number - 1, changed._spec())
        self._layers[number] = changed

    @property
    def parameters(self) -> Array:
        """All weights and biases, shape (n_parameters,): a writable view; assigning copies values.

        Layer by layer W as (n_in, n_out), then b. `split` turns such a block into pairs (W, b).
        """
        return self._parameters()

    @parameters.setter
    def parameters(self, values: npt.ArrayLike) -> None:
        self._exclusive(lambda: assign("parameters", self._parameters(), values))

    @property
    def average(self) -> Array | None:
        """The average of the weights over the steps by optimizers with ``ema=``: a copy.

        Shape (n_parameters,), laid out as `parameters`; None where there was no such step.
        """
        average = self._average()
        return None if average is None else average[0]

    @contextlib.contextmanager
    def averaged(self) -> Iterator[Network]:
        """Put the average of the weights in their place for the time of a ``with``.

        Everything then sees the average: `predict`, `cost`, `evaluate`, the layers' weights, copies
        and pickles, whose weights it is for good. The network cannot be trained meanwhile.

        Raises
        ------
        ValueError
            If there is no average, since no optimizer with ``ema=`` has trained this network.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
        >>> _ = net.fit([[1], [2]], [0, 1], optimizer=cr.Adam(ema=0.9), epochs=10)
        >>> with net.averaged():
        ...     cost = net.cost([[1], [2]], [0, 1])
        """
        exchanged = self._use_average(True)
        try:
            yield self
        finally:
            if exchanged:
                self._give_weights_back()

    def _give_weights_back(self) -> None:
        """Put the weights in the place of their average, once no other thread reads it."""
        interrupt = None
        while True:
            try:
                self._use_average(False)
            except _core.ConcurrentUseError:
                try:
                    time.sleep(0.001)
                except KeyboardInterrupt as error:
                    interrupt = error  # not before the weights are back
            else:
                break
        if interrupt is not None:
            raise interrupt

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
            cost. Cost and dW have the penalties `l1` and `l2` of the weights in them; frozen layers
            have gradients here as others do.

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
            It is about the cost of the sample: the penalties `l1` and `l2` are no part of it, and
            it does not matter whether a layer is frozen.

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

    def _twin(self, dtype: str, layers: list[Layer] | None = None) -> Network:
        """Return a network of the same kind and parameters in another dtype.

        Its `layers` are those of this network, but for other options of the training.
        """

        def make() -> Network:
            kind, own_layers, *parts = self._parts(dtype, self.parameters)
            return _rebuild(kind, own_layers if layers is None else layers, *parts)

        # Straight from one block to the other, while nobody trains this network.
        twin: Network = self._shared(make)
        return twin

    def _parts(self, dtype: str, parameters: Array) -> tuple[Any, ...]:
        """Return what `_rebuild` takes."""
        position = self.seed, self._epochs_begun, self._steps_made
        own = *position, self.threads, parameters, self._average()
        return type(self), self._layers, self.loss, dtype, *own

    def __reduce__(self) -> tuple[Any, ...]:
        # The position in the training belongs to the parameters: both while nobody trains.
        parts = self._shared(lambda: self._parts(self.dtype.name, self.parameters.copy()))
        return _rebuild, parts, self.__getstate__()

    def __repr__(self) -> str:
        return summary(self)


def _spec_of(layers: Sequence[Layer], loss: str | Loss | CostFunction, dtype: str) -> Spec:
    parts = [("layer", layer._spec()) for layer in layers]
    parts.append(("loss", spec_of(loss if isinstance(loss, str | Loss) else "custom")))
    return ("network", {}, {"dtype": dtype}, parts)


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
    average: tuple[Array, int] | None = None,
) -> Network:
    network = kind.__new__(kind)
    network._make(layers, loss, dtype, seed, parameters)
    network._epochs_begun = epochs_begun
    network._steps_made = steps_made
    network.threads = threads
    if average is not None:
        network._restore_average(*average)
    return network
