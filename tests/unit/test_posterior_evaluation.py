"""Figures on a posterior against what they must be on lists of known weights, and naive counts."""

import numpy as np
import pytest
from evidence_cases import CHEAP, COLUMNS, drawn_lists, labelled
from hypothesis import given
from hypothesis import strategies as st

from matchms_fingerprint.annotation.posterior.posterior import log_of
from matchms_fingerprint.evaluation.posterior.ablation import ALL, ablate, best_single
from matchms_fingerprint.evaluation.posterior.confidence import (
    TopHits,
    area_under_roc,
    describe_confidence,
    mixed,
    threshold_curves,
)
from matchms_fingerprint.evaluation.posterior.dilution import dilute
from matchms_fingerprint.evaluation.posterior.measure import Judged, describe_dilution, describe_isomer_groups
from matchms_fingerprint.evaluation.posterior.rankings import describe_isomers, has_isomers, measures
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.training.fit_posterior import fit_posterior
from matchms_fingerprint.training.posterior_run import fit_shares


def hits(probability: list[float], right: list[float]) -> TopHits:
    return TopHits(np.array(probability), np.zeros(len(probability)), np.array(right))


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12))
def test_area_under_roc_counts_pairs(low: list[int], high: list[int]) -> None:
    found = area_under_roc(np.array(low, float), np.array(high, float))
    if not low or not high:
        assert found is None
        return
    pairs = [(a < b) + 0.5 * (a == b) for a in low for b in high]
    assert found == pytest.approx(np.mean(pairs), abs=1e-4)


def test_a_run_mixes_lists_with_and_without_their_structure() -> None:
    probability, right = mixed(hits([0.9, 0.4], [1, 0]), hits([0.3], [0]), 0.2)
    # 16 copies of two, 4 of one
    assert probability.size == 36
    assert right.sum() == 16
    assert (probability == 0.3).sum() == 4


def test_threshold_curves_count_true_and_spurious_hits() -> None:
    known, removed = hits([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 1]), hits([0.6, 0.2], [0, 0])
    (one,) = threshold_curves(known, removed, 0.5, (0.5,))
    assert (one["true"], one["spurious"], one["spurious_removed"]) == (0.25, 0.25, 0.5)
    assert one["precision"] == pytest.approx(0.25, abs=1e-4)
    assert one["f1"] == pytest.approx(0.25, abs=1e-4)


def test_honest_probabilities_have_no_calibration_error_and_true_rates() -> None:
    rng = np.random.default_rng(0)
    share, none = rng.uniform(0.2, 1, 4000), np.full(4000, 0.1)
    known = TopHits(share, none, (rng.uniform(size=4000) < share).astype(float))
    removed = TopHits(share, none, np.zeros(4000))
    described = describe_confidence(known, removed, 0.1)
    assert described["reliability"]["ece"] < 0.02
    for row in described["fdr"]:
        if row["true"] is not None:
            assert row["true"] == pytest.approx(row["expected"], abs=0.04)
    assert sum(one["n"] for one in described["reliability"]["bins"]) == pytest.approx(4000, abs=3)


def test_measures_are_those_of_the_ranking() -> None:
    lists = [labelled(np.zeros((3, 3)), 1, 0), labelled(np.zeros((2, 3)), 0, 1)]
    found = measures(lists, [np.array([0.5, 0.9, np.nan]), np.array([0.1, 0.2])])
    assert found["hit@1"].tolist() == [1.0, 0.0]
    assert found["mrr"].tolist() == [1.0, 0.5]
    assert found["top_tanimoto"].tolist() == [1.0, 0.0]


def test_isomers_are_ranked_among_each_other() -> None:
    # candidates 0, 1 | 2, 3 share a formula
    lists = [labelled(np.zeros((4, 3)), 2, 0), labelled(np.zeros((3, 3)), 2, 1), labelled(np.zeros((4, 3)), 0, 2)]
    assert has_isomers(lists).tolist() == [True, False, True]
    some = [lists[0], lists[2]]
    found = describe_isomers(some, [np.array([9.0, 8.0, 2.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])], np.array([0, 2]))
    assert found["hit@1"]["mean"] == 0.5
    assert found["tied"] == 0.5
    assert found["at_random"] == 0.5
    assert describe_isomers([], [], np.empty(0, np.int64)) == {"n_lists": 0}


def test_ablation_finds_what_each_evidence_is_worth() -> None:
    lists = drawn_lists(300)
    rankings = ablate(fit_shares, lists[:150], lists[150:], CHEAP, COLUMNS)
    shares = fit_shares(lists[:150], CHEAP, COLUMNS)
    rankings[ALL] = [log_of(shares(item.table)) for item in lists[150:]]
    hit = {name: float(measures(lists[150:], scores)["hit@1"].mean()) for name, scores in rankings.items()}
    assert set(hit) == {ALL, *(f"{k} alone" for k in GROUPS), *(f"without {k}" for k in GROUPS), *COLUMNS}
    # the weights are 1.5, .5 and 1
    assert hit[ALL] > hit["without neighbours"] - 0.05 > hit["without fragments"] - 0.1
    assert hit["fingerprint alone"] > hit["neighbours alone"]
    assert best_single(hit) in ("fingerprint alone", "fingerprint_cosine")
    assert hit["fingerprint alone"] == hit["fingerprint_cosine"]


GROUPS = ("fingerprint", "neighbours", "fragments")


def test_dilution_is_summarised_at_the_threshold_that_is_given() -> None:
    lists = drawn_lists(120, absolute=1.0)
    posterior = fit_posterior(lists, CHEAP, COLUMNS).posterior
    noisy = [labelled(item.table.values * 0.0, int(np.argmax(item.correct)), item.structure) for item in lists]
    rows = describe_dilution(posterior, {0.3: noisy, 0.0: lists}, 0.2)
    assert [row["noise_level"] for row in rows] == [0.0, 0.3]
    assert rows[0]["recall"] > rows[1]["recall"]
    isomers = describe_isomer_groups(Judged.of(posterior, lists), {})
    assert isomers[ALL]["hit@1"]["mean"] > isomers[ALL]["at_random"]


def spectra(peaks: list[tuple[float, float]]) -> SpectrumArrays:
    mz, intensity = np.array(peaks).T
    one = np.ones(1)
    return SpectrumArrays(
        mz=mz,
        intensity=intensity.astype(np.float32),
        offsets=np.array([0, mz.size]),
        precursor_mz=np.array([300.0]),
        ion_mode=one.astype(np.int8),
        adduct=one.astype(np.int16),
        collision_energy=one.astype(np.float32),
        analyzer=one.astype(np.int8),
        formula=np.array(["C2H6O"]),
        formula_confidence=one.astype(np.float32),
    )


def test_dilution_drops_weak_peaks_and_adds_noise() -> None:
    clean = spectra([(80.0, 0.01), (120.0, 1.0), (150.0, 0.5), (200.0, 0.05)])
    found = dilute(clean, 0.1)
    assert not np.isin([80.0, 200.0], found.mz).any()
    assert np.isin([120.0, 150.0], found.mz).all()
    assert found.mz.size > 4
    assert (np.diff(found.mz) >= 0).all()
    assert found.intensity.max() == 1.0
    assert found.intensity.min() > 0
    assert found.mz.max() < 300.0
    assert found.formula.tolist() == [""]
    np.testing.assert_array_equal(dilute(clean, 0.1).mz, found.mz)


def test_no_peaks_stay_no_peaks() -> None:
    empty = spectra([(80.0, 1.0)])
    assert dilute(SpectrumArrays(**vars(empty) | NO_PEAKS), 0.1).mz.size == 0


NO_PEAKS = {"mz": np.empty(0), "intensity": np.empty(0, np.float32), "offsets": np.zeros(2, np.int64)}
