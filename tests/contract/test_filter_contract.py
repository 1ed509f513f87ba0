"""What matchms demands of a filter, asked of everything that `filters` exports."""

import inspect
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from builders import tiny_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_spectra import known_spectra, known_spectrum
from matchms import Spectrum
from matchms.exporting import save_as_json, save_as_mgf, save_as_msp
from matchms.filtering.SpectrumProcessor import SpectrumProcessor
from matchms.importing import load_from_mgf

from matchms_fingerprint import filters

FILTERS = [getattr(filters, name) for name in filters.__all__]
YAML_TYPES = str | int | float | bool | list | None
METADATA_KEYS = (
    "precursor_mz",
    "charge",
    "adduct",
    "ms_level",
    "spectype",
    "collision_energy",
    "collision_energy_text",
    "instrument_type",
    "fragmentation",
    "smiles",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture(params=FILTERS, ids=filters.__all__)
def function(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Every exported filter as it stands."""
    exported: Callable[..., Any] = request.param
    return exported


@pytest.fixture
def apply(function: Callable[..., Any], model: str) -> Callable[..., Spectrum | None]:
    """Every exported filter, with the tiny model where it takes one."""
    return partial(function, model=model) if "model" in inspect.signature(function).parameters else function


def odd_spectra() -> list[Spectrum]:
    """Spectra that real files hold and that nobody expects."""
    peaks = np.array([50.0, 100.0, 150.0]), np.array([0.1, 1.0, 0.5])
    values: list[Any] = [None, "", "abc", "-", [1, 2], {}, float("nan"), float("inf"), -1, 0, 10**20, True, "[]"]
    spectra = [
        Spectrum(np.empty(0), np.empty(0), {}),
        Spectrum(np.empty(0), np.empty(0), {"precursor_mz": 150.0}),
        Spectrum(*peaks, {}),
        Spectrum(peaks[0], np.zeros(3), {"precursor_mz": 150.0}),
        Spectrum(peaks[0], np.array([np.nan, np.inf, -1.0]), {"precursor_mz": 150.0}),
        Spectrum(np.array([100.0]), np.array([1.0]), {"precursor_mz": 100.0, "charge": 3, "adduct": "[M+3H]3+"}),
    ]
    for value in values:
        odd = Spectrum(*peaks, {"precursor_mz": 150.0})
        for key in METADATA_KEYS:
            odd.set(key, value)
        spectra.append(odd)
    return spectra


def same(one: Spectrum, other: Spectrum) -> bool:
    """Tell whether two spectra are equal; unlike matchms, nothing is close enough, and NaN equals NaN."""
    return np.array_equal(one.peaks.to_numpy, other.peaks.to_numpy, equal_nan=True) and repr(
        dict(one.metadata)
    ) == repr(dict(other.metadata))


def test_filters_are_exported() -> None:
    """Guards the tests below against looking at nothing."""
    assert len(FILTERS) >= 5


def test_every_file_holds_the_filter_of_its_name() -> None:
    folder = Path(filters.__file__).parent
    names = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert names == set(filters.__all__)
    for name, function in zip(filters.__all__, FILTERS, strict=True):
        assert function.__name__ == name
        assert function.__module__ == f"matchms_fingerprint.filters.{name}"


def test_names_are_unlike_those_of_matchms() -> None:
    import matchms.filtering

    assert not set(filters.__all__) & set(dir(matchms.filtering))


def test_signature(function: Callable[..., Any]) -> None:
    parameters = list(inspect.signature(function).parameters.values())
    assert parameters[0].name == "spectrum_in"
    assert [p.name for p in parameters if p.default is inspect.Parameter.empty] == ["spectrum_in"]
    assert {p.kind for p in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert parameters[-1].name == "clone"
    assert parameters[-1].default is True


def test_parameters_survive_yaml(function: Callable[..., Any]) -> None:
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        assert isinstance(parameter.default, YAML_TYPES), name
        assert yaml.safe_load(yaml.safe_dump(parameter.default)) == parameter.default


def test_docstring_names_every_parameter(function: Callable[..., Any]) -> None:
    text = inspect.getdoc(function) or ""
    for name in inspect.signature(function).parameters:
        assert f"\n{name}\n    " in text


def test_none_gives_none(apply: Callable[..., Any]) -> None:
    assert apply(None) is None
    assert apply(None, clone=False) is None


# a spectrum with an odd precursor m/z cannot be printed, so the tests are numbered
@pytest.mark.parametrize("spectrum", [*known_spectra(), *odd_spectra()], ids=lambda _: "")
def test_clone_leaves_the_input_as_it_is(apply: Callable[..., Any], spectrum: Spectrum) -> None:
    before = spectrum.clone()
    result = apply(spectrum)
    assert same(spectrum, before)
    assert result is not spectrum


@pytest.mark.parametrize("spectrum", known_spectra(), ids=lambda s: str(s.get("compound_name")))
def test_without_clone_the_input_itself_comes_back(apply: Callable[..., Any], spectrum: Spectrum) -> None:
    spectrum.set("collision_energy", "35 NCE")
    expected = apply(spectrum)
    result = apply(spectrum, clone=False)
    assert result is spectrum
    assert same(result, expected)


def test_some_known_spectrum_is_changed(function: Callable[..., Any], apply: Callable[..., Any]) -> None:
    spectra = [known_spectrum("cocaine", collision_energy="35 NCE"), known_spectrum("cocaine", ms_level="1")]
    results = [apply(spectrum) for spectrum in spectra]
    assert any(result is None or not same(result, before) for result, before in zip(results, spectra, strict=True))


@pytest.mark.parametrize("spectrum", odd_spectra(), ids=lambda _: "")
def test_odd_spectra_pass_or_vanish_but_never_raise(apply: Callable[..., Any], spectrum: Spectrum) -> None:
    result = apply(spectrum)
    assert result is None or isinstance(result, Spectrum)


ODD_VALUES = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans(), st.lists(st.floats(), max_size=3)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    metadata=st.dictionaries(st.sampled_from(METADATA_KEYS), ODD_VALUES),
    peaks=st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 1e6)), max_size=6),
)
def test_no_metadata_makes_a_filter_raise(
    apply: Callable[..., Any], metadata: dict[str, Any], peaks: list[tuple[float, float]]
) -> None:
    mz, intensities = np.array(sorted(peaks)).reshape(-1, 2).T.copy()
    spectrum = Spectrum(mz, intensities, {})
    for key, value in metadata.items():
        spectrum.set(key, value)
    result = apply(spectrum)
    assert result is None or isinstance(result, Spectrum)


@pytest.mark.parametrize("name", ["cocaine", "salicin"])
def test_metadata_stays_plain(apply: Callable[..., Any], name: str, tmp_path: Path) -> None:
    """Hash, MGF, MSP and JSON; numpy scalars and arrays would break one or the other."""
    result = apply(known_spectrum(name, collision_energy="35 NCE"))
    assert result is not None
    assert isinstance(hash(result), int)
    json.dumps(dict(result.metadata))
    assert all(type(value) in (str, int, float) for value in result.metadata.values())
    for save, suffix in ((save_as_mgf, "mgf"), (save_as_msp, "msp"), (save_as_json, "json")):
        save([result], str(tmp_path / f"spectra.{suffix}"))
    (read,) = load_from_mgf(str(tmp_path / "spectra.mgf"))
    added = set(result.metadata) - set(known_spectrum(name).metadata)
    assert {key: str(read.get(key)) for key in added} == {key: str(result.get(key)) for key in added}


def test_twice_is_as_good_as_once(apply: Callable[..., Any]) -> None:
    once = apply(known_spectrum("cocaine", collision_energy="35 NCE"))
    assert once is not None
    assert same(apply(once), once)


@pytest.mark.parametrize("create_report", [True, False])
def test_runs_in_a_spectrum_processor(apply: Callable[..., Any], function: Any, create_report: bool) -> None:
    settings = apply.keywords if isinstance(apply, partial) else {}
    processor = SpectrumProcessor([(function, settings)] if settings else [function])
    spectra = [known_spectrum(name, collision_energy="35 NCE", ms_level="2") for name in ("cocaine", "salicin")]
    processed, report = processor.process_spectra(spectra, progress_bar=False, create_report=create_report)
    assert len(processed) == 2
    assert all(same(result, apply(before)) for result, before in zip(processed, spectra, strict=True))
    if create_report:
        assert report.counter_number_processed == 2
        assert sum(report.counter_changed_metadata.values()) + sum(report.counter_changed_peaks.values()) == (
            0 if function.__name__.startswith("require_") else 2
        )


def test_nothing_is_written_to_stdout(apply: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    apply(known_spectrum("cocaine", collision_energy="35 NCE"))
    assert capsys.readouterr().out == ""
