"""Inverted index over the peaks of a block of spectra: which of them lie in a window, without looking at the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_table import PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray


class PeakIndex(NamedTuple):
    """Peaks of a block of spectra, sorted by m/z or by neutral loss.

    Attributes
    ----------
    key
        m/z or neutral loss, ascending; shape (n_peaks,), float64.
    mz
        m/z of the same peaks; shape (n_peaks,), float64.
    cell
        Twice the number of the spectrum within the block: where its score stands in a row of (score, matches);
        shape (n_peaks,), uint32.
    unit
        As in the table; shape (n_peaks,), float64.
    peak
        Number of the peak within the block, spectrum after spectrum; shape (n_peaks,), int32.
    place
        Position in the index of each peak of the block: the inverse of `peak`; shape (n_peaks,), int32.
    before
        Position of the next smaller key of the same spectrum where that lies within reach, else -1; shape (n_peaks,),
        int32.
    close
        The positions that have such a neighbour before them, ascending; shape (n_close,), int32.
    n_close_before
        How many of `close` are smaller than each position, and in all; shape (n_peaks + 1,), int32.
    """

    key: FloatArray
    mz: FloatArray
    cell: IntArray
    unit: FloatArray
    peak: IntArray
    place: IntArray
    before: IntArray
    close: IntArray
    n_close_before: IntArray


def index_peaks(
    table: PeakTable, first: int, last: int, reach: float, losses: bool, order: IntArray | None = None
) -> PeakIndex:
    """Index the peaks of the spectra `first` to `last` (exclusive) of a table.

    Parameters
    ----------
    table
        All spectra.
    first, last
        The block.
    reach
        Two peaks of one spectrum that are further apart than this (in Da) never lie in one window.
    losses
        Sort by neutral loss, precursor m/z - m/z, instead of m/z.
    order
        The peaks of the block in the order of the key, if that is known already; shape (n_peaks,).
    """
    start, stop = table.starts[first], table.starts[last]
    key = table.mz[start:stop]
    if losses:
        key = np.repeat(table.precursor_mz[first:last], np.diff(table.starts[first : last + 1])) - key
    order = np.argsort(key) if order is None else order.astype(np.int64)
    index: PeakIndex = _lay_out(table, first, last, key, order, reach)
    return index


def index_last_spectra(
    table: PeakTable, index: PeakIndex, whole: tuple[int, int], first: int, reach: float, losses: bool
) -> PeakIndex:
    """Index the spectra from `first` on of a block that has an index, without sorting them again.

    Parameters
    ----------
    table
        All spectra.
    index
        Of the spectra `whole[0]` to `whole[1]` (exclusive).
    first
        The first spectrum that is kept.
    reach, losses
        As in `index_peaks`.
    """
    n_skipped = table.starts[first] - table.starts[whole[0]]
    order = index.peak[index.peak >= n_skipped] - n_skipped
    return index_peaks(table, first, whole[1], reach, losses, order)


@njit(cache=True, nogil=True, fastmath=False)
def _lay_out(
    table: PeakTable, first: int, last: int, key: FloatArray, order: IntArray, reach: float
) -> PeakIndex:  # pragma: no cover - compiled
    n, start = key.size, table.starts[first]
    cell_of_peak = np.empty(n, np.uint32)
    for spectrum in range(first, last):
        for peak in range(table.starts[spectrum], table.starts[spectrum + 1]):
            cell_of_peak[peak - start] = 2 * (spectrum - first)
    sorted_key, mz, unit, cell = np.empty(n), np.empty(n), np.empty(n), np.empty(n, np.uint32)
    peak_at, place = np.empty(n, np.int32), np.empty(n, np.int32)
    before, n_close_before = np.empty(n, np.int32), np.zeros(n + 1, np.int32)
    latest = np.full(2 * (last - first), -1, np.int32)
    for k in range(n):
        peak = order[k]
        sorted_key[k], mz[k], unit[k] = key[peak], table.mz[start + peak], table.unit[start + peak]
        cell[k], peak_at[k], place[peak] = cell_of_peak[peak], peak, k
        neighbour = latest[cell[k]]
        is_close = neighbour >= 0 and sorted_key[k] - sorted_key[neighbour] <= reach
        before[k] = neighbour if is_close else -1
        n_close_before[k + 1] = n_close_before[k] + is_close
        latest[cell[k]] = k
    close = np.empty(n_close_before[n], np.int32)
    for k in range(n):
        if before[k] >= 0:
            close[n_close_before[k]] = k
    return PeakIndex(sorted_key, mz, cell, unit, peak_at, place, before, close, n_close_before)


@njit(cache=True, nogil=True, fastmath=False)
def find_runs(
    key: FloatArray, low: FloatArray, high: FloatArray, order: IntArray
) -> tuple[IntArray, IntArray]:  # pragma: no cover - compiled
    """Find which positions of a sorted array lie in each of many windows.

    Parameters
    ----------
    key
        Ascending, shape (n_keys,), float64.
    low, high
        The windows, both ends included; shape (n_windows,), float64.
    order
        The order in which the windows ascend; shape (n_windows,), int64. The answer is right in any order, and found
        in one sweep over the keys in this one.

    Returns
    -------
    ndarrays of shape (n_windows,), int32
        First position in each window, and first position behind it.
    """
    starts = np.empty(order.size, np.int32)
    stops = np.empty(order.size, np.int32)
    start, stop = 0, 0
    for window in order:
        while start < key.size and key[start] < low[window]:
            start += 1
        while start > 0 and key[start - 1] >= low[window]:
            start -= 1
        stop = max(stop, start)
        while stop < key.size and key[stop] <= high[window]:
            stop += 1
        while stop > start and key[stop - 1] > high[window]:
            stop -= 1
        starts[window] = start
        stops[window] = stop
    return starts, stops
