"""The predicted fingerprint as evidence, against sums over single bits."""

from __future__ import annotations

import numpy as np
import pytest

from matchms_fingerprint.annotation.evidence.fingerprint import FingerprintEvidence
from matchms_fingerprint.chem import unpack_bits
from matchms_fingerprint.errors import SettingsError
from tests.candidate_cases import make_candidates, make_query

SMILES = ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC(=O)Oc1ccccc1C(=O)O", "NC(Cc1ccccc1)C(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O")


def test_scores_are_those_of_single_bits() -> None:
    rng = np.random.default_rng(0)
    predicted, frequencies = (rng.uniform(0.01, 0.9, 256).astype(np.float32) for _ in range(2))
    candidates = make_candidates(SMILES)
    evidence = FingerprintEvidence(frequencies)
    found = evidence.of(make_query([50.0], fingerprint=predicted), candidates)
    p, f = predicted.astype(float), frequencies.astype(float)
    for row, bits in zip(found, unpack_bits(candidates.fingerprints, 256).astype(float), strict=True):
        likelihood = np.log(np.where(bits > 0, p, 1 - p)).sum() - np.log(np.maximum(p, 1 - p)).sum()
        ratio = (bits * (np.log(p / (1 - p)) - np.log(f / (1 - f)))).sum()
        expected = [
            p @ bits / np.sqrt((p @ p) * bits.sum()),
            p @ bits / (p.sum() + bits.sum() - p @ bits),
            likelihood / p.sum(),
            ratio / p.sum(),
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_common_bits_alone_gain_nothing_in_the_ratio() -> None:
    """A model that predicts the frequencies of the bits tells nothing, whatever the candidate."""
    frequencies = np.random.default_rng(1).uniform(0.001, 0.9, 256).astype(np.float32)
    found = FingerprintEvidence(frequencies).of(make_query([50.0], fingerprint=frequencies), make_candidates(SMILES))
    np.testing.assert_allclose(found[:, 3], 0.0, atol=1e-9)


def test_without_frequencies_the_ratio_alone_is_missing() -> None:
    found = FingerprintEvidence().of(make_query([50.0]), make_candidates(SMILES))
    assert np.isnan(found[:, 3]).all()
    assert np.isfinite(found[:, :3]).all()


def test_no_candidates_give_no_rows() -> None:
    candidates = make_candidates(SMILES).take(np.empty(0, np.int64))
    evidence = FingerprintEvidence(np.full(256, 0.1, np.float32))
    assert evidence.of(make_query([50.0]), candidates).shape == (0, len(evidence.columns))


def test_frequencies_of_another_fingerprint_are_refused() -> None:
    with pytest.raises(SettingsError, match="128 bits"):
        FingerprintEvidence(np.full(128, 0.1, np.float32)).of(make_query([50.0]), make_candidates(SMILES))
