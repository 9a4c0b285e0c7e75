"""Processes of a test's own: code in a new interpreter, and a machine kept busy."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
import textwrap
from contextlib import ExitStack, contextmanager
from pathlib import Path


def python(code, *options, timeout=60, env=os.environ, **more):
    """Run code in a new interpreter, and return what it printed.

    The code may import what lies beside the tests. The time limit decides nothing but when a
    process that hangs fails its test.
    """
    beside = os.pathsep.join(filter(None, [str(Path(__file__).parent), env.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**env, "PYTHONPATH": beside},
        **more,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def environment_with(**settings):
    """Return the environment with these settings of chainrule, and no others of them."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("CHAINRULE_")}
    return others | settings


def python_with(settings, code):
    """Run code with these settings of chainrule only, and return what it printed.

    The code has `cr` and a small network `net`.
    """
    head = "import chainrule as cr\nnet = cr.Network([cr.Input(3), cr.Dense(2)], rng=0)\n"
    code = head + textwrap.dedent(code)
    return python(code, env=environment_with(**settings)).removesuffix("\n")


@contextmanager
def busy_machine(processes_per_cpu=1):
    """Keep every CPU busy with processes that do nothing else."""
    command = [sys.executable, "-c", "print('busy', flush=True)\nwhile True: pass"]
    with ExitStack() as stack:
        busy = []
        for _ in range(processes_per_cpu * (os.cpu_count() or 1)):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            busy.append(stack.enter_context(process))
            stack.callback(process.kill)
        for process in busy:
            assert process.stdout.readline() == "busy\n"
        yield
        assert all(process.poll() is None for process in busy)
