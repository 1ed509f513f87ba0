"""What users type is there, documented, cheap to import, and keeps its shape."""

import dataclasses
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import matchms_fingerprint
from matchms_fingerprint import Annotation, Candidate, Hit, MatchmsFingerprintError, errors

# DESIGN.md section 2: users type these, so they are API. Later issues add FastCosineGreedy and its sister.
PROMISED = {
    "Annotation",
    "Candidate",
    "CandidateLibrary",
    "EmbeddingSimilarity",
    "FingerprintModel",
    "FingerprintRetrieval",
    "Hit",
    "annotate",
    "filters",
    "kernels",
    "load_model",
    "load_spectra",
    "register_with_matchms",
}
HEAVY = ("torch", "rdkit", "matchms", "numba", "pyarrow", "pandas", "lightning")

CANDIDATE = Candidate("C", "VNWKTOKETHGBQD-UHFFFAOYSA-N", "CH4", 16.0313, ("methane",), ("a", "b"))
HIT = Hit(1, 0.5, 0.25, CANDIDATE, "[M+H]+", -1.5, {"cosine": 0.5})
ANNOTATION = Annotation("7", 17.0386, 12.5, "positive", None, 4, "annotated", (HIT,), "7", "")
RECORDS = (CANDIDATE, HIT, ANNOTATION)


def public_modules() -> list[str]:
    """Every module of the package, found by walking it, so that a new one is tested on the day it is written."""
    found = pkgutil.walk_packages(matchms_fingerprint.__path__, "matchms_fingerprint.")
    return sorted(module.name for module in found)


def own_members(module: ModuleType) -> list[tuple[str, object]]:
    """Public functions and classes defined in the module itself."""
    return [
        (name, member)
        for name, member in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(member) or inspect.isroutine(member) or hasattr(member, "py_func"))
        and getattr(member, "__module__", None) == module.__name__
    ]


def undocumented(module: ModuleType) -> list[str]:
    """Names of public functions, classes and their public methods without a docstring."""
    missing = []
    for name, member in own_members(module):
        if not inspect.getdoc(member):
            missing.append(name)
        if inspect.isclass(member):
            methods = {key: value for key, value in vars(member).items() if not key.startswith("_")}
            missing += [
                f"{name}.{key}"
                for key, value in methods.items()
                if (inspect.isroutine(value) or isinstance(value, property))
                and not inspect.getdoc(getattr(member, key))
            ]
    return missing


def test_all_promised_names_are_listed() -> None:
    assert set(matchms_fingerprint.__all__) >= PROMISED


def test_all_is_sorted_and_without_repeats() -> None:
    names = list(matchms_fingerprint.__all__)
    assert sorted(set(names)) == sorted(names)
    assert set(names) <= set(dir(matchms_fingerprint))


@pytest.mark.parametrize("name", sorted(matchms_fingerprint.__all__))
def test_name_is_importable_and_documented(name: str) -> None:
    member = getattr(matchms_fingerprint, name)
    assert inspect.getdoc(member)


def test_lazy_names_are_the_ones_that_type_checkers_see() -> None:
    """`__getattr__` and `__all__` are written by hand: they must not drift apart."""
    lazy = set(matchms_fingerprint._HOMES) | set(matchms_fingerprint._PACKAGES)
    assert lazy == set(matchms_fingerprint.__all__)


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="FastestCosine"):
        matchms_fingerprint.FastestCosine  # noqa: B018


def test_import_is_cheap() -> None:
    """A fresh interpreter holds none of the heavy libraries after the import, nor after using a record."""
    code = (
        "import sys, matchms_fingerprint as m; m.Candidate, m.Hit, m.MatchmsFingerprintError, m.__version__; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", public_modules())
def test_module_and_its_members_have_docstrings(name: str) -> None:
    pytest.importorskip("lightning") if ".training" in name else None
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    assert undocumented(module) == []


def test_undocumented_finds_what_it_looks_for() -> None:
    module = ModuleType("invented", "An invented module.")
    exec("def f(): pass\nclass A:\n    '''Doc.'''\n    def g(self): pass\n    def h(self): 'Doc.'", vars(module))
    assert undocumented(module) == ["f", "A.g"]


@pytest.mark.parametrize(
    "error", [member for _, member in inspect.getmembers(errors, inspect.isclass)], ids=lambda error: error.__name__
)
def test_errors_form_one_family(error: type) -> None:
    assert issubclass(error, MatchmsFingerprintError)


@pytest.mark.parametrize("name", public_modules())
def test_exceptions_of_every_module_belong_to_the_family(name: str) -> None:
    pytest.importorskip("lightning") if ".training" in name else None
    classes = [member for _, member in own_members(importlib.import_module(name)) if inspect.isclass(member)]
    strangers = [one for one in classes if issubclass(one, Exception) and not issubclass(one, MatchmsFingerprintError)]
    assert strangers == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_are_frozen(record: object) -> None:
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, field.name, None)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_to_dict_is_json_safe_and_complete(record: Candidate | Hit | Annotation) -> None:
    content = record.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert set(content) == {field.name for field in dataclasses.fields(record)}


def test_to_dict_keeps_the_values() -> None:
    content = ANNOTATION.to_dict()
    assert content["hits"][0]["candidate"]["names"] == ["methane"]
    assert content["hits"][0]["evidence"] == {"cosine": 0.5}
    assert content["adduct"] is None
