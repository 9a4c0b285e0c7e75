"""The command line, run as a user runs it, in a process of its own."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import signal
import subprocess
import sys
from itertools import count

import numpy as np
import pytest

import chainrule as cr
from chainrule import cli, demo

COMMAND = [sys.executable, "-m", "chainrule"]
posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")


def run(*arguments, status=0):
    """Run ``python -m chainrule`` and return what it printed, its errors if it fails."""
    result = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120)
    assert result.returncode == status, result.stderr
    if status == 0:
        assert result.stderr == ""
        return result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def shown():
    """Return the output of the demo as it comes."""
    return run("demo")


def percents(label, text):
    return [float(number) for number in re.findall(rf"{label} +([\d.]+) *%", text)]


def test_demo_learns(shown):
    text = shown
    assert re.search("7,?510", text)  # parameters of 64-100-10, in the repr
    costs = [float(cost) for cost in re.findall(r"epoch +\d+ +cost ([\d.]+) ", text)]
    assert len(costs) == 30
    assert costs[-1] < 0.1 < costs[0]
    assert len(percents("validation accuracy", text)) == 30
    trained, again, numpy = percents("test accuracy", text)
    assert trained >= 97
    assert again == trained
    assert abs(numpy - trained) <= 1


def test_demo_compares_with_numpy(shown):
    ratio = re.search(r"([\d.]+) times as fast as plain NumPy", shown)
    assert float(ratio[1]) > 0


@pytest.mark.parametrize(("seconds", "rounds"), [(0, 10), (2, 1)])
def test_race_of_the_demo_is_short(seconds, rounds, monkeypatch):
    """It has at most ten rounds, and no further one when a second is over."""
    clock = count(step=seconds)
    in_plain_numpy, begun = demo.in_plain_numpy, []
    monkeypatch.setattr(demo, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(demo, "in_plain_numpy", lambda w: begun.append(1) or in_plain_numpy(w))
    demo.race(seed=0, epochs=1)
    assert len(begun) == rounds


@pytest.mark.parametrize("seed", ["1", str(2**64 - 1)])
def test_demo_learns_from_other_seeds(seed):
    assert percents("test accuracy", run("demo", "--seed", seed))[0] >= 97


def test_demo_trains_as_long_as_told():
    assert len(re.findall("^epoch ", run("demo", "--epochs", "2"), re.MULTILINE)) == 2


def test_numpy_of_the_demo_is_the_same_network():
    net, _ = demo.begin(3, 1, 1)
    x, _ = cr.datasets.load_digits()
    s = demo.in_plain_numpy(net.parameters.copy()).predict(x)
    np.testing.assert_allclose(s, net.predict(x), atol=1e-5)


def test_info_prints_the_configuration_in_aligned_lines():
    lines = run("info").splitlines()
    config = cr.show_config()
    width = max(map(len, config))
    assert [line[:width].rstrip() for line in lines] == list(config)
    assert all(line[width : width + 2] == "  " and line[width + 2] != " " for line in lines)
    assert config["version"] in lines[list(config).index("version")]


def test_version():
    assert run("--version") == f"chainrule {cr.show_config()['version']}\n"


def test_no_command_prints_the_help():
    text = run()
    assert text == run("--help")
    assert "demo" in text
    assert "info" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dmeo"], "invalid choice: 'dmeo'"),
        (["info", "file", "more"], "unrecognized arguments: more"),
        (["demo", "--seed", "-1"], "'-1' is no whole number from 0 to 18446744073709551615"),
        (["demo", "--seed", str(2**64)], "is no whole number from 0"),
        (["demo", "--seed", "x"], "'x' is no whole number from 0"),
        (["demo", "--epochs", "0"], "'0' is no whole number from 1 to 1000"),
        (["demo", "--epochs", "1.5"], "'1.5' is no whole number from 1"),
    ],
)
def test_wrong_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def test_a_wrong_command_has_status_2():
    assert "invalid choice: 'train'" in run("train", status=2)


def start(*arguments):
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@posix
def test_ctrl_c_ends_with_a_short_message():
    with start("demo", "--epochs", "1000") as process:
        while not process.stdout.readline().startswith("epoch"):
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "chainrule: interrupted\n")


@posix
@pytest.mark.parametrize("arguments", [["demo", "--epochs", "1000"], ["info"], ["--help"]])
def test_a_closed_pipe_is_no_error_to_shout_about(arguments):
    with start(*arguments) as process:
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)
    assert errors == ""
