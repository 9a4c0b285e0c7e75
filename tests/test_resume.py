"""Trainings that are cut and resumed from a checkpoint: the bits of one that was never cut."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import random
import signal
import subprocess
import sys
import textwrap
from itertools import count

import numpy as np
import pytest

import chainrule as cr
from child_processes import environment_with
from resumed_trainings import (
    EVERY_STEP,
    PATIENT,
    WEIGHT,
    X,
    Y,
    checkpoints,
    fit,
    network,
    result,
    rng,
)
from support import DTYPES, squares


def halves(step, epoch):
    return 0.1 * 0.5 ** (step // 4)


OPTIMIZERS = {
    "adam": lambda: cr.Adam(0.05),
    "everything": lambda: cr.Adam(
        cr.WarmUp(4, cr.CosineDecay(0.1, 15)), clip_norm=0.5, clip_value=0.3, accumulate=3, ema=0.9
    ),
    "plateau": lambda: cr.SGD(cr.ReduceOnPlateau(0.2, patience=0), momentum=0.9, nesterov=True),
    "function": lambda: cr.RMSprop(halves),
    "nadam": lambda: cr.NAdam(0.05),
    "rprop": lambda: cr.Rprop(0.01),
}
OPTIONS = {
    "plain": {},
    "early stopping": {"validation_split": 0.2, "stop": [PATIENT], "epochs": None},
    "metrics": {
        "validation_data": (X[:20], Y[:20]),
        "metrics": ["r2", "mae"],
        "gradient_norm": True,
        "sample_weight": WEIGHT,
    },
    "restore": {"on_divergence": "restore", "stop": [cr.TimeLimit(1e6)], "batch_size": 11},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cut_after_every_step(dtype, optimizer, options, tmp_path):
    make, options = OPTIMIZERS[optimizer], OPTIONS[options]
    if optimizer == "rprop" and "on_divergence" in options:
        pytest.skip("its rate cannot be halved")
    expected = fit(network(dtype), make(), **options)
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_seconds=EVERY_STEP, keep=200)
    net = network(dtype)
    assert fit(net, make(), callbacks=save, **options) == expected
    paths = checkpoints(tmp_path, 200)
    # One for each step but the last of an epoch, and one for each epoch.
    assert len(paths) == net._steps_made
    for path in paths:
        assert fit(network(dtype), make(), resume=path, **options) == expected, path


def test_cut_with_a_cost_of_the_users_own(tmp_path):
    expected = fit(network(loss=squares), cr.Adam())
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_seconds=EVERY_STEP, keep=20)
    fit(network(loss=squares), cr.Adam(), callbacks=save)
    for path in checkpoints(tmp_path, 20):
        assert fit(network(loss=squares), cr.Adam(), resume=path) == expected


@pytest.mark.parametrize("plan", ["rows", "columns"], indirect=True)
@pytest.mark.usefixtures("plan")
def test_cut_between_numbers_of_threads(tmp_path):
    x, y = rng.normal(size=(900, 48)), rng.normal(size=(900, 2))

    def trained(threads, **options):
        layers = [cr.Input(48), cr.Dense(128, "tanh"), cr.Dense(96, "tanh"), cr.Dense(2)]
        net, optimizer = cr.Network(layers, rng=3), cr.Adam(0.01)
        with cr.threads(threads):
            assert net.plan(300)["threads"] == threads
            net.fit(x, y, optimizer=optimizer, batch_size=300, **options)
        return result(net, optimizer)

    expected = trained(1, epochs=3)
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_seconds=EVERY_STEP, keep=9)
    trained(3, epochs=2, callbacks=save)
    paths = checkpoints(tmp_path, 9)
    assert len(paths) == 6
    for threads, path in zip((1, 2, 3, 4, 2, 1), paths, strict=True):
        assert trained(threads, epochs=3, resume=path) == expected


def test_epochs_count_the_whole_run(tmp_path):
    path = tmp_path / "run.safetensors"
    fit(network(), cr.Adam(), epochs=3, callbacks=cr.Checkpoint(path))
    net, optimizer = network(), cr.Adam()
    assert fit(net, optimizer, epochs=6, resume=path) == fit(network(), cr.Adam(), epochs=6)
    assert len(net.history.cost) == 6
    assert optimizer.epochs == 6


def test_a_finished_run_is_finished(tmp_path):
    path = tmp_path / "run.safetensors"
    options = OPTIONS["early stopping"]
    expected = fit(network(), cr.Adam(0.05), callbacks=cr.Checkpoint(path), **options)
    assert fit(network(), cr.Adam(0.05), resume=path, **options) == expected


def test_every_so_many_epochs_and_the_last_one(tmp_path):
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_epochs=3, keep=9)
    fit(network(), cr.Adam(), epochs=7, callbacks=[save])
    epochs = [cr.inspect(path).description["parts"][2] for path in checkpoints(tmp_path, 9)]
    assert [part["numbers"]["epoch"] for _, part in epochs] == [3, 6, 7]


def test_the_seed_is_that_of_the_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    first = network(seed=None)
    fit(first, cr.Adam(), epochs=2, validation_split=0.2, callbacks=cr.Checkpoint(path))
    second = network(seed=None)
    assert second.seed != first.seed
    resumed = fit(second, cr.Adam(), epochs=4, validation_split=0.2, resume=path)
    expected = fit(network(seed=first.seed), cr.Adam(), epochs=4, validation_split=0.2)
    assert resumed == expected


def test_resumed_runs_have_checkpoints(tmp_path):
    path = tmp_path / "run.safetensors"
    for epochs in range(1, 5):
        resume = path if epochs > 1 else None
        last = fit(
            network(), cr.Adam(), epochs=epochs, resume=resume, callbacks=cr.Checkpoint(path)
        )
    assert last == fit(network(), cr.Adam())


def test_a_network_loads_from_a_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    net, optimizer = network(), OPTIMIZERS["everything"]()
    fit(net, optimizer, epochs=2, callbacks=cr.Checkpoint(path))
    loaded = cr.Network.load(path)
    assert loaded.predict(X).tobytes() == net.predict(X).tobytes()
    assert loaded.predict(X, ema=True).tobytes() == net.predict(X, ema=True).tobytes()
    assert repr(loaded.optimizer) == repr(optimizer)
    again = fit(loaded, loaded.optimizer, epochs=2)
    assert again[0] == fit(net, optimizer, epochs=2)[0]


def not_a_number(s, y):
    return float("nan")


def minus_infinity(s, y):
    return float("-inf")


@pytest.mark.parametrize("metric", [not_a_number, minus_infinity])
@pytest.mark.parametrize("restore_best", [True, False])
def test_a_monitor_that_is_no_finite_number(metric, restore_best, tmp_path):
    stop = cr.NoImprovement(monitor="m", mode="min", restore_best=restore_best)
    options = {"stop": stop, "metrics": cr.Metric(metric, name="m", better="min"), "epochs": 4}
    expected = fit(network(), cr.Adam(), **options)
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_seconds=EVERY_STEP, keep=30)
    fit(network(), cr.Adam(), callbacks=save, **options)
    for path in checkpoints(tmp_path, 30):
        assert repr(fit(network(), cr.Adam(), resume=path, **options)) == repr(expected)


class StopsAt:
    """A callback that ends a training after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, network, record):
        return record.step == self.step


def test_a_training_that_is_stopped_within_an_epoch_has_a_checkpoint(tmp_path):
    """What a callback has ended goes on, with other callbacks or none."""
    path = tmp_path / "run.safetensors"
    save = cr.Checkpoint(path, every_epochs=10)
    net = network()
    fit(net, cr.Adam(), callbacks=[StopsAt(99), StopsAt(8), save])
    assert net._steps_made == 8
    assert part(cr.inspect(path), "position")["steps"] == 8
    assert fit(network(), cr.Adam(), resume=path) == fit(network(), cr.Adam())
    net = network()
    fit(net, cr.Adam(), resume=path, callbacks=[StopsAt(11)], progress=True)
    assert net._steps_made == 11


def test_what_a_condition_has_ended_has_ended(tmp_path):
    path = tmp_path / "run.safetensors"
    options = {"stop": cr.TimeLimit(1e-9), "epochs": None}
    expected = fit(network(), cr.Adam(), callbacks=cr.Checkpoint(path), **options)
    assert expected[4][1] == 1  # step
    assert fit(network(), cr.Adam(), resume=path, **options) == expected


def part(contents, role):
    (found,) = [each for of, each in contents.description["parts"] if of == role]
    return found["numbers"]


def test_the_last_checkpoint_has_the_last_weights(tmp_path):
    path = tmp_path / "run.safetensors"
    net, last = network(), network()
    stop = cr.NoImprovement(restore_best=True)
    fit(net, cr.SGD(0.5), epochs=3, stop=stop, callbacks=cr.Checkpoint(path))
    assert np.argmin(net.history.cost) < 2
    fit(last, cr.SGD(0.5), epochs=3)
    assert net.parameters.tobytes() != last.parameters.tobytes()
    assert cr.Network.load(path).parameters.tobytes() == last.parameters.tobytes()


def test_the_same_objects_after_a_rate_was_halved(tmp_path):
    """The checkpoint is older than the divergence: the rate is that of the checkpoint again."""
    path = tmp_path / "run.safetensors"

    class Diverges:
        calls = 0

        def on_epoch_end(self, network, record):
            if record.epoch == 3:
                raise KeyboardInterrupt

    net, optimizer = network(), cr.SGD(0.05)
    options = {"on_divergence": "restore", "epochs": 5}
    save = cr.Checkpoint(path, every_epochs=2)
    with pytest.raises(KeyboardInterrupt):
        fit(net, optimizer, callbacks=[Diverges(), save], **options)
    optimizer.learning_rate = 0.025  # as a divergence since would have done
    expected = fit(network(), cr.SGD(0.05), **options)
    assert fit(net, optimizer, resume=path, **options) == expected


def test_a_relative_path_is_that_of_the_beginning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("elsewhere")

    class Moves:
        def on_epoch_end(self, network, record):
            os.chdir(tmp_path / "elsewhere")

    fit(network(), cr.Adam(), callbacks=[Moves(), cr.Checkpoint("run.safetensors", keep=2)])
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "run.1.safetensors", "run.safetensors"]
    assert not os.listdir(tmp_path / "elsewhere")


def test_a_class_of_the_users_own_is_a_callback_too(tmp_path):
    epochs = []

    class Counts(cr.Checkpoint):
        def on_epoch_end(self, network, record):
            epochs.append(record.epoch)

    fit(network(), cr.Adam(), callbacks=Counts(bytes(tmp_path / "run")))
    assert epochs == [1, 2, 3, 4]
    assert os.listdir(tmp_path) == ["run"]


CHILD = """
    import sys
    import numpy as np
    import chainrule as cr

    folder, resume = sys.argv[1], sys.argv[2] == "resume"
    path = folder + "/run.safetensors"
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4000, 30)), rng.normal(size=(4000, 2))
    layers = [cr.Input(30), cr.Dense(40, "relu"), cr.Dropout(0.2), cr.Dense(2)]
    net = cr.Network(layers, rng=1)
    print("trains", flush=True)
    net.fit(
        x, y, epochs=int(sys.argv[3]), batch_size=20, validation_split=0.1,
        optimizer=cr.Adam(cr.CosineDecay(0.01, 3000), ema=0.99),
        callbacks=cr.Checkpoint(path, every_seconds=0.01), resume=path if resume else None,
    )
    print(net.parameters.tobytes().hex(), net.average.tobytes().hex(), net.history.cost)
"""


def start(folder, how, epochs):
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(folder), how, str(epochs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment_with())


def test_killed_at_random_moments(tmp_path):
    """A run that is killed again and again, and resumed each time, ends as one that is not."""
    epochs, moments = 30, random.Random(5)
    (tmp_path / "whole").mkdir()
    with start(tmp_path / "whole", "begin", epochs) as whole:
        expected = whole.stdout.read()
    path = tmp_path / "run.safetensors"
    for kills in count():
        with start(tmp_path, "resume" if path.exists() else "begin", epochs) as child:
            assert child.stdout.readline() == "trains\n"
            before = path.stat().st_mtime_ns if path.exists() else None
            # Once it has come further: the run ends whatever the moments are.
            while child.poll() is None and (
                not path.exists() or path.stat().st_mtime_ns == before or moments.random() < 0.9998
            ):
                if kills == 6:
                    break
            if kills == 6:
                left = child.stdout.read()
                break
            child.send_signal(signal.SIGKILL)
    assert f"trains\n{left}" == expected
    assert not [each for each in os.listdir(tmp_path) if each.endswith(".tmp")]


def test_what_the_network_was_before_does_not_matter(tmp_path):
    """It has another seed, and an average; the checkpoint was made before there was one."""
    make = OPTIMIZERS["everything"]
    expected = fit(network(), make())
    save = cr.Checkpoint(tmp_path / "run.safetensors", every_seconds=EVERY_STEP, keep=30)
    fit(network(), make(), callbacks=save)
    for path in checkpoints(tmp_path, 30)[:4]:
        net, optimizer = network(seed=9), make()
        fit(net, optimizer, epochs=2)
        assert fit(net, optimizer, resume=path) == expected


def test_a_callback_may_save_network_and_optimizer(tmp_path):
    path = tmp_path / "net"

    class Saves:
        def on_epoch_end(self, network, record):
            network.save(path, include_optimizer=True)

    net = network()
    fit(net, cr.Adam(), callbacks=Saves())
    loaded = cr.Network.load(path)
    assert loaded.optimizer.steps == 20
    assert loaded.parameters.tobytes() == net.parameters.tobytes()
