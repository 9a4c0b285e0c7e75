"""Tables of what `compare.py` measured: python benchmarks/tables.py RESULTS.json [--markdown]."""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

DEFAULT, ONE = None, 1  # numbers of threads, as they stand in the record


@dataclass(frozen=True)
class Row:
    """A workload: what chainrule and the best rival take, with some number of threads."""

    workload: dict
    ours: dict
    rival: dict
    of_peak: float
    wanted: float | None

    @property
    def ratio(self):
        """How many times as long the best rival takes, by the best rounds."""
        return self.rival["min"] / self.ours["min"]

    @property
    def median_ratio(self):
        """The same by the median rounds."""
        return self.rival["median"] / self.ours["median"]


def rows(record, task, threads):
    """Return the rows of a task, in the order they were measured.

    With default threads a rival counts in its best setting, which for a small network is often one
    thread; with one thread everything has one thread.
    """
    found = []
    for name in dict.fromkeys(r["workload"] for r in record["results"] if r["task"] == task):
        cells = [r for r in record["results"] if r["workload"] == name]
        ours = [r for r in cells if r["peer"] == "chainrule" and r["threads"] == threads]
        rivals = [r for r in cells if r["peer"] != "chainrule" and threads in (None, r["threads"])]
        if ours and rivals:
            rival = min(rivals, key=lambda r: r["min"])
            of_peak = ours[0]["gflops"] / record["peak_gflops"]["1" if threads else "default"]
            workload = record["workloads"][name]
            wanted = workload["wanted"] if threads is DEFAULT else None
            found.append(Row(workload, ours[0], rival, of_peak, wanted))
    return found


def thread_settings(record):
    """Return the numbers of threads that were measured, the default first."""
    return [each for each in (DEFAULT, ONE) if each in {r["threads"] for r in record["results"]}]


def name_of(threads, record):
    """Return what a number of threads is called in a heading."""
    return "1 thread" if threads else f"default threads ({record['threads']})"


def setting(cell):
    """Return who the rival is, and whether with one thread."""
    return cell["peer"] + (", 1 thread" if cell["threads"] else "")


def time(microseconds):
    """Return a time with three digits and more."""
    digits = 2 if microseconds < 10 else 1 if microseconds < 100 else 0
    return f"{microseconds:,.{digits}f}"


def verdict(row):
    """Return a word where we are slower, or not as far ahead as is wanted."""
    if row.ratio < 1:
        return "SLOWER"
    return "missed" if row.ratio < (row.wanted or 0) else ""


HEADS = {
    "training": "One training step, microseconds",
    "inference": "Prediction through Python, NumPy in and out, microseconds",
}


def comparison(record, task, threads):
    """Return the table against the best rival: a list of lines of cells, the head first."""
    kind = "f, cost, optimizer" if task == "training" else "f"
    table = [["workload", "layers", "batch", kind, "chainrule", "best rival", "",
              "ratio", "of medians", "wanted", "of peak", ""]]  # fmt: skip
    for row in rows(record, task, threads):
        workload = row.workload
        table.append([
            row.ours["workload"],
            "-".join(map(str, workload["layers"])),
            str(workload["batch"]),
            ", ".join(filter(None, (workload[key] for key in ("activation", "loss", "optimizer"))))
            if task == "training" else workload["activation"],
            time(row.ours["min"]),
            time(row.rival["min"]),
            setting(row.rival),
            f"{row.ratio:.2f}",
            f"{row.median_ratio:.2f}",
            f"{row.wanted:.2f}" if row.wanted else "",
            f"{row.of_peak:.0%}",
            verdict(row),
        ])  # fmt: skip
    return table


def everything(record, task, threads):
    """Return the table of all libraries: the best round of each."""
    cells = [r for r in record["results"] if r["task"] == task and r["threads"] == threads]
    peers = list(dict.fromkeys(r["peer"] for r in cells))
    times = {(r["workload"], r["peer"]): time(r["min"]) for r in cells}
    table = [["workload", *peers]]
    for name in dict.fromkeys(r["workload"] for r in cells):
        table.append([name, *(times.get((name, peer), "") for peer in peers)])
    return table


def whole_process(record):
    """Return the table of whole processes."""
    table = [["library", "seconds", "median", "epochs", "test accuracy", "peak memory, MB"]]
    for r in record.get("whole_process", []):
        table.append([
            r["peer"], f"{r['seconds']:.2f}", f"{r['median']:.2f}", str(r["epochs"]),
            f"{r['accuracy']:.2%}", f"{r['megabytes']:.0f}",
        ])  # fmt: skip
    return table


def text(table):
    """Return a table in aligned columns: words to the left, numbers to the right."""
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [any(cell[:1].isdigit() for cell in column[1:]) for column in columns]
    lines = []
    for line in table:
        cells = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(table):
    """Return a table as Markdown."""
    lines = [table[0], ["---"] * len(table[0]), *table[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render(record, table_of, heading):
    """Return all tables under their headings."""
    parts = []
    tasks = [task for task in HEADS if any(r["task"] == task for r in record["results"])]
    for task in tasks:
        for threads in thread_settings(record):
            name = name_of(threads, record)
            parts.append(heading(f"{HEADS[task]}, {name}"))
            parts.append(table_of(comparison(record, task, threads)))
    for task in tasks:
        for threads in thread_settings(record):
            parts.append(heading(f"All libraries: {task}, {name_of(threads, record)}"))
            parts.append(table_of(everything(record, task, threads)))
    if record.get("whole_process"):
        parts.append(heading("Whole process: MNIST to 97.5 % test accuracy"))
        parts.append(table_of(whole_process(record)))
    return "\n\n".join([machine(record), *parts, losses(record)])


def machine(record):
    """Return where and what was measured, in a few lines."""
    peaks = ", ".join(
        f"{rate:.0f} GFLOP/s with {name}"
        + (f" ({record['threads']})" if name == "default" else " thread")
        for name, rate in record["peak_gflops"].items()
    )
    versions = {name: v for each in record["versions"].values() for name, v in each.items()
                if name not in ("blas", "target")}  # fmt: skip
    lines = [
        f"{record['cpu']}, {record['system']}, Python {record['python']}",
        f"kernels {record['config']['cpu']}, compiler {record['compiler'] or 'not known'}, "
        f"commit {record['commit'] or 'not known'}",
        f"{record['peak_source']} in float32: {peaks}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"best of {record['rounds']} rounds in turn, {record['minutes']:.1f} minutes in all, "
        f"{record['date']}",
    ]
    return "\n".join(lines)


def losses(record):
    """Return where we are slower than a rival, or short of what is wanted, in plain words."""
    lines = []
    for threads in thread_settings(record):
        found = [row for task in HEADS for row in rows(record, task, threads)]
        for word, what in (("SLOWER", "slower than the best rival"), ("missed", "short of wanted")):
            names = [
                f"{row.ours['workload']} {row.ratio:.2f}" for row in found if verdict(row) == word
            ]
            lines.append(f"{name_of(threads, record)}, {what}: {', '.join(names) or 'nowhere'}")
    return "\n".join(lines)


def as_text(record):
    """Return all tables for a terminal."""
    return render(record, text, lambda title: f"{title}\n{'-' * len(title)}")


def as_markdown(record):
    """Return all tables as Markdown, for docs/performance.md."""
    return render(record, markdown, lambda title: f"### {title}")


def main():
    """Print the tables of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="what `compare.py --json` wrote")
    parser.add_argument("--markdown", action="store_true", help="as Markdown")
    arguments = parser.parse_args()
    record = json.loads(arguments.results.read_text())
    print((as_markdown if arguments.markdown else as_text)(record))


if __name__ == "__main__":
    main()
