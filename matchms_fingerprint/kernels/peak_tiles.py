"""Tiles of references and queries: scored into a dense matrix, into lists of matching pairs, or into ranked hits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_index import PeakIndex, find_runs, index_last_spectra, index_peaks
from matchms_fingerprint.kernels.peak_rivals import Block, Runs, make_room
from matchms_fingerprint.kernels.peak_scores import score_row
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray

_NO_PLACES: IntArray = np.empty(0, np.int32)
_NO_FLOATS: FloatArray = np.empty(0)
_NO_INDEX = PeakIndex(
    key=_NO_FLOATS,
    mz=_NO_FLOATS,
    cell=np.empty(0, np.uint32),
    unit=_NO_FLOATS,
    peak=_NO_PLACES,
    place=_NO_PLACES,
    before=_NO_PLACES,
    close=_NO_PLACES,
    n_close_before=np.zeros(1, np.int32),
)


class Chunk(NamedTuple):
    """References `first` to `last` (exclusive), with their windows in the order in which these ascend."""

    first: int
    last: int
    fragment_order: IntArray
    loss_order: IntArray
    loss_low: FloatArray
    loss_high: FloatArray


class Ranking(NamedTuple):
    """The best references of each query of a block so far, best first: shape (n_queries, k); how many: (n_queries,)."""

    scores: FloatArray
    matches: IntArray
    references: IntArray
    taken: IntArray


class Limits(NamedTuple):
    """What a hit must have; `precursor_tolerance` below 0 means any."""

    minimum_score: float
    minimum_matches: int
    precursor_tolerance: float


def make_chunk(references: PeakTable, first: int, last: int, matching: Matching) -> Chunk:
    """Sort the windows of a chunk of references."""
    start, stop = references.starts[first], references.starts[last]
    fragment_order = np.argsort(references.mz[start:stop]) if matching.fragments else np.empty(0, np.int64)
    if not matching.losses:
        return Chunk(first, last, fragment_order, np.empty(0, np.int64), np.empty(0), np.empty(0))
    precursor_mz = np.repeat(references.precursor_mz[first:last], np.diff(references.starts[first : last + 1]))
    # wider than any error of rounding; each match is checked by itself
    slack = 1e-14 * (1.0 + np.abs(precursor_mz) + np.abs(references.mz[start:stop]))
    low = precursor_mz - references.high[start:stop] - slack
    high = precursor_mz - references.low[start:stop] + slack
    return Chunk(first, last, fragment_order, np.argsort(low), low, high)


def make_block(queries: PeakTable, first: int, last: int, matching: Matching, reach: float) -> Block:
    """Index the queries `first` to `last` (exclusive); `reach` is the width of the widest window."""
    fragments = index_peaks(queries, first, last, reach, losses=False) if matching.fragments else _NO_INDEX
    losses = index_peaks(queries, first, last, reach, losses=True) if matching.losses else _NO_INDEX
    return _join(queries, first, last, fragments, losses)


def last_queries(block: Block, first: int, matching: Matching, reach: float) -> Block:
    """Return what is left of a block without the queries before `first`; `reach` as in `make_block`."""
    whole, fragments, losses = (block.first, block.last), _NO_INDEX, _NO_INDEX
    if matching.fragments:
        fragments = index_last_spectra(block.queries, block.fragments, whole, first, reach, losses=False)
    if matching.losses:
        losses = index_last_spectra(block.queries, block.losses, whole, first, reach, losses=True)
    return _join(block.queries, first, block.last, fragments, losses)


def _join(queries: PeakTable, first: int, last: int, fragments: PeakIndex, losses: PeakIndex) -> Block:
    both = fragments.key.size and losses.key.size
    return Block(queries, first, last, fragments, losses, fragments.place[losses.peak] if both else _NO_PLACES)


def find_tile_runs(references: PeakTable, chunk: Chunk, block: Block, matching: Matching) -> Runs:
    """Find the runs of all peaks of a chunk of references in a block of queries."""
    start, stop = references.starts[chunk.first], references.starts[chunk.last]
    of_fragments = of_losses = (_NO_PLACES, _NO_PLACES)
    if matching.fragments:
        low, high = references.low[start:stop], references.high[start:stop]
        of_fragments = find_runs(block.fragments.key, low, high, chunk.fragment_order)
    if matching.losses:
        of_losses = find_runs(block.losses.key, chunk.loss_low, chunk.loss_high, chunk.loss_order)
    return Runs(*of_fragments, *of_losses)


@njit(cache=True, nogil=True, fastmath=False)
def matrix_tile(
    references: PeakTable,
    first_row: int,
    last_row: int,
    runs: Runs,
    block: Block,
    matching: Matching,
    scores: FloatArray,
    matches: IntArray,
) -> None:  # pragma: no cover - compiled
    """Score a tile into a dense matrix; a pair with a score of 0 has no matches there, as in matchms.

    Parameters
    ----------
    references
        All references.
    first_row, last_row
        The references of the tile, the last one exclusive.
    runs, block
        The runs of their peaks in the block of queries.
    matching
        Which peaks match.
    scores, matches
        Views of the whole matrix, zero where the tile lies; shape (n_references, 2 * n_queries), float64 and int64.
    """
    room = make_room(references, first_row, last_row, runs, block)
    first_peak = references.starts[first_row]
    everything = np.arange(block.last - block.first)
    with_zeros = np.flatnonzero(block.queries.has_zeros[block.first : block.last])
    for row in range(first_row, last_row):
        row_scores = scores[row, 2 * block.first :]
        row_matches = matches[row, 2 * block.first + 1 :]
        score_row(row, references, first_peak, runs, block, matching, row_scores, row_matches, room)
        for query in everything if references.has_zeros[row] else with_zeros:
            if row_scores[2 * query] == 0.0:
                row_matches[2 * query] = 0


@njit(cache=True, nogil=True, fastmath=False)
def sparse_tile(
    references: PeakTable,
    first_row: int,
    last_row: int,
    runs: Runs,
    block: Block,
    matching: Matching,
    upper: bool,
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:  # pragma: no cover - compiled
    """Score a tile; return row, column, score and matches of all pairs with a score other than 0, row by row.

    The parameters are those of `matrix_tile`; with `upper`, only columns not left of the diagonal are returned.
    """
    room = make_room(references, first_row, last_row, runs, block)
    first_peak = references.starts[first_row]
    n_cells = 2 * (block.last - block.first)
    scores = np.zeros(n_cells)
    matches = scores.view(np.int64)[1:]
    n_pairs = (last_row - first_row) * (block.last - block.first)
    rows, columns = np.empty(n_pairs, np.int32), np.empty(n_pairs, np.int32)
    pair_scores, pair_matches = np.empty(n_pairs), np.empty(n_pairs, np.int64)
    n = 0
    for row in range(first_row, last_row):
        score_row(row, references, first_peak, runs, block, matching, scores, matches, room)
        for cell in range(0, n_cells, 2):
            column = block.first + (cell >> 1)
            if matches[cell] and scores[cell] != 0.0 and (column >= row or not upper):
                rows[n], columns[n] = row, column
                pair_scores[n], pair_matches[n] = scores[cell], matches[cell]
                n += 1
        scores[:] = 0.0
    return rows[:n].copy(), columns[:n].copy(), pair_scores[:n].copy(), pair_matches[:n].copy()


@njit(cache=True, nogil=True, fastmath=False)
def _rank(
    query: int, score: float, matches: int, reference: int, ranking: Ranking
) -> None:  # pragma: no cover - compiled
    """Put a hit in its place among those of a query; of equal scores, the smaller reference comes first."""
    size = ranking.scores.shape[1]
    place = ranking.taken[query]
    if place < size:
        ranking.taken[query] += 1
    else:
        place = size - 1
    while place > 0:
        other = ranking.scores[query, place - 1]
        if other > score or (other == score and ranking.references[query, place - 1] < reference):
            break
        ranking.scores[query, place] = other
        ranking.matches[query, place] = ranking.matches[query, place - 1]
        ranking.references[query, place] = ranking.references[query, place - 1]
        place -= 1
    ranking.scores[query, place] = score
    ranking.matches[query, place] = matches
    ranking.references[query, place] = reference


@njit(cache=True, nogil=True, fastmath=False)
def top_tile(
    references: PeakTable,
    first_row: int,
    last_row: int,
    runs: Runs,
    block: Block,
    matching: Matching,
    limits: Limits,
    names: IntArray,
    ranking: Ranking,
) -> None:  # pragma: no cover - compiled
    """Score a tile and put the references of it where they belong among the best of each query.

    The first parameters are those of `matrix_tile`.

    Parameters
    ----------
    limits
        What a hit must have.
    names
        What each reference is called in the ranking, shape (n_references,), int64.
    ranking
        Updated in place. A place of it that is not taken yet has the score -inf.
    """
    room = make_room(references, first_row, last_row, runs, block)
    first_peak = references.starts[first_row]
    n_cells = 2 * (block.last - block.first)
    scores = np.zeros(n_cells)
    matches = scores.view(np.int64)[1:]
    worst = ranking.scores[:, ranking.scores.shape[1] - 1].copy()
    for row in range(first_row, last_row):
        score_row(row, references, first_peak, runs, block, matching, scores, matches, room)
        for query in range(block.last - block.first):
            score, n_matches = scores[2 * query], matches[2 * query]
            if n_matches < limits.minimum_matches or score < worst[query] or not score >= limits.minimum_score:
                continue
            if score == 0.0:
                continue
            last = ranking.references[query, -1]
            if score == worst[query] and last >= 0 and last < names[row]:
                continue
            shift = references.precursor_mz[row] - block.queries.precursor_mz[block.first + query]
            if limits.precursor_tolerance >= 0.0 and not abs(shift) <= limits.precursor_tolerance:
                continue
            _rank(query, score, n_matches, names[row], ranking)
            worst[query] = ranking.scores[query, -1]
        scores[:] = 0.0


@njit(cache=True, nogil=True, fastmath=False)
def mirror_tile(words: IntArray, first_row: int, last_row: int) -> None:  # pragma: no cover - compiled
    """Copy what stands right of the diagonal of a square matrix to the left of it, for some rows of the target.

    Parameters
    ----------
    words
        View of the matrix with two words an element, shape (n, 2 * n), int64.
    first_row, last_row
        The rows to fill, the last one exclusive.
    """
    side = 32
    for start in range(first_row, last_row, side):
        stop = min(start + side, last_row)
        for left in range(0, stop, side):
            for row in range(start, stop):
                for column in range(left, min(left + side, row)):
                    words[row, 2 * column] = words[column, 2 * row]
                    words[row, 2 * column + 1] = words[column, 2 * row + 1]
