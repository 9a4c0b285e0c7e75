"""The command ``chainrule``."""
# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process if left out.

    Returns
    -------
    int
        The exit status: 0, or 1 when nobody reads the output any more, or 130 after Ctrl-C.

    Raises
    ------
    SystemExit
        By argparse: 2 after a wrong argument, 0 after ``--help`` and ``--version``. With a message,
        which is status 1, for a file that cannot be read.
    """
    try:
        try:
            run(argv)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("chainrule: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # What is still buffered goes nowhere, or the interpreter would complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def run(argv: Sequence[str] | None) -> None:
    """Parse the arguments and run the command that they name."""
    from . import __version__

    parser = argparse.ArgumentParser(
        prog="chainrule", description="Dense feed-forward neural networks, fast on the CPU."
    )
    parser.add_argument("--version", action="version", version=f"chainrule {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="learn handwritten digits, and race plain NumPy")
    demo.add_argument(
        "--seed",
        type=integer(0, 2**64 - 1),
        default=0,
        help="decides the first weights and the order of the samples (default: %(default)s)",
    )
    demo.add_argument(
        "--epochs",
        type=integer(1, 1000),
        default=30,
        help="how often each image is seen (default: %(default)s)",
    )
    table = commands.add_parser("bench", help="measure, beside NumPy and the rivals installed")
    table.add_argument(
        "--seconds",
        type=seconds,
        default=15,
        help="how long to measure; to start everything takes as long again (default: %(default)s)",
    )
    information = commands.add_parser(
        "info", help="show the versions, the BLAS and the machine, or what is in a file"
    )
    information.add_argument(
        "file", metavar="FILE", nargs="?", help="of a saved network or a checkpoint"
    )

    arguments = parser.parse_args(argv)
    if arguments.command == "demo":
        from . import demo as digits

        digits.run(arguments.seed, arguments.epochs)
    elif arguments.command == "bench":
        from . import bench

        bench.run(arguments.seconds)
    elif arguments.command == "info" and arguments.file is None:
        info()
    elif arguments.command == "info":
        tell_of_file(arguments.file)
    else:
        parser.print_help()


def info() -> None:
    """Print `show_config`, one aligned line an entry."""
    from . import show_config

    config = show_config()
    width = max(map(len, config))
    for name, value in config.items():
        print(f"{name:{width}}  {value}")


def tell_of_file(path: str) -> None:
    """Print what is in a file; exit with status 1 and one line where that cannot be told."""
    from . import ModelFormatError, inspect

    try:
        inspect(path)
    except BrokenPipeError:
        raise
    except (OSError, ModelFormatError) as error:
        raise SystemExit(f"chainrule: {error}") from None


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return what reads an argument as a whole number from `low` to `high`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return read


def seconds(text: str) -> float:
    """Read an argument as a number of seconds, from 0.01 to 1000."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.01 to 1000")
    return value
