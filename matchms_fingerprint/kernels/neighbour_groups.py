"""Neighbouring spectra brought together by compound."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath=False)
def group_neighbours(
    references: IntArray,
    similarities: FloatArray,
    group: IntArray,
    importance: FloatArray,
    most: int,
) -> tuple[IntArray, IntArray, FloatArray]:  # pragma: no cover - compiled
    """Bring the neighbours of each query together by group, as by the compound behind them.

    Parameters
    ----------
    references
        Neighbours of each query by several similarities, best first, shape (n_queries, n_similarities, k), int64; -1
        where there is none.
    similarities
        How similar they are, shape as `references`, float64.
    group
        Group of each reference, shape (n_references,), int64.
    importance
        Groups are ordered by the sum of their highest similarities times these, shape (n_similarities,), float64.
    most
        Groups to return of each query.

    Returns
    -------
    groups : ndarray of shape (n_queries, most), int64
        The best groups of each query, best first, -1 where there are no further ones; of equals, the one found first.
    best : ndarray of shape (n_queries, most, n_similarities), int64
        Its most similar reference by each similarity, -1 where none is among the neighbours.
    highest : ndarray of shape (n_queries, most, n_similarities), float64
        How similar that is, 0 where there is none.
    """
    n_queries, n_similarities, k = references.shape
    groups = np.full((n_queries, most), -1, np.int64)
    best = np.full((n_queries, most, n_similarities), -1, np.int64)
    highest = np.zeros((n_queries, most, n_similarities))
    size = n_similarities * k
    for query in range(n_queries):
        found = np.empty(size, np.int64)
        first = np.full((size, n_similarities), -1, np.int64)
        value = np.zeros((size, n_similarities))
        n = 0
        for similarity in range(n_similarities):
            for place in range(k):
                reference = references[query, similarity, place]
                if reference < 0:
                    break
                one = group[reference]
                at = 0
                while at < n and found[at] != one:
                    at += 1
                if at == n:
                    found[n] = one
                    n += 1
                if first[at, similarity] < 0:
                    first[at, similarity] = reference
                    value[at, similarity] = similarities[query, similarity, place]
        total = np.zeros(n)
        for at in range(n):
            for similarity in range(n_similarities):
                total[at] -= importance[similarity] * value[at, similarity]
        order = np.argsort(total, kind="mergesort")[:most]
        for place in range(order.size):
            groups[query, place] = found[order[place]]
            best[query, place] = first[order[place]]
            highest[query, place] = value[order[place]]
    return groups, best, highest
