"""Similarities and searches of packed fingerprints against naive ones, on any input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import (
    naive_cosine,
    naive_dice,
    naive_log_likelihood,
    naive_set_similarity,
    naive_tanimoto,
    naive_top_k,
    naive_vector_tanimoto,
)

from matchms_fingerprint.chem import pack_bits
from matchms_fingerprint.kernels import SCORES, BitIndex, TopBits, packed_similarity, top_k_packed
from matchms_fingerprint.kernels.packed_similarity import METRICS

NAIVE = {
    "cosine": naive_cosine,
    "tanimoto": naive_tanimoto,
    "vector_tanimoto": naive_vector_tanimoto,
    "dice": naive_dice,
    "log_likelihood": naive_log_likelihood,
}
WIDTHS = [1, 63, 64, 65, 167, 256]


def bit_rows(n_bits: int, most_rows: int = 6) -> st.SearchStrategy[np.ndarray]:
    """Rows of bits; empty tables, all-zero rows and equal rows are frequent."""
    shapes = st.tuples(st.integers(0, most_rows), st.just(n_bits))
    return hnp.arrays(np.uint8, shapes, elements=st.integers(0, 1), fill=st.just(0))


@st.composite
def tables_of_bits(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n_bits = draw(st.sampled_from(WIDTHS))
    return draw(bit_rows(n_bits)), draw(bit_rows(n_bits))


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, float | None]:
    """Probabilities, fingerprints, k, and a least score."""
    n_bits = draw(st.sampled_from(WIDTHS))
    probabilities = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1, width=32))
    p = draw(hnp.arrays(np.float32, n_bits, elements=probabilities, fill=st.sampled_from([0.0, 1e-3])))
    minimum = draw(st.sampled_from([None, 0.0, 0.25, 0.5, 1.0]))
    return p, draw(bit_rows(n_bits, 20)), draw(st.integers(1, 25)), minimum


def positions(row: np.ndarray) -> set[int]:
    return set(np.flatnonzero(row).tolist())


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(tables_of_bits())
def test_similarity_is_the_naive_one(metric: str, tables: tuple[np.ndarray, np.ndarray]) -> None:
    queries, candidates = tables
    found = packed_similarity(pack_bits(queries), pack_bits(candidates), metric)
    assert found.shape == (len(queries), len(candidates))
    for query, row in zip(queries, found, strict=True):
        expected = [naive_set_similarity(metric, positions(query), positions(candidate)) for candidate in candidates]
        assert row == pytest.approx(expected, rel=1e-12)
        assert row.tolist() == packed_similarity(pack_bits(query[None])[0], pack_bits(candidates), metric).tolist()


@pytest.mark.parametrize("metric", ["tanimoto", "cosine"])
@settings(deadline=None)
@given(tables_of_bits())
def test_similarity_is_the_score_of_zeros_and_ones(metric: str, tables: tuple[np.ndarray, np.ndarray]) -> None:
    queries, candidates = tables
    found = packed_similarity(pack_bits(queries), pack_bits(candidates), metric)
    expected = [SCORES[metric](query.astype(float), pack_bits(candidates)).tolist() for query in queries]
    assert found.tolist() == expected


@pytest.mark.parametrize("search", ["scan", "index"])
@pytest.mark.parametrize("name", NAIVE)
@settings(deadline=None)
@given(searches())
def test_best_are_the_naive_ones(
    name: str, search: str, example: tuple[np.ndarray, np.ndarray, int, float | None]
) -> None:
    p, bits, k, minimum = example
    hits = find(search, p, pack_bits(bits), k, name, minimum)
    scores = np.array([NAIVE[name](p, row) for row in bits])
    # a naive sum is rounded otherwise: what it cannot tell apart may stand in another order
    expected = naive_top_k(scores, k, None if minimum is None else minimum - 1e-12)
    assert hits.scores == pytest.approx(scores[hits.indices], rel=1e-9, abs=1e-300)
    assert len(set(hits.indices.tolist())) == len(hits.indices)
    assert hits.scores == pytest.approx(scores[expected][: len(hits.scores)], rel=1e-9, abs=1e-300)
    assert (scores[expected][len(hits.scores) :] <= (minimum or 0.0) + 1e-9).all()


@pytest.mark.parametrize("search", ["scan", "index"])
@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None)
@given(searches())
def test_best_are_those_of_scoring_and_sorting_all(
    name: str, search: str, example: tuple[np.ndarray, np.ndarray, int, float | None]
) -> None:
    p, bits, k, minimum = example
    packed = pack_bits(bits)
    hits = find(search, p, packed, k, name, minimum)
    scores = SCORES[name](p, packed)
    expected = naive_top_k(scores, k, minimum)
    assert hits.indices.tolist() == expected
    assert hits.scores.tolist() == scores[expected].tolist()


@pytest.mark.parametrize("search", ["scan", "index"])
@settings(deadline=None)
@given(tables_of_bits(), st.integers(1, 8))
def test_several_queries_have_the_results_of_each(search: str, tables: tuple[np.ndarray, np.ndarray], k: int) -> None:
    queries, candidates = pack_bits(tables[0]), pack_bits(tables[1])
    hits = find(search, queries, candidates, k, "tanimoto", None)
    assert hits.indices.shape == hits.scores.shape == (len(queries), k)
    for query, indices, scores in zip(queries, *hits, strict=True):
        alone = find(search, query, candidates, k, "tanimoto", None)
        n = len(alone.indices)
        assert indices.tolist() == alone.indices.tolist() + [-1] * (k - n)
        assert scores.tolist() == alone.scores.tolist() + [0.0] * (k - n)


def find(search: str, queries: np.ndarray, packed: np.ndarray, k: int, score: str, minimum: float | None) -> TopBits:
    if search == "index":
        return BitIndex(packed).top_k(queries, k, score, minimum)
    return top_k_packed(queries, packed, k, score, minimum)
