"""What every figure of the card rests on: the choice of spectra, the controls, the tables."""

from itertools import permutations

import numpy as np
import pytest
from builders import random_spectra

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints, unpack_bits
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.errors import LibraryError
from matchms_fingerprint.evaluation.controls import ShuffledPeaks, ShuffledSpectra, SpectrumBlind, foreign_spectra
from matchms_fingerprint.evaluation.reliability import reliability, top_hits
from matchms_fingerprint.evaluation.retrieval import (
    CandidateList,
    benchmark_rows,
    candidate_list,
    expected_at_random,
    hits_of_ranks,
    ranks,
)
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")


def test_at_most_three_spectra_a_structure_and_none_with_few_peaks():
    structure = np.repeat(np.arange(5), [1, 2, 3, 10, 50])
    n_peaks = np.full(66, 5)
    n_peaks[:1] = 2
    rows = benchmark_rows(np.arange(66), structure, n_peaks)
    assert np.bincount(structure[rows], minlength=5).tolist() == [0, 2, 3, 3, 3]
    assert rows.tolist() == benchmark_rows(np.arange(66), structure, n_peaks).tolist()
    assert rows.tolist() != benchmark_rows(np.arange(66), structure, n_peaks, seed=1).tolist()


def list_of(correct):
    return CandidateList(np.zeros((len(correct), 4), np.uint64), np.array(correct, bool))


@pytest.mark.parametrize("correct", [[1, 0, 0], [1, 1, 0, 0], [0, 0], [1], [1, 0, 0, 0, 1, 1]])
def test_a_random_order_is_the_mean_over_all_orders(correct):
    expected = expected_at_random([list_of(correct)])
    first = [min((r for r, c in enumerate(order, 1) if c), default=np.inf) for order in permutations(correct)]
    assert expected["hit@1"][0] == pytest.approx(np.mean([r <= 1 for r in first]))
    assert expected["hit@5"][0] == pytest.approx(np.mean([r <= 5 for r in first]))
    assert expected["mrr"][0] == pytest.approx(np.mean([1 / r for r in first]))


def test_ranks_become_hits():
    values = hits_of_ranks(np.array([1.0, 1.5, 5.0, 6.0, np.inf]))
    assert values["hit@1"].tolist() == [1, 0, 0, 0, 0]
    assert values["hit@5"].tolist() == [1, 1, 1, 0, 0]
    assert values["mrr"].tolist() == [1, 1 / 1.5, 0.2, 1 / 6, 0]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    isomers = ["CCO", "COC", "CCCO", "COCC", "CC(C)O", "CC(=O)O", "OCC=O", "CC(=O)Oc1ccccc1C(=O)O"]
    path = tmp_path_factory.mktemp("library") / "isomers"
    return CandidateLibrary.build(isomers, path, fingerprint=str(SPEC), n_jobs=1)


def test_candidates_of_equal_mass_and_the_rank_of_the_truth(library):
    ethanol = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    found = candidate_list(library, 46.041865, ethanol)
    assert (found.correct.size, int(found.correct.sum())) == (2, 1)
    assert candidate_list(library, 46.041865, ethanol, formula="C3H8O").correct.tolist() == [False] * 3
    truth = unpack_bits(fingerprints([read_molecule("CCO")], SPEC), SPEC.n_bits).astype(np.float32)
    assert ranks(truth, [found], SCORES["cosine"]).tolist() == [1.0]
    nothing_known = np.full_like(truth, 0.5)
    assert ranks(nothing_known, [list_of([1, 0, 0])], SCORES["cosine"]).tolist() == [2.0]


def test_the_blind_control_learns_what_was_measured(library):
    measured = fingerprints([read_molecule(s) for s in ("CCO", "CCCO", "CC(=O)O")], SPEC)
    blind = SpectrumBlind(measured, np.array([46.041865, 60.057515, 60.021129]), measured, library)
    pair = fingerprints([read_molecule("CCO"), read_molecule("COC")], SPEC)
    scores = blind.score(np.zeros(SPEC.n_bits, np.float32), pair)
    assert scores[0] > scores[1]


def test_a_library_without_decoys_says_so(library):
    aspirin = fingerprints([read_molecule("CC(=O)Oc1ccccc1C(=O)O")], SPEC)
    with pytest.raises(LibraryError, match="no decoys"):
        SpectrumBlind(aspirin, np.array([180.042259]), aspirin, library)


def test_foreign_spectra_are_the_nearest_of_another_structure_and_the_same_mode():
    rng = np.random.default_rng(0)
    n = 300
    mz, structure = rng.uniform(100, 900, n), rng.integers(0, 60, n)
    mode = rng.choice([-1, 1], n).astype(np.int8)
    rows = np.arange(0, n, 3)
    other = foreign_spectra(mz, structure, mode, rows)
    for row, found in zip(rows, other, strict=True):
        allowed = np.flatnonzero((mode == mode[row]) & (structure != structure[row]))
        assert found in allowed
        assert abs(mz[found] - mz[row]) == np.abs(mz[allowed] - mz[row]).min()


class TellsWhatItSees:
    """Predicts number of peaks, base peak and precursor m/z as they are."""

    def predict_probabilities(self, spectra):
        firsts = spectra.offsets[:-1]
        seen = [np.diff(spectra.offsets), np.add.reduceat(spectra.mz, firsts), spectra.precursor_mz]
        return np.stack(seen, axis=1).astype(np.float32)

    def predict_fingerprints(self, spectra, binary=False):
        return self.predict_probabilities(spectrum_arrays(spectra))


def test_shuffled_spectra_are_those_of_other_structures_with_their_own_metadata():
    arrays = spectrum_arrays(random_spectra(60))
    structure = np.arange(60) % 7
    data = LabelledSpectra(
        spectra=arrays,
        ids=np.arange(60).astype(str),
        structure=structure,
        smiles=["C"] * 7,
        inchikeys=[""] * 7,
        formulas=["CH4"] * 7,
        masses=np.zeros(7),
        fingerprints=np.zeros((7, 4), np.uint64),
        fingerprint=SPEC,
    )
    control, rows = ShuffledSpectra(TellsWhatItSees(), data), np.arange(1, 60, 2)
    shown = control.shown(rows)
    assert (shown == foreign_spectra(arrays.precursor_mz, structure, arrays.ion_mode, rows)).all()
    assert (structure[shown] != structure[rows]).all()
    assert (control.predict_rows(rows) == TellsWhatItSees().predict_probabilities(arrays.take(shown))).all()


def test_shuffled_peaks_keep_the_precursor_and_go_round_within_the_ion_mode():
    spectra = random_spectra(60)
    arrays = spectrum_arrays(spectra)
    control = ShuffledPeaks(TellsWhatItSees(), n_bits=3)
    seen, own = control.predict_fingerprints(spectra), TellsWhatItSees().predict_probabilities(arrays)
    assert (seen[:, 2] == own[:, 2]).all()
    assert (seen[:, 1] != own[:, 1]).all()
    for mode in (-1, 1):
        rows = arrays.ion_mode == mode
        assert sorted(map(tuple, seen[rows, :2])) == sorted(map(tuple, own[rows, :2]))
    assert (control.predict_fingerprints(spectra) == seen).all()
    assert (ShuffledPeaks(TellsWhatItSees(), 3, seed=1).predict_fingerprints(spectra) != seen).any()
    alone = control.exchange(arrays.take(np.array([0])))
    assert (alone.mz == arrays.take(np.array([0])).mz).all()


def test_reliability_of_honest_and_of_boastful_probabilities():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0, 1, 20_000)
    right = (rng.random(20_000) < confidence).astype(float)
    # four standard errors of a mean over the smallest bin of 1,000
    assert reliability(confidence, right)["ece"] < 4 * 0.5 / np.sqrt(1000)
    boastful = reliability(np.full(100, 0.9), np.repeat([1.0, 0.0], 50))
    assert boastful["ece"] == pytest.approx(0.4)
    assert boastful["bins"] == [{"from": 0.7, "to": 1.0, "n": 100, "confidence": 0.9, "accuracy": 0.5}]


def test_the_top_hit_of_ties_is_right_by_chance():
    confidence, right = top_hits([np.zeros(4), np.array([2.0, 0.0])], [np.arange(4) == 1, np.arange(2) == 0])
    np.testing.assert_allclose(confidence, [0.25, 1 / (1 + np.exp(-2))])
    np.testing.assert_allclose(right, [0.25, 1.0])
