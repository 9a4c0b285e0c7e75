"""How a training goes, for people who wait for it and for programs that draw it."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import importlib.util
import math
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from chainrule._spec import shown, word
from chainrule.callbacks import Callback, Record

if TYPE_CHECKING:
    from chainrule.network import Network

SECONDS_BETWEEN_UPDATES = 0.1
SECONDS_BETWEEN_LINES = 10.0  # where they stay, in a file


def progress_of(
    progress: bool | Literal["auto"], epochs: int | None, n_samples: int
) -> list[_Progress]:
    """Return the callbacks that show the progress of a training, of which there may be none."""
    if not isinstance(progress, bool) and str(progress) != "auto":
        raise TypeError(f'progress must be True, False or "auto", got {shown(progress)}')
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if progress is False or sys.stderr is None or (progress == "auto" and not terminal):
        return []
    if importlib.util.find_spec("tqdm") is not None:
        return [_Bar(epochs, n_samples)]
    return [_Line(epochs, n_samples, sys.stderr, terminal)]


def _shown_numbers(record: Record, seconds: float, n_samples: int) -> dict[str, str]:
    numbers = {"cost": f"{record.cost:.4g}"}
    if record.validation_cost is not None:
        numbers["validation_cost"] = f"{record.validation_cost:.4g}"
    numbers["samples/s"] = f"{n_samples * record.epoch / max(seconds, 1e-9):,.0f}"
    return numbers


class _Progress(Callback):
    """Shows a record now and then, and the last one."""

    def __init__(self, epochs: int | None, n_samples: int, interval: float) -> None:
        self._epochs, self._n_samples, self._interval = epochs, n_samples, interval
        self._next = 0.0
        self._shown = 0

    def on_epoch_end(self, network: Network, record: Record) -> None:
        if record.seconds >= self._next:
            self._next = record.seconds + self._interval
            self._show(record)
            self._shown = record.epoch

    def on_fit_end(self, network: Network, record: Record) -> None:
        if record.epoch > self._shown:
            self._show(record)
        self.close()

    def _show(self, record: Record) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End the display, however the training has ended."""


class _Bar(_Progress):
    """A bar of tqdm."""

    def __init__(self, epochs: int | None, n_samples: int) -> None:
        from tqdm.auto import tqdm

        super().__init__(epochs, n_samples, SECONDS_BETWEEN_UPDATES)
        self._bar = tqdm(total=epochs, unit="epoch", file=sys.stderr)

    def _show(self, record: Record) -> None:
        self._bar.set_postfix(
            _shown_numbers(record, record.seconds, self._n_samples), refresh=False
        )
        self._bar.update(record.epoch - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Line(_Progress):
    """A line of text, written over and over on a terminal."""

    def __init__(self, epochs: int | None, n_samples: int, stream: TextIO, terminal: bool) -> None:
        interval = SECONDS_BETWEEN_UPDATES if terminal else SECONDS_BETWEEN_LINES
        super().__init__(epochs, n_samples, interval)
        self._stream, self._terminal = stream, terminal
        self._width = 0

    def _show(self, record: Record) -> None:
        of_all = "" if self._epochs is None else f"/{self._epochs}"
        parts = [f"epoch {record.epoch}{of_all}"]
        numbers = _shown_numbers(record, record.seconds, self._n_samples)
        parts += [f"{name} {value}" for name, value in numbers.items()]
        parts.append(f"{_duration(record.seconds)} gone")
        if self._epochs is not None:
            left = record.seconds / record.epoch * (self._epochs - record.epoch)
            parts.append(f"{_duration(left)} left")
        line = ", ".join(parts)
        if self._terminal:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        if self._width:
            self._stream.write("\n")
            self._width = 0


def _duration(seconds: float) -> str:
    form = "%M:%S" if seconds < 3600 else f"{int(seconds // 3600)}:%M:%S"
    return time.strftime(form, time.gmtime(seconds))


class ScalarWriter(Protocol):
    """What TensorBoard's SummaryWriter is, and other loggers of experiments."""

    def add_scalar(self, tag: str, value: float, step: int, /) -> Any:
        """Take one number."""
        ...


class ScalarLogger(Callback):
    """Tells a writer what is recorded of each epoch: ``writer.add_scalar(tag, value, epoch)``.

    Tags are "cost", "validation_cost", "learning_rate", "gradient_norm" and the metrics, as far as
    they are recorded. Epochs count on over several trainings with the same logger.

    Parameters
    ----------
    writer : object with a method ``add_scalar(tag, value, step)``
        Such as TensorBoard's SummaryWriter.
    prefix : str, default ""
        Comes before each tag, such as "run1/".

    Raises
    ------
    TypeError
        If `writer` has no such method.

    Examples
    --------
    >>> import chainrule as cr
    >>> class Printer:
    ...     def add_scalar(self, tag, value, step):
    ...         print(tag, round(value, 3), step)
    >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
    >>> net.parameters = [1, 0]
    >>> history = net.fit([[1]], [0], optimizer=cr.SGD(0.1), callbacks=cr.ScalarLogger(Printer()))
    cost 1.0 1
    learning_rate 0.1 1
    """

    def __init__(self, writer: ScalarWriter, prefix: str = "") -> None:
        if isinstance(writer, type) or not callable(getattr(writer, "add_scalar", None)):
            raise TypeError(f"writer must have a method add_scalar, got {shown(writer)}")
        self._writer, self._prefix = writer, word("prefix", prefix)
        self._epochs = 0

    def on_epoch_end(self, network: Network, record: Record) -> None:
        """Write what is recorded of the epoch."""
        self._epochs += 1
        values = {
            "cost": record.cost,
            "validation_cost": record.validation_cost,
            "learning_rate": record.learning_rate,
            "gradient_norm": record.gradient_norm,
            **record.metrics,
        }
        for tag, value in values.items():
            if value is not None and not (tag == "learning_rate" and math.isnan(value)):
                self._writer.add_scalar(self._prefix + tag, value, self._epochs)
