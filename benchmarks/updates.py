"""How fast the optimizers pass over memory: python benchmarks/updates.py.

A Markdown table: gigabytes a second that each update reads and writes (weights, gradient, states)
on parameters larger than the caches, and percent of what the plainest pass that reads, changes and
writes reaches (g := c g). The core holds the clock. All are measured in turn, several times, and
the best of each counts.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse

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


def rate(optimizer, count, dtype, threads):
    """Return gigabytes a second of an optimizer's update or, for None, of the plainest pass."""
    spec = None if optimizer is None else optimizer._spec()
    seconds, n_bytes = _core.pass_time(spec, count, dtype, threads)
    return n_bytes / seconds / 1e9


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2**25, help="weights, 2^25 by default")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = {"g := c g": None, **OPTIMIZERS}
    best = {}
    for _ in range(arguments.rounds):
        for name, optimizer in rows.items():
            for threads in arguments.threads:
                found = rate(optimizer, arguments.count, arguments.dtype, threads)
                best[name, threads] = max(found, best.get((name, threads), 0))
    heads = [f"GB/s, {n} thread{'s' * (n > 1)}" for n in arguments.threads]
    table = [[f"{arguments.count} weights, {arguments.dtype}", *heads]]
    for name in rows:
        cells = [
            f"{best[name, n]:.1f} ({best[name, n] / best['g := c g', n]:.0%})"
            for n in arguments.threads
        ]
        table.append([name, *cells])
    print(tables.markdown(table))


if __name__ == "__main__":
    main()
