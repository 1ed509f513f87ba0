"""Formulas of candidates against MS1 peaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.annotation.evidence.evidence import Query
from matchms_fingerprint.annotation.evidence.isotopes import IsotopeEvidence, bounded, pattern_scores
from matchms_fingerprint.chem import find_formulas, get_adduct, ion_atoms, parse_formula
from matchms_fingerprint.chem.isotopes import isotope_pattern
from matchms_fingerprint.io.isotope_peaks import IsotopePeaks
from tests.candidate_cases import make_candidates, make_query

CAFFEINE = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
MOST_ATOMS = {"C": 40, "H": 80, "N": 8, "O": 15, "S": 2, "P": 2, "Cl": 3, "Br": 2, "F": 4}


def drawn_pattern(
    formula: str, adduct: str = "[M+H]+", noise: float = 0.0, floor: float = 0.003, seed: int = 0
) -> tuple[IsotopePeaks, float]:
    """Return the MS1 peaks of an ion down to a share of M, with relative noise and 2 ppm of m/z, and its m/z."""
    rng, known = np.random.default_rng(seed), get_adduct(adduct)
    pattern = isotope_pattern(ion_atoms(formula, adduct))
    mz = known.precursor_mz(parse_formula(formula)[1])
    heights = pattern.shares / pattern.shares[pattern.offsets == 0]
    heights = heights * (1.0 + noise * rng.normal(size=heights.size))
    kept = heights >= floor
    masses = mz + pattern.mass_shifts[kept] / abs(known.charge)
    return IsotopePeaks(masses * (1.0 + (noise > 0) * 2e-6 * rng.normal(size=masses.size)), 1e6 * heights[kept]), mz


def scores(peaks: IsotopePeaks, mz: float, formulas: list[str], adduct: str = "[M+H]+") -> np.ndarray:
    charge = abs(get_adduct(adduct).charge)
    found = pattern_scores(peaks, mz, [(ion_atoms(formula, adduct), charge) for formula in formulas])
    assert found is not None
    return found


@pytest.mark.parametrize(
    "formula",
    ["C8H10N4O2", "C18H33ClN2O5S", "C14H9Cl5", "C6H4Br2O", "C13H12BF3O2", "C5H11NO2Se", "C12H28Sn", "C27H46O9"],
)
@pytest.mark.parametrize("adduct", ["[M+H]+", "[M+Na]+", "[M+K]+", "[M+2H]2+", "[2M+H]+"])
def test_a_perfect_fit_has_0(formula: str, adduct: str) -> None:
    peaks, mz = drawn_pattern(formula, adduct, floor=1e-6)
    assert scores(peaks, mz, [formula], adduct) == pytest.approx(0.0, abs=1e-6)


@given(
    st.lists(st.tuples(st.floats(-4.5, 6.5), st.floats(1e-4, 5.0)), max_size=30),
    st.sampled_from(["C8H10N4O2", "C18H33ClN2O5S", "C12H28Sn"]),
)
def test_whatever_is_measured_no_fit_is_better_than_a_perfect_one(
    others: list[tuple[float, float]], formula: str
) -> None:
    shifts, heights = np.array([(0.0, 1.0), *others]).T
    found = pattern_scores(IsotopePeaks(300.1 + shifts, heights), 300.1, [(ion_atoms(formula, "[M+H]+"), 1)])
    assert found is None or (np.isfinite(found).all() and (found <= 1e-9).all())


@pytest.mark.parametrize(("noise", "least_won", "least_first"), [(0.05, 0.95, 0.7), (0.1, 0.85, 0.45)])
def test_the_right_formula_leads_those_of_its_mass(noise: float, least_won: float, least_first: float) -> None:
    """Compounds of the starter library beside all plausible formulas within 10 ppm, of which they have 21 (median).

    Over 61 compounds the right formula wins .98 of the comparisons at 5 % noise and is the first in .79 of the cases;
    at 10 % it is .92 and .56.
    """
    library = CandidateLibrary.open("starter").search(neutral_mass=300.0, tolerance_da=150.0)
    neutral = [i for i, formula in enumerate(library.formulas) if formula.isalnum()]
    won, first = [], []
    for i in np.random.default_rng(0).permutation(neutral)[:40].tolist():
        formula = library.formulas[i]
        rivals = find_formulas([float(library.exact_masses[i])], MOST_ATOMS, tolerance_ppm=10.0).formulas(0)
        rivals = [rival for rival in rivals if rival != formula]
        if rivals:
            peaks, mz = drawn_pattern(formula, noise=noise, seed=i)
            right, *wrong = scores(peaks, mz, [formula, *rivals])
            won.append(np.mean(right > np.array(wrong)))
            first.append(right > max(wrong))
    assert len(won) > 25
    assert np.mean(won) > least_won
    assert np.mean(first) > least_first


@pytest.mark.parametrize(
    ("formula", "rival"),
    [("C9H9Cl2N3", "C14H15NO"), ("C9H11Cl2N3O4S2", "C20H14O6"), ("C7H5BrO2", "C12H8OS"), ("C10H17N3O6S", "C14H13N5O3")],
)
def test_chlorine_bromine_and_sulphur_are_recognised(formula: str, rival: str) -> None:
    peaks, mz = drawn_pattern(formula, noise=0.1)
    right, wrong = scores(peaks, mz, [formula, rival])
    assert right > wrong + 3.0
    peaks, mz = drawn_pattern(rival, noise=0.1)
    wrong, right = scores(peaks, mz, [formula, rival])
    assert right > wrong + 3.0


def test_what_is_below_the_weakest_peak_may_be_missing() -> None:
    """With M+1 alone nobody knows whether a weaker M+2 was there: one sulphur's may be missing, one bromine's not."""
    mz = 300.1
    peaks = IsotopePeaks(np.array([mz, mz + 1.0033]), np.array([1.0, 0.1]))
    plain, sulphur, bromine = scores(peaks, mz, ["C9H12O4", "C9H12O2S", "C9H12Br"])
    assert sulphur > plain - 0.5
    assert bromine < plain - 2.0


def test_a_peak_of_another_ion_costs_one_outlier() -> None:
    peaks, mz = drawn_pattern("C8H10N4O2")
    for height in (2e5, 2e8):
        disturbed = IsotopePeaks(np.append(peaks.mz, mz + 2.9975), np.append(peaks.intensities, height))
        assert -3.5 < scores(disturbed, mz, ["C8H10N4O2"])[0] < -2.5
    apart = IsotopePeaks(np.append(peaks.mz, mz + 2.7), np.append(peaks.intensities, 2e8))
    assert scores(apart, mz, ["C8H10N4O2"]) == pytest.approx(scores(peaks, mz, ["C8H10N4O2"]))


def test_a_peak_that_stands_there_twice_counts_once() -> None:
    """Two features of one ion, as in a real export: the weaker one is left out, also of M itself."""
    peaks, mz = drawn_pattern("C8H10N4O2")
    twice = IsotopePeaks(np.append(peaks.mz, peaks.mz + 2e-4), np.append(peaks.intensities, 0.8 * peaks.intensities))
    assert scores(twice, mz, ["C8H10N4O2"])[0] > scores(peaks, mz, ["C8H10N4O2"])[0] - 0.01


def test_half_a_unit_tells_two_charges() -> None:
    peaks, mz = drawn_pattern("C20H20N4O6", "[M+2H]2+")
    found = pattern_scores(
        peaks, mz, [(ion_atoms("C20H20N4O6", "[M+2H]2+"), 2), (ion_atoms("C10H10N2O3", "[M+H]+"), 1)]
    )
    assert found is not None
    assert found[0] > found[1] + 2.0


def query_with(peaks: IsotopePeaks | None, mz: float = 195.0877) -> Query:
    return replace(make_query([110.0713, 138.0662], precursor_mz=mz), isotope_peaks=peaks)


def test_evidence_of_isomers_and_where_it_is_missing() -> None:
    peaks, mz = drawn_pattern("C8H10N4O2")
    isomers = make_candidates([CAFFEINE, "CN1C(=O)c2c(ncn2C)N(C)C1=O", "CCCCCCCCCCCCC=C"])
    found = IsotopeEvidence().of(query_with(peaks), isomers)[:, 0]
    assert found[0] == found[1] == pytest.approx(0.0, abs=0.1)
    assert found[2] < found[0] - 2.0
    alone = IsotopePeaks(peaks.mz[:1], peaks.intensities[:1])
    elsewhere = IsotopePeaks(peaks.mz[1:], peaks.intensities[1:])
    rough = IsotopePeaks(np.array([mz, mz + 0.9, mz + 2.1]), peaks.intensities[:3])
    for nothing in (None, alone, elsewhere, rough):
        assert np.isnan(IsotopeEvidence().of(query_with(nothing), isomers)).all()


def test_a_formula_that_cannot_form_the_adduct_has_none() -> None:
    peaks, mz = drawn_pattern("C6H12O6", "[M-H2O+H]+")
    candidates = make_candidates(["OCC1OC(O)C(O)C(O)C1O", "CCCCCCCCCC"], mz, "[M-H2O+H]+")
    found = IsotopeEvidence().of(query_with(peaks, mz), candidates)[:, 0]
    assert np.isfinite(found[0])
    assert np.isnan(found[1])
    assert bounded(found).tolist() == pytest.approx([0.0, np.log(0.02)])


def test_no_pattern_can_veto() -> None:
    found = bounded(np.array([-7.0, -8.0, -500.0]))
    assert found[0] == pytest.approx(0.0)
    assert found[1] == pytest.approx(-1.0, abs=0.05)
    assert found[2] == pytest.approx(np.log(0.02))
    assert bounded(np.full(3, np.nan)).tolist() == [0.0, 0.0, 0.0]
