"""The conflict between hit rate and similarity: index, bounds, rules to decide by, and the loss that follows."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchms_fingerprint.annotation.posterior.decisions import expected_similarity
from matchms_fingerprint.chem.fingerprints import pack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.conflict import conflict_index, similarity_range, summarize_conflict
from matchms_fingerprint.evaluation.decisions import (
    DECISION_RULES,
    DecisionRule,
    consistent_bit_threshold,
    jaccard_bit_threshold,
    jaccard_bits,
    posterior_of,
    regret_bounds,
)
from matchms_fingerprint.evaluation.metrics import best_bit_threshold, tanimoto_of_bits
from matchms_fingerprint.evaluation.recommend_loss import GOALS, NEAR_DUPLICATES, recommend_loss
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.models.losses.registry import LOSSES

SEEDS = st.integers(0, 2**32 - 1)


def sets_of_bits(*sets, n_bits=64):
    bits = np.zeros((len(sets), n_bits), np.uint8)
    for row, places in zip(bits, sets, strict=True):
        row[list(places)] = 1
    return pack_bits(bits)


def test_the_index_by_hand():
    # D = 0.6 - 0.2 = 0.4, 1 - smax = 0.4
    assert conflict_index(0.2, 0.6) == pytest.approx(1.0)
    # 0.3 / 0.6
    assert conflict_index(0.1, 0.4) == pytest.approx(0.5)
    assert conflict_index(0.3, 0.3) == 0.0
    assert conflict_index(1.0, 1.0) == 0.0
    assert conflict_index(0.2, 1.0) == 1.0
    assert conflict_index(float("nan"), float("nan")) == 0.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_index_lies_between_0_and_1(a, b):
    assert 0 <= conflict_index(min(a, b), max(a, b)) <= 1


def test_the_range_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    bits = (rng.random((40, 128)) < 0.2).astype(np.uint8)
    pairs = [(a & b).sum() / (a | b).sum() for a, b in combinations(bits, 2)]
    np.testing.assert_allclose(similarity_range(pack_bits(bits)), np.quantile(pairs, [0.05, 0.95]), rtol=1e-12)


def test_of_very_long_lists_a_part_is_enough():
    rng = np.random.default_rng(0)
    packed = pack_bits((rng.random((1500, 128)) < 0.2).astype(np.uint8))
    pairs = packed_similarity(packed, packed)[np.triu_indices(1500, 1)]
    # 130,000 of the 1.1 million pairs, in steps of about 1/40: the quantiles hardly move
    np.testing.assert_allclose(similarity_range(packed), np.quantile(pairs, [0.05, 0.95]), atol=0.01)
    assert similarity_range(packed) == similarity_range(packed)


def test_equal_similarities_have_no_conflict_and_near_duplicates_beside_a_stranger_have():
    shared = {0, 1, 2}
    equal = sets_of_bits(*({*shared, 10 + i} for i in range(6)))
    near = sets_of_bits(*({*range(20), 30 + i} for i in range(4)), {50, 51})
    alone = sets_of_bits({1, 2})
    assert conflict_index(*similarity_range(equal)) == 0.0
    assert conflict_index(*similarity_range(near)) == 1.0
    summary = summarize_conflict([equal, near, alone, alone[:0]])
    assert (summary.n_lists, summary.n_single, summary.median_candidates) == (4, 2, 3.0)
    # the median and the quartiles of the two indices 0 and 1
    assert (summary.kappa_low, summary.kappa, summary.kappa_high) == (0.25, 0.5, 0.75)
    assert summary.to_dict()["kappa"] == 0.5


def test_nothing_to_choose_among_is_no_number():
    summary = summarize_conflict([sets_of_bits({1}), sets_of_bits({2})])
    assert summary.n_single == 2
    assert summary.to_dict()["kappa"] is None
    with pytest.raises(SettingsError, match="several candidates"):
        recommend_loss(summary)
    assert summarize_conflict([]).n_lists == 0


def random_instance(seed, n):
    """A posterior of any sharpness, and similarities in a random range."""
    rng = np.random.default_rng(seed)
    posterior = rng.dirichlet(np.full(n, rng.choice([0.1, 1.0, 10.0])))
    low, high = np.sort(rng.uniform(0, 1, 2))
    similarity = rng.uniform(low, high, (n, n))
    similarity = np.triu(similarity, 1) + np.triu(similarity, 1).T + np.eye(n)
    return posterior, similarity


@given(SEEDS, st.integers(2, 8))
@settings(max_examples=400, deadline=None)
def test_regrets_stay_within_their_bounds(seed, n):
    posterior, similarity = random_instance(seed, n)
    expected = similarity @ posterior
    k, s = posterior.argmax(), expected.argmax()
    hit_rate, similar = regret_bounds(posterior, similarity)
    assert posterior[k] - posterior[s] <= hit_rate + 1e-12
    assert expected[s] - expected[k] <= similar + 1e-12
    if k != s:
        others = similarity[~np.eye(n, dtype=bool)]
        kappa = conflict_index(others.min(), others.max())
        assert posterior[k] - posterior[s] <= kappa * (1 - posterior[k] - posterior[s]) + 1e-12 or kappa == 1.0


def test_the_bounds_are_reached():
    """Two near-duplicates against a slightly more probable stranger, all at the ends of the range of similarities."""
    posterior = np.array([0.4, 0.3, 0.3])
    # hand calculation: S_01 = S_02 = smin = 0.1, S_12 = smax = 0.6; expected 0.46, 0.52, 0.52; s = 1
    similarity = np.array([[1, 0.1, 0.1], [0.1, 1, 0.6], [0.1, 0.6, 1]])
    hit_rate, similar = regret_bounds(posterior, similarity)
    assert hit_rate == pytest.approx(0.3 * 0.5 / 0.4)
    assert similar == pytest.approx(0.3 * 0.5 - 0.1 * 0.4)
    assert regret_bounds(np.array([0.9, 0.05, 0.05]), similarity) == (0.0, 0.0)


def test_expected_similarities_are_the_sum_over_the_posterior():
    rng = np.random.default_rng(1)
    packed = pack_bits((rng.random((7, 64)) < 0.3).astype(np.uint8))
    packed[3] = 0  # without bits it is similar to nothing but itself
    posterior = rng.dirichlet(np.ones(7))
    similarity = packed_similarity(packed, packed)
    np.fill_diagonal(similarity, 1.0)
    expected = [sum(posterior[j] * similarity[i, j] for j in range(7)) for i in range(7)]
    np.testing.assert_allclose(expected_similarity(posterior, packed), expected, rtol=1e-12)


def test_the_rules_disagree_where_they_should():
    family = [{*range(10), 20 + i} for i in range(4)]
    stranger = {40, 41, 42, 43, 44, 45}
    packed = sets_of_bits(*family, stranger)
    predicted = np.full(64, 1e-3)
    predicted[list(range(10))] = 0.46
    predicted[list(stranger)] = 0.55
    chosen = {name: int(DecisionRule(name).score(predicted, packed).argmax()) for name in DECISION_RULES}
    assert chosen["posterior_mode"] == 4
    assert chosen["expected_similarity"] < 4
    posterior = DecisionRule("posterior_mode").posterior(predicted, packed)
    assert posterior.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(posterior_of(np.log(posterior)), posterior)
    for name in DECISION_RULES:
        assert DecisionRule(name).score(predicted, packed[:0]).shape == (0,)


def test_rules_refuse_what_they_do_not_know():
    with pytest.raises(SettingsError, match="decision rule"):
        DecisionRule("mode")
    with pytest.raises(SettingsError, match="unknown score"):
        DecisionRule("posterior_mode", "likelihood")
    with pytest.raises(SettingsError, match="positive"):
        DecisionRule("posterior_mode", temperature=0.0)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_bits_of_each_spectrum_are_the_best_of_all_sets_of_bits(seed):
    p = np.random.default_rng(seed).uniform(0, 1, 7) ** 2

    def ratio(chosen):
        inside = sum(p[i] for i in chosen)
        return inside / (len(chosen) + p.sum() - inside)

    best = max(ratio(chosen) for size in range(8) for chosen in combinations(range(7), size))
    bits, reached = jaccard_bits(p[None])
    assert reached[0] == pytest.approx(best, abs=1e-12)
    assert ratio(np.flatnonzero(bits[0])) == pytest.approx(best, abs=1e-12)
    assert bits[0].tolist() == (p > jaccard_bit_threshold(best)).tolist()


def test_sure_and_empty_predictions_keep_their_bits():
    bits, reached = jaccard_bits(np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    assert bits.tolist() == [[1, 0, 1], [0, 0, 0]]
    assert reached.tolist() == [1.0, 0.0]


def test_the_threshold_agrees_with_itself_and_with_the_grid():
    rng = np.random.default_rng(2)
    p = rng.beta(0.3, 2.0, (300, 200)).astype(np.float32)
    true = (rng.random(p.shape) < p).astype(np.uint8)  # calibrated by construction
    threshold, mean = consistent_bit_threshold(p, true)
    assert mean == pytest.approx(tanimoto_of_bits(p > threshold, true).mean())
    # one bit more or less moves the mean over 300 spectra in steps; 1e-3 is far below a step of the grid
    assert jaccard_bit_threshold(mean) == pytest.approx(threshold, abs=1e-3)
    assert mean > best_bit_threshold(p, true)[1] - 0.005
    with pytest.raises(SettingsError, match="between 0 and 1"):
        jaccard_bit_threshold(1.2)


def test_every_recommendation_names_losses_that_there_are_and_says_why():
    for conflict in (0.0, 0.3, NEAR_DUPLICATES, 1.0):
        for goal in GOALS:
            for changes in (False, True):
                found = recommend_loss(conflict, goal, changes)
                assert set(found.losses) <= set(LOSSES)
                assert f"{conflict:.2f}" in found.reason


@pytest.mark.parametrize(
    ("kappa", "goal", "changes", "first", "score"),
    [
        # the table of SCIENCE.md section 2, row by row
        (0.1, "hit_rate", False, "listwise_fingerprint", "cosine"),
        (0.1, "similar_structure", False, "bce", "tanimoto"),
        (0.9, "hit_rate", False, "listwise_fingerprint", "scorer"),
        (0.9, "similar_structure", False, "iou", "tanimoto"),
        (0.1, "both", False, "combined", "cosine"),
        (0.9, "both", False, "combined", "cosine"),
        (0.9, "hit_rate", True, "bce", "log_likelihood"),
        (0.9, "similar_structure", True, "bce", "tanimoto"),
    ],
)
def test_the_table_of_recommendations(kappa, goal, changes, first, score):
    found = recommend_loss(kappa, goal, changes)
    assert (found.losses[0], found.score) == (first, score)


def test_lists_of_both_kinds_want_the_combined_loss():
    equal = sets_of_bits(*({0, 1, 2, 10 + i} for i in range(6)))
    near = sets_of_bits(*({*range(20), 30 + i} for i in range(4)), {50, 51})
    found = recommend_loss(summarize_conflict([equal, near]), "hit_rate")
    assert (found.candidates, found.losses) == ("mixed", ("combined",))
    assert recommend_loss(summarize_conflict([near, near]), "hit_rate").candidates == "near-duplicates"
    assert recommend_loss(summarize_conflict([equal, equal]), "hit_rate").candidates == "dissimilar"
    with pytest.raises(SettingsError, match="unknown goal 'hits'"):
        recommend_loss(0.1, "hits")
    with pytest.raises(SettingsError, match="between 0 and 1"):
        recommend_loss(1.5)
