"""Scores of one reference against a block of queries, from the runs of matching peaks in an inverted index.

A row holds score and matches of each query alternately, 16 bytes a pair as in matchms' structured arrays: `scores` and
`matches` are a float64 and an int64 view of the same row, the latter one place further, so that the cell of a query is
its index in both. Every match of two peaks is added to its cell. Where no peak of two spectra has a choice, that is
the result. The matches that compete for a peak are noted on the way: they are found in the overlap of the runs of
neighbouring peaks, or among the peaks of a query that have a close neighbour, so that the others cost nothing.
Afterwards they are taken out of their cells and assigned greedily, in the order of matchms.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_index import PeakIndex
from matchms_fingerprint.kernels.peak_rivals import Block, Room, Runs, is_unshifted, note, note_overlaps, settle
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath=False)
def _add_fragments(
    row: int,
    references: PeakTable,
    first_peak: int,
    runs: Runs,
    index: PeakIndex,
    scores: FloatArray,
    matches: IntArray,
    room: Room,
    mark: bool,
) -> int:  # pragma: no cover - compiled
    """Add the peaks of the same m/z to their cells; return how many matches have rivals."""
    latest, earlier, peaks, places = room.latest, room.earlier, room.peaks, room.places
    n, below = 0, 0
    first, last = references.starts[row] - first_peak, references.starts[row + 1] - first_peak
    for peak in range(first, last):
        start, stop = runs.fragment_starts[peak], runs.fragment_stops[peak]
        if start == stop:
            continue
        unit = references.unit[first_peak + peak]
        for k in range(start, stop):
            cell = index.cell[k]
            scores[cell] += unit * index.unit[k]
            matches[cell] += 1
        above = runs.fragment_starts[peak + 1] if peak + 1 < last else stop
        n = note_overlaps(start, stop, below, above, peak, False, index.cell, latest, earlier, peaks, places, n)
        for i in range(index.n_close_before[start], index.n_close_before[stop]):
            k, before = index.close[i], index.before[index.close[i]]
            if before >= start:
                if below <= k < above:
                    n = note(index.cell[k], peak, k, latest, earlier, peaks, places, n)
                if below <= before < above and index.before[before] < start:
                    n = note(index.cell[k], peak, before, latest, earlier, peaks, places, n)
        below = stop
        if mark:
            room.seen[start:stop] = peak
    return n


@njit(cache=True, nogil=True, fastmath=False)
def _add_losses(
    row: int,
    references: PeakTable,
    first_peak: int,
    runs: Runs,
    block: Block,
    matching: Matching,
    scores: FloatArray,
    matches: IntArray,
    room: Room,
    n: int,
) -> int:  # pragma: no cover - compiled
    """Add the peaks at the same distance from the precursor to their cells; return how many matches have rivals.

    The runs are a little too wide: whether two peaks match is decided as matchms rounds it.
    """
    latest, earlier, peaks, places = room.latest, room.earlier, room.peaks, room.places
    index, fragments, seen, reached = block.losses, block.fragments, room.seen, room.reached
    precursor_mz = references.precursor_mz[row]
    first, last = references.starts[row] - first_peak, references.starts[row + 1] - first_peak
    above = index.key.size
    for peak in range(first, last):
        start, stop = runs.loss_starts[peak], runs.loss_stops[peak]
        unit = references.unit[first_peak + peak]
        low, high = references.low[first_peak + peak], references.high[first_peak + peak]
        first_reached = last_reached = 0
        if matching.fragments and start < stop:
            first_reached, last_reached = runs.fragment_starts[peak], runs.fragment_stops[peak]
            for k in range(first_reached, last_reached):
                reached[fragments.cell[k]] = k
        for k in range(start, stop):
            cell = index.cell[k]
            shift = precursor_mz - block.queries.precursor_mz[block.first + (cell >> 1)]
            if not low <= index.mz[k] + shift <= high or is_unshifted(shift, precursor_mz, matching):
                continue
            scores[cell] += unit * index.unit[k]
            matches[cell] += 1
            if matching.fragments:
                if first_reached <= reached[cell] < last_reached:
                    n = note(cell, peak, ~k, latest, earlier, peaks, places, n)
                    n = note(cell, peak, reached[cell], latest, earlier, peaks, places, n)
                place = block.twins[k]
                if seen[place] >= first:
                    n = note(cell, peak, ~k, latest, earlier, peaks, places, n)
                    n = note(cell, seen[place], place, latest, earlier, peaks, places, n)
        below = runs.loss_stops[peak + 1] if peak + 1 < last else start
        n = note_overlaps(start, stop, below, above, peak, True, index.cell, latest, earlier, peaks, places, n)
        for i in range(index.n_close_before[start], index.n_close_before[stop]):
            k, before = index.close[i], index.before[index.close[i]]
            if before >= start:
                if below <= k < above:
                    n = note(index.cell[k], peak, ~k, latest, earlier, peaks, places, n)
                if below <= before < above and index.before[before] < start:
                    n = note(index.cell[k], peak, ~before, latest, earlier, peaks, places, n)
        above = start
    return n


@njit(cache=True, nogil=True, fastmath=False)
def shared_entropy(
    share: float, share_log: float, other: float, other_log: float
) -> float:  # pragma: no cover - compiled
    """Return ((x + y) log2(x + y) - x log2(x) - y log2(y)) / 2 of two shares x and y; `*_log` are x log2(x)."""
    both = share + other
    return 0.5 * (both * np.log2(both) - share_log - other_log) if both > 0.0 else 0.0


@njit(cache=True, nogil=True, fastmath=False)
def _add_shared_entropy(
    row: int,
    references: PeakTable,
    first_peak: int,
    runs: Runs,
    block: Block,
    scores: FloatArray,
    matches: IntArray,
) -> None:  # pragma: no cover - compiled
    """Add the entropy that peaks of the same m/z share; cleaned spectra have no peaks that could compete."""
    index, weights = block.fragments, block.queries.weight
    first_right = block.queries.starts[block.first]
    for peak in range(references.starts[row], references.starts[row + 1]):
        unit, weight = references.unit[peak], references.weight[peak]
        for k in range(runs.fragment_starts[peak - first_peak], runs.fragment_stops[peak - first_peak]):
            cell = index.cell[k]
            shared = shared_entropy(unit, weight, index.unit[k], weights[first_right + index.peak[k]])
            scores[cell] = min(scores[cell] + shared, 1.0)
            matches[cell] += 1


@njit(cache=True, nogil=True, fastmath=False)
def score_row(
    row: int,
    references: PeakTable,
    first_peak: int,
    runs: Runs,
    block: Block,
    matching: Matching,
    scores: FloatArray,
    matches: IntArray,
    room: Room,
) -> None:  # pragma: no cover - compiled
    """Score one reference against a block of queries.

    Parameters
    ----------
    row
        The reference.
    references
        All references.
    first_peak
        The peak of the references that `runs` begins with.
    runs
        Where the peaks of a chunk of references, this one among them, stand in the indices of the block.
    block
        The queries.
    matching
        Which peaks match.
    scores, matches
        Cells of the row, all zero, written in place; shape (at least 2 * n_queries - 1,), float64 and int64.
    room
        From `peak_rivals.make_room`.
    """
    n = 0
    if matching.entropy:
        _add_shared_entropy(row, references, first_peak, runs, block, scores, matches)
    elif matching.fragments:
        n = _add_fragments(row, references, first_peak, runs, block.fragments, scores, matches, room, matching.losses)
    if matching.losses:
        n = _add_losses(row, references, first_peak, runs, block, matching, scores, matches, room, n)
    if n:
        settle(row, references, first_peak, block, matching, scores, matches, room, n)
