"""Tables of text."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from collections.abc import Callable, Sequence

# How a cell is brought to the width of its column: str.ljust or str.rjust.
Align = Callable[[str, int], str]


def aligned_rows(rows: Sequence[Sequence[str]], align: Sequence[Align]) -> list[str]:
    """Return a line for each row, with the columns below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(put(cell, width) for put, cell, width in zip(align, row, widths, strict=True))
        for row in rows
    )
    return [f"  {line}".rstrip() for line in lines]
