"""The order of the hits, and their shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matchms_fingerprint.annotation.ranking import best_first, each_once, place_among_equals, softmax

# few distinct values, so that ties are the rule
TIED_SCORES = arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


def picker(keys: list[str]):
    """The `keys_of` of a plain list."""
    return lambda indices: [keys[index] for index in indices]


def slow_order(scores: np.ndarray, errors: np.ndarray, keys: list[str]) -> list[int]:
    """The rule in one line of plain Python."""
    return sorted(range(len(scores)), key=lambda i: (-scores[i], round(abs(errors[i]), 3), keys[i]))


@given(TIED_SCORES, st.integers(1, 50), st.randoms(use_true_random=False))
def test_best_first_is_the_plain_sort_cut_off(scores: np.ndarray, top_k: int, random) -> None:
    errors = np.array([random.choice([-2.0, 0.0, 2.0, 5.0]) for _ in scores])
    keys = [f"{number:04d}" for number in random.sample(range(1000), len(scores))]
    assert best_first(scores, errors, picker(keys), top_k).tolist() == slow_order(scores, errors, keys)[:top_k]


def test_ties_go_to_the_smaller_error_of_either_sign_then_to_the_key() -> None:
    scores = np.array([0.5, 0.5, 0.5, 0.9])
    errors = np.array([-3.0, 2.0, -2.0, 9.0])
    assert best_first(scores, errors, picker(["a", "c", "b", "d"]), 4).tolist() == [3, 2, 1, 0]


def test_rounding_noise_in_masses_does_not_decide() -> None:
    errors = np.array([2.0 + 1e-9, 2.0])
    assert best_first(np.array([0.5, 0.5]), errors, picker(["a", "b"]), 2).tolist() == [0, 1]


def test_keys_are_read_only_where_they_decide() -> None:
    read: list[int] = []

    def keys_of(indices: np.ndarray) -> list[str]:
        read.extend(indices.tolist())
        return ["key"] * len(indices)

    scores = np.array([0.1, 0.9, 0.2, 0.9, 0.3])
    best_first(scores, np.array([0.0, 1.0, 0.0, 2.0, 0.0]), keys_of, 1)
    assert read == []
    best_first(scores, np.zeros(5), keys_of, 1)
    assert read == [1, 3]


@given(
    arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)),
)
def test_softmax_is_a_distribution_in_the_order_of_the_logits(scores: np.ndarray) -> None:
    shares = softmax(scores)
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= 0).all()
    order = np.argsort(scores)
    assert (np.diff(shares[order]) >= 0).all()


def test_softmax_against_its_formula() -> None:
    # exp(0), exp(1), exp(2) over their sum
    weights = np.array([1.0, np.e, np.e**2])
    np.testing.assert_allclose(softmax(np.array([0.0, 1.0, 2.0])), weights / weights.sum())


@given(TIED_SCORES, st.floats(-100, 100))
def test_softmax_does_not_change_when_all_logits_move(logits: np.ndarray, shift: float) -> None:
    np.testing.assert_allclose(softmax(logits + shift), softmax(logits), rtol=1e-6, atol=1e-12)


def test_each_once_keeps_the_highest_prior_then_the_smallest_error_and_the_order() -> None:
    masses = np.array([100.0, 100.0, 100.0, 101.0, 100.0])
    places = np.array([0, 1, 0, 0, 1])
    errors = np.array([-5.0, 1.0, 2.0, 0.0, -1.0])
    assert each_once(masses, places, np.zeros(5), errors).tolist() == [1, 2, 3]
    assert each_once(masses, places, np.array([-0.1, -3.0, -2.0, -9.0, -1.0]), errors).tolist() == [0, 3, 4]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 2),
            st.sampled_from([-0.5, -2.0, -7.0]),
            st.sampled_from([-2.0, -1.0, 0.0, 1.0, 3.0]),
        ),
        max_size=30,
    )
)
def test_each_once_is_the_best_of_each_candidate(found: list[tuple[int, int, float, float]]) -> None:
    masses = np.array([float(mass) for mass, *_ in found])
    places = np.array([place for _, place, *_ in found], dtype=np.int64)
    priors = np.array([prior for *_, prior, _ in found])
    errors = np.array([error for *_, error in found])
    kept = each_once(masses, places, priors, errors)
    best = {(m, p): max((r, -abs(e)) for n, q, r, e in found if (n, q) == (m, p)) for m, p, *_ in found}
    assert {(int(masses[i]), int(places[i])): (priors[i], -abs(errors[i])) for i in kept} == best
    assert len(kept) == len(best)


def test_place_among_equals() -> None:
    assert place_among_equals(np.array([1.0, 2.0, 2.0, 2.0, 3.0])).tolist() == [0, 0, 1, 2, 0]
    assert place_among_equals(np.empty(0)).tolist() == []
