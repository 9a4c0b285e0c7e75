"""A second thread must not cost time: python benchmarks/two_threads.py.

Each workload with one thread and with two, in turn; an error where two take over 5 % longer. Needs
two CPUs that do nothing else.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import sys
from functools import partial
from time import perf_counter

import tables
from networks import network, optimizer
from workloads import PREDICTION, TRAINING

import chainrule as cr

ALLOWED = 1.05  # times as long with two threads
ROUNDS = 7
RUN = 0.02  # seconds of one run at least
TRIES = 3  # of a workload that is beyond: whatever else the machine does may hit one side


def job(workload):
    """Return what is timed: an epoch of training, or a prediction."""
    net = network(workload)
    if not workload.optimizer:
        x, _ = workload.samples(workload.batch)
        return partial(net.predict, x)
    x, y = workload.samples(workload.steps * workload.batch)
    return partial(net.fit, x, y, optimizer=optimizer(workload), batch_size=workload.batch)


def seconds(work, calls, threads):
    """Return how long one of so many calls takes."""
    with cr.threads(threads):
        work()  # wakes the threads, and makes a plan
        start = perf_counter()
        for _ in range(calls):
            work()
        return (perf_counter() - start) / calls


def best(work):
    """Return the best times with one thread and with two."""
    calls = 1
    while seconds(work, calls, 1) * calls < RUN:
        calls *= 2
    times = {1: [], 2: []}
    for _ in range(ROUNDS):
        for threads, of_threads in times.items():
            of_threads.append(seconds(work, calls, threads))
    return [min(each) for each in times.values()]


def measure(workload):
    """Return the row of a workload, and whether the second thread is allowed."""
    work = job(workload)
    for _ in range(TRIES):
        one, two = best(work)
        if two <= ALLOWED * one:
            break
    slower = two > ALLOWED * one
    row = [workload.name, tables.time(1e6 * one), tables.time(1e6 * two), f"{two / one:.2f}"]
    return [*row, "SLOWER" if slower else ""], not slower


def main():
    """Measure all workloads and print a table; return 1 where a second thread costs time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="the large workloads too")
    large = parser.parse_args().large
    # An epoch of the workload "large" alone takes half a second.
    workloads = [each for each in TRAINING + PREDICTION if large or not each.is_large]
    rows, allowed = zip(*map(measure, workloads), strict=True)
    head = ["microseconds a call", "1 thread", "2 threads", "ratio", ""]
    print(tables.text([head, *rows]))
    return 0 if all(allowed) else 1


if __name__ == "__main__":
    sys.exit(main())
