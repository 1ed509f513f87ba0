"""Each rule in `house_rules` finds its fault in a small invented module, and leaves a sound one alone."""

import pytest
from house_rules import (
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


def module(name: str, source: str = "", is_package: bool = False) -> Module:
    """Make an invented module of the package; `name` is given without the package."""
    return Module(f"{PACKAGE}.{name}" if name else PACKAGE, source, is_package)


def targets(source: str, name: str = "io.spectra", is_package: bool = False) -> set[str]:
    known = {f"{PACKAGE}.{known}" for known in ("io", "io.tables", "io.spectra", "chem", "chem.adducts")}
    return {arrow.target for arrow in imports(module(name, source, is_package), known)}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import matchms_fingerprint.io.tables", f"{PACKAGE}.io.tables"),
        ("import numpy as np", "numpy"),
        ("from matchms_fingerprint.io.tables import write", f"{PACKAGE}.io.tables"),
        ("from matchms_fingerprint.io import tables", f"{PACKAGE}.io.tables"),
        ("from matchms_fingerprint.io import load_spectra", f"{PACKAGE}.io"),
        ("from . import tables", f"{PACKAGE}.io.tables"),
        ("from .tables import write", f"{PACKAGE}.io.tables"),
        ("from ..chem import adducts", f"{PACKAGE}.chem.adducts"),
        ("def f():\n    from matchms_fingerprint.chem import adducts", f"{PACKAGE}.chem.adducts"),
        ("import importlib\nimportlib.import_module('matchms_fingerprint.chem')", f"{PACKAGE}.chem"),
        ("if TYPE_CHECKING:\n    from matchms_fingerprint.chem import adducts", f"{PACKAGE}.chem.adducts"),
    ],
)
def test_imports_finds_every_way_of_importing(source: str, target: str) -> None:
    assert target in targets(source)


def test_relative_import_in_a_package_starts_at_the_package() -> None:
    assert targets("from .tables import write", "io", is_package=True) == {f"{PACKAGE}.io.tables"}


def test_type_checking_is_exempt_in_init_alone() -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from matchms_fingerprint.io import tables"
    assert targets(source, "chem", is_package=True) == {"typing"}
    assert targets(source, "chem.adducts") == {"typing", f"{PACKAGE}.io.tables"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("io.spectra", "from matchms_fingerprint.annotation import annotate"),
        ("kernels.topk", "def f():\n    import matchms_fingerprint.io.tables"),
        ("filters.require_ms2", "from matchms_fingerprint.candidates import CandidateLibrary"),
        ("candidates.build", "from matchms_fingerprint import annotate"),
        ("models.bundle", "from matchms_fingerprint.plotting import draw"),
        ("plotting.draw", "from matchms_fingerprint.io import tables"),
    ],
    ids=["up", "up inside a function", "sibling", "root", "unknown target", "unknown source"],
)
def test_upward_arrows_finds(name: str, source: str) -> None:
    assert len(upward_arrows([module(name, source)])) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("annotation.results", "from matchms_fingerprint.io import tables"),
        ("io.spectra", "from matchms_fingerprint.io import artifacts"),
        ("cli.train", "from matchms_fingerprint.training import fit"),
        ("models.bundle", "from matchms_fingerprint import __version__"),
        ("", "from matchms_fingerprint.cli import app"),
        ("io.spectra", "import numpy\nfrom rdkit import Chem"),
    ],
    ids=["down", "same part", "cli", "version", "root may import all", "foreign"],
)
def test_upward_arrows_allows(name: str, source: str) -> None:
    assert upward_arrows([module(name, source)]) == []


def test_circles_are_found_once_with_their_path() -> None:
    ring = [
        module("io.a", "from matchms_fingerprint.io import b"),
        module("io.b", "def f():\n    from matchms_fingerprint.io.c import x"),
        module("io.c", "import matchms_fingerprint.io.a"),
        module("io.d", "import matchms_fingerprint.io.a"),
    ]
    names = [f"{PACKAGE}.io.{letter}" for letter in "abca"]
    assert circles(ring) == [" -> ".join(names)]
    assert circles(ring[:2] + ring[3:]) == []


def test_a_module_that_imports_its_own_package_is_a_circle() -> None:
    pair = [
        module("io", "from matchms_fingerprint.io.spectra import load", is_package=True),
        module("io.spectra", "from matchms_fingerprint.io import sha256_of"),
    ]
    assert len(circles(pair)) == 1


def test_two_circles_through_one_module_are_both_found() -> None:
    modules = [
        module("io.a", "from matchms_fingerprint.io import b, c"),
        module("io.b", "from matchms_fingerprint.io import a"),
        module("io.c", "from matchms_fingerprint.io import a"),
    ]
    assert len(circles(modules)) == 2


def test_foreign_imports() -> None:
    kernel = module("kernels.topk", "def f():\n    import torch.nn as nn")
    assert foreign_imports([kernel], "kernels", ("matchms", "torch")) == [f"{kernel.name}:2 imports torch.nn"]
    assert foreign_imports([kernel], "kernels", ("matchms",)) == []
    assert foreign_imports([module("models.mlp", "import torch")], "kernels", ("torch",)) == []


def test_training_imports() -> None:
    source = "def f():\n    from matchms_fingerprint.training.splits import fold"
    assert len(training_imports([module("models.bundle", source)])) == 1
    assert training_imports([module("evaluation.benchmark", source), module("cli.train", source)]) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load('weights.pt')",
        "import numpy as np\nnp.load('x.npy', allow_pickle=True)",
        "import pandas as pd\npd.read_pickle('x')",
    ],
)
def test_pickling_is_found(source: str) -> None:
    assert len(pickling([module("io.spectra", source)])) == 1


def test_pickling_allows_plain_arrays() -> None:
    source = "import json, numpy as np\njson.load(open('x'))\nnp.load('x.npy', allow_pickle=False)"
    assert pickling([module("io.spectra", source)]) == []


def test_forbidden_names() -> None:
    assert forbidden_names(["io/utils.py", "utils.py", "io/my_utils.py", "io/tables.py"]) == ["io/utils.py", "utils.py"]


def test_long_files() -> None:
    assert long_files([module("io.a", "x = 1\n" * 5)], limit=5) == []
    assert long_files([module("io.a", "x = 1\n" * 6)], limit=5) == [f"{PACKAGE}.io.a: 6 lines"]


def test_long_functions_do_not_count_the_docstring() -> None:
    source = (
        'class A:\n    def f(self):\n        """One.\n\n        Two.\n        """\n        x = 1\n        return x\n'
    )
    assert long_functions([module("io.a", source)], limit=3) == []
    assert long_functions([module("io.a", source)], limit=2) == [f"{PACKAGE}.io.a:2 f: 3 lines"]


def test_unknown_entries() -> None:
    assert unknown_entries(["tests", ".ci", "notes.txt"], ["tests"]) == ["notes.txt"]
