"""What is said about an argument that should be an optimizer."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from chainrule import optimizers
from chainrule._spec import shown
from chainrule.lbfgs import LBFGS


def why(argument: object) -> str:
    """Return why an argument is no optimizer that makes single steps, and what is one."""
    if isinstance(argument, LBFGS):
        return (
            f"{argument!r} goes by the cost of all samples at many weights, so it trains in fit "
            "alone; single steps are made by an optimizer such as cr.Adam()"
        )
    example = _nearest(argument) if isinstance(argument, str) else "cr.Adam()"
    return f"optimizer must be an optimizer such as {example}, got {shown(argument)}"


def _nearest(name: str) -> str:
    """Return how the optimizer whose name is nearest to `name` is written."""
    from difflib import get_close_matches

    written = {
        kind._name: f"cr.{kind.__name__}()"
        for kind in optimizers.Optimizer.__subclasses__()
        if getattr(optimizers, kind.__name__, None) is kind  # none of the user's own
    }
    written["lbfgs"] = written["l-bfgs"] = "cr.LBFGS()"
    nearest = get_close_matches(name.lower(), written, n=1, cutoff=0) or ["adam"]
    return written[nearest[0]]
