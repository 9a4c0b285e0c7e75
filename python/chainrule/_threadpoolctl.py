"""Registers chainrule's threads with threadpoolctl, which limits all thread pools of a process.

To import threadpoolctl takes 4 ms, so chainrule does not: it registers when it is imported itself,
if threadpoolctl is imported by then, or when `register_threadpoolctl` is called.
"""

# SPDX-License-Identifier: BSD-3-Clause
import sys
from contextlib import suppress
from importlib import import_module

from chainrule import _core

NAME = "threadpoolctl"


class Pool:
    """The part of a `threadpoolctl.LibController` that depends on the library.

    It reads and sets the limit of the process: `threadpool_limits` restores at its end what it read
    at its start, so the limit of a ``with cr.threads(n)`` block would outlive the block.
    """

    user_api = internal_api = "chainrule"
    filename_prefixes = ("_core.",)
    check_symbols = ("chainrule_version",)  # other packages have a _core, too

    def get_num_threads(self) -> int:
        """Return the limit of the process."""
        return _core.num_threads_of_process()

    def set_num_threads(self, num_threads: int) -> None:
        """Set the limit of the process."""
        _core.set_num_threads(num_threads)

    def get_version(self) -> str:
        """Return the version of chainrule."""
        return _core.__version__


def register_threadpoolctl() -> None:
    """Let threadpoolctl see and limit the threads of chainrule, as ``"chainrule"``.

    It sets the limit of the process, as `set_num_threads` does. If threadpoolctl is imported before
    chainrule, this function is called by the import of chainrule. To call it again does nothing.

    Raises
    ------
    ImportError
        If threadpoolctl is not installed, or older than version 3.2, which knows no libraries but
        its own.

    Examples
    --------
    >>> import chainrule as cr
    >>> from threadpoolctl import threadpool_limits
    >>> cr.register_threadpoolctl()
    >>> with threadpool_limits({"chainrule": 1}):
    ...     cr.get_num_threads()
    1
    """
    try:
        threadpoolctl = import_module(NAME)
    except ImportError as error:
        raise ImportError(
            "threadpoolctl cannot be imported. Is it installed? `pip install threadpoolctl`",
            name=NAME,
        ) from error
    if not hasattr(threadpoolctl, "register"):
        version = getattr(threadpoolctl, "__version__", "unknown")
        raise ImportError(
            f"threadpoolctl has version {version}, expected 3.2 or newer: "
            "`pip install --upgrade threadpoolctl`",
            name=NAME,
        )
    base = threadpoolctl.LibController
    registered = [getattr(each, "internal_api", None) for each in base.__subclasses__()]
    if Pool.internal_api not in registered:
        threadpoolctl.register(type("ChainruleController", (Pool, base), {}))


if NAME in sys.modules:
    with suppress(ImportError):  # one that is too old does not prevent the import of chainrule
        register_threadpoolctl()
