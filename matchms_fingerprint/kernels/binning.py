"""Peaks to sparse feature rows: several bin widths, of fragments and of neutral losses, in one pass."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True)
def count_features(
    positions: FloatArray, offsets: IntArray, scale: float, table: IntArray, spread: bool
) -> IntArray:  # pragma: no cover - compiled
    """Return how many features each row will hold; see `bin_rows`."""
    counts = np.zeros(offsets.size - 1, np.int64)
    for row in range(offsets.size - 1):
        for peak in range(offsets[row], offsets[row + 1]):
            if not np.isfinite(positions[peak]):
                continue
            place = positions[peak] * scale
            low = np.int64(np.floor(place if spread else place + 0.5))
            if 0 <= low < table.size and table[low] >= 0:
                counts[row] += 1
            if spread and 0 <= low + 1 < table.size and table[low + 1] >= 0:
                counts[row] += 1
    return counts


@njit(cache=True, nogil=True)
def bin_rows(
    positions: FloatArray,
    values: FloatArray,
    offsets: IntArray,
    scale: float,
    table: IntArray,
    spread: bool,
    starts: IntArray,
    indices: IntArray,
    weights: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Write the binned peaks of each row into a CSR structure.

    Bin `b` is centred on `b / scale`. A peak falls into the nearest bin, or is spread over its two neighbours in
    proportion to its nearness, so that a mass error of a fraction of a bin changes the features by that fraction only.

    Parameters
    ----------
    positions
        Mass of each peak in Da, shape (n_peaks,); not finite: the peak is left out.
    values
        Weight of each peak, shape (n_peaks,).
    offsets
        First peak of each row, and the end, shape (n_rows + 1,).
    scale
        Bins per Da.
    table
        Feature index of each bin, -1 for bins that are not features, shape (n_bins,).
    spread
        Share a peak between its two nearest bins.
    starts
        Where the next feature of each row is written, shape (n_rows,); moved on in place.
    indices, weights
        The CSR structure, written in place.
    """
    for row in range(offsets.size - 1):
        end = starts[row]
        for peak in range(offsets[row], offsets[row + 1]):
            if not np.isfinite(positions[peak]):
                continue
            place = positions[peak] * scale
            low = np.int64(np.floor(place if spread else place + 0.5))
            share = place - low if spread else 0.0
            if 0 <= low < table.size and table[low] >= 0:
                indices[end] = table[low]
                weights[end] = values[peak] * (1.0 - share)
                end += 1
            if spread and 0 <= low + 1 < table.size and table[low + 1] >= 0:
                indices[end] = table[low + 1]
                weights[end] = values[peak] * share
                end += 1
        starts[row] = end
