"""Scores of all references against all queries: cut into tiles, spread over threads, brought together again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.kernels.peak_pairs import score_pairs
from matchms_fingerprint.kernels.peak_rivals import Block
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable, take_spectra
from matchms_fingerprint.kernels.peak_tiles import (
    Chunk,
    Limits,
    Ranking,
    find_tile_runs,
    last_queries,
    make_block,
    make_chunk,
    matrix_tile,
    mirror_tile,
    sparse_tile,
    top_tile,
)
from matchms_fingerprint.kernels.threads import Track, in_threads, n_threads
from matchms_fingerprint.kernels.types import FloatArray, IntArray

SCORE_DTYPE = np.dtype([("score", np.float64), ("matches", np.int64)])

_MOST_ROWS = 1024
_MOST_QUERIES = 4096
_MOST_QUERIES_WITH_LOSSES = 2048
_MOST_PAIRS = 1 << 20
_PAIRS_AT_A_TIME = 1 << 14
"""Sizes of the pieces: a row of a block stays in the cache of a core, and there are enough pieces for all cores."""


class TopHits(NamedTuple):
    """The best references of each query, best first; places that no reference takes have the reference -1.

    Attributes
    ----------
    references
        Positions of the references; shape (n_queries, k), int64.
    scores
        Shape (n_queries, k), float64.
    matches
        Numbers of matching peaks; shape (n_queries, k), int64.
    """

    references: IntArray
    scores: FloatArray
    matches: IntArray


class _Tiling(NamedTuple):
    chunks: list[Chunk]
    blocks: list[Block]
    reach: float


def score_matrix(
    references: PeakTable,
    queries: PeakTable,
    matching: Matching,
    is_symmetric: bool = False,
    track: Track[Any] | None = None,
) -> NDArray[Any]:
    """Score all references against all queries.

    Parameters
    ----------
    references, queries
        All spectra.
    matching
        Which peaks match.
    is_symmetric
        Score only the pairs right of the diagonal and on it, and copy the results to the left of it.
    track
        See `in_threads`.

    Returns
    -------
    ndarray of shape (n_references, n_queries) with the fields score (float64) and matches (int64)
        A pair with a score of 0 has no matches, as in matchms' matrices.
    """
    shape = (references.n_spectra, queries.n_spectra)
    result = np.zeros(shape, SCORE_DTYPE)
    if not result.size:
        return result
    words = result.view(np.int64).reshape(shape[0], -1)
    scores = words.view(np.float64)
    tiling = _tile(references, queries, matching)

    def score(chunk: Chunk, block: Block) -> None:
        if is_symmetric and block.first < chunk.first:
            block = last_queries(block, chunk.first, matching, tiling.reach)
        runs = find_tile_runs(references, chunk, block, matching)
        matrix_tile(references, chunk.first, chunk.last, runs, block, matching, scores, words)

    in_threads([partial(score, *tile) for tile in _tiles(tiling, is_symmetric)], track)
    if is_symmetric:
        in_threads([partial(mirror_tile, words, chunk.first, chunk.last) for chunk in tiling.chunks])
    return result


def score_sparse(
    references: PeakTable,
    queries: PeakTable,
    matching: Matching,
    is_symmetric: bool = False,
    track: Track[Any] | None = None,
) -> tuple[IntArray, IntArray, NDArray[Any]]:
    """Score all references against all queries; return row, column and score of the pairs that do not score 0.

    The parameters are those of `score_matrix`; pairs are sorted by row, then column. No dense matrix is made.
    """
    tiling = _tile(references, queries, matching)

    def score(chunk: Chunk, block: Block) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
        if is_symmetric and block.first < chunk.first:
            block = last_queries(block, chunk.first, matching, tiling.reach)
        runs = find_tile_runs(references, chunk, block, matching)
        return sparse_tile(references, chunk.first, chunk.last, runs, block, matching, is_symmetric)

    parts = in_threads([partial(score, *tile) for tile in _tiles(tiling, is_symmetric)], track)
    empty = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0), np.empty(0, np.int64))
    rows, columns, scores, matches = (np.concatenate(columns) for columns in zip(empty, *parts, strict=True))
    values = np.empty(rows.size, SCORE_DTYPE)
    values["score"], values["matches"] = scores, matches
    if len(tiling.blocks) > 1:
        # the tiles of a chunk of rows stand one after the other
        order = np.argsort(rows, kind="stable")
        rows, columns, values = rows[order], columns[order], values[order]
    if is_symmetric:
        below = np.flatnonzero(rows != columns)
        mirrored = np.concatenate([columns[below], rows]), np.concatenate([rows[below], columns])
        # within a row, what comes from above the diagonal is in order, and stands before what is right of it
        order = np.argsort(mirrored[0], kind="stable")
        rows, columns = mirrored[0][order], mirrored[1][order]
        values = np.concatenate([values[below], values])[order]
    return rows.astype(np.int64), columns.astype(np.int64), values


def score_listed(
    references: PeakTable,
    queries: PeakTable,
    rows: IntArray,
    columns: IntArray,
    matching: Matching,
    track: Track[Any] | None = None,
) -> NDArray[Any]:
    """Score some pairs: reference `rows[i]` against query `columns[i]`; both of shape (n_pairs,).

    Returns
    -------
    ndarray of shape (n_pairs,) with the fields score (float64) and matches (int64)
        The matches of a pair with a score of 0 are counted, as matchms does for pairs.
    """
    rows, columns = (np.ascontiguousarray(indices, dtype=np.int64) for indices in (rows, columns))
    scores, matches = np.empty(rows.size), np.empty(rows.size, np.int64)

    def score(start: int) -> None:
        some = slice(start, start + _PAIRS_AT_A_TIME)
        score_pairs(references, queries, rows[some], columns[some], matching, scores[some], matches[some])

    in_threads([partial(score, start) for start in range(0, rows.size, _PAIRS_AT_A_TIME)], track)
    result = np.empty(rows.size, SCORE_DTYPE)
    result["score"], result["matches"] = scores, matches
    return result


def find_top(
    references: PeakTable,
    queries: PeakTable,
    k: int,
    matching: Matching,
    limits: Limits,
    track: Track[Any] | None = None,
) -> TopHits:
    """Find the k best references of each query, a block of queries at a time.

    Memory is needed for the peaks of all spectra, the index of one block per thread, and the result.

    Parameters
    ----------
    references, queries
        All spectra.
    k
        How many references.
    matching
        Which peaks match.
    limits
        What a reference must have; with a tolerance of precursors, only tiles are scored in which some match.
    track
        See `in_threads`.

    Returns
    -------
    TopHits
        Of equal scores, the reference that comes first in `references` is better.
    """
    found = TopHits(
        np.full((queries.n_spectra, k), -1, np.int64),
        np.zeros((queries.n_spectra, k)),
        np.zeros((queries.n_spectra, k), np.int64),
    )
    names, positions = np.arange(references.n_spectra), np.arange(queries.n_spectra)
    if limits.precursor_tolerance >= 0:
        names, positions = np.argsort(references.precursor_mz), np.argsort(queries.precursor_mz)
        references, queries = take_spectra(references, names), take_spectra(queries, positions)
    reach = _reach(references)
    pieces = _pieces(references.n_spectra, _size_of(references.n_spectra, _MOST_ROWS))
    chunks = in_threads([partial(make_chunk, references, *piece, matching) for piece in pieces])

    def search(first: int, last: int) -> None:
        block = make_block(queries, first, last, matching, reach)
        shape = (last - first, k)
        counts = np.zeros(last - first, np.int64)
        ranking = Ranking(np.full(shape, -np.inf), np.zeros(shape, np.int64), np.full(shape, -1, np.int64), counts)
        for chunk in chunks:
            if _is_in_reach(references, chunk, queries, first, last, limits.precursor_tolerance):
                runs = find_tile_runs(references, chunk, block, matching)
                top_tile(references, chunk.first, chunk.last, runs, block, matching, limits, names, ranking)
        to = positions[first:last]
        found.references[to], found.matches[to] = ranking.references, ranking.matches
        found.scores[to] = np.where(ranking.references >= 0, ranking.scores, 0.0)

    pieces = _pieces(queries.n_spectra, _size_of(queries.n_spectra, _MOST_QUERIES_WITH_LOSSES))
    in_threads([partial(search, *piece) for piece in pieces], track)
    return found


def _tile(references: PeakTable, queries: PeakTable, matching: Matching) -> _Tiling:
    most = _MOST_QUERIES_WITH_LOSSES if matching.losses else _MOST_QUERIES
    reach, n_rows = _reach(references), _size_of(references.n_spectra, _MOST_ROWS)
    make: list[Callable[[], Any]] = [
        partial(make_block, queries, *piece, matching, reach) for piece in _pieces(queries.n_spectra, most)
    ]
    n_blocks = len(make)
    make += [partial(make_chunk, references, *piece, matching) for piece in _pieces(references.n_spectra, n_rows)]
    made = in_threads(make)
    return _Tiling(made[n_blocks:], made[:n_blocks], reach)


def _tiles(tiling: _Tiling, is_symmetric: bool) -> list[tuple[Chunk, Block]]:
    """Return the tiles row by row; those that lie left of the diagonal alone are left out if it is symmetric."""
    return [
        (chunk, block)
        for chunk in tiling.chunks
        for block in tiling.blocks
        if not is_symmetric or block.last > chunk.first
    ]


def _pieces(n: int, size: int) -> list[tuple[int, int]]:
    """Cut 0 to n into pieces of a size; return the first of each, and the first behind it."""
    return [(first, min(first + size, n)) for first in range(0, n, size)]


def _size_of(n: int, most: int) -> int:
    """Return the size of pieces that gives every thread a few, none of them larger than `most`."""
    return max(1, min(most, -(-n // (4 * n_threads()))))


def _reach(references: PeakTable) -> float:
    """Return a width that no window exceeds."""
    width = float((references.high - references.low).max(initial=0.0))
    scale = float(np.abs(references.high).max(initial=0.0) + np.abs(references.precursor_mz).max(initial=0.0))
    return width + 1e-12 * scale


def _is_in_reach(
    references: PeakTable, chunk: Chunk, queries: PeakTable, first: int, last: int, tolerance: float
) -> bool:
    """Tell whether precursors of a chunk and of a block can match, if both are sorted by precursor."""
    if tolerance < 0:
        return True
    some, others = references.precursor_mz[chunk.first : chunk.last], queries.precursor_mz[first:last]
    slack = tolerance + 1e-9 * (abs(some[-1]) + abs(others[-1]))
    return bool(some[0] <= others[-1] + slack and others[0] <= some[-1] + slack)
