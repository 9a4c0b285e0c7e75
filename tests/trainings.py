"""Trainings whose bits are compared between numbers of threads, CPU targets, products and machines.

As a script it calls one of its functions in a process of its own and prints the result as JSON:
``python trainings.py digests '[["rows-mse-sgd-float32"], [1, 8]]'``.
"""
# SPDX-License-Identifier: BSD-3-Clause

import json
import subprocess
import sys
import zlib
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, product, zip_longest

import numpy as np

import chainrule as cr
from all_members import make
from chainrule import _core
from chainrule.optimizers import Optimizer
from child_processes import environment_with
from reference import LOSSES
from support import DTYPES, squares, tamed
from support import OUTPUTS as TAKEN

HIDDEN = [f for f in _core.activations() if f != "softmax"]
NAMED = {
    "sgd": lambda: cr.SGD(0.05),
    "momentum": lambda: cr.SGD(0.02, momentum=0.75),
    "nesterov": lambda: cr.SGD(0.02, momentum=0.75, nesterov=True),
    "adam": lambda: cr.Adam(0.01),
    "clipped": lambda: cr.SGD(0.05, momentum=0.5, clip_norm=0.05),
}
# Any other one with its defaults.
OTHERS = {
    kind._name: kind for kind in Optimizer.__subclasses__() if kind._name not in ("sgd", "adam")
}
OPTIMIZERS = NAMED | OTHERS
# Options of the training of the dense layers, as far as there are some.
PENALIZED = ({"l1": 1e-4, "l2": 2e-3, "max_norm": 0.8}, {"l2": 1e-3, "learning_rate_factor": 0.5})
OPTIONS = {"none": (), "penalized": PENALIZED, "frozen": ({"trainable": False}, *PENALIZED)}


def outputs_of(loss):
    """Return the outputs that a loss takes; the first of them is another one for each loss."""
    i = _core.losses().index(loss) % len(TAKEN[loss])
    return [*TAKEN[loss][i:], *TAKEN[loss][:i]]


OUTPUTS = {loss: outputs_of(loss) for loss in _core.losses()}


def numbers(rows, cols, salt):
    """Return a matrix of numbers from -1 to 1, exact in float32, the same in any language."""
    i, j = np.ogrid[:rows, :cols]
    return ((i + 3) * (j + 7) * (i + 5 * j + salt) % 127 - 63) / 64


@dataclass(frozen=True)
class Training:
    """A network, its samples and an optimizer; tests/cpp/test_golden.cpp has four of them too."""

    name: str
    sizes: tuple
    activations: tuple
    loss: str
    optimizer: str
    dtype: str
    n: int
    batch: int
    epochs: int = 1
    init: str = "glorot_uniform"
    weighted: bool = True
    stages: bool = False  # one of each before the first dense layer, and before the last one
    options: str = "none"  # in OPTIONS

    def network(self):
        dense = [
            cr.Dense(n, f, init=self.init, **options)
            for n, f, options in zip_longest(
                self.sizes[1:], self.activations, OPTIONS[self.options], fillvalue={}
            )
        ]
        stages = [make("stages", name) for name in _core.stages()] if self.stages else []
        layers = [cr.Input(self.sizes[0]), *stages, *dense[:-1], *stages, dense[-1]]
        loss = squares if self.loss == "squares" else self.loss
        return tamed(cr.Network(layers, loss=loss, dtype=self.dtype, rng=1))

    @cache  # noqa: B019 - the trainings live as long as the process
    def samples(self):
        """Return x, y and the weights of the samples."""
        i, n_out = np.arange(self.n), self.sizes[-1]
        y = numbers(self.n, n_out, 2)
        takes = LOSSES[self.loss].takes if self.loss in LOSSES else "real"
        if takes == "in [0, 1]":
            y = (y + 1) / 2
        elif takes == "not negative":
            y = y + 1
        elif takes == "-1 or 1":
            y = np.copysign(1, y)
        elif takes == "distribution":
            y = (i * i + 3 * i) % n_out
            if self.dtype == "float64":  # as probabilities
                y = 0.75 * np.eye(n_out)[y] + 0.25 * np.eye(n_out)[(y + 1) % n_out]
        weight = i * 5 % 7 / 4 if self.weighted and self.loss != "squares" else None
        return numbers(self.n, self.sizes[0], 1), y, weight

    def run(self):
        """Train, do everything else that a network does, and return the bytes that came out."""
        net, optimizer = self.network(), OPTIMIZERS[self.optimizer]()
        x, y, weight = self.samples()
        first = x[: self.batch], y[: self.batch]
        history = net.fit(
            x,
            y,
            optimizer=optimizer,
            epochs=self.epochs,
            batch_size=self.batch,
            sample_weight=weight,
            validation_data=(x, y),
        )
        step = net.train_step(*first, optimizer)
        value, gradient = net.value_and_grad(*first)
        costs = [*history.cost, *history.validation_cost, step, value, net.cost(x, y)]
        assert np.isfinite(costs).all()
        return {
            "parameters": net.parameters.tobytes(),
            "gradient": gradient.tobytes(),
            "costs": np.array(costs).tobytes(),
            "predictions": net.predict(x).tobytes(),
        }

    def digest(self):
        return {part: f"{zlib.crc32(data):08x}" for part, data in self.run().items()}


def trainings_of(plan, cases, sizes, **kwargs):
    """Yield a training for each (loss, optimizer, dtype), all activations in turn."""
    for i, (loss, optimizer, dtype) in enumerate(cases):
        widths = sizes[dtype]
        first = i % len(HIDDEN)
        hidden = HIDDEN[first:] + HIDDEN[:first]
        last = OUTPUTS.get(loss, ["tanh"])
        activations = (*hidden[: len(widths) - 2], last[i // 2 % len(last)])
        name = f"{plan}-{loss}-{optimizer}-{dtype}"
        yield Training(name, widths, activations, loss, optimizer, dtype, **kwargs)


# The first losses with some optimizers, the others with two; the other optimizers with one loss.
# Both dtypes meet every one of each.
CASES = [
    (loss, optimizer, DTYPES[(i + j) % 2])
    for i, loss in enumerate(OUTPUTS)
    for j, optimizer in enumerate(NAMED)
    if i < 4 or j in (0, 3)
]
CASES += [
    (list(OUTPUTS)[i % 4], optimizer, dtype)
    for i, (optimizer, dtype) in enumerate(product(OTHERS, DTYPES))
]
# A cost of the user's own.
CUSTOM = [("squares", optimizer, DTYPES[i % 2]) for i, optimizer in enumerate(OPTIMIZERS)]
# Large enough for eight threads; few weights.
NARROW = list(
    trainings_of(
        "narrow",
        CASES,
        dict.fromkeys(DTYPES, (20, 60, 40, 10)),
        n=610,
        batch=600,
    )
)
# Without weights, several steps are made in one go; with so few neurons, one number at a time.
ONE_SAMPLE = [
    *trainings_of(
        "one-sample",
        product(OUTPUTS, ["adam"], DTYPES),
        dict.fromkeys(DTYPES, (20, 60, 40, 10)),
        n=30,
        batch=1,
    ),
    *trainings_of(
        "steps-of-one-sample",
        CASES,
        dict.fromkeys(DTYPES, (20, 60, 40, 10)),
        n=37,
        batch=1,
        weighted=False,
    ),
    *trainings_of(
        "few-neurons",
        CASES,
        dict.fromkeys(DTYPES, (4, 3, 2)),
        n=37,
        batch=1,
        weighted=False,
    ),
]
# Large enough for eight threads.
ROWS = list(
    trainings_of(
        "rows",
        [*CASES, *CUSTOM],
        dict.fromkeys(DTYPES, (48, 128, 96, 10)),
        n=310,
        batch=300,
    )
)
# Parameters that no cache holds.
COLUMNS = list(
    trainings_of(
        "columns",
        [
            (loss, list(OPTIMIZERS)[i % len(OPTIMIZERS)], dtype)
            for i, (loss, dtype) in enumerate(product([*OUTPUTS, "squares"], DTYPES))
        ],
        {"float32": (700, 800, 700, 3), "float64": (600, 800, 60, 3)},
        n=20,
        batch=16,
    )
)
# A softmax inside.
LAYERWISE = [
    Training(
        f"softmax-inside-{loss}-{dtype}",
        (12, 40, 30, 4),
        ("tanh", "softmax", OUTPUTS.get(loss, ["tanh"])[0]),
        loss,
        optimizer,
        dtype,
        n=70,
        batch=32,
    )
    for optimizer, (loss, dtype) in zip(
        ["momentum", "clipped"] * len(CASES), product([*OUTPUTS, "squares"], DTYPES), strict=False
    )
]
# Layers between dense ones; both dtypes in each plan, and a cost of the user's own.
STAGES = [
    replace(each, name=each.name.replace("-", "-stages-", 1), stages=True)
    for each in (*ROWS[:4], ROWS[-2], *COLUMNS[:2], *LAYERWISE[:2])
]
# Options of the weights; batches of one sample, too, which then have no kernel of their own.
WEIGHTS = [
    replace(each, name=each.name.replace("-", f"-{name}-", 1), options=name)
    for each in (NARROW[3], ONE_SAMPLE[8], ROWS[0], ROWS[3], ROWS[-1], *COLUMNS[:2], LAYERWISE[1])
    for name in OPTIONS
    if name != "none"
]
# Whose bits are the same for ever: one for each plan, and for steps of one sample.
GOLDEN = [
    Training(
        "golden_one_sample",
        (4, 2, 2, 1),
        ("sigmoid", "sigmoid", "identity"),
        "mse",
        "momentum",
        "float32",
        n=50,
        batch=1,
        epochs=4,
        weighted=False,
    ),
    Training(
        "golden_narrow",
        (20, 70, 50, 10),
        ("relu", "tanh", "softmax"),
        "cross_entropy",
        "adam",
        "float32",
        n=610,
        batch=250,
        epochs=3,
        init="he_normal",
    ),
    Training(
        "golden_rows",
        (20, 90, 70, 10),
        ("relu", "tanh", "softmax"),
        "cross_entropy",
        "adam",
        "float32",
        n=610,
        batch=250,
        epochs=3,
        init="he_normal",
    ),
    Training(
        "golden_columns",
        (600, 800, 60, 3),
        ("sigmoid", "tanh", "identity"),
        "mse",
        "nesterov",
        "float64",
        n=30,
        batch=20,
        epochs=2,
    ),
    Training(
        "golden_layerwise",
        (12, 40, 30, 4),
        ("tanh", "softmax", "sigmoid"),
        "binary_cross_entropy",
        "momentum",
        "float32",
        n=70,
        batch=32,
        epochs=5,
        init="uniform",
    ),
]
TRAININGS = {
    each.name: each
    for each in chain(GOLDEN, NARROW, ONE_SAMPLE, ROWS, COLUMNS, LAYERWISE, STAGES, WEIGHTS)
}


# ---- What a process of its own does --------------------------------------------------------------


def digests(names, threads):
    """Run trainings with each number of threads."""
    result = {}
    for name in names:
        training, by_threads = TRAININGS[name], {}
        for n in threads:
            with cr.threads(n):
                plan = training.network().plan(training.batch)
                by_threads[str(n)] = {"plan": plan, "digest": training.digest()}
        result[name] = by_threads
    return {"config": cr.show_config(), "trainings": result}


def rows_alone(names, threads):
    """Compare what each row of a batch gives with what it gives alone and in other batches.

    Returns the comparisons that failed, and how many there were.
    """
    wrong, count = [], 0
    for name in names:
        training = TRAININGS[name]
        net, n_in = training.network(), training.sizes[0]
        x = numbers(1030 if net.n_parameters < 100_000 else 70, n_in, 1)
        with cr.threads(1):
            expected = net.predict(x)
        out = np.empty_like(expected)
        for n, (first, last) in product(
            threads,
            [(0, len(x)), (0, 1), (7, 8), (2, 4), (3, 6), (5, 21), (1, 34), (0, 64), (4, 69)],
        ):
            part, count = x[first:last], count + 1
            with cr.threads(n):
                results = [net.predict(part), net.predict(part, out=out[first:last])]
                if len(part) == 1:
                    results.append(net.predict(part[0])[None])
            if any(each.tobytes() != expected[first:last].tobytes() for each in results):
                wrong.append([name, n, first, last])
    return {"config": cr.show_config(), "wrong": wrong, "count": count}


def digest_alone(name):
    """Run one training with as many threads as the process has."""
    training = TRAININGS[name]
    return {
        "threads": training.network().plan(training.batch)["threads"],
        "digest": training.digest(),
    }


def start(function, *arguments, **environment):
    """Call a function of this module in a new process, with only these settings of chainrule."""
    return subprocess.Popen(
        [sys.executable, __file__, function, json.dumps(arguments)],
        env=environment_with(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process):
    """Wait for what `start` has started, and return what the function returned."""
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(out)


def in_process(function, *arguments, **environment):
    return result_of(start(function, *arguments, **environment))


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
