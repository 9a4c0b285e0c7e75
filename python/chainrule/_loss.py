"""What all losses have in common."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from dataclasses import dataclass, fields

from chainrule import _core
from chainrule._spec import Member


@dataclass(frozen=True, repr=False)
class Loss(Member):
    """What all losses have in common: a `Network` takes one in place of a name."""

    def _check(self) -> None:
        _core.check_loss(self._spec())

    def __repr__(self) -> str:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        shown = [
            f"{each.name}={given[each.name]!r}"
            for each in fields(self)
            if given[each.name] != each.default or not (each.kw_only or each.default is None)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"
