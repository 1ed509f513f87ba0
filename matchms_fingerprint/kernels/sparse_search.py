"""The rows of a matrix with the largest dot products with each query, sparse or already computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from matchms_fingerprint.kernels.types import FloatArray, IntArray


class SparseVectors(NamedTuple):
    """Vectors with few entries: `offsets[i]` to `offsets[i + 1]` are the entries of vector `i`, columns ascending.

    Attributes
    ----------
    columns
        Column of each entry, shape (n_entries,), int64.
    values
        Shape (n_entries,), float64.
    offsets
        First entry of each vector, and the end, shape (n_vectors + 1,), int64.
    """

    columns: IntArray
    values: FloatArray
    offsets: IntArray

    @property
    def n_vectors(self) -> int:
        """Number of vectors, those without entries included."""
        return self.offsets.size - 1

    def take(self, positions: NDArray[np.int64]) -> SparseVectors:
        """Return the vectors at `positions`, in that order."""
        lengths = np.diff(self.offsets)[positions]
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        entries = np.repeat(self.offsets[positions] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return SparseVectors(self.columns[entries], self.values[entries], offsets)


class ColumnIndex(NamedTuple):
    """Vectors turned round: for each column that occurs, the vectors with an entry in it.

    Attributes
    ----------
    columns
        Columns that occur, ascending, shape (n_columns,), int64.
    offsets
        First entry of each of them, and the end, shape (n_columns + 1,), int64.
    vectors, values
        Vector and value of each entry, shape (n_entries,), int64 and float64.
    n_vectors
        Number of vectors.
    """

    columns: IntArray
    offsets: IntArray
    vectors: IntArray
    values: FloatArray
    n_vectors: int


def index_columns(vectors: SparseVectors) -> ColumnIndex:
    """Turn vectors round."""
    order = np.argsort(vectors.columns, kind="stable")
    columns, firsts = np.unique(vectors.columns[order], return_index=True)
    owners = np.repeat(np.arange(vectors.n_vectors), np.diff(vectors.offsets))
    offsets = np.append(firsts, order.size).astype(np.int64)
    return ColumnIndex(columns, offsets, owners[order], vectors.values[order], vectors.n_vectors)


def top_products(index: ColumnIndex, queries: SparseVectors, k: int) -> tuple[IntArray, FloatArray]:
    """Find the k vectors of the largest positive dot product with each query.

    Memory is needed for one row of products at a time, and for the result.

    Returns
    -------
    tuple of ndarray
        Positions of the vectors, best first, -1 where there are fewer, and the products, 0 there; both of shape
        (n_queries, k). Of equal products, the vector that comes first is better.
    """
    places = np.searchsorted(index.columns, queries.columns)
    known = places < index.columns.size
    known[known] = index.columns[places[known]] == queries.columns[known]
    places[~known] = -1
    positions = np.full((queries.n_vectors, k), -1, np.int64)
    scores = np.zeros((queries.n_vectors, k))
    _products(index, places, queries.values, queries.offsets, positions, scores)
    return positions, scores


def top_of_rows(rows: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Find the k largest entries of each row, whatever their sign; the results are as those of `top_products`.

    Parameters
    ----------
    rows
        Shape (n_queries, n_vectors), float32 or float64; NaN and minus infinity are never taken.
    k
        How many.
    """
    positions = np.full((len(rows), k), -1, np.int64)
    scores = np.full((len(rows), k), -np.inf)
    for row in range(len(rows)):
        _keep_best(rows[row], -np.inf, positions[row], scores[row])
    scores[positions < 0] = 0.0
    return positions, scores


@njit(cache=True, nogil=True, fastmath=False)
def _products(
    index: ColumnIndex,
    places: IntArray,
    values: FloatArray,
    offsets: IntArray,
    positions: IntArray,
    scores: FloatArray,
) -> None:  # pragma: no cover - compiled
    row = np.empty(index.n_vectors)
    for query in range(offsets.size - 1):
        row[:] = 0.0
        for entry in range(offsets[query], offsets[query + 1]):
            place = places[entry]
            if place < 0:
                continue
            for other in range(index.offsets[place], index.offsets[place + 1]):
                row[index.vectors[other]] += values[entry] * index.values[other]
        _keep_best(row, 0.0, positions[query], scores[query])


@njit(cache=True, nogil=True, fastmath=False)
def _keep_best(
    row: FloatArray, least: float, positions: IntArray, scores: FloatArray
) -> None:  # pragma: no cover - compiled
    """Put the best entries of a row above `least` into `positions` and `scores`, best first."""
    k, taken = positions.size, 0
    for vector in range(row.size):
        value = np.float64(row[vector])
        if not value > least:
            continue
        place = min(taken, k - 1)
        while place > 0 and scores[place - 1] < value:
            scores[place], positions[place] = scores[place - 1], positions[place - 1]
            place -= 1
        scores[place], positions[place] = value, vector
        taken = min(taken + 1, k)
        if taken == k:
            least = scores[k - 1]
