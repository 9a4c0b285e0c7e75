"""Draw what `compare.py` measured: python benchmarks/plot.py RESULTS.json FIGURE.svg."""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import tables

OURS, BEHIND, WANTED = "#1f6f8b", "#c8553d", "#222222"


def draw(record):
    """Return a figure: left how far ahead of the best rival, right how near to the peak."""
    tasks = [task for task in tables.HEADS if tables.rows(record, task, tables.DEFAULT)]
    groups = [tables.rows(record, task, tables.DEFAULT) for task in tasks]
    figure, axes = plt.subplots(
        len(tasks),
        2,
        squeeze=False,
        sharey="row",
        figsize=(10, 1.6 + 0.3 * sum(map(len, groups))),
        height_ratios=[len(group) + 1 for group in groups],
        layout="constrained",
    )
    for (left, right), task, group in zip(axes, tasks, groups, strict=True):
        places = range(len(group))
        ratio(left, group, places)
        of_peak(right, record, task, group, places)
        left.set_yticks(places, [row.ours["workload"] for row in group])
        left.invert_yaxis()
        left.set_title({"training": "training step", "inference": "prediction"}[task])
        right.set_title("share of the peak" if record["peak_source"] == "FMA peak"
                        else "share of the best rate seen")  # fmt: skip
    axes[0, 1].legend(frameon=False)
    axes[-1, 0].set_xlabel("time of the best rival / time of chainrule; | wanted")
    axes[-1, 1].set_xlabel("floating-point operations of the products")
    figure.suptitle(
        f"chainrule, commit {record['commit']}, on {record['cpu']}, float32", fontsize="medium"
    )
    return figure


def ratio(ax, group, places):
    """Draw bars from 1, where both are as fast, on a logarithmic axis."""
    for place, row in zip(places, group, strict=True):
        color = OURS if row.ratio >= 1 else BEHIND
        ax.barh(place, row.ratio - 1, left=1, height=0.6, color=color)
        text = f" {row.ratio:.2f} {tables.setting(row.rival)}"
        end = max(row.ratio, row.wanted or 1, 1)
        ax.annotate(text, (end, place), va="center", fontsize="x-small")
        if row.wanted:
            ax.plot(row.wanted, place, "|", color=WANTED, markersize=12)
    ax.axvline(1, color=WANTED, linewidth=0.8)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0.5), 4 * high)


def of_peak(ax, record, task, group, places):
    """Draw the share of the peak, a mark for each number of threads."""
    marks = {tables.DEFAULT: "o", tables.ONE: "x"}
    for threads in tables.thread_settings(record):
        shares = {row.ours["workload"]: row.of_peak for row in tables.rows(record, task, threads)}
        values = [shares[row.ours["workload"]] for row in group]
        ax.plot(values, places, marks[threads], color=OURS, label=tables.name_of(threads, record))
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    ax.grid(axis="x", linewidth=0.3)


def main():
    """Read a file and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="what `compare.py --json` wrote")
    parser.add_argument("figure", type=Path, help="to write: .svg, .png or .pdf")
    arguments = parser.parse_args()
    mpl.use("Agg")
    # Text stays text, and the same data gives the same file.
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "chainrule"}
    metadata = {"Date": None} if arguments.figure.suffix == ".svg" else None
    draw(json.loads(arguments.results.read_text())).savefig(
        arguments.figure, dpi=150, metadata=metadata
    )


if __name__ == "__main__":
    main()
