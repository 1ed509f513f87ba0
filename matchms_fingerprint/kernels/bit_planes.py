"""Packed fingerprints turned round: for each bit, the candidates that have it.

Candidates stand in blocks of 16,384. A bit that many candidates of a block have is stored as a plane, one bit per
candidate; a rare one as the list of the candidates. To sum weights over the set bits of all candidates of a block, the
planes of the bits of a query are added up as binary numbers whose digits lie in planes too (carry-save addition): one
operation on a word does for 64 candidates what a look at their fingerprints would do for one. A query touches its own
bits alone, about 1 in 50 of the bytes that the packed fingerprints have.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import boolean, int32, int64, njit, types, uint16, uint64, void
from numpy.typing import NDArray

from matchms_fingerprint.kernels.bits import PACKED, lowest_bit, set_bits
from matchms_fingerprint.kernels.types import IntArray, WordArray

BLOCK_WORDS = 256
BLOCK = 64 * BLOCK_WORDS
"""Candidates in a block: what is added up for them stays in the cache of a core, and 16 bits tell them apart."""
_COMMON = BLOCK // 32
"""A bit that so many candidates of a block have is stored as a plane; the list of the candidates would be half as large
at this number, but takes longer to add."""
_ONE, _ZERO = np.uint64(1), np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROW = uint64[::1]


class BitPlanes(NamedTuple):
    """Candidates by bit; candidates are counted in an order of rising numbers of bits.

    Attributes
    ----------
    counts
        Number of bits of each candidate, ascending, shape (n,), int32.
    plane_of
        Plane of each bit in each block, -1 if it has none; shape (n_blocks, n_bits), int32.
    planes
        Shape (n_planes, BLOCK_WORDS), uint64.
    starts
        First entry of each bit of a block in `members`, and the end; shape (n_blocks, n_bits + 1), int64.
    members
        Candidates that have a rare bit, counted from the first of their block; shape (n_members,), uint16.
    """

    counts: IntArray
    plane_of: IntArray
    planes: WordArray
    starts: IntArray
    members: IntArray


@njit(void(PACKED, int64[::1], int64[::1]), cache=True, nogil=True, fastmath=False)
def count_members(packed: WordArray, rows: IntArray, n_members: IntArray) -> None:  # pragma: no cover - compiled
    """Count the rows that have each bit; `n_members` of shape (n_bits,) is written to."""
    places = np.empty(64 * packed.shape[1] + 2, np.int32)
    n_members[:] = 0
    for row in rows:
        for i in range(set_bits(packed[row], places)):
            n_members[places[i]] += 1


@njit(
    void(PACKED, int64[::1], int32[::1], uint64[:, ::1], int64[::1], uint16[::1]),
    cache=True,
    nogil=True,
    fastmath=False,
)
def fill_block(
    packed: WordArray, rows: IntArray, plane_of: IntArray, planes: WordArray, starts: IntArray, members: IntArray
) -> None:  # pragma: no cover - compiled
    """Write the rows of one block into its planes, which are zero, and lists."""
    places = np.empty(64 * packed.shape[1] + 2, np.int32)
    ends = starts.copy()
    for candidate in range(rows.size):
        for i in range(set_bits(packed[rows[candidate]], places)):
            bit = places[i]
            plane = plane_of[bit]
            if plane >= 0:
                planes[plane, candidate >> 6] |= _ONE << np.uint64(candidate & 63)
            else:
                members[ends[bit]] = candidate
                ends[bit] += 1


def is_common(n_members: IntArray) -> NDArray[np.bool_]:
    """Tell which bits of a block get a plane; `n_members` as from `count_members`."""
    return n_members >= _COMMON


@njit(void(_ROW, _ROW, types.Array(uint64, 1, "C", readonly=True), _ROW), cache=True, nogil=True, fastmath=False)
def _add_planes(
    sums: WordArray, one: WordArray, other: WordArray, carry: WordArray
) -> None:  # pragma: no cover - compiled
    for w in range(BLOCK_WORDS):
        a, b, c = sums[w], one[w], other[w]
        either = a ^ b
        sums[w] = either ^ c
        carry[w] = (a & b) | (either & c)


@njit(
    void(
        types.Array(uint64, 1, "C", readonly=True), int64, uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], boolean[::1]
    ),
    cache=True,
    nogil=True,
    fastmath=False,
)
def _add(
    plane: WordArray, digit: int, sums: WordArray, waiting: WordArray, carries: WordArray, is_waiting: IntArray
) -> None:  # pragma: no cover - compiled
    """Add a plane to a digit; a plane waits until there is a second, as three are added at the cost of two."""
    while is_waiting[digit]:
        is_waiting[digit] = False
        if not is_waiting[digit + 1]:
            _add_planes(sums[digit], waiting[digit], plane, waiting[digit + 1])
            is_waiting[digit + 1] = True
            return
        _add_planes(sums[digit], waiting[digit], plane, carries[digit])
        plane = carries[digit]
        digit += 1
    for w in range(BLOCK_WORDS):
        waiting[digit, w] = plane[w]
    is_waiting[digit] = True


@njit(
    void(
        int64,
        int32[:, ::1],
        uint64[:, ::1],
        int64[:, ::1],
        uint16[::1],
        int32[::1],
        int32[::1],
        uint64[:, ::1],
        uint64[:, ::1],
        uint64[:, ::1],
    ),
    cache=True,
    nogil=True,
    fastmath=False,
)
def _sum_block(
    block: int,
    plane_of: IntArray,
    planes: WordArray,
    starts: IntArray,
    members: IntArray,
    bits: IntArray,
    weights: IntArray,
    sums: WordArray,
    waiting: WordArray,
    carries: WordArray,
) -> None:  # pragma: no cover - compiled
    """Write the digits of the sums of the weights of all candidates of a block, lowest first, to `sums`."""
    is_waiting = np.zeros(sums.shape[0] + 1, np.bool_)
    list_plane = np.empty(BLOCK_WORDS, np.uint64)
    sums[:] = _ZERO
    for i in range(bits.size):
        plane = list_plane
        if plane_of[block, bits[i]] >= 0:
            plane = planes[plane_of[block, bits[i]]]
        else:
            first, last = starts[block, bits[i]], starts[block, bits[i] + 1]
            if first == last:
                continue
            list_plane[:] = _ZERO
            for j in range(first, last):
                list_plane[members[j] >> 6] |= _ONE << np.uint64(members[j] & 63)
        for digit in range(sums.shape[0]):
            if (weights[i] >> digit) & 1:
                _add(plane, digit, sums, waiting, carries, is_waiting)
    list_plane[:] = _ZERO
    for digit in range(sums.shape[0]):
        if is_waiting[digit]:
            _add(list_plane, digit, sums, waiting, carries, is_waiting)


@njit(
    int64(
        int32[::1],
        int32[:, ::1],
        uint64[:, ::1],
        int64[:, ::1],
        uint16[::1],
        int64,
        int64,
        int32[::1],
        int32[::1],
        int32[::1],
        int64[::1],
        int32[::1],
    ),
    cache=True,
    nogil=True,
    fastmath=False,
)
def scan_blocks(
    counts: IntArray,
    plane_of: IntArray,
    planes: WordArray,
    starts: IntArray,
    members: IntArray,
    first: int,
    last: int,
    bits: IntArray,
    weights: IntArray,
    least: IntArray,
    found: IntArray,
    found_sums: IntArray,
) -> int:  # pragma: no cover - compiled
    """Find the candidates whose sum of weights is at least what their number of bits asks for.

    Parameters
    ----------
    counts, plane_of, planes, starts, members
        See `BitPlanes`.
    first, last
        The blocks to look at.
    bits, weights
        Bits of the query and their weights, shape (n_query_bits,); weights are positive.
    least
        Sum that a candidate with 0, 1, ... bits needs; above the sum of all weights where none can have it.
    found, found_sums
        Written to: the candidates found and their sums; room for all candidates of the blocks.

    Returns
    -------
    int
        How many were found.
    """
    total = 0
    for weight in weights:
        total += weight
    n_digits = 1
    while total >> n_digits:
        n_digits += 1
    sums = np.empty((n_digits, BLOCK_WORDS), np.uint64)
    waiting = np.empty((n_digits + 1, BLOCK_WORDS), np.uint64)
    carries = np.empty((n_digits, BLOCK_WORDS), np.uint64)
    n = 0
    for block in range(first, last):
        end = min(counts.size, (block + 1) * BLOCK)
        if least[counts[block * BLOCK] : counts[end - 1] + 1].min() > total:
            continue
        _sum_block(block, plane_of, planes, starts, members, bits, weights, sums, waiting, carries)
        for start in range(block * BLOCK, end, 64):
            stop = min(end, start + 64)
            needed = least[counts[start]]
            for count in range(counts[start] + 1, counts[stop - 1] + 1):
                needed = min(needed, least[count])
            if needed > total:
                continue
            w = (start - block * BLOCK) >> 6
            reached = _ALL >> np.uint64(64 - (stop - start))
            if needed > 0:
                # compare digit by digit, from the lowest: a higher one overrules it
                enough = _ALL
                for digit in range(n_digits):
                    if (needed >> digit) & 1:
                        enough &= sums[digit, w]
                    else:
                        enough |= sums[digit, w]
                reached &= enough
            while reached != _ZERO:
                place = lowest_bit(reached)
                reached &= reached - _ONE
                found[n] = start + place
                found_sums[n] = 0
                for digit in range(n_digits):
                    found_sums[n] |= np.int32((sums[digit, w] >> np.uint64(place)) & _ONE) << digit
                n += 1
    return n
