"""L-BFGS: scipy's quasi-Newton method, on the cost of all samples."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule._spec import lists_arguments, real_number, whole_number

if TYPE_CHECKING:
    from chainrule import _core

Array = npt.NDArray[Any]

# What scipy takes for the number of iterations, which the training counts itself.
_NO_LIMIT = 2**31 - 1
# Where the cost is not finite, the line search is led to this part of its step.
_BACK = 0.1
# By scipy's `OptimizeResult.status`.
_ENDED_BY = {0: "converged", 1: "max_evaluations", 2: "line_search"}


@lists_arguments
@dataclass(frozen=True)
class LBFGS:
    """L-BFGS by scipy, ``minimize(method="L-BFGS-B")``, for `Network.fit`.

    A quasi-Newton method for the gradient of all samples, with a line search in place of a learning
    rate: for networks and data sets of moderate size, where it needs far fewer passes than gradient
    descent (Liu and Nocedal, Mathematical Programming 45, 1989; Byrd, Lu, Nocedal and Zhu, SIAM J.
    Scientific Computing 16, 1995). It needs scipy: ``pip install "chainrule[scipy]"``.

    Parameters
    ----------
    history_size : int, default 10
        Pairs of changes of weights and gradients that stand for the curvature, at least 1: scipy's
        maxcor, PyTorch's history_size.
    tol_gradient : float, default 1e-5
        Converged where the largest magnitude in the gradient is not above this, >= 0: scipy's gtol
        (once pgtol), PyTorch's tolerance_grad, scikit-learn's tol.
    tol_cost : float, default 2.220446049250313e-09
        Converged where an iteration lowers the cost C by no more than this times
        max(C before, C after, 1), in magnitudes, >= 0: scipy's ftol, which is factr times 2.2e-16.
    max_evaluations : int, default 15000
        Ends the training after the first iteration by which the cost has been computed more often,
        at least 1: scipy's maxfun, scikit-learn's max_fun, PyTorch's max_eval.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or out of its range.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    In `fit` one iteration, an update with all the evaluations that its line search takes, is one
    epoch and one step. ``epochs=n`` is the most iterations; "auto" and None go on until it has
    converged or something in `stop` or `callbacks` ends it. ``history.stopped_by`` is "converged",
    "max_evaluations", or "line_search" where no step along the last direction lowers the cost: how
    trainings in float32 often end, close to a minimum; or it is what ends other trainings.

    In the history, the cost of an epoch and its gradient norm are those of the weights after it. A
    history has no learning rates.

    All samples are one batch, whatever their order: a `batch_size` other than the default must not
    be below their number, `shuffle` means nothing, and `order` is refused. So are networks whose
    objective is none or changes: with `Dropout` of a rate above 0, and with layers that are trained
    with a `max_norm` or a `learning_rate_factor`. Frozen layers keep their weights.

    It keeps nothing: a second `fit` starts anew from the weights that there are. So it is frozen,
    and serves any number of networks. `train_step` and `partial_fit` do not take it.

    Where a step leads to a cost that is not finite, the line search goes back to a tenth of it; at
    the first weights it is `TrainingDiverged`.

    The method computes in float64, and weights are rounded to the network's dtype. Bits do not
    depend on the number of threads, those of scipy's BLAS included: a training holds every BLAS of
    the process to one thread by threadpoolctl, which the extra brings, too. Another release of
    scipy, or its BLAS on another kind of CPU, may round otherwise.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.LBFGS(history_size=20)
    LBFGS(history_size=20, tol_gradient=1e-05, tol_cost=2.220446049250313e-09, \
max_evaluations=15000)
    """

    history_size: int = 10
    tol_gradient: float = 1e-5
    tol_cost: float = 1e7 * 2.0**-52
    max_evaluations: int = 15000

    def __post_init__(self) -> None:
        for name in ("history_size", "max_evaluations"):
            value = whole_number(name, getattr(self, name))
            if not 1 <= value <= _NO_LIMIT:
                raise ValueError(f"{name} must be from 1 to 2**31 - 1, got {value}")
            object.__setattr__(self, name, value)
        for name in ("tol_gradient", "tol_cost"):
            tolerance = real_number(name, getattr(self, name))
            if not 0 <= tolerance < np.inf:
                raise ValueError(f"{name} must be finite and >= 0, got {tolerance}")
            object.__setattr__(self, name, tolerance)

    def _run(self, batch_size: int, n_samples: int) -> Run:
        """Return what minimizes the cost; raise ValueError where it is to be that of batches."""
        if batch_size != 32 and batch_size < n_samples:  # 32: what `fit` has by default
            raise ValueError(
                f"LBFGS takes all samples at once: leave batch_size out, or let it be {n_samples} "
                f"or more; got {batch_size}"
            )
        return Run(self, *_import())


def _import() -> tuple[Callable[..., Any], Callable[..., AbstractContextManager[Any]]]:
    """Return scipy's minimize and threadpoolctl's threadpool_limits."""
    try:
        from scipy.optimize import minimize
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise ImportError(
            "LBFGS needs scipy, and threadpoolctl to hold its threads: "
            f'pip install "chainrule[scipy]" ({error})'
        ) from error
    return minimize, threadpool_limits


class Run:
    """One training: what the core calls with the cost to minimize.

    Attributes
    ----------
    ended_by : str
        What ended it, where the training went on until then.
    """

    def __init__(
        self,
        options: LBFGS,
        minimize: Callable[..., Any],
        threadpool_limits: Callable[..., AbstractContextManager[Any]],
    ) -> None:
        self.ended_by = ""
        self._options, self._minimize = options, minimize
        self._threadpool_limits = threadpool_limits

    def __call__(self, objective: _core.Objective) -> None:
        """Minimize until the objective says stop, or scipy has come to an end."""
        first = objective.parameters
        # Points with their costs and gradients: the last one that was computed, the last iterate.
        last: tuple[Array, float, Array] | None = None
        iterate: tuple[Array, float, Array] | None = None

        def value_and_grad(point: Array) -> tuple[float, Array]:
            nonlocal last, iterate
            cost, gradient = objective.value_and_grad(point)
            if iterate is not None and np.isnan(cost):
                return _parabola(*iterate, point)
            last = point.copy(), cost, gradient
            iterate = iterate or last
            return cost, gradient

        def finish_iteration(_: Array) -> None:
            nonlocal iterate
            iterate = last
            try:
                stops = objective.finish_iteration()
            except StopIteration as error:  # of a callback: scipy would take it for our own
                errors.append(error)
                stops = True
            if stops:
                raise StopIteration

        errors: list[StopIteration] = []
        options = self._options
        # OpenBLAS has a long sum added up by its threads, each of which rounds a part.
        with self._threadpool_limits(1, user_api="blas"):
            result = self._minimize(
                value_and_grad,
                first,
                method="L-BFGS-B",
                jac=True,
                callback=finish_iteration,
                options={
                    "maxcor": options.history_size,
                    "ftol": options.tol_cost,
                    "gtol": options.tol_gradient,
                    "maxfun": options.max_evaluations,
                    "maxiter": _NO_LIMIT,
                },
            )
        if errors:
            raise errors[0]
        self.ended_by = _ENDED_BY.get(result.status, "stopped")


def _parabola(start: Array, cost: float, gradient: Array, point: Array) -> tuple[float, Array]:
    """Return a value and a gradient for a point where the cost is not finite.

    They are those of the parabola along the step that has the cost and the slope of its start and
    its least value at the part _BACK of it: a line search interpolates between such numbers.
    """
    step = point - start
    slope = gradient @ step  # below 0
    curvature = -slope / (2 * _BACK)
    return cost + slope + curvature, (slope + 2 * curvature) / (step @ step) * step
