"""Scores of listed pairs of spectra, by walking along their peaks: the same numbers as through the index."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_rivals import LOSS_CODE, is_unshifted, sort_rivals
from matchms_fingerprint.kernels.peak_scores import shared_entropy
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath=False)
def _find_matches(
    references: PeakTable,
    row: int,
    queries: PeakTable,
    column: int,
    shift: float,
    lefts: IntArray,
    rights: IntArray,
    n: int,
) -> int:  # pragma: no cover - compiled
    """Write down which peaks match, in the order of matchms; return how many there are, more than fit perhaps."""
    first = queries.starts[column]
    for left in range(references.starts[row], references.starts[row + 1]):
        low, high = references.low[left], references.high[left]
        while first < queries.starts[column + 1] and queries.mz[first] + shift < low:
            first += 1
        right = first
        while right < queries.starts[column + 1] and queries.mz[right] + shift <= high:
            if n < lefts.size:
                lefts[n], rights[n] = left, right
            n += 1
            right += 1
    return n


@njit(cache=True, nogil=True, fastmath=False)
def _assign(
    references: PeakTable,
    row: int,
    queries: PeakTable,
    column: int,
    lefts: IntArray,
    rights: IntArray,
    n_fragments: int,
    n: int,
) -> tuple[float, int]:  # pragma: no cover - compiled
    """Return score and number of matches after the greedy assignment, summed up as in the index."""
    left_start, right_start = references.starts[row], queries.starts[column]
    left_degree = np.zeros(references.starts[row + 1] - left_start, np.int32)
    right_degree = np.zeros(queries.starts[column + 1] - right_start, np.int32)
    products, codes, order = np.empty(n), np.empty(n, np.int64), np.empty(n, np.int32)
    score = 0.0
    for match in range(n):
        left, right = lefts[match], rights[match]
        score += references.unit[left] * queries.unit[right]
        left_degree[left - left_start] += 1
        right_degree[right - right_start] += 1
        products[match] = references.weight[left] * queries.weight[right]
        by_loss = LOSS_CODE if match >= n_fragments else 0
        codes[match] = by_loss + ((left - left_start) << 31) + right - right_start
    n_order = 0
    for match in range(n):
        if left_degree[lefts[match] - left_start] > 1 or right_degree[rights[match] - right_start] > 1:
            order[n_order] = match
            n_order += 1
    sort_rivals(order, n_order, products, codes)
    n_matches = n
    for i in range(n_order):
        left, right = lefts[order[i]], rights[order[i]]
        if left_degree[left - left_start] < 0 or right_degree[right - right_start] < 0:
            score -= references.unit[left] * queries.unit[right]
            n_matches -= 1
        else:
            left_degree[left - left_start] = -1
            right_degree[right - right_start] = -1
    return score, n_matches


@njit(cache=True, nogil=True, fastmath=False)
def score_pairs(
    references: PeakTable,
    queries: PeakTable,
    rows: IntArray,
    columns: IntArray,
    matching: Matching,
    scores: FloatArray,
    matches: IntArray,
) -> None:  # pragma: no cover - compiled
    """Score reference `rows[i]` against query `columns[i]`.

    Parameters
    ----------
    references, queries
        All spectra.
    rows, columns
        Shape (n_pairs,), int64.
    matching
        Which peaks match.
    scores, matches
        Written in place; shape (n_pairs,), float64 and int64.
    """
    lefts, rights = np.empty(1024, np.int64), np.empty(1024, np.int64)
    for pair in range(rows.size):
        row, column = rows[pair], columns[pair]
        shift = references.precursor_mz[row] - queries.precursor_mz[column]
        n_fragments, n = 0, 1 << 62
        while n > lefts.size:
            if n < 1 << 62:
                lefts, rights = np.empty(n, np.int64), np.empty(n, np.int64)
            n = 0
            if matching.fragments:
                n = _find_matches(references, row, queries, column, 0.0, lefts, rights, n)
            n_fragments = n
            if matching.losses and not is_unshifted(shift, references.precursor_mz[row], matching):
                n = _find_matches(references, row, queries, column, shift, lefts, rights, n)
        if matching.entropy:
            score = 0.0
            for match in range(n):
                left, right = lefts[match], rights[match]
                score += shared_entropy(
                    references.unit[left], references.weight[left], queries.unit[right], queries.weight[right]
                )
            scores[pair], matches[pair] = min(score, 1.0), n
        elif n:
            scores[pair], matches[pair] = _assign(references, row, queries, column, lefts, rights, n_fragments, n)
        else:
            scores[pair], matches[pair] = 0.0, 0
