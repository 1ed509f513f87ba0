"""The posterior as a score of matchms: probabilities over the structures that compete for a query."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import make_spectrum
from matchms import Spectrum

from matchms_fingerprint import CandidateLibrary, FingerprintRetrieval, annotate
from matchms_fingerprint.errors import SettingsError

CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
ISOCAFFEINE = "Cn1c(=O)c2ncn(C)c2n(C)c1=O"
GLUCOSE = "OCC1OC(O)C(O)C(O)C1O"
CAFFEINE_MZ = 195.0877  # [M+H]+ of C8H10N4O2, 194.0804 + 1.0073


def reference(**metadata: str) -> Spectrum:
    return Spectrum(np.empty(0), np.empty(0), metadata)


@pytest.fixture
def score(tiny_bundle: Path) -> FingerprintRetrieval:
    return FingerprintRetrieval(model=str(tiny_bundle), score="posterior")


def test_it_is_the_probability_that_annotate_gives(score: FingerprintRetrieval, tiny_bundle: Path, tmp_path: Path):
    references = [reference(smiles=CAFFEINE), reference(smiles=GLUCOSE), reference(smiles=ISOCAFFEINE)]
    query = make_spectrum(precursor_mz=CAFFEINE_MZ, adduct="[M+H]+")
    found = score.matrix(references, [query], progress_bar=False)[:, 0]
    library = CandidateLibrary.build(
        [CAFFEINE, GLUCOSE, ISOCAFFEINE], tmp_path / "library", score.loaded_model.fingerprint, n_jobs=1
    )
    (annotation,) = annotate([query], library, tiny_bundle)
    expected = {hit.candidate.smiles: hit.probability for hit in annotation.hits}
    assert found[1] == 0.0
    assert sorted(found[[0, 2]]) == pytest.approx(sorted(expected.values()))
    assert found.sum() == pytest.approx(1.0)


def test_only_the_pairs_that_are_asked_for_compete(score: FingerprintRetrieval) -> None:
    references = [reference(smiles=CAFFEINE), reference(), reference(smiles=ISOCAFFEINE), reference(smiles=CAFFEINE)]
    queries = [make_spectrum(precursor_mz=CAFFEINE_MZ, adduct="[M+H]+"), make_spectrum(precursor_mz=CAFFEINE_MZ)]
    rows, columns = np.array([0, 2, 1, 0]), np.array([0, 0, 0, 1])
    found = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    assert found[0] + found[1] == pytest.approx(1.0)
    assert found[2] == 0.0  # no structure
    assert found[3] == pytest.approx(1.0)  # alone
    everything = score.matrix(references, queries, progress_bar=False)
    np.testing.assert_allclose(everything[[0, 2], 0], found[:2])
    assert everything[0, 0] == everything[3, 0]  # one structure, twice


def test_a_query_that_tells_no_mass_has_no_structure(score: FingerprintRetrieval) -> None:
    query = Spectrum(np.array([100.0, 200.0]), np.array([1.0, 0.5]), {"ionmode": "positive"})
    assert score.pair(reference(smiles=CAFFEINE), query) == 0.0
    assert score.matrix([reference()], [query], progress_bar=False).tolist() == [[0.0]]


def test_a_tolerance_that_is_none(tiny_bundle: Path) -> None:
    with pytest.raises(SettingsError, match="tolerance_ppm 0 must be"):
        FingerprintRetrieval(model=str(tiny_bundle), tolerance_ppm=0)
