"""What is answered given probabilities: false discoveries, isomers, and the most similar candidate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matchms_fingerprint.annotation.posterior.decisions import (
    MOST_COMPARED,
    contenders,
    expected_similarity,
    likely_similarity,
)
from matchms_fingerprint.annotation.posterior.false_discoveries import expected_false, q_values, threshold_for
from matchms_fingerprint.annotation.posterior.isomers import isomer_ranks, number_tied

PROBABILITIES = arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]))


@given(PROBABILITIES)
def test_q_values_are_the_best_rate_of_all_thresholds_that_keep_a_hit(p: np.ndarray) -> None:
    slow = [min(float((1 - p[p >= t]).mean()) for t in p if t <= own) for own in p]
    assert q_values(p) == pytest.approx(np.array(slow))


@given(PROBABILITIES, st.sampled_from([0.05, 0.2, 0.5]))
def test_the_threshold_keeps_all_it_can(p: np.ndarray, rate: float) -> None:
    threshold = threshold_for(p, rate)
    n, false = expected_false(p, threshold)
    assert false <= rate * n + 1e-9
    for lower in p[p < threshold]:
        n, false = expected_false(p, lower)
        assert false > rate * n


def test_without_annotations_there_is_nothing_false() -> None:
    assert q_values(np.empty(0)).size == 0
    assert expected_false(np.empty(0)) == (0, 0.0)
    assert threshold_for(np.empty(0), 0.1) == np.inf


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 0.5 + 1e-12, 2.0]), st.sampled_from(["C6H6", "C2H6O"])),
        min_size=1,
        max_size=12,
    )
)
def test_ranks_among_isomers_are_the_plain_count(items: list[tuple[float, str]]) -> None:
    logits, formulas = np.array([x for x, _ in items]), [f for _, f in items]
    slow = [
        1
        + sum(other > own + 1e-9 for other, f in items if f == formula)
        + (sum(abs(other - own) < 1e-9 for other, f in items if f == formula) - 1) / 2
        for own, formula in items
    ]
    assert isomer_ranks(logits, formulas).tolist() == slow
    assert number_tied(logits).tolist() == [sum(abs(other - own) < 1e-9 for other in logits) for own in logits]


def test_no_candidates_have_no_ranks() -> None:
    assert isomer_ranks(np.empty(0), []).size == 0
    assert number_tied(np.empty(0)).size == 0


def packed_bits(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 2**63, (n, 2), dtype=np.uint64)


def test_the_answer_of_highest_expected_similarity_may_be_another_than_the_most_probable() -> None:
    # three alike with .6 of the probability, one apart with .4
    packed = np.array([[0b111100], [0b111110], [0b111000], [0b1 << 40]], np.uint64)
    posterior = np.array([0.2, 0.2, 0.2, 0.4])
    rows, expected = likely_similarity(posterior, packed)
    assert rows[0] == 3
    # of the first: itself, 4 of 5 and 3 of 4 bits in common
    assert rows[np.argmax(expected)] == 0
    assert expected.max() == pytest.approx(0.2 * (1 + 4 / 5 + 3 / 4))


def test_only_candidates_that_matter_are_compared() -> None:
    rng = np.random.default_rng(0)
    posterior = np.concatenate([[0.6, 0.3995], np.full(50, 1e-5)])
    assert contenders(posterior).tolist() == [0, 1]
    assert contenders(posterior, at_least=5).size == 5
    assert contenders(np.full(2000, 1 / 2000)).size == MOST_COMPARED
    assert contenders(np.empty(0)).size == 0
    packed = packed_bits(rng, posterior.size)
    rows, expected = likely_similarity(posterior, packed)
    assert expected == pytest.approx(expected_similarity(posterior, packed)[rows], abs=1e-3)
