"""How explanations, traces and tables look in a notebook: as MathML within HTML, and as LaTeX."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule._chains import Chain
    from chainrule.explain import Explanation
    from chainrule.trace import Trace

# Of a vector with more numbers, the first ones are shown.
_NUMBERS_SHOWN = 6

# One letter with its indices, as in a_2^(3), w_{1,12}^(2), s_1 or C.
_LETTER = re.compile(
    r"(?P<letter>\w)(?:_(?:\{(?P<braced>[\d,]+)\}|(?P<plain>\d+)))?(?:\^\((?P<layer>\d+)\))?"
)


def number_text(value: float) -> str:
    """Return a number with up to eight digits, a zero without sign."""
    return f"{value + 0.0:.8g}"  # + 0.0: no minus before a zero


# ---- One symbol ----------------------------------------------------------------------------------


def _latex_letter(text: str) -> str:
    found = _letter(text)
    index = found["braced"] or found["plain"]
    below = f"_{{{index}}}" if index else ""
    return found["letter"] + below + (f"^{{({found['layer']})}}" if found["layer"] else "")


def _mathml_letter(text: str) -> str:
    found = _letter(text)
    letter, index = f"<mi>{found['letter']}</mi>", found["braced"] or found["plain"]
    below, above = (
        f"<mn>{index}</mn>",
        f"<mrow><mo>(</mo><mn>{found['layer']}</mn><mo>)</mo></mrow>",
    )
    if index and found["layer"]:
        return f"<msubsup>{letter}{below}{above}</msubsup>"
    if found["layer"]:
        return f"<msup>{letter}{above}</msup>"
    return f"<msub>{letter}{below}</msub>" if index else letter


def _letter(text: str) -> re.Match[str]:
    found = _LETTER.fullmatch(text)
    assert found, text
    return found


def latex(symbol: str) -> str:
    r"""Return a symbol such as "dC/dw_22^(2)" or "f'(z_1^(3))" as LaTeX."""
    if slope := re.fullmatch(r"f'\((.*)\)", symbol):
        return rf"f'\!\left({_latex_letter(slope[1])}\right)"
    if ratio := re.fullmatch(r"d(.*)/d(.*)", symbol):
        above, below = map(_latex_letter, ratio.groups())
        return rf"\dfrac{{\partial {above}}}{{\partial {below}}}"
    return _latex_letter(symbol)


def mathml(symbol: str) -> str:
    """Return the same as MathML."""
    if slope := re.fullmatch(r"f'\((.*)\)", symbol):
        return f"<mrow><mi>f</mi><mo>′</mo><mo>(</mo>{_mathml_letter(slope[1])}<mo>)</mo></mrow>"
    if ratio := re.fullmatch(r"d(.*)/d(.*)", symbol):
        above, below = (f"<mrow><mi>∂</mi>{_mathml_letter(each)}</mrow>" for each in ratio.groups())
        return f"<mfrac>{above}{below}</mfrac>"
    return _mathml_letter(symbol)


# ---- An explanation: the equation, with the numbers under its symbols ----------------------------


def _in_two_rows(
    symbol: str | None, chain: Chain, show: Callable[[str], str], times: str, equals: str
) -> tuple[list[str], list[str]]:
    """Return the cells of a product and those of the numbers below them.

    The product's own symbol comes first; a product without has its number at the end.
    """
    above, below = [], []
    if symbol is not None:
        above += [show(symbol), equals]
        below += [number_text(chain.value), equals]
    for i, factor in enumerate(chain.factors):
        above += [times] * (i > 0) + [show(factor.symbol)]
        below += [times] * (i > 0) + [number_text(factor.value)]
    if symbol is None:
        above += ["", ""]
        below += [equals, number_text(chain.value)]
    return above, below


def _latex_number(text: str) -> str:
    """Return a number as LaTeX, 1e-09 as a product with a power of ten."""
    digits, e, exponent = text.partition("e")
    if e:
        return rf"{digits} \times 10^{{{int(exponent)}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(text, text)


def _latex_product(symbol: str | None, chain: Chain) -> str:
    above, below = _in_two_rows(symbol, chain, latex, r"\cdot", "=")
    rows = above, [each if each in ("=", r"\cdot") else _latex_number(each) for each in below]
    lines = " \\\\[1ex]\n".join(" & ".join(row) for row in rows)
    return f"\\begin{{array}}{{{'c' * len(rows[0])}}}\n{lines}\n\\end{{array}}"


def _mathml_product(symbol: str | None, chain: Chain) -> str:
    rows = _in_two_rows(symbol, chain, mathml, "<mo>·</mo>", "<mo>=</mo>")
    lines = "".join(
        "<mtr>"
        + "".join(
            f"<mtd>{cell if cell.startswith('<') else f'<mn>{cell}</mn>'}</mtd>" for cell in row
        )
        + "</mtr>"
        for row in rows
    )
    return f'<math display="block"><mtable displaystyle="true">{lines}</mtable></math>'


def explanation_latex(explanation: Explanation) -> str:
    """Return the article's equation with the numbers under its symbols."""
    return f"$$\n{_latex_product(explanation.symbol, explanation.chain)}\n$$"


def explanation_html(explanation: Explanation) -> str:
    """Return the equation, the largest paths, and the two checks."""
    heading, paths = explanation.largest_paths()
    parts = [_mathml_product(explanation.symbol, explanation.chain), f"<p>{heading}</p>"]
    parts += [_mathml_product(None, path) for path in paths]
    parts.append(
        "<p>value_and_grad gives "
        f"{number_text(explanation.gradient)}, a central difference "
        f"{number_text(explanation.central_difference)} (h = {explanation.h:.1e}).</p>"
    )
    if explanation.penalty:
        parts.append(f"<p>The penalty of w adds {number_text(explanation.penalty)}.</p>")
    return "<div>" + "\n".join(parts) + "</div>"


# ---- A trace: the way forward and the way back, for the first sample -----------------------------


def _few(numbers: npt.NDArray[Any]) -> tuple[list[str], bool]:
    """Return the first numbers as text, and whether there are more."""
    return [f"{value + 0.0:.4g}" for value in numbers[:_NUMBERS_SHOWN]], len(
        numbers
    ) > _NUMBERS_SHOWN


def _latex_vector(numbers: npt.NDArray[Any]) -> str:
    shown, more = _few(numbers)
    cells = [_latex_number(each) for each in shown] + [r"\vdots"] * more
    return r"\begin{pmatrix} " + r" \\ ".join(cells) + r" \end{pmatrix}"


def trace_latex(trace: Trace) -> str:
    """Return the equations forward and backward, with the numbers of the first sample."""
    L = trace.n_layers
    lines = [rf"x = a^{{(1)}} &= {_latex_vector(trace.a(1)[0])}"]
    for layer in range(2, L + 1):
        if not trace.is_dense(layer):
            lines.append(rf"a^{{({layer})}} &= {_latex_vector(trace.a(layer)[0])}")
            continue
        bias = "" if trace.db(layer - 1) is None else rf" + b^{{({layer - 1})}}"
        z = rf"W^{{({layer - 1})}} a^{{({layer - 1})}}{bias}"
        name = "s = " if layer == L else ""
        lines.append(rf"z^{{({layer})}} = {z} &= {_latex_vector(trace.z(layer)[0])}")
        lines.append(
            rf"{name}a^{{({layer})}} = f(z^{{({layer})}}) &= {_latex_vector(trace.a(layer)[0])}"
        )
    lines.append(rf"C &= {_latex_number(number_text(trace.cost))}")
    lines.append(rf"\frac{{\partial C}}{{\partial s}} &= {_latex_vector(trace.dC_ds[0])}")
    for layer in range(L, 1, -1):
        of = "z" if trace.is_dense(layer) else "a"
        lines.append(
            rf"\delta^{{({layer})}} = \frac{{\partial C}}{{\partial {of}^{{({layer})}}}} "
            rf"&= {_latex_vector(trace.delta(layer)[0])}"
        )
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n$$"


def _row(cells: Iterable[str], tag: str = "td") -> str:
    style = ' style="text-align: left; vertical-align: top; padding: 2px 8px"'
    return "<tr>" + "".join(f"<{tag}{style}>{cell}</{tag}>" for cell in cells) + "</tr>"


def table_html(heading: str, rows: Sequence[Iterable[str]]) -> str:
    """Return a table whose first row has the heads of the columns."""
    from html import escape

    heads, *others = ([escape(cell) for cell in row] for row in rows)
    lines = [_row(heads, "th"), *map(_row, others)]
    return f"<div><p>{escape(heading)}</p><table>{''.join(lines)}</table></div>"


def _html_vector(numbers: npt.NDArray[Any]) -> str:
    shown, more = _few(numbers)
    return "<br>".join([*shown, "&hellip;"] if more else shown)


def _superscript(letter: str) -> str:
    return f"{letter}<sup>(l)</sup>"


def trace_html(trace: Trace) -> str:
    """Return a table of all layers, with the numbers of the first sample."""
    L, batch = trace.n_layers, len(trace.s)
    heads = ["layer l", *map(_superscript, "za"), f"f&prime;({_superscript('z')})"]
    rows = [_row([*heads, _superscript("&delta;")], "th")]
    rows.append(_row(["1", "", _html_vector(trace.a(1)[0]), "", ""]))
    for layer in range(2, L + 1):
        z = f_prime = ""
        if trace.is_dense(layer):
            z, slopes = _html_vector(trace.z(layer)[0]), trace.f_prime_of_first(layer)
            f_prime = "a matrix" if slopes is None else _html_vector(slopes)
        a, delta = _html_vector(trace.a(layer)[0]), _html_vector(trace.delta(layer)[0])
        rows.append(_row([str(layer), z, a, f_prime, delta]))
    which = "" if batch == 1 else f", the first of {batch} samples"
    return (
        f"<div><p>{trace!r}{which}</p><table>{''.join(rows)}</table>"
        f"<p>&part;C/&part;s = ({', '.join(_few(trace.dC_ds[0])[0])}"
        f"{', &hellip;' if _few(trace.dC_ds[0])[1] else ''})</p></div>"
    )
