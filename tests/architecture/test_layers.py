"""The package obeys the layering and the house rules of DESIGN.md."""

import subprocess
from pathlib import Path

import pytest
from house_rules import (
    LAYERS,
    PACKAGE,
    Module,
    circles,
    forbidden_names,
    foreign_imports,
    imports,
    long_files,
    long_functions,
    pickling,
    training_imports,
    unknown_entries,
    upward_arrows,
)

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = (PACKAGE, "tests", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
LEAVES = ("constants", "errors", "records")


def read_modules(folder: Path) -> list[Module]:
    """Read every module below `folder` as the rules want to see it."""
    modules = []
    for path in sorted(folder.rglob("*.py")):
        names = list(path.relative_to(folder.parent).with_suffix("").parts)
        is_package = names[-1] == "__init__"
        name = ".".join(names[:-1] if is_package else names)
        modules.append(Module(name, path.read_text(encoding="utf-8"), is_package))
    return modules


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return read_modules(ROOT / PACKAGE)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Paths under version control; the test is skipped outside of a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")[:-1]


def test_the_sources_are_read(modules: list[Module]) -> None:
    """Guards the tests below against looking at nothing."""
    names = {module.name for module in modules}
    assert {PACKAGE, f"{PACKAGE}.records", f"{PACKAGE}.io", f"{PACKAGE}.io.artifacts", f"{PACKAGE}.cli.app"} <= names
    artifacts = next(module for module in modules if module.name == f"{PACKAGE}.io.artifacts")
    assert f"{PACKAGE}.errors" in {arrow.target for arrow in imports(artifacts, names)}


def test_imports_point_down(modules: list[Module]) -> None:
    assert upward_arrows(modules) == []


def test_no_circles(modules: list[Module]) -> None:
    assert circles(modules) == []


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_nothing_of_the_package(modules: list[Module], leaf: str) -> None:
    assert foreign_imports(modules, leaf, (PACKAGE, "matchms", "torch", "rdkit")) == []


def test_kernels_know_neither_matchms_nor_torch(modules: list[Module]) -> None:
    assert foreign_imports(modules, "kernels", ("matchms", "torch", "rdkit")) == []


def test_inference_does_not_import_training(modules: list[Module]) -> None:
    assert training_imports(modules) == []


def test_nothing_is_pickled(modules: list[Module]) -> None:
    assert pickling(modules) == []


def test_no_file_is_too_long(modules: list[Module]) -> None:
    assert long_files(modules) == []


def test_no_function_is_too_long(modules: list[Module]) -> None:
    assert long_functions(modules) == []


def test_every_file_name_says_what_is_in_it(tracked: list[str]) -> None:
    assert forbidden_names(tracked) == []


def test_top_level_holds_what_design_names(tracked: list[str]) -> None:
    assert unknown_entries({path.split("/")[0] for path in tracked}, TOP_LEVEL) == []


def test_package_holds_the_parts_that_design_names(tracked: list[str]) -> None:
    inside = {path.split("/")[1] for path in tracked if path.startswith(f"{PACKAGE}/")}
    allowed = {"__init__.py", "py.typed", *LAYERS, *(f"{leaf}.py" for leaf in LEAVES)}
    assert unknown_entries(inside, allowed) == []
