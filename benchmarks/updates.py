"""How fast the optimizers pass over memory: python benchmarks/updates.py.

A Markdown table: gigabytes a second that each update reads and writes (weights, gradient, states)
where these do not fit the caches, and percent of what the plainest pass that reads, changes and
writes (g := c g) reaches on as much memory. The core holds the clock. The two are measured in turn,
several times, and the best of each counts.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse

import numpy as np
import tables

import chainrule as cr
from chainrule import _core

OPTIMIZERS = {
    "SGD": cr.SGD(),
    "SGD, momentum": cr.SGD(momentum=0.9),
    "SGD, nesterov, weight decay": cr.SGD(momentum=0.9, nesterov=True, weight_decay=0.01),
    "RMSprop": cr.RMSprop(),
    "RMSprop, centered, momentum": cr.RMSprop(centered=True, momentum=0.9),
    "Adagrad": cr.Adagrad(),
    "Adadelta": cr.Adadelta(),
    "Adam": cr.Adam(),
    "Adam, amsgrad": cr.Adam(amsgrad=True),
    "AdamW": cr.AdamW(),
    "NAdam": cr.NAdam(),
    "RAdam": cr.RAdam(),
    "Lion": cr.Lion(),
    "Rprop": cr.Rprop(),
}


def rates(optimizer, count, dtype, threads):
    """Return gigabytes a second of an optimizer's update, and of the plainest pass beside it."""
    seconds, n_bytes = _core.pass_time(optimizer._spec(), count, dtype, threads)
    passes = n_bytes // (count * np.dtype(dtype).itemsize)
    arrays = (passes + 1) // 2  # all are read, and all but the gradient written
    of_plainest, n_bytes_of_plainest = _core.pass_time(None, count * arrays, dtype, threads)
    return n_bytes / seconds / 1e9, n_bytes_of_plainest / of_plainest / 1e9


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2**23, help="weights, 2^23 by default")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    best = {}
    for _ in range(arguments.rounds):
        for name, optimizer in OPTIMIZERS.items():
            for threads in arguments.threads:
                found = rates(optimizer, arguments.count, arguments.dtype, threads)
                best[name, threads] = np.maximum(best.get((name, threads), 0), found)
    heads = [f"GB/s, {n} thread{'s' * (n > 1)}" for n in arguments.threads]
    table = [[f"{arguments.count} weights, {arguments.dtype}", *heads]]
    for name in OPTIMIZERS:
        cells = [best[name, threads] for threads in arguments.threads]
        table.append([name, *(f"{own:.1f} ({own / plainest:.0%})" for own, plainest in cells)])
    print(tables.markdown(table))


if __name__ == "__main__":
    main()
