"""Writes python/chainrule/_core.pyi from the compiled module; --check tells if it is up to date."""

# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import re
import subprocess
import sys
import tempfile

STUB = pathlib.Path(__file__).parents[1] / "python" / "chainrule" / "_core.pyi"


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
        text += "".join(
            f"class {name}({base}): ...\n"
            for name, base in (
                ("ShapeError", "ValueError"),
                ("TrainingDiverged", "RuntimeError"),
                ("ConcurrentUseError", "RuntimeError"),
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
