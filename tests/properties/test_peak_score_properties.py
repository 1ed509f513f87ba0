"""The scores of peaks against naive ones, on spectra in which peaks compete; any way to ask gives the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pytest
from competing_spectra import EXAMPLES, POWERS, TOLERANCES, peaks_of, spectra
from hypothesis import given
from hypothesis import strategies as st
from matchms import Spectrum
from oracles import naive_greedy_cosine, naive_spectral_entropy

from matchms_fingerprint.kernels import peak_search
from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)
from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy

COSINES = (FastCosineGreedy, FastModifiedCosineGreedy, FastNeutralLossesCosine)


@contextmanager
def small_pieces() -> Iterator[None]:
    """Cut even a few spectra into several tiles."""
    with mock.patch.multiple(
        peak_search, _MOST_ROWS=3, _MOST_QUERIES=2, _MOST_QUERIES_WITH_LOSSES=2, _PAIRS_AT_A_TIME=5
    ):
        yield


def naive(score: Any, reference: Spectrum, query: Spectrum) -> tuple[float, int]:
    """Score a pair by the definition, and drop what scores 0 as matchms does in matrices."""
    ppm = score.tolerance_ppm > 0
    within = score.tolerance_ppm if ppm else score.tolerance
    precursors = reference.get("precursor_mz"), query.get("precursor_mz")
    shift, below, shifts = precursors[0] - precursors[1], (np.inf, np.inf), [0.0]
    if isinstance(score, FastNeutralLossesCosine):
        shifts, below = [shift], precursors
    elif isinstance(score, FastModifiedCosineGreedy):
        unshifted = abs(shift) <= (within * sum(precursors) / 2e6 if ppm else within)
        shifts = [0.0] if unshifted else [0.0, shift]
    peaks = peaks_of(reference, below[0]), peaks_of(query, below[1])
    value, matches = naive_greedy_cosine(*peaks, within, shifts, (score.mz_power, score.intensity_power), ppm)
    return (value, matches) if value else (0.0, 0)


def assert_same(scores: np.ndarray, expected: Any) -> None:
    expected = np.array(expected, dtype=scores.dtype).reshape(scores.shape)
    np.testing.assert_array_equal(scores["matches"], expected["matches"])
    np.testing.assert_allclose(scores["score"], expected["score"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("cls", COSINES)
@EXAMPLES
@given(spectra(), spectra(), TOLERANCES, POWERS)
def test_matrix_is_the_naive_one(
    cls: Callable[..., Any],
    references: list[Spectrum],
    queries: list[Spectrum],
    tolerance: float,
    powers: tuple[float, float],
) -> None:
    score = cls(tolerance, *powers)
    expected = [[naive(score, reference, query) for query in queries] for reference in references]
    assert_same(score.matrix(references, queries, progress_bar=False), expected)
    with small_pieces():
        assert_same(score.matrix(references, queries, progress_bar=False), expected)


@pytest.mark.parametrize("cls", COSINES)
@EXAMPLES
@given(spectra(), spectra(), st.sampled_from([5.0, 137.3, 2500.0, 20000.0]))
def test_ppm_is_the_naive_one(
    cls: Callable[..., Any], references: list[Spectrum], queries: list[Spectrum], tolerance_ppm: float
) -> None:
    score = cls(tolerance_ppm=tolerance_ppm)
    expected = [[naive(score, reference, query) for query in queries] for reference in references]
    assert_same(score.matrix(references, queries, progress_bar=False), expected)


@pytest.mark.parametrize("cls", COSINES)
@EXAMPLES
@given(spectra(), spectra(), TOLERANCES)
def test_all_ways_to_ask_agree(
    cls: Callable[..., Any], references: list[Spectrum], queries: list[Spectrum], tolerance: float
) -> None:
    score = cls(tolerance, intensity_power=0.5)
    dense = score.matrix(references, queries, progress_bar=False)
    rows, columns = np.indices(dense.shape).reshape(2, -1)
    with small_pieces():
        listed = score.sparse_array(references, queries, rows, columns, progress_bar=False)
        sparse = score.matrix(references, queries, array_type="sparse", progress_bar=False)
    listed["matches"][listed["score"] == 0] = 0  # counted for pairs, dropped in matrices
    assert_same(listed, dense.reshape(-1))
    assert list(zip(sparse.row, sparse.col, strict=True)) == list(zip(*np.nonzero(dense["matches"]), strict=True))
    assert_same(dense[sparse.row, sparse.col], [tuple(one) for one in sparse.data.tolist()])
    pairs = [score.pair(references[i], queries[j]) for i, j in zip(rows, columns, strict=True)]
    assert_same(listed, [tuple(one.tolist()) if one["score"] else (0.0, 0) for one in pairs])


@pytest.mark.parametrize("cls", COSINES)
@EXAMPLES
@given(spectra(), TOLERANCES)
def test_symmetric_is_the_half_above_the_diagonal_twice(
    cls: Callable[..., Any], some: list[Spectrum], tolerance: float
) -> None:
    """Not simply the same as without: where products are equal, matchms decides by the order of the arguments."""
    score = cls(tolerance)
    full = score.matrix(some, some, progress_bar=False)
    with small_pieces():
        symmetric = score.matrix(some, some, is_symmetric=True, progress_bar=False)
        sparse = score.matrix(some, some, array_type="sparse", is_symmetric=True, progress_bar=False)
    upper = np.triu_indices(len(some))
    assert_same(symmetric[upper], full[upper])
    np.testing.assert_array_equal(symmetric, symmetric.T)
    assert list(zip(sparse.row, sparse.col, strict=True)) == list(zip(*np.nonzero(symmetric["matches"]), strict=True))
    assert_same(symmetric[sparse.row, sparse.col], [tuple(one) for one in sparse.data.tolist()])


@pytest.mark.parametrize("cls", COSINES)
@EXAMPLES
@given(
    spectra(), spectra(), st.integers(1, 4), st.sampled_from([0.0, 0.3, 0.7]), st.integers(1, 3),
    st.sampled_from([None, 0.0, 0.1, 3.0]),
)  # fmt: skip
def test_top_k_is_the_top_of_the_matrix(
    cls: Callable[..., Any],
    references: list[Spectrum],
    queries: list[Spectrum],
    k: int,
    minimum_score: float,
    minimum_matches: int,
    precursor_tolerance: float | None,
) -> None:
    score = cls(0.1)
    dense = score.matrix(references, queries, progress_bar=False)
    with small_pieces():
        found = score.top_k(
            queries, references, k, minimum_score, minimum_matches, precursor_tolerance, progress_bar=False
        )
    assert all(part.shape == (len(queries), k) for part in found)
    for column, query in enumerate(queries):
        hits = [
            (-float(value), row, int(matches))
            for row, (value, matches) in enumerate(dense[:, column].tolist())
            if value >= minimum_score
            and matches >= minimum_matches
            and (
                precursor_tolerance is None
                or abs(references[row].get("precursor_mz") - query.get("precursor_mz")) <= precursor_tolerance
            )
        ]
        hits.sort()
        best = hits[:k] + [(0.0, -1, 0)] * (k - len(hits))
        np.testing.assert_allclose(found.scores[column], [-value for value, _, _ in best], rtol=0, atol=1e-9)
        # rivals are assigned in another order where pieces are small, so that scores may differ in the last bit, and
        # with it the order of references that score the same to 1e-9
        apart = np.diff([value for value, _, _ in hits[: k + 1]]) > 1e-9
        if apart.all():
            assert found.references[column].tolist() == [row for _, row, _ in best]
            assert found.matches[column].tolist() == [matches for _, _, matches in best]
        named = [row for row in found.references[column].tolist() if row >= 0]
        assert len(named) == len(set(named)) == min(k, len(hits))
        np.testing.assert_allclose(dense["score"][named, column], found.scores[column][: len(named)], rtol=0, atol=1e-9)
        np.testing.assert_array_equal(dense["matches"][named, column], found.matches[column][: len(named)])


@EXAMPLES
@given(spectra(intensities=st.floats(0.01, 1.0)), spectra(intensities=st.floats(0.01, 1.0)))
def test_entropy_is_the_naive_one(references: list[Spectrum], queries: list[Spectrum]) -> None:
    """Peaks in steps of 0.25 Da need no cleaning at 0.1 Da, and are the same in single precision."""
    references, queries = ([on_quarters(spectrum) for spectrum in some] for some in (references, queries))
    score = FastSpectralEntropy(0.1, noise_cutoff=0.0, weighted=False)
    expected = [
        [naive_spectral_entropy(peaks_of(reference), peaks_of(query), 0.1) for query in queries]
        for reference in references
    ]
    dense = score.matrix(references, queries, progress_bar=False)
    rows, columns = np.indices(dense.shape).reshape(2, -1)
    with small_pieces():
        listed = score.sparse_array(references, queries, rows, columns, progress_bar=False)
        sparse = score.matrix(references, queries, array_type="sparse", progress_bar=False)
    expected = np.array(expected, dtype=dense.dtype).reshape(dense.shape)
    for scores in (dense, listed.reshape(dense.shape)):
        np.testing.assert_array_equal(scores["matches"], expected["matches"])
        np.testing.assert_allclose(scores["score"], expected["score"], rtol=0, atol=1e-6)
        assert (scores["score"] <= 1.0).all()
    assert list(zip(sparse.row, sparse.col, strict=True)) == list(zip(*np.nonzero(dense["score"]), strict=True))
    assert_same(dense[sparse.row, sparse.col], [tuple(one) for one in sparse.data.tolist()])


def on_quarters(spectrum: Spectrum) -> Spectrum:
    """Move the peaks to multiples of 0.25 Da, one to each."""
    mz, first = np.unique(np.round(spectrum.peaks.mz * 4) / 4, return_index=True)
    return Spectrum(mz, spectrum.peaks.intensities[first], spectrum.metadata)
