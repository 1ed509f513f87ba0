"""Sub-formulas of molecules for the peaks of their spectra."""

import numpy as np
import pytest

from matchms_fingerprint.chem.explain_peaks import explain_peaks, explain_spectra
from matchms_fingerprint.errors import AdductError, SettingsError


def test_fragments_of_caffeine() -> None:
    """Loss of methyl isocyanate, then of carbon monoxide, as the literature has them; 120.0 is no part of caffeine."""
    peaks = explain_peaks([195.0877, 138.0662, 110.0713, 120.0], "C8H10N4O2", "[M+H]+", tolerance_ppm=5)
    assert [peaks.formulas(i) for i in range(4)] == [["C8H11N4O2"], ["C6H8N3O"], ["C5H8N3"], []]
    assert [peaks.losses(i) for i in range(4)] == [[""], ["C2H3NO"], ["C3H3NO2"], []]
    assert peaks.explained.tolist() == [True, True, True, False]
    assert np.abs(peaks.errors_da).max() < 1e-4


def test_fragments_of_citric_acid_in_negative_mode() -> None:
    """111.0088 is [M-H-2H2O-CO2]-, 87.0088 and 85.0295 are its known neighbours."""
    peaks = explain_peaks([191.0197, 111.0088, 87.0088, 85.0295], "C6H8O7", "[M-H]-", tolerance_ppm=5)
    assert [peaks.formulas(i) for i in range(4)] == [["C6H7O7"], ["C5H3O3"], ["C3H3O3"], ["C4H5O2"]]
    assert peaks.losses(1) == ["CH4O4"]


@pytest.mark.parametrize(
    ("mz", "adduct", "expected"),
    [
        (203.0526, "[M+Na]+", "C6H12NaO6"),
        (22.9892, "[M+Na]+", "Na"),
        (44.9982, "[M+HCOO]-", "CHO2"),
        (34.9694, "[M+Cl]-", "Cl"),
    ],
)
def test_atoms_of_the_adduct_may_stay(mz: float, adduct: str, expected: str) -> None:
    assert expected in explain_peaks([mz], "C6H12O6", adduct, tolerance_ppm=5).formulas(0)
    assert expected not in explain_peaks([mz], "C6H12O6", "[M+H]+", tolerance_ppm=5).formulas(0)


def test_atoms_from_the_collision_cell() -> None:
    """Benzoyl 105.0335 takes up water: 123.0441; acetophenone has one oxygen only."""
    without = explain_peaks([105.0335, 123.0441], "C8H8O", "[M+H]+", tolerance_ppm=10)
    assert without.explained.tolist() == [True, False]
    wet = explain_peaks([123.0441], "C8H8O", "[M+H]+", tolerance_ppm=10, extra_atoms="H2O")
    assert wet.formulas(0) == ["C7H7O2"]
    assert wet.losses(0) == ["CH2-O"]  # CH4 left, H2O came


def test_hydrogen_slack() -> None:
    mz = [47.0491]  # C2H7O+, ethanol's ion with its hydrogens
    assert not explain_peaks(mz, "C2H6O", "[M]+", tolerance_ppm=10).explained[0]
    assert explain_peaks(mz, "C2H6O", "[M]+", tolerance_ppm=10, hydrogen_slack=1).formulas(0) == ["C2H7O"]


def test_best_only() -> None:
    """Within 20 ppm of 138.0662 there is C8H10O2+ too, 9.6 ppm off."""
    every = explain_peaks([138.0662], "C8H10N4O2", "[M+H]+", tolerance_ppm=20)
    best = explain_peaks([138.0662], "C8H10N4O2", "[M+H]+", tolerance_ppm=20, best_only=True)
    assert every.formulas(0) == ["C6H8N3O", "C8H10O2"]
    assert best.formulas(0) == ["C6H8N3O"]


def test_the_floor_in_da_helps_small_masses() -> None:
    mz = [15.0235 - 0.0002]  # CH3+ is at 15.02293
    assert explain_peaks(mz, "CH4", "[M]+").formulas(0) == ["CH3"]
    assert explain_peaks(mz, "CH4", "[M]+", tolerance_da=0.0).formulas(0) == []


def test_many_spectra_are_as_each_alone() -> None:
    mz = [[138.0662, 110.0713], [], [111.0088, 22.9892, np.nan]]
    formulas, adducts = ["C8H10N4O2", "C6H12O6", "C6H8O7"], ["[M+H]+", "[M+Na]+", "[M-H]-"]
    together = explain_spectra(mz, formulas, adducts)
    assert together.peak_offsets.tolist() == [0, 2, 2, 5]
    for spectrum, (peaks, formula, adduct) in enumerate(zip(mz, formulas, adducts, strict=True)):
        alone = explain_peaks(peaks, formula, adduct)
        for place in range(len(peaks)):
            index = together.peak_offsets[spectrum] + place
            assert together.formulas(index) == alone.formulas(place)
            assert together.losses(index) == alone.losses(place)


def test_no_spectra_at_all() -> None:
    nothing = explain_spectra([], [], [])
    assert len(nothing) == 0
    assert nothing.loss_counts().shape == nothing.counts.shape


def test_one_formula_and_adduct_a_spectrum() -> None:
    with pytest.raises(SettingsError, match="2 spectra, 1 formulas, 1 adducts"):
        explain_spectra([[1.0], [2.0]], ["CH4"], ["[M]+"])


def test_an_adduct_that_does_not_fit_is_refused() -> None:
    with pytest.raises(AdductError, match="takes away"):
        explain_peaks([50.0], "C6H6", "[M-H2O+H]+")
