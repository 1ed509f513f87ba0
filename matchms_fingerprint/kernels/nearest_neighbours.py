"""The nearest neighbours of vectors among themselves by cosine, a block of rows at a time to bound the memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CELLS_AT_A_TIME = 1 << 24
_DECIMALS = 5  # rounding noise of the products must not decide between equals
_NOISE = 2e-5  # more than rounding to so many decimals can move a score


def neighbour_pairs(
    vectors: NDArray[np.float32], k: int, min_score: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the pairs of rows of which one is among the k nearest of the other.

    Parameters
    ----------
    vectors
        Of any length, ndarray of shape (n, d), float32. Rows that are all zero have no neighbours.
    k
        Neighbours of each row, at least 1; of equal ones the first.
    min_score
        Pairs of a lower cosine are left out.

    Returns
    -------
    first, second
        Positions of the rows, first < second, int64 of shape (n_pairs,), ascending.
    scores
        Cosines to five decimals, float32 of shape (n_pairs,).
    """
    lengths = np.linalg.norm(vectors, axis=1)
    used = np.flatnonzero(lengths > 0)
    unit = (vectors[used] / lengths[used, None]).astype(np.float32, copy=False)
    n = len(used)
    k = min(k, n - 1)
    if k < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    block = max(1, _CELLS_AT_A_TIME // n)
    parts = [_nearest_of(unit, start, min(start + block, n), k, min_score) for start in range(0, n, block)]
    rows, columns, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    first, second = np.minimum(rows, columns), np.maximum(rows, columns)
    _, kept = np.unique(first * n + second, return_index=True)
    return used[first[kept]], used[second[kept]], scores[kept]


def _nearest_of(
    unit: NDArray[np.float32], start: int, stop: int, k: int, min_score: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return rows, columns and cosines of the k nearest of the rows from `start` to `stop`."""
    scores = unit[start:stop] @ unit.T
    own = np.arange(start, stop)
    scores[own - start, own] = -np.inf
    kth = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    least = np.maximum(kth, np.float32(min_score)) - np.float32(_NOISE)
    rows, columns = np.nonzero(scores >= least[:, None])
    values = scores[rows, columns].clip(-1.0, 1.0).round(_DECIMALS)
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows, side="left")
    near = (rank < k) & (values >= np.float32(min_score))
    return rows[near] + start, columns[near], values[near]
