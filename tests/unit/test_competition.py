"""Rankings of candidate lists, against plain loops over candidates."""

import numpy as np
import pytest
from rdkit import DataStructs

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints, unpack_bits
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.evaluation.candidate_lists import LibraryCandidates, is_formula_given
from matchms_fingerprint.evaluation.competition import Ranking, column_name, compete
from matchms_fingerprint.evaluation.ranking import summarize_retrieval, tie_bounds
from matchms_fingerprint.evaluation.reliability import risk_coverage
from matchms_fingerprint.evaluation.retrieval import CandidateList
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
SMILES = ("CCO", "COC", "CCCO", "COCC", "CC(C)O", "CC(=O)O", "OCC=O", "c1ccccc1O", "CCN", "NCCO", "CCOC(C)=O")


class Lists:
    """Random lists of the molecules above, the same whenever they are asked for."""

    def __init__(self, packed, n_structures, seed=0):
        rng = np.random.default_rng(seed)
        self.members = {i: rng.permutation(len(packed))[: rng.integers(1, len(packed))] for i in range(n_structures)}
        self.packed = packed

    def kinds(self):
        return {"mass": "some", "formula": "of the same formula", "mass bio": "none at all"}

    def optional(self):
        return frozenset({"mass bio"})

    def lists(self, structure):
        everything, half = self.members[structure], self.members[structure][::2]
        lists = {"mass": everything, "formula": half, "mass bio": np.empty(0, np.int64)}
        return {kind: CandidateList(self.packed[rows], rows == structure) for kind, rows in lists.items()}


@pytest.fixture(scope="module")
def packed():
    return fingerprints([read_molecule(text) for text in SMILES], SPEC)


def test_every_rank_is_that_of_a_plain_loop(packed):
    rng = np.random.default_rng(1)
    structure = rng.integers(0, len(SMILES), 30)
    # few distinct values, so that there are ties
    predictions = {given: rng.integers(0, 2, (30, SPEC.n_bits)).astype(np.float32) / 2 for given in (False, True)}
    everywhere, some = np.ones(30, bool), rng.random(30) < 0.5
    part = {given: p[some] for given, p in predictions.items()}
    rankings = [
        Ranking("model, cosine", predictions, SCORES["cosine"], everywhere, "cosine", 0.05),
        Ranking("control", part, lambda p, c: np.zeros(len(c)), some),
    ]
    source = Lists(packed, len(SMILES))
    outcomes = compete(source, structure, packed, rankings)
    assert list(outcomes) == ["mass", "formula"]
    bits = unpack_bits(packed, SPEC.n_bits).astype(float)
    for kind, outcome in outcomes.items():
        for i in range(30):
            members = source.members[int(structure[i])][:: 1 if kind == "mass" else 2]
            p = predictions[is_formula_given(kind)][i].astype(float)
            scores = [sum(p * bits[m]) / (sum(p * p) * sum(bits[m])) ** 0.5 for m in members]
            assert outcome.n_candidates[i] == len(members)
            vector = DataStructs.CreateFromBitString
            truth = vector("".join(str(int(b)) for b in bits[structure[i]]))
            top = [
                DataStructs.TanimotoSimilarity(truth, vector("".join(str(int(b)) for b in bits[m])))
                for m, s in zip(members, scores, strict=True)
                if s > max(scores) - 1e-12
            ]
            assert outcome.top_tanimoto["model, cosine"][i] == pytest.approx(np.mean(top))
            if structure[i] not in members:
                assert outcome.ranks["model, cosine"][i] == np.inf
                continue
            own = scores[members.tolist().index(structure[i])]
            above = sum(s > own + 1e-12 for s in scores)
            level = sum(abs(s - own) <= 1e-12 for s in scores) - 1
            assert outcome.ranks["model, cosine"][i] == 1 + above + level / 2
            assert outcome.ties["model, cosine"][i] == level
            if some[i]:
                # all tie, so the mean over all orders of n candidates
                assert outcome.ranks["control"][i] == (len(members) + 1) / 2
        assert np.isnan(outcome.ranks["control"][~some]).all()


def test_the_summary_counts_the_chosen_spectra_alone(packed):
    structure = np.arange(len(SMILES))
    exact = unpack_bits(packed, SPEC.n_bits).astype(np.float32)
    wrong = np.roll(exact, 1, axis=0)
    everywhere = np.ones(structure.size, bool)
    source = Lists(packed, len(SMILES), seed=2)
    outcomes = compete(
        source,
        structure,
        packed,
        [
            Ranking("model", {False: exact, True: exact}, SCORES["tanimoto"], everywhere, "tanimoto", 0.1),
            Ranking("baseline", {False: wrong, True: wrong}, SCORES["tanimoto"], everywhere),
        ],
    )
    chosen = np.array([i in source.members[i] for i in structure])
    found = summarize_retrieval(outcomes, source.kinds(), structure, "baseline", ["model"], chosen)["mass"]
    assert found["n_spectra"] == chosen.sum()
    assert found["covered"] == 1.0
    model = found["rankings"]["model"]
    assert model["hit@1"]["mean"] == model["top_tanimoto"]["mean"] == model["mrr"]["mean"] == 1.0
    assert model["difference"]["hit@1"]["mean"] == pytest.approx(1 - found["rankings"]["baseline"]["hit@1"]["mean"])
    assert found["rankings"]["random order, expected"]["hit@1"]["mean"] == pytest.approx(
        np.mean([1 / source.members[i].size for i in structure[chosen]]), abs=1e-4
    )
    assert found["reliability"]["bins"][-1]["accuracy"] == 1.0


def test_ties_leave_a_span_of_hits():
    # alone at the top; tied with one other at ranks 1 and 2; behind five; not there
    ranks, ties = np.array([1.0, 1.5, 6.0, np.inf]), np.array([0.0, 1.0, 0.0, 0.0])
    assert tie_bounds(ranks, ties) == {"hit@1": [0.25, 0.5], "hit@5": [0.5, 0.5], "hit@20": [0.75, 0.75]}


def test_coverage_and_accuracy_agree_with_counting():
    rng = np.random.default_rng(0)
    confidence = rng.integers(0, 30, 200) / 30
    right = (rng.random(200) < confidence).astype(float)
    found = risk_coverage(confidence, right, n_points=10)
    assert found["curve"][-1]["accuracy"] == pytest.approx(right.mean(), abs=1e-4)
    for point in found["curve"]:
        k = round(point["coverage"] * 200)
        # equal confidences in any order: the mean over many orders
        orders = [np.lexsort((rng.random(200), -confidence))[:k] for _ in range(300)]
        assert point["accuracy"] == pytest.approx(np.mean([right[o].mean() for o in orders]), abs=0.02)
    assert found["best_possible"] <= found["area_under_risk"]
    assert risk_coverage(np.empty(0), np.empty(0))["curve"] == []


def test_a_perfect_order_reaches_the_best_possible_area():
    right = np.array([1.0, 0, 1, 0, 0])
    found = risk_coverage(right + np.arange(5) * 0.01, right)
    # accuracies 1, 1, 2/3, 2/4, 2/5
    assert (
        found["area_under_risk"]
        == found["best_possible"]
        == pytest.approx(1 - (1 + 1 + 2 / 3 + 0.5 + 0.4) / 5, abs=1e-4)
    )


def test_lists_of_a_library_by_mass_formula_and_source(tmp_path):
    rows = [{"smiles": s, "source": "bio" if i % 2 else "other"} for i, s in enumerate(SMILES)]
    library = CandidateLibrary.build(rows, tmp_path / "library", fingerprint=str(SPEC), n_jobs=1)
    propanol = "BDERNNFJNOPAEC-UHFFFAOYSA-N"
    data = LabelledSpectra(
        spectra=spectrum_arrays([]),
        ids=np.empty(0, np.str_),
        structure=np.empty(0, np.int64),
        smiles=["CCCO"],
        inchikeys=[propanol],
        formulas=["C3H8O"],
        masses=np.array([60.057515]),
        fingerprints=fingerprints([read_molecule("CCCO")], SPEC),
        fingerprint=SPEC,
    )
    source = LibraryCandidates(library, data, tolerance_ppm=100)
    lists = source.lists(0)
    assert list(lists) == list(source.kinds()) == ["mass", "mass bio", "formula", "formula bio"]
    # within 100 ppm of 60.0575: the three isomers of propanol, not acetic acid and glycolaldehyde at 60.0211
    sizes = {kind: (item.correct.size, int(item.correct.sum())) for kind, item in lists.items()}
    # of them COCC alone stands at an odd place
    assert sizes == {"mass": (3, 1), "mass bio": (1, 0), "formula": (3, 1), "formula bio": (1, 0)}
    assert list(LibraryCandidates(library, data, source=None).kinds()) == ["mass", "formula"]


def test_names_of_columns():
    assert column_name("control: no peaks, cosine") == "control_no_peaks_cosine"
