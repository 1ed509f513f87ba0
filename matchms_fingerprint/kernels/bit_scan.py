"""Pass over packed fingerprints once and keep the rows that may score high enough; see `topk`.

The bits are parted into tiers by their value. How many bits a row has in each tier is a few popcounts, and the row
cannot have a higher sum than that of as many bits of the highest values of each tier. This needs no visit of single
bits and no branch, so that it is as fast as the rows come from memory.
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
    """The bits of some queries, parted by value; the last tier, all remaining bits, needs no mask.

    Attributes
    ----------
    masks
        Bits of each tier, shape (n_queries, n_tiers - 1, n_words), uint64.
    highest
        Highest sum of 0, 1, ... bits of each tier, shape (n_queries, n_tiers, 64 * n_words + 1), float64.
    """

    masks: WordArray
    highest: FloatArray


def make_tiers(scores: list[SumScore], n_words: int) -> Tiers:
    """Part the bits of each query at the edges of its score; all are scores of one kind."""
    edges = (np.inf, *scores[0].edges, -np.inf)
    n_bits = 64 * n_words
    masks = np.zeros((len(scores), len(edges) - 2, n_bits), np.uint8)
    highest = np.zeros((len(scores), len(edges) - 1, n_bits + 1))
    for query, score in enumerate(scores):
        for tier, (top, bottom) in enumerate(pairwise(edges)):
            inside = (score.values <= top) & (score.values > bottom)
            sums = np.cumsum(np.sort(score.values[inside])[::-1])
            highest[query, tier, 1 : sums.size + 1] = sums
            if tier < masks.shape[1]:
                masks[query, tier, : inside.size] = inside
    return Tiers(np.packbits(masks, axis=2, bitorder="little").view(np.uint64), highest)


@njit(
    void(
        PACKED,
        int64,
        int64,
        uint64[:, :, ::1],
        float64[:, :, ::1],
        float64[:, ::1],
        int32[:, ::1],
        float64[:, ::1],
        int64[::1],
        int32[::1],
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
    least: FloatArray,
    found: IntArray,
    upper: FloatArray,
    n_found: IntArray,
    counts: IntArray,
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
    least
        Sum that a row with 0, 1, ... bits needs, infinite where none can have it; shape (n_queries, n_bits + 1).
    found, upper
        Written to: the rows found, counted from `first`, and their highest possible sums; shape (n_queries, last -
        first).
    n_found
        Written to: how many were found, shape (n_queries,).
    counts
        Written to: number of bits of each row, shape (last - first,).
    """
    n_words = packed.shape[1]
    n_masks = masks.shape[1]
    n_found[:] = 0
    for start in range(first, last, _ROWS_IN_CACHE):
        stop = min(last, start + _ROWS_IN_CACHE)
        for row in range(start, stop):
            count = 0
            for w in range(n_words):
                count += popcount(packed[row, w])
            counts[row - first] = count
        for query in range(masks.shape[0]):
            n = n_found[query]
            for row in range(start, stop):
                count = counts[row - first]
                needed = least[query, count]
                if needed == np.inf:
                    continue
                total = 0.0
                for tier in range(n_masks):
                    in_tier = 0
                    for w in range(n_words):
                        in_tier += popcount(packed[row, w] & masks[query, tier, w])
                    total += highest[query, tier, in_tier]
                    count -= in_tier
                total += highest[query, n_masks, count]
                if total >= needed:
                    found[query, n] = row - first
                    upper[query, n] = total
                    n += 1
            n_found[query] = n
