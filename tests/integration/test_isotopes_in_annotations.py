"""MS1 peaks move the posterior, by what their evidence says and no more."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matchms import Spectrum
from matchms.reference_spectra import cocaine

from matchms_fingerprint import CandidateLibrary, annotate
from matchms_fingerprint.annotation.evidence.isotopes import bounded
from matchms_fingerprint.chem import ion_atoms
from matchms_fingerprint.chem.isotopes import isotope_pattern
from matchms_fingerprint.records import Annotation

STRUCTURES = {
    "C17H21NO4": "COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C",
    "C17H22ClN3": "CN(C)CCN(CCc1ccc(Cl)cc1)c1ccccn1",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> CandidateLibrary:
    """Return cocaine and a compound with chlorine within 15 ppm of it."""
    folder: Path = tmp_path_factory.mktemp("isotopes")
    return CandidateLibrary.build([{"smiles": s} for s in STRUCTURES.values()], folder / "library", n_jobs=1)


def ms1_spectrum(formula: str) -> Spectrum:
    pattern = isotope_pattern(ion_atoms(formula, "[M+H]+"))
    kept = pattern.shares > 1e-3
    about = cocaine().metadata | {"feature_id": "1", "ms_level": 1}
    return Spectrum(about["precursor_mz"] + pattern.mass_shifts[kept], pattern.shares[kept], about)


def annotation(library: CandidateLibrary, *ms1: Spectrum) -> Annotation:
    ms2 = cocaine()
    ms2.set("feature_id", "1")
    options = {"tolerance_ppm": 16.0, "ion_mode": "positive", "adducts": ["[M+H]+"]}
    (found,) = annotate([*ms1, ms2], library, **options)
    assert {hit.candidate.formula for hit in found.hits} == set(STRUCTURES)
    return found


def log_odds(found: Annotation) -> float:
    """Return the logarithm of the odds of cocaine against the other."""
    by_formula = {hit.candidate.formula: hit.probability for hit in found.hits}
    return math.log(by_formula["C17H21NO4"] / by_formula["C17H22ClN3"])


@pytest.mark.parametrize("formula", STRUCTURES)
def test_probabilities_follow_the_pattern(library: CandidateLibrary, formula: str) -> None:
    without, found = annotation(library), annotation(library, ms1_spectrum(formula))
    assert all("isotopes" not in hit.evidence for hit in without.hits)
    evidence = {hit.candidate.formula: hit.evidence["isotopes"] for hit in found.hits}
    assert max(evidence, key=evidence.__getitem__) == formula
    assert evidence[formula] > -0.1
    added = bounded(np.array([evidence["C17H21NO4"], evidence["C17H22ClN3"]]))
    assert log_odds(found) - log_odds(without) == pytest.approx(added[0] - added[1], abs=1e-6)
    assert 3.0 < abs(added[0] - added[1]) < 4.0
