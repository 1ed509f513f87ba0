import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import DataStructs

from matchms_fingerprint.evaluation.estimates import bootstrap_mean
from matchms_fingerprint.evaluation.metrics import (
    best_bit_threshold,
    cosine_of_probabilities,
    rank_of_truth,
    tanimoto_of_bits,
)


def test_tanimoto_agrees_with_rdkit():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 2, (20, 128), np.uint8), rng.integers(0, 2, (20, 128), np.uint8)

    def vector(bits):
        return DataStructs.CreateFromBitString("".join(map(str, bits)))

    expected = [DataStructs.TanimotoSimilarity(vector(a), vector(b)) for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(tanimoto_of_bits(one, other), expected)


def test_tanimoto_of_nothing_is_zero():
    assert tanimoto_of_bits(np.zeros((1, 8)), np.zeros((1, 8))).tolist() == [0.0]


def test_cosine_agrees_with_its_definition():
    rng = np.random.default_rng(0)
    predicted, true = rng.random((20, 64), np.float32), rng.integers(0, 2, (20, 64), np.uint8)
    predicted[3], true[4] = 0, 0
    found = cosine_of_probabilities(predicted, true)
    for i in (0, 7, 19):
        p, y = predicted[i].astype(float), true[i].astype(float)
        assert found[i] == pytest.approx(sum(p * y) / (sum(p * p) ** 0.5 * sum(y * y) ** 0.5), abs=1e-6)
    assert found[[3, 4]].tolist() == [0, 0]


def test_the_best_threshold_separates():
    true = np.array([[1, 1, 0, 0]], np.uint8)
    threshold, value = best_bit_threshold(np.array([[0.9, 0.4, 0.3, 0.1]], np.float32), true)
    assert 0.3 <= threshold < 0.4
    assert value == 1.0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_rank_is_the_mean_over_all_orders_of_ties(items):
    scores = np.array([score for score, _ in items], float)
    correct = np.array([right for _, right in items])
    rank = rank_of_truth(scores, correct)
    if not correct.any():
        assert rank == np.inf
        return
    best = scores[correct].max()
    above = sum(1 for score, right in items if not right and score > best)
    level = sum(1 for score, right in items if not right and score == best)
    # the right one may stand before or behind each of the tied wrong ones
    assert rank == pytest.approx(np.mean([above + 1 + i for i in range(level + 1)]))


def test_bootstrap_covers_the_mean_and_narrows_with_structures():
    rng = np.random.default_rng(1)
    values = rng.normal(0.5, 0.1, 400)
    few = bootstrap_mean(values, np.repeat(np.arange(4), 100))
    many = bootstrap_mean(values, np.arange(400))
    assert many.low < values.mean() < many.high
    # 1.96 standard errors of 400 values on either side
    assert many.high - many.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)
    assert few.mean == pytest.approx(many.mean)


def test_bootstrap_of_nothing_is_nan():
    assert np.isnan(bootstrap_mean(np.empty(0), np.empty(0)).mean)
