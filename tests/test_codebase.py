"""What the code says about itself is so: who uses whom, lists, names on pages, heads of files."""
# SPDX-License-Identifier: BSD-3-Clause

import ast
import graphlib
import importlib.metadata
import inspect
import math
import re
import sys
import tomllib
from pathlib import Path

import pytest

import chainrule as cr
from chainrule import _core
from chainrule.activations import Activation
from chainrule.losses import Loss
from chainrule.optimizers import Optimizer
from chainrule.schedules import Schedule
from chainrule.stages import Stage
from chainrule.stopping import StopCondition
from reference import ACTIVATIONS, GRADIENT_TRANSFORMS, LOSSES, OPTIMIZERS, STAGES

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
PAGES += [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]

FOLDERS = ["benchmarks", "cmake", "cpp", "docs", "examples", "python", "src", "tests", "tools"]
CPP_FILES = {".h", ".cpp"}
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())


def files(folder, suffixes):
    """Return the files in a folder that end in one of the suffixes; there is at least one."""
    found = [path for path in FILES if folder in path.parents and path.suffix in suffixes]
    assert found, f"no such files in {folder}"
    return found


def name(path):
    """Return the path from the root of the repository on."""
    return path.relative_to(ROOT).as_posix()


def all_of(check, paths):
    """Fail with the names of all files that do not pass the check."""
    wrong = [name(path) for path in paths if not check(path)]
    assert not wrong, wrong


# ---- Who may use whom ----------------------------------------------------------------------------

# The folders of the core from the bottom to the top, and what each may include of what comes before
# it. The first line is for the files in cpp/chainrule/ itself, which all may include.
CORE = ROOT / "cpp" / "chainrule"
MAY_INCLUDE = {
    "chainrule": "",
    "memory": "",
    "random": "",
    "simd": "",
    "threads": "simd",
    "activations": "",  # formulas know no matrices and no loops over batches
    "losses": "activations",  # the ones that they are paired with
    "optimizers": "",
    "gradients": "",
    "stages": "",
    "kernels": "activations losses optimizers gradients stages memory random simd",
    "data": "kernels memory",
    "gemm": "kernels memory simd",
    "layers": "activations losses stages gemm kernels memory random",
    "plan": "layers data gemm kernels activations losses gradients memory random threads",
    # For benchmarks; no network needs it.
    "measure": "gemm kernels optimizers gradients memory simd threads",
    "network": "plan layers data gemm kernels activations losses optimizers gradients memory "
    "random simd threads",
}


def includes(path):
    """Return what a file includes, as written: "memory/array_view.h", <cmath>."""
    return re.findall(r'^\s*#\s*include\s*(["<][^">]+[">])', path.read_text(), re.MULTILINE)


def included_folders(path):
    """Return the folders of the core that a file includes from; "chainrule" for its own files."""
    quoted = [Path(include.strip('"')) for include in includes(path) if include.startswith('"')]
    for each in quoted:
        # Headers of the core are named from "chainrule/" on, so that none hides one of the system;
        # the crossing's own headers, and those of the C++ tests, lie beside the file.
        in_core = each.parts[0] == "chainrule" and (ROOT / "cpp" / each).is_file()
        assert in_core or (CORE not in path.parents and (path.parent / each).is_file()), (
            path,
            each,
        )
    return {
        each.parts[1] if len(each.parts) > 2 else "chainrule"
        for each in quoted
        if each.parts[0] == "chainrule"
    }


def test_the_table_goes_one_way():
    folders = list(MAY_INCLUDE)
    for i, folder in enumerate(folders):
        assert set(MAY_INCLUDE[folder].split()) <= set(folders[:i]), folder
    assert set(folders) - {"chainrule"} == {each.name for each in CORE.iterdir() if each.is_dir()}
    assert [each.name for each in (ROOT / "cpp").iterdir() if each.is_dir()] == ["chainrule"]


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_core_includes_what_the_table_allows(folder):
    allowed = {"chainrule", folder, *MAY_INCLUDE[folder].split()}
    here = CORE if folder == "chainrule" else CORE / folder
    for path in files(here, CPP_FILES):
        if path.parent == here or folder != "chainrule":  # with the folders within it
            assert included_folders(path) <= allowed, name(path)


def test_core_files_include_each_other_one_way():
    paths = files(CORE, {".h"})
    graph = {
        f'"{path.relative_to(ROOT / "cpp").as_posix()}"': set(includes(path)) for path in paths
    }
    assert '"chainrule/plan/plan.h"' in graph['"chainrule/plan/step.h"']
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_core_knows_no_python():
    python = re.compile(r"python|pybind|numpy|src/", re.IGNORECASE)
    all_of(
        lambda path: not any(python.search(include) for include in includes(path)),
        files(ROOT / "cpp", CPP_FILES),
    )


def test_one_file_knows_a_blas():
    blas = re.compile(r"blas|accelerate|mkl|lapack", re.IGNORECASE)
    paths = files(ROOT / "cpp", CPP_FILES) + files(ROOT / "src", CPP_FILES)
    knowing = [name(path) for path in paths if any(map(blas.search, includes(path)))]
    assert knowing == ["cpp/chainrule/gemm/blas.cpp"]


def test_src_is_only_the_crossing():
    head = "// The crossing between Python and C++: "
    all_of(lambda path: path.read_text().startswith(head), files(ROOT / "src", CPP_FILES))


def module_name(path):
    """Return the name that others import a Python file by: "chainrule.bench.race"."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


MODULES = {module_name(path) for path in FILES if path.suffix == ".py"} | {"chainrule._core"}


def imports(path):
    """Yield the modules that a Python file imports when it runs, with their full names."""
    tree = ast.parse(path.read_text())
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                package = module_name(path.with_name("__init__.py")).split(".")
                package = package[: len(package) - node.level + 1]
                module = ".".join(filter(None, [*package, module]))
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield full if full in MODULES else module


# Within functions: tests/test_import.py sees what an import brings.
EXTRAS = {"matplotlib", "safetensors", "scipy", "threadpoolctl", "tqdm"}


def test_python_imports_numpy_and_nothing_else():
    allowed = sys.stdlib_module_names | {"numpy", "chainrule"} | EXTRAS
    for path in files(ROOT / "python", {".py"}):
        assert {each.split(".")[0] for each in imports(path)} <= allowed, name(path)


def test_python_modules_import_each_other_one_way():
    paths = files(ROOT / "python", {".py"})
    graph = {module_name(path): set(imports(path)) for path in paths}
    assert len(graph) == len(paths)
    assert "chainrule.layers" in graph["chainrule.network"]
    assert "chainrule.bench.workload" in graph["chainrule.bench.peers.numpy"]
    ours = {each for each in set().union(*graph.values()) if each.split(".")[0] == "chainrule"}
    assert ours <= MODULES
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_reference_is_independent():
    for path in files(ROOT / "tests" / "reference", {".py"}):
        roots = {each.split(".")[0] for each in imports(path)}
        assert roots <= sys.stdlib_module_names | {"numpy", "reference"}, name(path)


def test_tests_do_not_import_each_other():
    """What several need is in a module that has no tests, a fixture in conftest.py."""
    tests = {module for module in MODULES if module.startswith("test_")}
    assert module_name(Path(__file__)) in tests
    # Code that a test runs in a process of its own is text here, in which no parser sees imports.
    names = re.compile(r"\b(?:from|import)\s+(test_\w+)")
    for path in files(ROOT / "tests", {".py"}):
        assert tests.isdisjoint([*imports(path), *names.findall(path.read_text())]), name(path)


def test_tests_do_not_sleep():
    """They wait for a condition. A sleep of 0 only lets another thread have the GIL."""
    sleep = re.compile(r"\bsleep\((?!0\))")
    assert sleep.search((ROOT / "tests" / "meanwhile.py").read_text())
    for path in files(ROOT / "tests", {".py"}):
        assert path.stem == "meanwhile" or not sleep.search(path.read_text()), name(path)


# ---- Lists and names -----------------------------------------------------------------------------


def quoted(documented, parameter):
    """Return the names in quotes in the description of a parameter, without its default."""
    doc = inspect.cleandoc(documented.__doc__)
    found = re.search(rf"^{parameter} :.*\n((?: {{4}}.*\n|\n)*)", doc, re.MULTILINE)
    assert found, f"{parameter} is not documented"
    return set(re.findall(r'"(\w+)"', found[1]))


LISTS = dict(_core.declared_lists())


def test_members_have_a_reference():
    assert list(ACTIVATIONS) == _core.activations()
    assert list(LOSSES) == _core.losses()
    assert list(OPTIMIZERS) == _core.optimizers()
    assert list(GRADIENT_TRANSFORMS) == _core.gradient_transforms()
    assert list(STAGES) == _core.stages()


def test_members_have_a_python_class():
    assert {each._name for each in Optimizer.__subclasses__()} == set(_core.optimizers())
    assert {each._name for each in Stage.__subclasses__()} == set(_core.stages())
    assert {each._name for each in StopCondition.__subclasses__()} == set(_core.stop_conditions())
    assert {each._name for each in Schedule.__subclasses__()} == set(_core.schedules())
    for base in Optimizer, Stage, StopCondition, Schedule:
        assert all(getattr(cr, each.__name__) is each for each in base.__subclasses__())


# Arguments of a class that are no numbers: words, by default, or other members.
OTHER_ARGUMENTS = {
    "all_of": ["conditions"],
    "warm_up": ["then", "per"],
    "layer_norm": ["trainable", "learning_rate_factor"],
}


@pytest.mark.parametrize(
    ("family", "base"),
    [
        ("activations", Activation),
        ("losses", Loss),
        ("stages", Stage),
        ("stop_conditions", StopCondition),
        ("schedules", Schedule),
    ],
)
def test_classes_have_the_parameters_that_the_core_declares(family, base):
    classes = {each._name: each for each in base.__subclasses__()}
    for name, declared in _core.declared_parameters()[family]:
        if name == "stop_when":  # its event is a question to Python
            continue
        if not declared and name not in classes:
            continue
        assert getattr(cr, classes[name].__name__) is classes[name]
        of_class = dict(inspect.signature(classes[name]).parameters)
        for other in OTHER_ARGUMENTS.get(name, getattr(classes[name], "_words", ())):
            del of_class[other]
        lists = LISTS[name] if family == "losses" else []
        numbers = [each for each in of_class if each not in {parameter for parameter, *_ in lists}]
        assert [parameter for parameter, *_ in declared] == numbers
        assert len(numbers) + len(lists) == len(of_class)
        for parameter, default, *_ in [*declared, *lists]:
            of_python = of_class[parameter].default
            required = of_python in (inspect.Parameter.empty, None)
            assert math.isnan(default) if required else of_python == default


def test_optimizers_have_the_parameters_that_the_core_declares():
    classes = {each._name: each for each in Optimizer.__subclasses__()}
    for name, declared in _core.declared_parameters()["optimizers"]:
        made = classes[name]()
        assert made._spec()[1] == {parameter: default for parameter, default, *_ in declared}
        for transform in _core.gradient_transforms():
            assert getattr(made, transform) is None
            assert getattr(classes[name](**{transform: 2}), transform) == 2


def test_help_names_all_members():
    assert quoted(cr.Dense, "activation") == set(_core.activations())
    assert quoted(cr.Dense, "init") == {*_core.initializers(), "custom"}
    assert quoted(cr.Network, "loss") == set(_core.losses())


def test_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == version
    assert importlib.metadata.version("chainrule") == version
    assert cr.__version__ == version


# ---- Pages ---------------------------------------------------------------------------------------

PATH = re.compile(r"\.?\w[\w.-]*(/[\w.-]+)*/?")  # a path from the root, or a file's name
SUFFIXES = {".cmake", ".cpp", ".h", ".json", ".md", ".npz", ".py", ".pyi", ".toml", ".typed"}
BUILT = ("build/", "chainrule/_libs")  # what these hold is made, not kept


def named_paths(text):
    """Yield the words in inline code that are paths: with a slash, or a suffix that we have."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`\n]+)`", prose):
        for word in code.split():
            if PATH.fullmatch(word) and ("/" in word or Path(word).suffix in SUFFIXES):
                yield word


@pytest.mark.parametrize("page", PAGES)
def test_paths_on_a_page_exist(page):
    names = {path.name for path in FILES} | {path.name for path in ROOT.iterdir()}
    for path in named_paths((ROOT / page).read_text()):
        if not path.startswith(BUILT):
            assert (ROOT / path).exists() or path in names, path


@pytest.mark.parametrize("page", PAGES)
def test_links_on_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text()):
        if not re.match(r"[a-z]+:", target):
            path, _, _ = target.partition("#")
            assert (ROOT / page).parent.joinpath(path).exists(), target


def test_paths_are_found():
    text = (
        "`cpp/CMakeLists.txt`, `net.cost(x, y)`, `bash .ci/run`, `list.h`, `a/b`\n```\n`no`\n```\n"
    )
    assert list(named_paths(text)) == ["cpp/CMakeLists.txt", ".ci/run", "list.h", "a/b"]


# ---- Files ---------------------------------------------------------------------------------------

CODE = [path for path in FILES if path.suffix in CPP_FILES | {".py"}]
LONGEST = 400


def test_files_have_a_licence_line():
    comments = {path: "# " for path in FILES if path.suffix in {".py", ".cmake"}}
    comments |= {path: "// " for path in FILES if path.suffix in CPP_FILES}
    comments |= {path: "# " for path in FILES if path.name == "CMakeLists.txt"}
    comments[ROOT / "CMakeLists.txt"] = comments[ROOT / "noxfile.py"] = "# "

    def has_line(path):
        line = f"{comments[path]}SPDX-License-Identifier: BSD-3-Clause"
        return path.read_text().splitlines().count(line) == 1

    all_of(has_line, comments)


def test_files_say_what_is_there():
    def has_head(path):
        text = path.read_text()
        if path.suffix == ".py":
            return bool(ast.get_docstring(ast.parse(text)))
        return re.match(r"(// .+\n){1,4}// SPDX-", text) is not None

    all_of(has_head, CODE)


def test_files_are_short():
    all_of(lambda path: len(path.read_text().splitlines()) <= LONGEST, CODE)
