"""The limit of threads for a block."""

# SPDX-License-Identifier: BSD-3-Clause
from types import TracebackType

from chainrule import _core


class threads:
    """Use at most `n` threads within a ``with`` block, on this Python thread.

    Of several blocks that it is in, the one entered last counts. The limit belongs to the thread:
    where a coroutine awaits within the block, it holds for whatever else the thread runs meanwhile.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    TypeError
        If `n` is no whole number.

    Examples
    --------
    >>> import chainrule as cr
    >>> with cr.threads(1):
    ...     cr.get_num_threads()
    1
    """

    __slots__ = ("_n", "_scope")

    def __init__(self, n: int) -> None:
        if hasattr(self, "_scope"):
            raise RuntimeError("this cr.threads(...) is made already; make another")
        self._scope = _core.ThreadsScope(n)
        self._n = n

    def __enter__(self) -> "threads":
        self._scope.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scope.exit()

    def __repr__(self) -> str:
        return f"threads({self._n})"
