"""The posterior in the package: it belongs to the default model, and does what it is there for on real spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matchms.reference_spectra import cocaine, phenylalanine

from matchms_fingerprint import CandidateLibrary, annotate, load_model
from matchms_fingerprint.annotation.choose_ranker import find_posterior
from matchms_fingerprint.annotation.posterior.artifact import load_posterior

MOST_MIB = 6
"""What it may add to the package."""

PPM = {"tolerance_ppm": 15, "ion_mode": "positive"}
"""The precursors of matchms' reference spectra are rounded, and these two do not tell their ion mode."""


@pytest.fixture(scope="module")
def starter() -> CandidateLibrary:
    return CandidateLibrary.open("starter")


def test_it_was_fitted_for_the_default_model() -> None:
    model = load_model("default")
    folder = find_posterior(model)
    assert folder is not None
    artifact = load_posterior(folder)
    artifact.check_model(model.name, model.sha256)
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_MIB * 2**20
    figures = artifact.card.figures
    # on structures of `val` that it was fitted without
    assert figures["ece"] < 0.05


def test_probabilities_and_that_of_none_sum_to_one(starter: CandidateLibrary) -> None:
    (found,) = annotate([cocaine()], starter, top_k=10_000, **PPM)
    assert found.probability_none is not None
    assert sum(hit.probability for hit in found.hits) + found.probability_none == pytest.approx(1.0)
    assert [hit.probability for hit in found.hits] == sorted((hit.probability for hit in found.hits), reverse=True)
    assert found.best_expected is not None
    assert 0.0 <= found.best_expected.expected_similarity <= 1.0


def test_known_compounds_are_found_and_their_peaks_explained(starter: CandidateLibrary) -> None:
    for spectrum, name in ((cocaine(), "Cocaine"), (phenylalanine(), "Phenylalanine")):
        (found,) = annotate([spectrum], starter, **PPM)
        first = found.hits[0]
        assert name.lower() in {text.lower() for text in first.candidate.names} | {first.candidate.name.lower()}
        assert len(first.peaks) >= 2
        assert {"fingerprint_cosine", "fragments_score", "neighbours_similarity"} <= first.evidence.keys()
        assert found.mass_tolerance
        assert found.classes


def test_classes_of_the_library_are_told_in_place_of_our_own(tmp_path: Path) -> None:
    structure = {
        "smiles": "COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C",
        "name": "cocaine",
        "classyfire": "Tropane alkaloids X",
    }
    library = CandidateLibrary.build([structure], tmp_path / "library", n_jobs=1)
    (found,) = annotate([cocaine()], library, **PPM)
    assert [share.name for share in found.classes] == ["Tropane alkaloids X"]
    assert found.classes[0].probability == pytest.approx(found.hits[0].probability)
    assert found.hits[0].candidate.classes == ("Tropane alkaloids X",)


def test_without_the_right_structure_none_of_them_is_likelier(starter: CandidateLibrary, tmp_path: Path) -> None:
    spectrum = cocaine()
    (present,) = annotate([spectrum], starter, top_k=10_000, **PPM)
    rest = [hit.candidate.smiles for hit in present.hits[1:]]
    assert rest
    library = CandidateLibrary.build(rest, tmp_path / "library", n_jobs=1)
    (removed,) = annotate([spectrum], library, top_k=10_000, **PPM)
    assert removed.probability_none > present.probability_none
    assert np.isfinite([hit.probability for hit in removed.hits]).all()
