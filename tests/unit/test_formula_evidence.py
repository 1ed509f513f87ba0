"""Formulas of candidates against peaks."""

from __future__ import annotations

import numpy as np
import pytest

from matchms_fingerprint.annotation.evidence.formula import FormulaEvidence
from matchms_fingerprint.chem import explain_peaks
from tests.candidate_cases import ACCURATE, NOMINAL, make_candidates, make_query

CAFFEINE = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
SAME_NOMINAL_MASS = ("COc1cc(C=O)cc(OC)c1OC=O", "CCCCCCCCCCCCC=C", "OCC1OC(OC)C(O)C(O)C1O")
MZ = [69.0447, 83.0604, 110.0713, 123.0427, 138.0662]
INTENSITY = [0.1, 0.05, 0.3, 0.02, 1.0]


def test_the_formula_that_explains_the_peaks_leads() -> None:
    found = FormulaEvidence().of(make_query(MZ, INTENSITY), make_candidates([CAFFEINE, *SAME_NOMINAL_MASS]))
    assert found[0, 0] == pytest.approx(1.0)
    assert (found[0] > found[1:]).all()


def test_explained_share_is_that_of_explain_peaks() -> None:
    candidates = make_candidates([CAFFEINE, *SAME_NOMINAL_MASS])
    found = FormulaEvidence().of(make_query(MZ, INTENSITY), candidates)
    weight = np.sqrt(np.array(INTENSITY, np.float32).astype(float))
    for formula, share in zip(candidates.formulas, found[:, 0], strict=True):
        peaks = explain_peaks(MZ, formula, "[M+H]+", tolerance_ppm=ACCURATE.ppm, tolerance_da=ACCURATE.da)
        assert share == pytest.approx(weight[peaks.explained].sum() / weight.sum())


def test_isomers_have_the_same_numbers() -> None:
    found = FormulaEvidence().of(make_query(MZ, INTENSITY), make_candidates([CAFFEINE, "CN1C(=O)c2c(ncn2C)N(C)C1=O"]))
    np.testing.assert_array_equal(found[0], found[1])


def test_a_smaller_error_is_worth_more() -> None:
    near = FormulaEvidence().of(make_query([110.0713, 138.0662]), make_candidates([CAFFEINE]))
    far = FormulaEvidence().of(make_query([110.0718, 138.0667]), make_candidates([CAFFEINE]))
    assert near[0, 0] == far[0, 0] == 1.0
    assert near[0, 1] > far[0, 1]


def test_a_match_among_many_parts_is_worth_less() -> None:
    """A peptide has many parts of the mass of a caffeine fragment, caffeine has one."""
    peptide = "CC(C)CC(NC(=O)C(CS)NC(=O)C(CO)NC(=O)CN)C(=O)NC(CCCNC(N)=N)C(=O)O"
    found = FormulaEvidence().of(
        make_query([110.0713, 138.0662], precursor_mz=600.0), make_candidates([CAFFEINE, peptide])
    )
    assert found[0, 0] == found[1, 0] == 1.0
    assert found[0, 1] > found[1, 1]


@pytest.mark.parametrize(
    "query",
    [make_query(MZ, accuracy=NOMINAL), make_query([195.0877]), make_query([])],
    ids=["nominal masses", "precursor alone", "no peaks"],
)
def test_evidence_is_missing_where_peaks_say_nothing(query: object) -> None:
    assert np.isnan(FormulaEvidence().of(query, make_candidates([CAFFEINE]))).all()  # type: ignore[arg-type]


def test_a_formula_that_cannot_form_the_adduct_is_missing_alone() -> None:
    candidates = make_candidates([CAFFEINE, "CCCCCCCCCCCCC=C"], adduct="[M-H2O+H]+")
    found = FormulaEvidence().of(make_query(MZ, INTENSITY), candidates)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_no_candidates_give_no_rows() -> None:
    candidates = make_candidates([CAFFEINE]).take(np.empty(0, np.int64))
    assert FormulaEvidence().of(make_query(MZ), candidates).shape == (0, 2)


def test_negative_fragments_carry_an_electron() -> None:
    benzoic = make_candidates(["OC(=O)c1ccccc1"], adduct="[M-H]-", precursor_mz=121.0295)
    query = make_query([77.0397], precursor_mz=121.0295, adduct="[M-H]-")  # C6H5-
    assert FormulaEvidence().of(query, benzoic)[0, 0] == 1.0
