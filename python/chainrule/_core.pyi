"""
The compiled core of chainrule.
"""

from __future__ import annotations

import collections.abc
import typing

import numpy
import numpy.typing

__all__: list[str] = [
    "ConcurrentUseError",
    "History",
    "Network",
    "Objective",
    "Optimizer",
    "Position",
    "ShapeError",
    "ThreadsScope",
    "TrainingDiverged",
    "activate",
    "activation_seconds",
    "activations",
    "check_activation",
    "check_layer",
    "check_loss",
    "check_stop_condition",
    "cpu_target",
    "cpu_targets",
    "declared_lists",
    "declared_parameters",
    "elementary_functions",
    "elementary_seconds",
    "get_num_threads",
    "gradient_transforms",
    "initializers",
    "is_masked",
    "losses",
    "max_errors",
    "num_threads_of_process",
    "optimizers",
    "parameter_shapes",
    "pass_time",
    "peak_gflops",
    "philox4x32_10",
    "product_choice",
    "product_library",
    "product_seconds",
    "rate_at",
    "schedules",
    "set_num_threads",
    "set_product",
    "stages",
    "stop_conditions",
]

class ThreadsScope:
    """
    What `threads` is made of.
    """
    def __init__(self, n: typing.Any) -> None: ...
    def enter(self) -> None: ...
    def exit(self) -> None: ...

class Optimizer:
    """
    An optimizer and its state.
    """
    def __init__(
        self, spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]]
    ) -> None: ...
    def _configure(
        self, spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]]
    ) -> None: ...
    def _number(self, name: str) -> float: ...
    def _restore(
        self,
        steps: typing.SupportsInt | typing.SupportsIndex,
        states: collections.abc.Mapping[
            str, typing.Annotated[numpy.typing.ArrayLike, numpy.float64]
        ],
        running: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex],
    ) -> None: ...
    def _restore_schedule(
        self, memory: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex]
    ) -> None: ...
    def _running(self) -> dict[str, float]: ...
    def _schedule_memory(self) -> dict[str, float]: ...
    def _spec(
        self,
    ) -> tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]]: ...
    def _states(self) -> dict[str, numpy.typing.NDArray[numpy.float64]]: ...
    @property
    def _made(self) -> bool:
        """
        bool: Whether __init__ has run.
        """
    @property
    def epochs(self) -> int:
        """
        int: Whole epochs of the trainings so far.
        """
    @property
    def steps(self) -> int:
        """
        int: Updates made so far.
        """

class Network:
    """
    A network of either dtype.
    """
    def __init__(
        self,
        spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
        seed: typing.SupportsInt | typing.SupportsIndex,
        parameters: typing.Any,
    ) -> None: ...
    def _average(self) -> typing.Any: ...
    def _exclusive(self, function: typing.Any) -> typing.Any: ...
    def _fit(
        self,
        x: numpy.typing.ArrayLike,
        y: numpy.typing.ArrayLike,
        optimizer: Optimizer,
        epochs: int,
        batch_size: int,
        shuffle: bool,
        order: numpy.typing.ArrayLike | None,
        stop: collections.abc.Sequence[typing.Any],
        validation_data: tuple[numpy.typing.ArrayLike | None, ...] | None,
        sample_weight: numpy.typing.ArrayLike | None,
        questions: collections.abc.Sequence[collections.abc.Callable[[], bool]] | None = None,
        history: History | None = None,
        callbacks: collections.abc.Sequence[tuple[typing.Any, ...]] | None = None,
        position: Position | None = None,
        leave_after: int | None = None,
        metrics: collections.abc.Sequence[tuple[str, str | None]] | None = None,
        compute_metrics: collections.abc.Callable[[], list[float]] | None = None,
        gradient_norm: bool | None = None,
        class_weight: typing.Any = None,
        minimizer: collections.abc.Callable[[Objective], None] | None = None,
        on_divergence: str | None = None,
        checkpoints: collections.abc.Sequence[tuple[int, float, typing.Any]] | None = None,
    ) -> None:
        """
        Train; `Network.fit` says how.
        """
    def _may_take(self, optimizer: typing.Any) -> bool: ...
    def _parameters(self) -> numpy.ndarray: ...
    def _restore_average(
        self, values: typing.Any, steps: typing.SupportsInt | typing.SupportsIndex
    ) -> None: ...
    def _set_options(
        self,
        layer: typing.SupportsInt | typing.SupportsIndex,
        spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
    ) -> None: ...
    def _set_seed(self, seed: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def _shared(self, function: typing.Any) -> typing.Any: ...
    def _trace(
        self,
        x: typing.Any,
        y: typing.Any,
        sample_weight: typing.Any = None,
        class_weight: typing.Any = None,
    ) -> dict[str, typing.Any]: ...
    def _use_average(self, wanted: bool) -> bool: ...
    def cost(
        self,
        x: numpy.typing.ArrayLike,
        y: numpy.typing.ArrayLike,
        sample_weight: numpy.typing.ArrayLike | None = None,
        *,
        class_weight: typing.Any = None,
    ) -> float:
        """
        Compute the cost C of samples.

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
        """
    def plan(self, batch: int, *, training: bool = True) -> dict[str, typing.Any]:
        """
        Tell how a batch would be computed.

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
        """
    def predict(
        self,
        x: numpy.typing.ArrayLike,
        *,
        out: numpy.typing.NDArray[typing.Any] | None = None,
        check_finite: bool = True,
        ema: bool = False,
    ) -> numpy.typing.NDArray[typing.Any]:
        """
        Compute the output s of the network.

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
        """
    def split(
        self, block: numpy.typing.ArrayLike
    ) -> list[tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any] | None]]:
        """
        Take a flat block apart into one pair for each layer that has parameters.

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
        """
    def train_step(
        self,
        x: numpy.typing.ArrayLike,
        y: numpy.typing.ArrayLike,
        optimizer: Optimizer,
        sample_weight: numpy.typing.ArrayLike | None = None,
        *,
        class_weight: typing.Any = None,
    ) -> float:
        """
        Update the parameters once, with all samples as one batch.

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
        """
    def value_and_grad(
        self,
        x: numpy.typing.ArrayLike,
        y: numpy.typing.ArrayLike,
        sample_weight: numpy.typing.ArrayLike | None = None,
        *,
        step: int | None = None,
        class_weight: typing.Any = None,
    ) -> tuple[float, numpy.typing.NDArray[typing.Any]]:
        """
        Compute the cost C and its gradient for all parameters.

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
        """
    @property
    def _epochs_begun(self) -> int: ...
    @_epochs_begun.setter
    def _epochs_begun(self, arg1: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    @property
    def _made(self) -> bool:
        """
        bool: Whether __init__ has run.
        """
    @property
    def _steps_made(self) -> int: ...
    @_steps_made.setter
    def _steps_made(self, arg1: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    @property
    def dtype(self) -> numpy.dtype[typing.Any]:
        """
        numpy.dtype: float32 or float64.
        """
    @property
    def n_in(self) -> int:
        """
        int: Numbers in a sample.
        """
    @property
    def n_out(self) -> int:
        """
        int: Numbers in an output.
        """
    @property
    def n_parameters(self) -> int:
        """
        int: Number of weights and biases.
        """
    @property
    def seed(self) -> int:
        """
        int: What the parameters and the order of samples are drawn from.
        """
    @property
    def threads(self) -> int | None:
        """
        int or None: Threads that a call on this network may use at most; None for no limit of its own.
        """
    @threads.setter
    def threads(self, arg1: typing.Any) -> None: ...

class Objective:
    """
    The cost of all samples of a training, for a minimizer.
    """
    def finish_iteration(self) -> bool:
        """
        Say that the last point is the next iterate; return whether to stop.
        """
    def value_and_grad(
        self, point: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]
    ) -> tuple[float, numpy.typing.NDArray[numpy.float64]]:
        """
        Return cost and gradient; the cost is NaN where one of them is not finite.
        """
    @property
    def parameters(self) -> numpy.typing.NDArray[numpy.float64]:
        """
        numpy.ndarray: A copy, after the last finished iteration.
        """

class Position:
    """
    Where a training was left before its end; empty, where one begins.
    """
    @typing.overload
    def __init__(self) -> None: ...
    @typing.overload
    def __init__(
        self,
        state: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
        arrays: dict[str, typing.Annotated[numpy.typing.ArrayLike, numpy.float64]],
    ) -> None: ...
    def __reduce__(self) -> tuple[type, typing.Any]: ...
    @property
    def arrays(self) -> dict[str, numpy.typing.NDArray[numpy.float64]]:
        """
        dict: Arrays of float64 by name.
        """
    @property
    def empty(self) -> bool:
        """
        bool: Whether nothing is written down.
        """
    @property
    def state(self) -> tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]]:
        """
        tuple: (name, numbers, words, parts).
        """

class History:
    """
    What a training leaves, finished or not.
    """
    def __init__(self) -> None: ...
    @property
    def begun(self) -> bool: ...
    @property
    def columns(self) -> list[tuple[str, list[float]]]:
        """
        list: Name and values of each quantity that was recorded.
        """
    @property
    def cost(self) -> list[float]: ...
    @property
    def diverged(self) -> typing.Any:
        """
        TrainingDiverged: What has ended the training; None where something else has.
        """
    @property
    def restored(self) -> list[tuple[int, int | None, float]]:
        """
        list: Epoch and step of each divergence that was gone back from, and the new rate.
        """
    @property
    def seconds(self) -> float: ...
    @property
    def stopped_by(self) -> int: ...
    @property
    def validation_cost(self) -> list[float]: ...

def _force_plan(name: str) -> None:
    """
    For tests: have one plan serve every network that it can, or choose, "auto".
    """

def activate(
    activation: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
    z: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    dC_da: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]:
    """
    Return a = f(z) and delta = dC/da f'(z), all of shape (batch, n).
    """

def activation_seconds(
    activation: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
    z: numpy.ndarray,
) -> tuple[float, numpy.ndarray, numpy.ndarray]:
    """
    Return the seconds that a = f(z) and f'(z) take on one thread, a, and f'(z).
    """

def activations() -> list[str]:
    """
    Names of the activations.
    """

def check_activation(
    spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
) -> None:
    """
    Raise ValueError unless the spec makes a activation.
    """

def check_layer(
    spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
) -> None:
    """
    Raise ValueError unless the spec makes a layer.
    """

def check_loss(
    spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
) -> None:
    """
    Raise ValueError unless the spec makes a loss.
    """

def check_stop_condition(
    spec: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
) -> None:
    """
    Raise ValueError unless the spec makes a stop condition.
    """

def cpu_target() -> str:
    """
    The CPU target of the kernels.
    """

def cpu_targets() -> list[str]:
    """
    The CPU targets that can run here, the best one last.
    """

def declared_lists() -> list[tuple[str, typing.Any]]:
    """
    The same for what losses have lists of.
    """

def declared_parameters() -> dict[str, list[tuple[str, typing.Any]]]:
    """
    The parameters of all members, by family: (name, [(parameter, default, range, meaning)]).
    """

def elementary_functions() -> list[str]:
    """
    Names of the elementary functions.
    """

def elementary_seconds(function: str, x: numpy.ndarray) -> tuple[float, numpy.ndarray]:
    """
    Return the seconds that y = f(x) takes on one thread, and y.
    """

def get_num_threads() -> int:
    """
    Return how many threads a call may use at most, here and now.

    Returns
    -------
    int
        What `threads` or `set_num_threads` has set.
    """

def gradient_transforms() -> list[str]:
    """
    Names of the transforms.
    """

def initializers() -> list[str]:
    """
    Names of the initializers.
    """

def is_masked(object: typing.Any) -> bool:
    """
    Return whether this is a masked array in which something is masked, or a list of such.
    """

def losses() -> list[str]:
    """
    Names of the losses.
    """

def max_errors() -> dict[str, tuple[float, float, float]]:
    """
    What the elementwise activations promise, in units in the last place: |error of a| is at
    most of_a ulp(a) + of_z ulp(z), that of f' of_slope ulp(max(1, f')), by the activation's
    name: (of_a, of_slope, of_z).
    """

def num_threads_of_process() -> int:
    """
    Return what `set_num_threads` has set, whatever block of `threads` this is in.
    """

def optimizers() -> list[str]:
    """
    Names of the optimizers.
    """

def parameter_shapes(
    network: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
) -> dict[int, tuple[tuple[int, ...], tuple[int, ...] | None]]:
    """
    Return the shapes of (W, b or None), or of both vectors, of each layer that has such, by its
    place in `Network.layers`, or raise ValueError unless the spec makes a network. Allocates no
    parameters.
    """

def pass_time(
    optimizer: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]] | None,
    count: typing.SupportsInt | typing.SupportsIndex,
    dtype: str,
    threads: typing.Any,
) -> tuple[float, int]:
    """
    Return the seconds of an optimizer's update of so many weights, and the bytes that it reads and writes.

    For None, those of the plainest pass that reads, changes and writes.
    """

def peak_gflops(dtype: str, threads: typing.Any) -> float:
    """
    Measure how many fused multiply-adds the CPU target of the kernels can do.

    Parameters
    ----------
    dtype : str
        "float32" or "float64".
    threads : int
        So many threads compute together, at least 1.

    Returns
    -------
    float
        Billions of operations a second, two for each fused multiply-add, on all these threads.

    Raises
    ------
    ValueError
        If `dtype` is another word, or `threads` is less than 1.
    """

def philox4x32_10(
    counter: typing.Annotated[
        collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(4)"
    ],
    key: typing.Annotated[
        collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], "FixedSize(2)"
    ],
) -> typing.Annotated[list[int], "FixedSize(4)"]:
    """
    One block of the counter-based generator.
    """

def product_choice() -> str:
    """
    Who computes products: auto, own or blas.
    """

def product_library() -> str:
    """
    The BLAS of this build.
    """

def product_seconds(a: numpy.ndarray, b: numpy.ndarray) -> tuple[float, numpy.ndarray]:
    """
    Return the seconds that a product takes on one thread by the product in force, and a @ b.

    For our own, the matrices are packed beforehand.
    """

def rate_at(
    schedule: tuple[str, dict[str, float], dict[str, str], list[tuple[str, typing.Any]]],
    time: typing.SupportsInt | typing.SupportsIndex,
) -> float:
    """
    Return the learning rate at a time, or raise ValueError unless the spec makes a schedule.
    """

def schedules() -> list[str]:
    """
    Names of the schedules of the learning rate.
    """

def set_num_threads(n: int) -> None:
    """
    Use at most `n` threads in each call, for the whole process.

    Parameters
    ----------
    n : int
        At least 1. At first it is the environment variable CHAINRULE_NUM_THREADS, else the number of
        CPUs that the process may use.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    TypeError
        If `n` is no whole number.
    """

def set_product(choice: str) -> None:
    """
    Choose who computes matrix products, for the whole process.

    Parameters
    ----------
    choice : str
        "own" for chainrule's own kernels, "blas" for the library that it was built with, "auto" for the
        faster of the two on this CPU.

    Raises
    ------
    ValueError
        If `choice` is another word.
    TypeError
        If `choice` is no str.
    """

def stages() -> list[str]:
    """
    Names of the layers that stand between dense ones.
    """

def stop_conditions() -> list[str]:
    """
    Names of the stop conditions.
    """

__version__: str = "0.2.0"

class ShapeError(ValueError): ...

class TrainingDiverged(RuntimeError):
    epoch: int | None
    step: int | None
    layer: int | None
    history: typing.Any

class ConcurrentUseError(RuntimeError): ...
