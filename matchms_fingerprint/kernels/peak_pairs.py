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
def _most_peaks(table: PeakTable) -> int:  # pragma: no cover - compiled
    most = 0
    for spectrum in range(table.starts.size - 1):
        most = max(most, table.starts[spectrum + 1] - table.starts[spectrum])
    return most


@njit(cache=True, nogil=True, fastmath=False)
def _assign(
    references: PeakTable,
    first_left: int,
    queries: PeakTable,
    first_right: int,
    lefts: IntArray,
    rights: IntArray,
    n_fragments: int,
    n: int,
    left_degree: IntArray,
    right_degree: IntArray,
) -> tuple[float, int]:  # pragma: no cover - compiled
    """Return score and number of matches after the greedy assignment; the degrees are all zero before and after."""
    score, n_rivals = 0.0, 0
    for match in range(n):
        score += references.unit[lefts[match]] * queries.unit[rights[match]]
        left_degree[lefts[match] - first_left] += 1
        right_degree[rights[match] - first_right] += 1
    for match in range(n):
        n_rivals += left_degree[lefts[match] - first_left] > 1 or right_degree[rights[match] - first_right] > 1
    n_matches = n
    if n_rivals:
        order, codes, products = np.empty(n_rivals, np.int32), np.empty(n, np.int64), np.empty(n)
        n_rivals = 0
        for k in range(n):
            left, right = lefts[k] - first_left, rights[k] - first_right
            if left_degree[left] > 1 or right_degree[right] > 1:
                order[n_rivals] = k
                n_rivals += 1
                codes[k] = (LOSS_CODE if k >= n_fragments else 0) + (left << 31) + right
                products[k] = references.weight[lefts[k]] * queries.weight[rights[k]]
        sort_rivals(order, n_rivals, products, codes)
        for i in range(n_rivals):
            k = order[i]
            left, right = lefts[k] - first_left, rights[k] - first_right
            if left_degree[left] < 0 or right_degree[right] < 0:
                score -= references.unit[lefts[k]] * queries.unit[rights[k]]
                n_matches -= 1
            else:
                left_degree[left], right_degree[right] = -1, -1
    for match in range(n):
        left_degree[lefts[match] - first_left] = 0
        right_degree[rights[match] - first_right] = 0
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
    left_degree = np.zeros(_most_peaks(references), np.int32)
    right_degree = np.zeros(_most_peaks(queries), np.int32)
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
            first_left, first_right = references.starts[row], queries.starts[column]
            scores[pair], matches[pair] = _assign(
                references,
                first_left,
                queries,
                first_right,
                lefts,
                rights,
                n_fragments,
                n,
                left_degree,
                right_degree,
            )
        else:
            scores[pair], matches[pair] = 0.0, 0
