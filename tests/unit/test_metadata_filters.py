"""Filters that read the MS level and the collision energy."""

from typing import Any

import numpy as np
import pytest
from builders import make_spectrum
from matchms import Spectrum
from matchms.filtering import require_correct_ms_level

from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.filters import normalize_collision_energy, require_ms2


@pytest.mark.parametrize("level", ["2", "MS2", "ms2", 2, 2.0, "2.0", None, "unknown"])
def test_ms2_passes(level: Any) -> None:
    assert require_ms2(make_spectrum(ms_level=level)) is not None


@pytest.mark.parametrize("level", ["1", "MS1", "MS", 1, 1.0, "3", "MS3", 3])
def test_other_levels_do_not(level: Any) -> None:
    assert require_ms2(make_spectrum(ms_level=level)) is None


@pytest.mark.parametrize("key", ["MSLEVEL", "MS_LEVEL", "Spectrum_type", "ms_type"])
def test_level_is_found_under_every_name_that_matchms_harmonizes(key: str) -> None:
    assert require_ms2(make_spectrum(**{key: "1"})) is None
    assert require_ms2(make_spectrum(**{key: "MS2"})) is not None


def test_correlated_ms_is_ms1() -> None:
    """As MZmine writes the MS1 block of its SIRIUS export, at times without a level."""
    assert require_ms2(make_spectrum(SPECTYPE="CORRELATED MS")) is None
    assert require_ms2(make_spectrum(SPECTYPE="CORRELATED MS", MSLEVEL="1")) is None
    assert require_ms2(make_spectrum(SPECTYPE="SAME_ENERGY")) is not None


def test_matchms_drops_what_passes_here() -> None:
    """The reason for a filter of our own; once this fails, matchms' filter may do."""
    assert require_correct_ms_level(make_spectrum(ms_level=None)) is None
    assert require_correct_ms_level(make_spectrum(ms_level=2)) is None


def energies(**metadata: Any) -> tuple[Any, Any, Any]:
    result = normalize_collision_energy(make_spectrum(**metadata))
    return tuple(  # type: ignore[return-value]
        result.get(key) for key in ("collision_energy", "normalized_collision_energy", "collision_energy_text")
    )


@pytest.mark.parametrize(
    ("text", "instrument_type", "ev", "normalized"),
    [
        # at m/z 250, eV = percent x 250 / 500
        ("30 eV", None, 30.0, 60.0),
        ("35 NCE", None, 17.5, 35.0),
        ("[20.0,40.0]", None, 30.0, 60.0),
        ("40", "LC-ESI-QTOF", 40.0, 80.0),
        ("40", "LC-ESI-QFT", 20.0, 40.0),
        (40, "Orbitrap", 20.0, 40.0),
        ([15.0, 30.0, 45.0], "Orbitrap", 15.0, 30.0),
    ],
)
def test_collision_energy_becomes_numbers(text: Any, instrument_type: str | None, ev: float, normalized: float) -> None:
    found = energies(precursor_mz=250.0, collision_energy=text, instrument_type=instrument_type)
    assert found == (ev, normalized, str(text))


def test_hcd_without_a_unit_is_normalized() -> None:
    assert energies(precursor_mz=250.0, collision_energy="40", fragmentation="HCD")[:2] == (20.0, 40.0)


def test_one_scale_without_precursor() -> None:
    """What was written stays where the other scale cannot be had."""
    assert energies(precursor_mz=None, collision_energy="35 NCE") == ("35 NCE", 35.0, "35 NCE")
    assert energies(precursor_mz=None, collision_energy="20 eV") == (20.0, None, "20 eV")


@pytest.mark.parametrize("text", [None, "high", "0"])
def test_nothing_readable_changes_nothing(text: str | None) -> None:
    spectrum = make_spectrum(collision_energy=text)
    assert normalize_collision_energy(spectrum).metadata == spectrum.metadata


@pytest.mark.parametrize("instrument_type", ["LC-ESI-QFT", "LC-ESI-QTOF"])
@pytest.mark.parametrize("text", ["35", "35 NCE", "35 eV", "15,30,45 (NCE)"])
def test_nothing_is_converted_twice(text: str, instrument_type: str) -> None:
    spectrum = make_spectrum(precursor_mz=250.0, collision_energy=text, instrument_type=instrument_type)
    once = normalize_collision_energy(spectrum)
    reread = Spectrum(once.peaks.mz, once.peaks.intensities, {k: str(v) for k, v in once.metadata.items()})
    twice = normalize_collision_energy(reread)
    for key in ("collision_energy", "normalized_collision_energy"):
        assert float(twice.get(key)) == once.get(key)


@pytest.mark.parametrize("instrument_type", ["LC-ESI-QFT", "LC-ESI-QTOF"])
@pytest.mark.parametrize("text", ["35", "35 NCE", "35 eV", "15,30,45 (NCE)"])
def test_the_model_sees_the_same_energy_before_and_after(text: str, instrument_type: str) -> None:
    spectrum = make_spectrum(precursor_mz=250.0, collision_energy=text, instrument_type=instrument_type)
    before, after = spectrum_arrays([spectrum, normalize_collision_energy(spectrum)]).collision_energy
    np.testing.assert_allclose(after, before, rtol=1e-4)
