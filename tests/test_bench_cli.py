"""The command `chainrule bench`: its table, and that what it times has the right answers."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
import reference
from chainrule import bench, cli
from chainrule.bench import PEERS, Race, Workload, race, table
from chainrule.bench.answer import check, solve
from chainrule.bench.server import Server
from chainrule.bench.workload import RATES

pytestmark = pytest.mark.once

COMMAND = [sys.executable, "-m", "chainrule", "bench", "--seconds"]
posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")

SMALL = [
    Workload("sigmoid", (4, 2, 2, 1), 3, "sigmoid", "mse", "SGD", 5),
    Workload("tanh", (5, 7, 6, 3), 8, "tanh", "mse", "Adam", 4),
    Workload("relu", (17, 16, 15, 10), 16, "relu", "cross_entropy", "Adam", 3),
    Workload("few", (6, 8, 40), 4, "relu", "cross_entropy", "SGD", 4),  # fewer rows than classes
    Workload("one row", (6, 5, 4), 1, "relu"),
    Workload("rows", (6, 9, 4), 7, "tanh"),
]


def name_of(workload):
    return workload.name


@pytest.fixture(scope="module")
def shown():
    """Return what the command prints."""
    result = subprocess.run([*COMMAND, "0.5"], capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_table_has_a_line_for_each_workload(shown):
    lines = shown.splitlines()
    head = next(line for line in lines if line.startswith("microseconds"))
    peers = head.removesuffix("best rival / chainrule").split()[1:]
    assert peers[:2] == ["chainrule", "numpy"]
    ends = [head.index(f" {peer} ") + 1 + len(peer) for peer in peers]
    for workload in bench.WORKLOADS:
        line = next(line for line in lines if line.startswith(table.label(workload) + " "))
        times = [line[:end].rsplit(" ", 1)[-1] for end in ends]  # aligned to the right
        ours, *rivals = [float(time) if time else np.inf for time in times]
        ratio = re.search(r"([\d.]+) \((.+)\)$", line)
        assert ours > 0
        assert float(ratio[1]) == pytest.approx(min(rivals) / ours, abs=0.01, rel=0.1)
        assert ratio[2] in peers[1:]


def test_table_tells_what_was_measured(shown):
    config = cr.show_config()
    assert shown.startswith(f"chainrule {config['version']}, {config['threads']} threads, ")
    assert re.search(r"FMA peak: \d+ GFLOP/s; chainrule at \w+: \d+, ", shown)
    for peer in table.RIVALS:
        assert re.search(rf"^{peer} +(left out: |[\w-]+ \d)", shown, re.MULTILINE)


def reference_of(workload, data):
    """Return the network of the text book for a workload."""
    layers = [cr.Dense(n, workload.activation) for n in workload.layers[1:-1]]
    layers.append(cr.Dense(workload.layers[-1], workload.output))
    net = cr.Network([cr.Input(workload.layers[0]), *layers], loss=workload.loss, rng=0)
    net.parameters = data.parameters
    return reference.Network.from_chainrule(net)


@pytest.mark.parametrize("workload", [each for each in SMALL if each.optimizer], ids=name_of)
def test_plain_numpy_trains_right(workload):
    """What everybody is compared with agrees with the text book."""
    few = workload.checked()
    data, found = few.data(), solve(workload)
    expected = reference_of(few, data)
    updates = getattr(reference, few.optimizer)(learning_rate=RATES[few.optimizer])
    _, costs = reference.train(expected, updates, data.x, data.y, few.batch, few.order(1))
    np.testing.assert_allclose(found[-1], costs[-1], rtol=1e-5)
    assert not np.array_equal(found[:-1], data.parameters)
    check(workload, found[:-1], expected.parameters, data.parameters)


@pytest.mark.parametrize("workload", [each for each in SMALL if not each.optimizer], ids=name_of)
def test_plain_numpy_predicts_right(workload):
    data = workload.data()
    check(workload, solve(workload), reference_of(workload, data).forward(data.x).s)


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer != "torch-compile"])
def test_peers_are_right(peer, threads):
    """Each peer that is installed has the answers of plain NumPy, which `Race.run` asserts."""
    with Race([peer], [threads]) as running:
        if peer in running.missing:
            pytest.skip(running.missing[peer])
        cells = [cell for workload in SMALL for cell in running.run(workload, 0.01, 2)]
    assert not running.failures
    assert cells
    for cell in cells:
        assert len(cell.samples) == 2
        assert 0 < cell.best < 1e6
        assert cell.error <= 1


@pytest.mark.parametrize("workload", SMALL, ids=name_of)
def test_a_wrong_answer_is_noticed(workload, tmp_path):
    expected = tmp_path / "expected.npy"
    server = Server("chainrule", "", None)
    server.versions()
    right = solve(workload)
    np.save(expected, right)
    assert server.prepare(vars(workload), str(expected)) <= 1
    np.save(expected, right + 1e-3 * np.abs(right).max())
    with pytest.raises(AssertionError):
        server.prepare(vars(workload), str(expected))


def test_a_peer_that_fails_says_why(monkeypatch):
    impossible = replace(SMALL[0], activation="no such")
    monkeypatch.setattr(race, "solve", lambda workload: np.zeros(1))
    with Race(["numpy"]) as running:
        assert running.run(impossible, 0.01, 1) == []
        assert running.run(SMALL[0], 0.01, 1) == []  # zeros are not the answer
        monkeypatch.undo()
        assert len(running.run(SMALL[0], 0.01, 1)) == 1
    assert len(running.failures) == 2
    assert running.failures[1].startswith("sigmoid, numpy: Traceback")
    assert "AssertionError" in running.failures[1]
    with Race(["chainrule"]) as running, pytest.raises(RuntimeError, match="no such"):
        running.run(impossible, 0.01, 1)


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "chainrule.bench.peers.onnxruntime", raising=False)
    assert "onnx" in Server("onnxruntime", "", None).versions()


def test_operations_are_those_of_the_products():
    forward = 2 * 8 * (5 * 7 + 7 * 6 + 6 * 3)
    assert replace(SMALL[1], optimizer="").flops == forward
    assert SMALL[1].flops == 3 * forward - 2 * 8 * 5 * 7  # no gradient of x


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "1e9"])
def test_wrong_seconds(text, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["bench", "--seconds", text])
    assert error.value.code == 2
    assert "is no number of seconds from 0.01 to 1000" in capsys.readouterr().err


def start(seconds):
    return subprocess.Popen(
        [*COMMAND, seconds], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@posix
def test_ctrl_c_ends_it_and_its_processes():
    with start("100") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)  # its children would keep the pipe open
    assert (process.returncode, errors) == (130, "chainrule: interrupted\n")


@posix
def test_a_closed_pipe_is_no_error_to_shout_about():
    with start("0.05") as process:
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=120)
    assert errors == ""
