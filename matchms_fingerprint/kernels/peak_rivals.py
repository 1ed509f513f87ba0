"""Matches that compete for a peak: noted while a row is scored, settled afterwards by matchms' greedy assignment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_index import PeakIndex
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray

LOSS_CODE = 1 << 62
"""In the code of a match: found by neutral loss, which matchms looks for after the fragments."""


class Runs(NamedTuple):
    """The run of the index that matches each peak of a chunk of references; int32, shape (n_peaks,) or (0,)."""

    fragment_starts: IntArray
    fragment_stops: IntArray
    loss_starts: IntArray
    loss_stops: IntArray


class Block(NamedTuple):
    """A block of queries: all queries, which of them it holds, and their indices (one may be unused and empty).

    `twins` has the place among the fragments of each peak among the losses, if both are used.
    """

    queries: PeakTable
    first: int
    last: int
    fragments: PeakIndex
    losses: PeakIndex
    twins: IntArray


class Room(NamedTuple):
    """Working memory of one thread.

    `latest` holds the last rival match of each cell or -1, `earlier` the one before each of them. A rival is given by
    its peak in the chunk of references and by its place in the index, which is inverted (~place) for losses.
    """

    latest: IntArray
    earlier: IntArray
    peaks: IntArray
    places: IntArray
    products: FloatArray
    codes: IntArray
    order: IntArray
    left_used: IntArray
    right_used: IntArray
    reached: IntArray
    seen: IntArray


@njit(cache=True, nogil=True, fastmath=False)
def make_room(
    references: PeakTable, first_row: int, last_row: int, runs: Runs, block: Block
) -> Room:  # pragma: no cover - compiled
    """Allocate what `score_row` needs for the references `first_row` to `last_row` (exclusive) and this block."""
    n_cells = 2 * (block.last - block.first)
    first_peak = references.starts[first_row]
    n_left, n_rivals = 0, 0
    for row in range(first_row, last_row):
        start, stop = references.starts[row] - first_peak, references.starts[row + 1] - first_peak
        n_left = max(n_left, stop - start)
        n = 0
        if runs.fragment_starts.size:
            n += (runs.fragment_stops[start:stop] - runs.fragment_starts[start:stop]).sum()
        if runs.loss_starts.size:
            # noted once as a loss beside losses, and twice with its partner among the fragments
            n += 5 * (runs.loss_stops[start:stop] - runs.loss_starts[start:stop]).sum()
        n_rivals = max(n_rivals, n)
    n_right = max(block.fragments.key.size, block.losses.key.size)
    return Room(
        np.full(n_cells, -1, np.int32),
        np.empty(n_rivals, np.int32),
        np.empty(n_rivals, np.int32),
        np.empty(n_rivals, np.int32),
        np.empty(n_rivals),
        np.empty(n_rivals, np.int64),
        np.empty(n_rivals, np.int32),
        np.zeros(n_left, np.uint8),
        np.zeros(n_right, np.uint8),
        np.full(n_cells if block.losses.key.size else 0, -1, np.int32),
        np.full(block.losses.key.size, -1, np.int32),
    )


@njit(cache=True, nogil=True, fastmath=False, inline="always")
def note(
    cell: int, peak: int, place: int, latest: IntArray, earlier: IntArray, peaks: IntArray, places: IntArray, n: int
) -> int:  # pragma: no cover - compiled
    """Note a match that has a rival; return how many there are."""
    earlier[n] = latest[cell]
    peaks[n] = peak
    places[n] = place
    latest[cell] = n
    return n + 1


@njit(cache=True, nogil=True, fastmath=False, inline="always")
def note_overlaps(
    start: int,
    stop: int,
    below: int,
    above: int,
    peak: int,
    by_loss: bool,
    cells: IntArray,
    latest: IntArray,
    earlier: IntArray,
    peaks: IntArray,
    places: IntArray,
    n: int,
) -> int:  # pragma: no cover - compiled
    """Note the matches of a run that lie before `below` or not before `above`, in the runs of neighbouring peaks."""
    for k in range(start, min(stop, below)):
        n = note(cells[k], peak, ~k if by_loss else k, latest, earlier, peaks, places, n)
    for k in range(max(start, below, above), stop):
        n = note(cells[k], peak, ~k if by_loss else k, latest, earlier, peaks, places, n)
    return n


@njit(cache=True, nogil=True, fastmath=False)
def is_unshifted(shift: float, precursor_mz: float, matching: Matching) -> bool:  # pragma: no cover - compiled
    """Tell whether precursors match, so that a score that looks at both counts fragments alone."""
    if not matching.fragments:
        return False
    return abs(shift) <= matching.tolerance_da + 1e-6 * matching.tolerance_ppm * (precursor_mz - 0.5 * shift)


@njit(cache=True, nogil=True, fastmath=False)
def _describe(
    row: int,
    references: PeakTable,
    first_peak: int,
    block: Block,
    matching: Matching,
    room: Room,
    n: int,
) -> None:  # pragma: no cover - compiled
    """Fill in product and code of all matches with rivals; code -1 for what is not a match after all."""
    queries, left_start = block.queries, references.starts[row] - first_peak
    right_start = queries.starts[block.first]
    for rival in range(n):
        place, peak = room.places[rival], room.peaks[rival]
        by_loss = place < 0
        right = block.losses.peak[~place] if by_loss else block.fragments.peak[place]
        room.products[rival] = references.weight[first_peak + peak] * queries.weight[right_start + right]
        room.codes[rival] = (LOSS_CODE if by_loss else 0) + ((peak - left_start) << 31) + right
        if by_loss:
            cell = block.losses.cell[~place]
            shift = references.precursor_mz[row] - queries.precursor_mz[block.first + (cell >> 1)]
            mz = queries.mz[right_start + right] + shift
            match = references.low[first_peak + peak] <= mz <= references.high[first_peak + peak]
            if not match or is_unshifted(shift, references.precursor_mz[row], matching):
                room.codes[rival] = -1


@njit(cache=True, nogil=True, fastmath=False)
def sort_rivals(order: IntArray, n: int, products: FloatArray, codes: IntArray) -> None:  # pragma: no cover - compiled
    """Sort the first `n` of `order` by product, and by code where those are equal, both descending (Shell sort)."""
    gap = 1
    while 3 * gap + 1 < n:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            moved = order[i]
            j = i
            while j >= gap:
                other = order[j - gap]
                if products[other] > products[moved]:
                    break
                if products[other] == products[moved] and codes[other] >= codes[moved]:
                    break
                order[j] = other
                j -= gap
            order[j] = moved
        gap //= 3


@njit(cache=True, nogil=True, fastmath=False)
def settle(
    row: int,
    references: PeakTable,
    first_peak: int,
    block: Block,
    matching: Matching,
    scores: FloatArray,
    matches: IntArray,
    room: Room,
    n: int,
) -> None:  # pragma: no cover - compiled
    """Take the matches with rivals out of their cells, and put those back that the greedy assignment chooses.

    matchms sorts all matches by their products and turns the list round, so that of two equal ones that which was
    found later comes first: the one of the larger code.
    """
    _describe(row, references, first_peak, block, matching, room, n)
    order, codes, products, left_used, right_used = (
        room.order,
        room.codes,
        room.products,
        room.left_used,
        room.right_used,
    )
    for last in range(n):
        place = room.places[last]
        cell = block.losses.cell[~place] if place < 0 else block.fragments.cell[place]
        if room.latest[cell] < 0:
            continue
        n_order, rival = 0, room.latest[cell]
        room.latest[cell] = -1
        while rival >= 0:
            if codes[rival] >= 0:
                order[n_order] = rival
                n_order += 1
            rival = room.earlier[rival]
        sort_rivals(order, n_order, products, codes)
        for i in range(n_order):
            code = codes[order[i]]
            left, right = (code & ~LOSS_CODE) >> 31, code & 0x7FFFFFFF
            if i > 0 and code == codes[order[i - 1]]:
                continue
            if left_used[left] == 0 and right_used[right] == 0:
                left_used[left] = 1
                right_used[right] = 1
            else:
                unit = block.queries.unit[block.queries.starts[block.first] + right]
                scores[cell] -= references.unit[references.starts[row] + left] * unit
                matches[cell] -= 1
        for i in range(n_order):
            code = codes[order[i]]
            left_used[(code & ~LOSS_CODE) >> 31] = 0
            right_used[code & 0x7FFFFFFF] = 0
