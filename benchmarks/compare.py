"""Measure chainrule and its rivals side by side: python benchmarks/compare.py --json FILE.

Each library with each number of threads has a process of its own; they are measured in turn, round
by round. Only times of one run, on a machine that does nothing else, can be compared.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import json
import platform
import re
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from time import perf_counter

import tables
import whole_process
from workloads import PREDICTION, TRAINING, WANTED

import chainrule as cr
from chainrule import _core
from chainrule.bench import PEERS, Race, cpu, peak

WORKLOADS = {each.name: each for each in TRAINING + PREDICTION}
USUAL = [peer for peer in PEERS if peer != "torch-compile"]
THREADS = {"default": None, "1": 1}


def commit():
    """Return the commit of this checkout, with a plus if files were changed."""
    here = Path(__file__).parent

    def git(*command):
        return subprocess.run(
            ["git", "-C", here, *command], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--short") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def compiler():
    """Return the compiler of the core, which leaves its name in what it makes."""
    found = re.search(
        rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", Path(_core.__file__).read_bytes()
    )
    return found and found[0].decode()


def measure(arguments):
    """Run all that was asked for and return the record."""
    cells, start = [], perf_counter()
    with Race(arguments.peers, [THREADS[each] for each in arguments.threads]) as race:
        for peer, reason in race.missing.items():
            print(f"{peer} is left out: {reason}", flush=True)
        for i, name in enumerate(arguments.workloads, start=1):
            cells += race.run(WORKLOADS[name], arguments.seconds, arguments.rounds)
            done = f"{i} of {len(arguments.workloads)} after {perf_counter() - start:.0f} s"
            print(f"{done}: {name}", flush=True)
        versions = race.versions
    for failure in race.failures:
        print(f"FAILED: {failure}", flush=True)
    return {
        "date": date.today().isoformat(),
        "commit": commit(),
        "compiler": compiler(),
        "cpu": cpu(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "threads": cr.get_num_threads(),
        "config": cr.show_config(),
        "versions": versions,
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "peak_gflops": {each: peak(THREADS[each]) for each in arguments.threads},
        "peak_source": "FMA peak",
        "workloads": {
            name: asdict(WORKLOADS[name]) | {"wanted": WANTED.get(name)}
            for name in arguments.workloads
        },
        "results": [cell.record() for cell in cells],
        "failures": race.failures,
    }


def main():
    """Read the arguments, measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=USUAL)
    parser.add_argument("--threads", nargs="+", choices=THREADS, default=list(THREADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.7, help="for each time in the tables")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--mnist", help="run whole_process.py, too, with the data in this folder")
    arguments = parser.parse_args()
    if "chainrule" not in arguments.peers or len(arguments.peers) < 2:
        parser.error("--peers needs chainrule and a rival")
    start = perf_counter()
    record = measure(arguments)
    if arguments.mnist:
        record["whole_process"] = whole_process.measure(folder=arguments.mnist)
    record["minutes"] = (perf_counter() - start) / 60
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1))
    print((tables.as_markdown if arguments.markdown else tables.as_text)(record))
    return 1 if record["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
