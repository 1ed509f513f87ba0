"""Formulas of precursors and sub-formulas of peaks as features of a model."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from builders import make_spectrum, random_spectra

from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays, join_arrays, spectrum_arrays
from matchms_fingerprint.features.formula_candidates import ELEMENTS, FAMILIES, candidate_formulas
from matchms_fingerprint.features.formula_tokens import FormulaPeaks, formula_peaks, precursor_ions, summary_features
from matchms_fingerprint.features.formula_words import FormulaWordSettings, formula_words, frequent_words
from matchms_fingerprint.features.precursor_formulas import (
    complete_formulas,
    fragment_tolerances,
    read_formula,
    write_formula,
)

# caffeine's fragments as in test_explain_peaks; 120.0 is no part of it
CAFFEINE = make_spectrum([110.0713, 120.0, 138.0662, 195.0877], [0.3, 0.1, 1.0, 0.5], precursor_mz=195.0877)
CITRATE = make_spectrum(
    [85.0295, 87.0088, 111.0088],
    [0.2, 0.5, 1.0],
    precursor_mz=191.0197,
    adduct="[M-H]-",
    ionmode="negative",
    charge=-1,
)
GLUCOSE = make_spectrum([22.9892, 185.0421, 203.0526], [0.4, 1.0, 0.8], precursor_mz=203.0526, adduct="[M+Na]+")


def given(spectra: SpectrumArrays, *formulas: str) -> SpectrumArrays:
    return replace(spectra, formula=np.array(formulas))


def written(found: FormulaPeaks) -> list[str]:
    return [write_formula(row) for row in found.atoms]


def naive_subformula(mz: float, ion: np.ndarray, charge: int, tolerance: float) -> str:
    """Try all sub-formulas and return the closest one, "" if none is within the tolerance."""
    best, least = "", tolerance
    used = np.flatnonzero(ion)
    for counts in product(*(range(ion[column] + 1) for column in used)):
        mass = float(np.dot(counts, ELEMENTS.masses[used])) - charge * ELECTRON_MASS
        rdbe = 1 + np.dot(counts, ELEMENTS.valences[used] - 2) / 2
        if abs(mass - mz) <= least and rdbe >= -0.5:
            row = np.zeros(len(ion), np.int64)
            row[used] = counts
            best, least = write_formula(row), abs(mass - mz)
    return best


def test_subformulas_are_those_of_all_tried() -> None:
    spectra = given(spectrum_arrays([CAFFEINE, CITRATE, GLUCOSE]), "C8H10N4O2", "C6H8O7", "C6H12O6")
    found = formula_peaks(spectra, 10)
    charges = [1, -1, 1]
    tolerances = fragment_tolerances(found.spectra)
    naive = [
        naive_subformula(mz, found.ions.atoms[row], charges[row], tolerance)
        for mz, row, tolerance in zip(found.spectra.mz, found.spectra.rows, tolerances, strict=True)
    ]
    assert written(found) == naive
    # as the literature has them; see test_explain_peaks
    assert naive == [
        *("C5H8N3", "", "C6H8N3O", "C8H11N4O2"),
        *("C4H5O2", "C3H3O3", "C5H3O3"),
        *("Na", "C6H10NaO5", "C6H12NaO6"),
    ]
    assert [write_formula(row) for row in found.losses[:4]] == ["C3H3NO2", "", "C2H3NO", ""]
    assert found.is_explained.tolist() == [name != "" for name in naive]
    assert not found.losses[1].any()
    assert np.abs(found.errors_ppm).max() < 6


def test_errors_say_how_far_the_peak_is_from_its_subformula() -> None:
    mass = 6 * 12.0 + 8 * 1.00782503223 + 3 * 14.00307400443 + 15.99491461957 - ELECTRON_MASS
    spectra = given(spectrum_arrays([make_spectrum([mass * (1 + 4e-6)], precursor_mz=195.0877)]), "C8H10N4O2")
    assert formula_peaks(spectra, 10).errors_ppm[0] == pytest.approx(4.0, abs=0.01)


def test_a_given_formula_is_used_though_others_fit_better() -> None:
    spectra = spectrum_arrays([CAFFEINE])
    assert complete_formulas(spectra).formula.tolist() == ["C8H10N4O2"]
    other = given(spectra, "C7H14O6")  # 194.0790, another molecule of about this mass
    assert complete_formulas(other).formula.tolist() == ["C7H14O6"]
    ions = precursor_ions(other)
    assert write_formula(ions.molecules[0]) == "C7H14O6"
    assert ions.confidence.tolist() == [1.0]
    assert formula_peaks(other, 10).is_explained.sum() < formula_peaks(spectra, 10).is_explained.sum()


@pytest.mark.parametrize(("spectrum", "formula"), [(CAFFEINE, "C8H10N4O2"), (CITRATE, "C6H8O7"), (GLUCOSE, "C6H12O6")])
def test_formulas_are_found_in_both_ion_modes_and_with_sodium(spectrum: object, formula: str) -> None:
    completed = complete_formulas(spectrum_arrays([spectrum]))
    assert completed.formula.tolist() == [formula]
    assert 0.3 < completed.formula_confidence[0] < 1
    found = precursor_ions(completed)
    assert found.confidence[0] == completed.formula_confidence[0]
    assert abs(found.errors_ppm[0]) < 3


def test_completing_twice_changes_nothing_and_enumerates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    spectra = spectrum_arrays([CAFFEINE, make_spectrum(precursor_mz=5000.0)])
    once = complete_formulas(spectra)
    assert once.formula[1] == ""
    assert once.formula_confidence[1] == 0
    monkeypatch.setattr("matchms_fingerprint.features.precursor_formulas.score_candidates", None)
    assert complete_formulas(once) is once


def test_formulas_are_the_same_alone_and_in_a_batch() -> None:
    spectra = spectrum_arrays([CAFFEINE, *random_spectra(6), CITRATE, GLUCOSE])
    together = complete_formulas(spectra)
    alone = join_arrays([complete_formulas(spectra.take(np.array([i]))) for i in range(len(spectra))])
    assert together.formula.tolist() == alone.formula.tolist()
    np.testing.assert_array_equal(together.formula_confidence, alone.formula_confidence)
    found = formula_peaks(spectra, 10)
    parts = [formula_peaks(spectra.take(np.array([i])), 10) for i in range(len(spectra))]
    for name in ("atoms", "losses", "is_explained", "errors_ppm"):
        np.testing.assert_array_equal(getattr(found, name), np.concatenate([getattr(part, name) for part in parts]))


def test_an_unknown_adduct_is_the_one_that_fits_the_formula() -> None:
    sodium = make_spectrum([185.0421, 203.0526], precursor_mz=203.0526, adduct=None)
    ions = precursor_ions(given(spectrum_arrays([sodium]), "C6H12O6"))
    assert write_formula(ions.atoms[0]) == "C6H12NaO6"
    proton = precursor_ions(given(spectrum_arrays([make_spectrum(adduct=None)]), "C6H12O6"))
    assert write_formula(proton.atoms[0]) == "C6H13O6"


def test_adduct_atoms_may_stay_and_formulas_that_do_not_fit_are_none() -> None:
    formate = make_spectrum([44.9982], precursor_mz=225.0616, adduct="[M+HCOO]-", ionmode="negative", charge=-1)
    no_water = make_spectrum(precursor_mz=61.0, adduct="[M-H2O+H]+")
    selenium = make_spectrum(precursor_mz=200.0)
    spectra = given(spectrum_arrays([formate, no_water, selenium]), "C6H12O6", "C6H6", "C5H11NO2Se")
    found = formula_peaks(spectra, 10)
    assert written(found)[0] == "CHO2"
    assert found.ions.is_known.tolist() == [True, False, False]
    assert found.ions.confidence.tolist() == [1, 0, 0]
    assert not found.is_explained[1:].any()


def test_rounded_peaks_have_no_subformulas() -> None:
    rounded = make_spectrum([110.1, 138.1, 195.1], precursor_mz=195.0877)
    spectra = given(spectrum_arrays([rounded]), "C8H10N4O2")
    found = formula_peaks(spectra, 10)
    assert not found.is_explained.any()
    assert found.spectra.mz.tolist() == [110.1, 138.1, 195.1]


@pytest.mark.parametrize(
    "metadata",
    [
        {"precursor_mz": None},
        {"adduct": None, "ionmode": None, "charge": None},
        {"precursor_mz": None, "adduct": None, "ionmode": None, "charge": None},
        {"precursor_mz": 0.5},
        {"precursor_mz": 1.00728},
    ],
)
def test_what_is_missing_gives_no_formula_and_no_error(metadata: dict) -> None:
    spectra = spectrum_arrays([make_spectrum(**metadata), make_spectrum([], [], **metadata)])
    found = formula_peaks(spectra, 10)
    summary = summary_features(found)
    assert summary.shape == (2, 4)
    assert np.isfinite(summary).all()
    assert np.isfinite(found.errors_ppm).all()
    assert found.is_explained.size == 3


def test_no_spectra() -> None:
    found = formula_peaks(spectrum_arrays([]), 10)
    assert summary_features(found).shape == (0, 4)
    assert found.atoms.shape == (0, len(ELEMENTS.symbols))


def test_the_summary_says_how_much_is_explained() -> None:
    found = formula_peaks(given(spectrum_arrays([CAFFEINE]), "C8H10N4O2"), 10)
    # all but the peak at 120.0: 1.8 of 1.9
    np.testing.assert_allclose(summary_features(found)[0], [1, 1, found.ions.errors_ppm[0] / 10, 1.8 / 1.9], rtol=1e-6)


def test_only_the_strongest_peaks_are_kept() -> None:
    found = formula_peaks(spectrum_arrays([CAFFEINE]), 2)
    assert found.spectra.mz.tolist() == [138.0662, 195.0877]


@pytest.mark.parametrize("formula", ["C6H6", "C8HF17O3S", "C15H11I4NO4", "C10H16N5O13P3", "C14H9Cl5", "C21H20BrN3"])
def test_candidates_hold_unusual_molecules_once(formula: str) -> None:
    counts = read_formula(formula)
    mass = float(counts @ ELEMENTS.masses)
    found = candidate_formulas(np.array([mass]), np.array([5.0]), kept=10**6)
    same = (found.counts == counts).all(axis=1)
    assert same.sum() == 1
    assert len(np.unique(found.counts, axis=0)) == len(found.counts)
    assert np.abs(found.errors_ppm).max() <= 5 + 1e-6


def test_candidates_of_a_mass_are_those_of_the_families() -> None:
    """Each family enumerated by itself; a formula of several is listed once."""
    mass = 194.0804
    found = candidate_formulas(np.array([mass, np.nan, 1e5]), np.full(3, 5.0), kept=10**6)
    assert np.diff(found.offsets)[1:].tolist() == [0, 0]
    for row in found.counts:
        assert any((row >= low).all() and (row <= high).all() for low, high in (f.bounds() for f in FAMILIES))
    assert "C8H10N4O2" in [write_formula(row) for row in found.counts]
    few = candidate_formulas(np.array([mass]), np.array([5.0]), kept=2)
    assert len(few.counts) == 2


def test_words_of_a_spectrum() -> None:
    spectra = given(spectrum_arrays([CAFFEINE, make_spectrum([], [])]), "C8H10N4O2", "C6H6")
    settings = FormulaWordSettings(fragments=("C6H8N3O", "CH3"), losses=("", "C3H3NO2"))
    words = formula_words(formula_peaks(spectra, 10), settings)
    assert words.offsets.tolist() == [0, words.indices.size, words.indices.size]
    value = dict(zip(words.indices.tolist(), words.weights.tolist(), strict=True))
    n_counts = 13 * 48
    assert value[0] == pytest.approx(1.0)
    assert 1 not in value
    # the loss of nothing belongs to the precursor, that of C3H3NO2 to the peak at 110.0713
    assert value[2 + n_counts] == pytest.approx(0.5**0.5)
    assert value[3 + n_counts] == pytest.approx(0.3**0.5)
    # eight carbons: the precursor
    assert value[2 + 7] == pytest.approx(0.1 * 0.5**0.5)
    assert max(value) < settings.n_words


def test_words_occur_in_several_structures() -> None:
    spectra = given(spectrum_arrays([CAFFEINE] * 4), *["C8H10N4O2"] * 4)
    fragments, losses = frequent_words(spectra, np.array([0, 1, 2, 2]), 10, 10, 10)
    assert set(fragments) == {"C8H11N4O2", "C6H8N3O", "C5H8N3"}
    assert set(losses) == {"", "C2H3NO", "C3H3NO2"}
    assert frequent_words(spectra, np.array([0, 1, 1, 1]), 10, 10, 10) == ((), ())
    assert len(frequent_words(spectra, np.array([0, 1, 2, 2]), 1, 0, 10)[0]) == 1


def test_word_settings_survive_and_refuse_what_they_do_not_know() -> None:
    settings = FormulaWordSettings(("C6H6",), ("", "H2O"), 30)
    assert FormulaWordSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(ModelError, match="losess"):
        FormulaWordSettings.from_dict({"losess": []})
    with pytest.raises(ModelError, match="C6Xy"):
        FormulaWordSettings(("C6Xy",))
