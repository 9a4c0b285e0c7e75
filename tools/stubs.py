"""Writes python/chainrule/_core.pyi from the compiled module; --check tells if it is up to date."""

# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import re
import subprocess
import sys
import tempfile

# What src/python_call.h binds has names and defaults, but no types: these are theirs.
ARRAY = "numpy.typing.NDArray[typing.Any]"
PARAMETERS = {
    "self": None,
    "*": None,
    "batch": "int",
    "batch_size": "int",
    "block": "numpy.typing.ArrayLike",
    "callbacks": "collections.abc.Sequence[tuple[typing.Any, ...]] | None",
    "check_finite": "bool",
    "class_weight": "typing.Any",
    "checkpoints": "collections.abc.Sequence[tuple[int, float, typing.Any]] | None",
    "choice": "str",
    "compute_metrics": "collections.abc.Callable[[], list[float]] | None",
    "ema": "bool",
    "epochs": "int",
    "gradient_norm": "bool | None",
    "history": "History | None",
    "leave_after": "int | None",
    "metrics": "collections.abc.Sequence[tuple[str, str | None]] | None",
    "minimizer": "collections.abc.Callable[[Objective], None] | None",
    "n": "int",
    "on_divergence": "str | None",
    "optimizer": "Optimizer",
    "order": "numpy.typing.ArrayLike | None",
    "out": f"{ARRAY} | None",
    "position": "Position | None",
    "questions": "collections.abc.Sequence[collections.abc.Callable[[], bool]] | None",
    "sample_weight": "numpy.typing.ArrayLike | None",
    "shuffle": "bool",
    "stop": "collections.abc.Sequence[typing.Any]",
    "step": "int | None",
    "training": "bool",
    "validation_data": "tuple[numpy.typing.ArrayLike | None, ...] | None",
    "x": "numpy.typing.ArrayLike",
    "y": "numpy.typing.ArrayLike",
}
RETURNS = {
    "_fit": "None",
    "cost": "float",
    "get_num_threads": "int",
    "plan": "dict[str, typing.Any]",
    "predict": ARRAY,
    "set_num_threads": "None",
    "set_product": "None",
    "split": f"list[tuple[{ARRAY}, {ARRAY} | None]]",
    "train_step": "float",
    "value_and_grad": f"tuple[float, {ARRAY}]",
}
# Attributes of the one exception that has some.
DIVERGED = """
    epoch: int | None
    step: int | None
    layer: int | None
    history: typing.Any"""

STUB = pathlib.Path(__file__).parents[1] / "python" / "chainrule" / "_core.pyi"


def with_types(definition: re.Match[str]) -> str:
    name, parameters = definition.groups()
    typed = []
    for each in filter(None, map(str.strip, parameters.split(","))):
        parameter, _, default = map(str.strip, each.partition("="))
        kind = PARAMETERS[parameter]
        if kind is not None:
            each = f"{parameter}: {kind}" + (f" = {default}" if default else "")
        typed.append(each)
    return f"def {name}({', '.join(typed)}) -> {RETURNS[name]}:"


def generate() -> str:
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m"]
        subprocess.run(
            [*run, "pybind11_stubgen", "chainrule._core", "--output-dir", folder, "--exit-code"],
            check=True,
        )
        text = pathlib.Path(folder, "chainrule", "_core.pyi").read_text()
        # The exceptions call themselves chainrule.X, as users see them, but are made here.
        text = re.sub(r"from chainrule import (\w+)\n", "", text)
        text = re.sub(r"def (\w+)\(([^):]*)\):(?= *\n)", with_types, text)
        text += "".join(
            f"class {name}({base}): {body}\n"
            for name, base, body in (
                ("ShapeError", "ValueError", "..."),
                ("TrainingDiverged", "RuntimeError", DIVERGED),
                ("ConcurrentUseError", "RuntimeError", "..."),
            )
        )
        # Under the stub's own name, which the settings for formatting go by.
        source = ["--stdin-filename", str(STUB), "-"]
        for command in (["check", "--fix-only", "--quiet"], ["format"]):
            text = subprocess.run(
                [*run, "ruff", *command, *source],
                input=text,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
    return text


if __name__ == "__main__":
    text = generate()
    if sys.argv[1:] != ["--check"]:
        STUB.write_text(text)
    elif text != STUB.read_text():
        sys.exit(f"{STUB.name} is not what the compiled module says; run python tools/stubs.py")
