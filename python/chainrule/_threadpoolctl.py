"""Makes our threads known to threadpoolctl, as soon as somebody imports that.

To import it here would cost everyone 4 ms. Where it comes after chainrule, nothing of ours runs
between its import and the user's question for all thread pools of the process. So a finder waits
on ``sys.meta_path``, which finds threadpoolctl as the others do, and adds the registration to what
its import runs.
"""

# SPDX-License-Identifier: BSD-3-Clause
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from chainrule import _core

NAME = "threadpoolctl"


class Pool:
    """What a `threadpoolctl.LibController` is asked, answered for our library.

    The limit is that of the process, to be read and to be set: `threadpool_limits` puts back what
    it has read, and the limit of a ``with cr.threads(n)`` block would so outlive its block.
    """

    user_api = internal_api = "chainrule"
    filename_prefixes = ("_core.",)
    check_symbols = ("chainrule_version",)  # other packages have a _core, too

    def get_num_threads(self) -> int:
        """Return the limit of the process."""
        return _core.num_threads_of_process()

    def set_num_threads(self, num_threads: int) -> None:
        """Set it."""
        _core.set_num_threads(num_threads)

    def get_version(self) -> str:
        """Return the version of chainrule."""
        return _core.__version__


def register(threadpoolctl: ModuleType) -> None:
    """Register our library with threadpoolctl, unless that is too old for any but its own."""
    if not hasattr(threadpoolctl, "register"):
        return
    try:
        threadpoolctl.register(type("ChainruleController", (Pool, threadpoolctl.LibController), {}))
    except Exception as error:  # whatever it is, the user's import goes on
        warnings.warn(f"threadpoolctl does not know chainrule: {error!r}", stacklevel=2)


class Loader:
    """The loader of threadpoolctl, and the registration after it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # of a copy that is not ready yet
            raise AttributeError(name)
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, and register with it."""
        self._loader.exec_module(module)
        register(module)


class Finder:
    """Finds threadpoolctl, by asking the other finders."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the first answer of the others for threadpoolctl, and None for all else."""
        if name != NAME:
            return None
        others = [
            each for each in sys.meta_path if not is_ours(each) and hasattr(each, "find_spec")
        ]
        specs = (each.find_spec(name, path, target) for each in others)
        spec = next(filter(None, specs), None)
        if spec and spec.loader:
            spec.loader = Loader(spec.loader)  # type: ignore[assignment]
        return spec


def is_ours(finder: Any) -> bool:
    """Tell a finder of this module, or of an earlier import of it."""
    return type(finder).__module__ == __name__


sys.meta_path[:] = [each for each in sys.meta_path if not is_ours(each)]
if sys.modules.get(NAME):
    register(import_module(NAME))  # which waits where another thread imports it just now
else:
    sys.meta_path.insert(0, Finder())
