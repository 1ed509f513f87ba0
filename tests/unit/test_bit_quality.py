"""Average precision of bits, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from matchms_fingerprint.evaluation.bit_quality import average_precision, average_precisions, describe_bits, skill


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40))
def test_average_precision_agrees_with_scikit_learn(items):
    scores, positive = np.array([s for s, _ in items], float), np.array([p for _, p in items])
    found = average_precision(scores, positive)
    if not positive.any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(average_precision_score(positive, scores))


def test_bits_with_few_positives_are_left_out():
    rng = np.random.default_rng(0)
    probabilities = rng.random((50, 6), np.float32)
    bits = (rng.random((50, 6)) < [0.5, 0.02, 0.9, 0.3, 0.0, 0.5]).astype(np.uint8)
    found = average_precisions(probabilities, bits, min_positives=10)
    for bit in range(6):
        if bits[:, bit].sum() < 10:
            assert np.isnan(found[bit])
        else:
            assert found[bit] == pytest.approx(average_precision_score(bits[:, bit], probabilities[:, bit]))


def test_skill_is_zero_for_guessing_and_one_for_certainty():
    assert skill(np.array([0.3, 1.0, 0.65]), np.array([0.3, 0.3, 0.3])) == pytest.approx([0, 1, 0.5])
    rng = np.random.default_rng(0)
    positive = rng.random(20_000) < 0.3
    precision = average_precision(rng.random(20_000), positive)
    # guessing has the share of positives; the tolerance is some standard errors of a share of 6,000
    assert skill(np.array([precision]), np.array([positive.mean()]))[0] == pytest.approx(0, abs=0.03)


def test_the_table_of_bits_counts_spectra_and_structures():
    structures = np.array([7, 7, 3, 5])
    bits = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0]], np.uint8)
    found = describe_bits({"model": bits.astype(np.float32)}, bits, structures, min_positives=2)
    assert found["bit"].tolist() == [0, 2]
    assert found["n_spectra"].tolist() == [3, 3]
    assert found["n_structures"].tolist() == [2, 2]
    assert found["share"].tolist() == [0.75, 0.75]
    assert found["average_precision_model"].tolist() == [1.0, 1.0]
    assert found["skill_model"].tolist() == [1.0, 1.0]


def test_a_bit_that_all_spectra_have_is_no_feat():
    bits = np.array([[1, 0], [1, 1], [1, 1]], np.uint8)
    found = describe_bits({"model": bits.astype(np.float32)}, bits, np.arange(3), min_positives=2)
    assert found["bit"].tolist() == [1]
    assert np.isfinite(found["skill_model"]).all()
