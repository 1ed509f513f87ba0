"""Pass over packed fingerprints once and keep the rows that may score high enough; see `topk`.

The bits are parted into tiers by their value. How many bits a row has in each tier is a few popcounts, and the row
cannot have a higher sum than that of as many bits of the highest values of each tier. Nearly all rows are passed over
for the number of their bits outside the last tier, which is seen without a visit of single bits and without a branch,
as fast as the rows come from memory.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import float64, int32, int64, njit, uint64, void

from matchms_fingerprint.kernels.bits import PACKED, popcount
from matchms_fingerprint.kernels.sum_scores import SumScore
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

_ROWS_IN_CACHE = 256


class Tiers(NamedTuple):
    """The bits of some queries, parted by value.

    Attributes
    ----------
    masks
        Bits of all tiers but the last, and then of each tier but the last two; shape (n_queries, n_tiers - 1, n_words),
        uint64.
    highest
        Highest sum of 0, 1, ... bits of each tier, shape (n_queries, n_tiers, 64 * n_words + 1), float64.
    kept
        Highest sum of 0, 1, ... bits outside the last tier, beyond what as many bits of the last tier would give at
        most; ascending, shape (n_queries, 64 * n_words + 1), float64.
    rest
        Highest value in the last tier, shape (n_queries,), float64.
    """

    masks: WordArray
    highest: FloatArray
    kept: FloatArray
    rest: FloatArray

    def fewest(self, least: FloatArray) -> IntArray:
        """Return how many bits outside the last tier a row must have, by the number of all its bits.

        Parameters
        ----------
        least
            Sum that a row with 0, 1, ... bits needs, infinite where none can have it; shape (n_queries, n_bits + 1).

        Returns
        -------
        ndarray of shape (n_queries, n_bits + 1), int32
            More than there are bits where no row can have the sum.
        """
        needed = least - self.rest[:, None] * np.arange(least.shape[1])
        rows = [np.searchsorted(*row) for row in zip(self.kept, needed, strict=True)]
        return np.array(rows, np.int32).reshape(least.shape)


def make_tiers(scores: list[SumScore], n_words: int) -> Tiers:
    """Part the bits of each query at the edges of its score; all are scores of one kind."""
    edges = (np.inf, *scores[0].edges, -np.inf)
    n_bits = 64 * n_words
    masks = np.zeros((len(scores), len(edges) - 2, n_bits), np.uint8)
    highest = np.zeros((len(scores), len(edges) - 1, n_bits + 1))
    kept, rest = np.zeros((len(scores), n_bits + 1)), np.zeros(len(scores))
    for query, score in enumerate(scores):
        is_rest = score.values <= edges[-2]
        rest[query] = score.values[is_rest].max() if is_rest.any() else edges[-2]
        kept[query] = _highest_sums(score.values[~is_rest] - rest[query], n_bits)
        masks[query, 0, : is_rest.size] = ~is_rest
        for tier, (top, bottom) in enumerate(pairwise(edges)):
            inside = (score.values <= top) & (score.values > bottom)
            highest[query, tier] = _highest_sums(score.values[inside], n_bits)
            if tier < masks.shape[1] - 1:
                masks[query, tier + 1, : inside.size] = inside
    return Tiers(np.packbits(masks, axis=2, bitorder="little").view(np.uint64), highest, kept, rest)


def _highest_sums(values: FloatArray, n_bits: int) -> FloatArray:
    sums = np.concatenate([[0.0], np.cumsum(np.sort(values)[::-1])])
    return np.pad(sums, (0, n_bits + 1 - sums.size), mode="edge")


@njit(
    void(
        PACKED,
        int64,
        int64,
        uint64[:, :, ::1],
        float64[:, :, ::1],
        int32[:, ::1],
        float64[:, ::1],
        int32[:, ::1],
        float64[:, ::1],
        int32[:, ::1],
        int64[::1],
    ),
    cache=True,
    nogil=True,
    fastmath=False,
)
def scan_rows(
    packed: WordArray,
    first: int,
    last: int,
    masks: WordArray,
    highest: FloatArray,
    fewest: IntArray,
    least: FloatArray,
    found: IntArray,
    upper: FloatArray,
    counts: IntArray,
    n_found: IntArray,
) -> None:  # pragma: no cover - compiled
    """Find the rows whose highest possible sum is at least what their number of bits asks for.

    Parameters
    ----------
    packed
        Shape (n, n_words).
    first, last
        The rows to look at.
    masks, highest
        See `Tiers`.
    fewest, least
        See `Tiers.fewest`.
    found, upper, counts
        Written to: the rows found, counted from `first`, their highest possible sums and their numbers of bits; shape
        (n_queries, last - first).
    n_found
        Written to: how many were found, shape (n_queries,).
    """
    n_words = packed.shape[1]
    n_masks = masks.shape[1]
    n_found[:] = 0
    for start in range(first, last, _ROWS_IN_CACHE):
        for query in range(masks.shape[0]):
            n = n_found[query]
            for row in range(start, min(last, start + _ROWS_IN_CACHE)):
                count, in_tiers = 0, 0
                for w in range(n_words):
                    count += popcount(packed[row, w])
                    in_tiers += popcount(packed[row, w] & masks[query, 0, w])
                if in_tiers < fewest[query, count]:
                    continue
                total = highest[query, n_masks, count - in_tiers]
                for tier in range(n_masks - 1):
                    in_tier = 0
                    for w in range(n_words):
                        in_tier += popcount(packed[row, w] & masks[query, tier + 1, w])
                    total += highest[query, tier, in_tier]
                    in_tiers -= in_tier
                total += highest[query, n_masks - 1, in_tiers]
                if total >= least[query, count]:
                    found[query, n] = row - first
                    upper[query, n] = total
                    counts[query, n] = count
                    n += 1
            n_found[query] = n
