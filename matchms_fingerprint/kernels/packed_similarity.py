"""Similarity of packed fingerprints with each other."""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import float64, int64, njit, void

from matchms_fingerprint.errors import FingerprintSpecError, SettingsError
from matchms_fingerprint.kernels.bits import PACKED, as_packed, popcount, popcounts
from matchms_fingerprint.kernels.threads import in_threads
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

METRICS = ("tanimoto", "cosine", "dice")
"""Similarities of two sets of bits; each is in [0, 1], and 0 where one of the sets is empty, as in RDKit."""

_TANIMOTO, _COSINE = METRICS.index("tanimoto"), METRICS.index("cosine")
_ROWS_IN_CACHE = 256
_ROWS_OF_A_TASK = 1 << 14


@njit(
    void(PACKED, PACKED, int64, int64, int64[::1], int64, float64[:, ::1]),
    cache=True,
    nogil=True,
    fastmath=False,
)
def _fill(
    queries: WordArray,
    packed: WordArray,
    first: int,
    last: int,
    query_counts: IntArray,
    metric: int,
    similarity: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Write the columns from `first` to `last`."""
    counts = np.empty(_ROWS_IN_CACHE, np.int64)
    for start in range(first, last, _ROWS_IN_CACHE):
        stop = min(last, start + _ROWS_IN_CACHE)
        for row in range(start, stop):
            count = 0
            for w in range(packed.shape[1]):
                count += popcount(packed[row, w])
            counts[row - start] = count
        for query in range(queries.shape[0]):
            own = query_counts[query]
            for row in range(start, stop):
                other = counts[row - start]
                common = 0
                for w in range(packed.shape[1]):
                    common += popcount(queries[query, w] & packed[row, w])
                if common == 0:
                    similarity[query, row] = 0.0
                elif metric == _TANIMOTO:
                    similarity[query, row] = common / (own + other - common)
                elif metric == _COSINE:
                    similarity[query, row] = common / (np.sqrt(own) * np.sqrt(other))
                else:
                    similarity[query, row] = 2 * common / (own + other)


def packed_similarity(queries: WordArray, packed: WordArray, metric: str = "tanimoto") -> FloatArray:
    """Return the similarity of each query with each candidate.

    The numbers are those of `tanimoto.SCORES` for a query of zeros and ones. For the best of many candidates alone,
    see `topk.top_k_packed`, which needs no table of them all.

    Parameters
    ----------
    queries
        Packed bits, uint64, shape (n_words,) or (n_queries, n_words).
    packed
        Candidates, uint64, shape (n, n_words); read in place if contiguous, so it may be memory-mapped.
    metric
        One of `METRICS`.

    Returns
    -------
    ndarray of shape (n,) or (n_queries, n), float64

    Raises
    ------
    FingerprintSpecError
        If the widths do not fit.
    SettingsError
        If the metric is unknown.
    """
    if metric not in METRICS:
        raise SettingsError(f"unknown metric {metric!r}; choose one of {', '.join(METRICS)}")
    rows, packed = as_packed(np.atleast_2d(queries)), as_packed(packed)
    if rows.shape[1] != packed.shape[1]:
        raise FingerprintSpecError(
            f"packed queries of shape {np.shape(queries)} do not fit candidates of shape {packed.shape}; "
            "they must be of one specification"
        )
    similarity = np.empty((len(rows), len(packed)))
    fill = partial(_fill, rows, packed)
    rest = (popcounts(rows), METRICS.index(metric), similarity)
    starts = range(0, len(packed), _ROWS_OF_A_TASK)
    in_threads([partial(fill, start, min(len(packed), start + _ROWS_OF_A_TASK), *rest) for start in starts])
    return similarity if np.ndim(queries) == 2 else similarity[0]
