"""The best of very many packed fingerprints, for predicted or measured ones.

A search keeps the best k so far. What a candidate needs to come among them is known from the k-th best score, and a
bound on its score tells for nearly all candidates that they do not have it (`bit_scan`, `bit_index`). Those that are
left are scored exactly, by the same arithmetic as `tanimoto.SCORES`. So the result is that of scoring and sorting
everything: by score, then by position.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import FingerprintSpecError, SettingsError
from matchms_fingerprint.kernels.bit_scan import Tiers, make_tiers, scan_rows
from matchms_fingerprint.kernels.bits import as_packed, sums_and_counts
from matchms_fingerprint.kernels.sum_scores import SUM_SCORES, SumScore
from matchms_fingerprint.kernels.threads import in_threads
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

_FIRST_ROWS = 1024
_MOST_ROWS = 1 << 16
_MOST_QUERIES = 16
"""Sizes of the pieces: a thread needs 16 bytes for a row and query of a piece."""


class TopBits(NamedTuple):
    """The best candidates, best first; equal scores are in the order of the candidates.

    Attributes
    ----------
    indices
        Positions of the candidates, int64, shape (n_hits,) for one query, (n_queries, k) for several; places that
        no candidate takes hold -1.
    scores
        Their scores, float64, of the same shape; places that no candidate takes hold 0.
    """

    indices: IntArray
    scores: FloatArray


class Best:
    """The best k candidates of one query so far; several threads may offer more at the same time.

    Parameters
    ----------
    score
        The score.
    most_bits
        How many bits a candidate has at most.
    k
        How many to keep.
    minimum_score
        Candidates below it are not kept.
    """

    def __init__(self, score: SumScore, most_bits: int, k: int, minimum_score: float | None) -> None:
        self.score = score
        self.highest_sums = score.highest_sums(most_bits)
        self.threshold = -np.inf if minimum_score is None else float(minimum_score)
        self._k = k
        self._lock = threading.Lock()
        self._indices, self._scores = np.empty(0, np.int64), np.empty(0)

    def needed_sums(self) -> FloatArray:
        """Return the sum that a candidate with 0, 1, ... bits must have by now, infinite where none can have it."""
        threshold = self.threshold
        if threshold <= self.score.lowest:
            return np.full(self.highest_sums.size, -np.inf)
        least = self.score.least_sums(threshold, np.arange(self.highest_sums.size)) - self.score.slack
        return np.where(least > self.highest_sums, np.inf, least)

    def consider(self, packed: WordArray, rows: IntArray, counts: IntArray, upper: FloatArray) -> None:
        """Score some candidates, the most promising first, and those that it leaves a chance after that.

        Parameters
        ----------
        packed
            All candidates.
        rows
            Which ones, shape (n,); each candidate is to be considered once.
        counts
            Their numbers of bits, shape (n,).
        upper
            The highest sum that each may have, shape (n,).
        """
        if rows.size > 2 * self._k:
            bound = self.score.scores(upper + self.score.slack, counts)
            promising = np.argpartition(-bound, self._k - 1)[: self._k]
            self._add(packed, rows[promising])
            bound[promising] = -np.inf
            rows = rows[bound >= self.threshold]
        self._add(packed, rows)

    def result(self) -> TopBits:
        """Return the best so far."""
        return TopBits(self._indices, self._scores)

    def _add(self, packed: WordArray, rows: IntArray) -> None:
        if not rows.size:
            return
        exact = self.score.scores(*sums_and_counts(self.score.values, packed, rows))
        is_high = exact >= self.threshold
        with self._lock:
            indices = np.concatenate([self._indices, rows[is_high]])
            scores = np.concatenate([self._scores, exact[is_high]])
            order = np.lexsort((indices, -scores))[: self._k]
            self._indices, self._scores = indices[order], scores[order]
            if order.size == self._k:
                self.threshold = float(self._scores[-1])


def top_k_packed(
    queries: FloatArray | WordArray,
    packed: WordArray,
    k: int,
    score: str = "cosine",
    minimum_score: float | None = None,
) -> TopBits:
    """Find the best of many packed fingerprints in one pass over them.

    The candidates are read in pieces, a piece at a time for all queries, by as many threads as there are cores; a
    memory-mapped array of any size may be given. For many queries against the same candidates, `BitIndex` is faster.

    Parameters
    ----------
    queries
        Predicted fingerprints: probabilities, float, shape (n_bits,) or (n_queries, n_bits); or measured ones: packed
        bits, uint64, shape (n_words,) or (n_queries, n_words).
    packed
        Candidates, uint64, shape (n, n_words), n_words = ceil(n_bits / 64); read in place if contiguous.
    k
        How many to return at most.
    score
        "cosine", "tanimoto", "dice" or "log_likelihood"; see `SUM_SCORES`. Where a query or a candidate is all zero the
        first three are 0, as in RDKit.
    minimum_score
        Return no candidate that scores less. The higher, the faster.

    Returns
    -------
    TopBits
        The same candidates and scores as those of scoring all and sorting by score, then position.

    Raises
    ------
    FingerprintSpecError
        If the widths do not fit, or probabilities are not in [0, 1].
    SettingsError
        If `k` is not positive or the score is unknown.
    """
    packed = as_packed(packed)

    def scan(bests: list[Best]) -> None:
        tiers = make_tiers([best.score for best in bests], packed.shape[1])
        in_threads([partial(_scan, bests, packed, tiers, first, last) for first, last in _pieces(len(packed))])

    return search_in_parts(scan, queries, packed, k, score, minimum_score)


def search_in_parts(
    search: Callable[[list[Best]], None],
    queries: FloatArray | WordArray,
    packed: WordArray,
    k: int,
    score: str,
    minimum_score: float | None,
    most_bits: int | None = None,
) -> TopBits:
    """Check the parameters of `top_k_packed` and search for a few queries at a time.

    Parameters
    ----------
    search
        Offers all candidates that may be among the best to each `Best`.
    queries, packed, k, score, minimum_score
        See `top_k_packed`.
    most_bits
        How many bits a candidate has at most, where that is known.
    """
    if k < 1:
        raise SettingsError(f"k is {k}; ask for at least one candidate")
    if score not in SUM_SCORES:
        raise SettingsError(f"unknown score {score!r}; choose one of {', '.join(SUM_SCORES)}")
    most_bits = 64 * packed.shape[1] if most_bits is None else most_bits
    rows = _as_rows(queries, packed)
    shape = len(rows), k if np.ndim(queries) == 2 else min(k, len(packed))
    indices, scores = np.full(shape, -1, np.int64), np.zeros(shape)
    n_hits = 0
    for start in range(0, len(rows), _MOST_QUERIES):
        part = _probabilities(rows[start : start + _MOST_QUERIES])
        bests = [Best(SUM_SCORES[score](query), most_bits, k, minimum_score) for query in part]
        search(bests)
        for query, best in enumerate(bests, start):
            hits = best.result()
            n_hits = hits.indices.size
            indices[query, :n_hits], scores[query, :n_hits] = hits
    return TopBits(indices, scores) if np.ndim(queries) == 2 else TopBits(indices[0, :n_hits], scores[0, :n_hits])


def _as_rows(queries: FloatArray | WordArray, packed: WordArray) -> NDArray[Any]:
    rows: NDArray[Any] = np.atleast_2d(queries)
    is_packed = rows.dtype == np.uint64
    if rows.ndim != 2 or (rows.shape[1] if is_packed else -(-rows.shape[1] // 64)) != packed.shape[1]:
        raise FingerprintSpecError(
            f"{'packed queries' if is_packed else 'queries'} of shape {np.shape(queries)} do not fit candidates of "
            f"shape {packed.shape}; they must be of one specification"
        )
    return rows


def _probabilities(rows: NDArray[Any]) -> NDArray[Any]:
    """Return queries as values from 0 to 1; packed bits are unpacked."""
    if rows.dtype == np.uint64:
        return np.unpackbits(np.ascontiguousarray(rows).view(np.uint8), axis=1, bitorder="little")
    if not ((rows >= 0) & (rows <= 1)).all():
        raise FingerprintSpecError("a predicted fingerprint holds values that are no probabilities, outside of [0, 1]")
    return rows


def _pieces(n_rows: int) -> Iterator[tuple[int, int]]:
    """Yield pieces of rows, small ones first: they are scanned while it is not known yet what is good."""
    first, size = 0, _FIRST_ROWS
    while first < n_rows:
        yield first, min(n_rows, first + size)
        first, size = first + size, min(2 * size, _MOST_ROWS)


def _scan(bests: list[Best], packed: WordArray, tiers: Tiers, first: int, last: int) -> None:
    least = np.array([best.needed_sums() for best in bests])
    shape = len(bests), last - first
    found, upper, counts = np.empty(shape, np.int32), np.empty(shape), np.empty(shape, np.int32)
    n_found = np.empty(len(bests), np.int64)
    scan_rows(
        packed, first, last, tiers.masks, tiers.highest, tiers.fewest(least), least, found, upper, counts, n_found
    )
    for query, best in enumerate(bests):
        part = query, slice(0, n_found[query])
        best.consider(packed, first + found[part].astype(np.int64), counts[part], upper[part])
