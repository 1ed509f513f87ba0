"""An index of packed fingerprints for many searches: the same results as `topk`, several times as fast."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from matchms_fingerprint.kernels.bit_planes import (
    BLOCK,
    BLOCK_WORDS,
    BitPlanes,
    count_members,
    fill_block,
    is_common,
    scan_blocks,
)
from matchms_fingerprint.kernels.bits import as_packed, popcounts
from matchms_fingerprint.kernels.sum_scores import SumScore
from matchms_fingerprint.kernels.threads import in_threads, n_threads
from matchms_fingerprint.kernels.topk import Best, TopBits, search_in_parts
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

_MOST_BLOCKS = 16
_HIGHEST_WEIGHT = 15
"""More makes the bounds tighter and the sums longer; from 7 to 31 there is little to choose."""


class BitIndex:
    """Packed fingerprints, indexed by bit, in an order of rising numbers of bits.

    The index takes about 85 bytes for a Morgan fingerprint of 4096 bits, beside its 512 bytes, which stay where they
    are, for example in a memory-mapped file. A search adds up the rounded values of the bits of the query for all
    candidates at once (`bit_planes`), skips the blocks of candidates that have too few or too many bits, and scores
    exactly what may be among the best.

    Parameters
    ----------
    packed
        Candidates, uint64, shape (n, n_words); kept, not copied if contiguous.

    Examples
    --------
    >>> import numpy as np
    >>> from matchms_fingerprint.kernels import BitIndex
    >>> index = BitIndex(np.array([[0b0111], [0b1111], [0b1000]], dtype=np.uint64))
    >>> hits = index.top_k(np.array([0.9, 0.8, 0.2, 0.1]), k=2)
    >>> hits.indices
    array([0, 1])
    """

    def __init__(self, packed: WordArray) -> None:
        self.packed = as_packed(packed)
        counts = popcounts(self.packed)
        self._order = np.argsort(counts, kind="stable")
        self._planes = _build(self.packed, self._order, counts[self._order])

    def __len__(self) -> int:
        return len(self.packed)

    @property
    def nbytes(self) -> int:
        """Memory that the index takes beside the packed fingerprints, in bytes."""
        return self._order.nbytes + sum(part.nbytes for part in self._planes)

    def top_k(
        self,
        queries: FloatArray | WordArray,
        k: int,
        score: str = "cosine",
        minimum_score: float | None = None,
    ) -> TopBits:
        """Find the best candidates of each query; parameters and results are those of `topk.top_k_packed`."""
        most_bits = int(self._planes.counts.max(initial=0))
        return search_in_parts(self._search_all, queries, self.packed, k, score, minimum_score, most_bits)

    def _search_all(self, bests: list[Best]) -> None:
        if len(bests) >= n_threads():
            in_threads([partial(self._search, best) for best in bests])
            return
        for best in bests:
            tasks = self._tasks(best)
            for task in tasks[:1]:  # what it finds saves the others much work
                task()
            in_threads(tasks[1:])

    def _search(self, best: Best) -> None:
        for task in self._tasks(best):
            task()

    def _tasks(self, best: Best) -> list[partial[None]]:
        """Return the searches through runs of blocks, the most promising block alone and first."""
        if not len(self):
            return []
        weights = _round_up(best.score)
        highest = self._highest_scores(best)
        top = int(np.argmax(highest))
        runs = [(top, top + 1)]
        for first in range(0, highest.size, _MOST_BLOCKS):
            last = min(highest.size, first + _MOST_BLOCKS)
            if first <= top < last:
                runs += [run for run in ((first, top), (top + 1, last)) if run[0] < run[1]]
            else:
                runs.append((first, last))
        runs[1:] = sorted(runs[1:], key=lambda run: -highest[run[0] : run[1]].max())
        return [partial(self._search_blocks, best, weights, *run) for run in runs]

    def _highest_scores(self, best: Best) -> FloatArray:
        """Return the highest score that a candidate of each block can have, by the numbers of bits in it."""
        counts = self._planes.counts
        firsts = np.arange(0, counts.size, BLOCK)
        lasts = np.minimum(firsts + BLOCK, counts.size) - 1
        by_count = best.score.scores(best.highest_sums, np.arange(best.highest_sums.size))
        edges = np.column_stack([counts[firsts], counts[lasts] + 1])
        highest: FloatArray = np.maximum.reduceat(np.append(by_count, 0.0), edges.ravel())[::2]
        return highest

    def _search_blocks(self, best: Best, weights: _Weights, first: int, last: int) -> None:
        counts = self._planes.counts
        needed = best.needed_sums()
        n_bits = np.arange(needed.size)
        total = int(weights.weights.sum())
        least = np.clip(np.ceil((needed - weights.base * n_bits) / weights.unit - 1e-6), 0, total + 1)
        room = min(counts.size, last * BLOCK) - first * BLOCK
        found, sums = np.empty(room, np.int64), np.empty(room, np.int32)
        n = scan_blocks(*self._planes, first, last, weights.bits, weights.weights, least.astype(np.int32), found, sums)
        found, sums = found[:n], sums[:n]
        upper = np.minimum(sums * weights.unit + counts[found] * weights.base, best.highest_sums[counts[found]])
        best.consider(self.packed, self._order[found], counts[found], upper)


class _Weights(NamedTuple):
    """Rounded values of the bits of a query: a bit is worth at most `base + unit * weight`, one not listed `base`."""

    bits: IntArray
    weights: IntArray
    unit: float
    base: float


def _round_up(score: SumScore) -> _Weights:
    values = score.values
    is_rest = values <= score.edges[-1]
    base = float(values[is_rest].max() if is_rest.any() else values.min())
    bits = np.flatnonzero(values > base).astype(np.int32)
    if not bits.size:
        return _Weights(bits, bits, 1.0, base)
    unit = (float(values.max()) - base) / _HIGHEST_WEIGHT
    weights = np.ceil((values[bits] - base) / unit - 1e-6).astype(np.int32)
    # the bits of a measured fingerprint are all worth the same: 1 and not 15, which has four digits to add
    divisor = int(np.gcd.reduce(weights))
    return _Weights(bits, weights // divisor, unit * divisor, base)


def _build(packed: WordArray, order: IntArray, counts: IntArray) -> BitPlanes:
    blocks = [order[first : first + BLOCK] for first in range(0, order.size, BLOCK)]
    n_members = np.zeros((len(blocks), 64 * packed.shape[1]), np.int64)
    in_threads([partial(count_members, packed, rows, n) for rows, n in zip(blocks, n_members, strict=True)])
    has_plane = is_common(n_members)
    plane_of = np.where(has_plane, np.cumsum(has_plane).reshape(has_plane.shape) - 1, -1).astype(np.int32)
    listed = np.where(has_plane, 0, n_members)
    starts = np.zeros((len(blocks), listed.shape[1] + 1), np.int64)
    starts[1:, 0] = np.cumsum(listed.sum(axis=1))[:-1]
    starts[:, 1:] = starts[:, :1] + np.cumsum(listed, axis=1)
    planes = np.zeros((int(has_plane.sum()), BLOCK_WORDS), np.uint64)
    members = np.empty(int(listed.sum()), np.uint16)
    in_threads(
        [
            partial(fill_block, packed, rows, plane_of[block], planes, starts[block], members)
            for block, rows in enumerate(blocks)
        ]
    )
    return BitPlanes(counts.astype(np.int32), plane_of, planes, starts, members)
