"""Spectra cleaned and weighted for the spectral entropy similarity, step by step as `ms_entropy` does it.

Y. Li et al., Nature Methods 18, 1524 (2021), https://doi.org/10.1038/s41592-021-01331-z. That package computes in
single precision, which decides what lies within a tolerance; so do these kernels, up to the sum over the peaks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath=False)
def _sort_by_intensity(
    intensities: FloatArray, n: int, order: IntArray, stack: IntArray
) -> None:  # pragma: no cover - compiled
    """Order the peaks by intensity, largest first: the quicksort of ms_entropy, which decides between equal ones."""
    for i in range(n):
        order[i] = i
    stack[0], stack[1], depth = 0, n - 1, 2
    while depth > 0:
        low, high = stack[depth - 2], stack[depth - 1]
        depth -= 2
        if low >= high:
            continue
        pivot = intensities[order[high]]
        i = low - 1
        for j in range(low, high):
            if intensities[order[j]] >= pivot:
                i += 1
                order[i], order[j] = order[j], order[i]
        order[i + 1], order[high] = order[high], order[i + 1]
        stack[depth], stack[depth + 1] = low, i
        stack[depth + 2], stack[depth + 3] = i + 2, high
        depth += 4


@njit(cache=True, nogil=True, fastmath=False)
def _is_crowded(mz: FloatArray, n: int, gap_da: np.float32, gap_ppm: np.float32) -> bool:  # pragma: no cover - compiled
    for i in range(n - 1):
        gap = np.float32(np.float64(mz[i + 1] * gap_ppm) * 1e-6) if gap_ppm > 0 else gap_da
        if mz[i + 1] - mz[i] <= gap:
            return True
    return False


@njit(cache=True, nogil=True, fastmath=False)
def _sort_and_drop_empty(mz: FloatArray, intensities: FloatArray, n: int) -> int:  # pragma: no cover - compiled
    """Sort by m/z, without the peaks that have no intensity; return how many are left."""
    kept = 0
    for i in range(n):
        if not intensities[i] > 0:
            continue
        one, other = mz[i], intensities[i]
        j = kept
        while j > 0 and mz[j - 1] > one:
            mz[j], intensities[j] = mz[j - 1], intensities[j - 1]
            j -= 1
        mz[j], intensities[j] = one, other
        kept += 1
    return kept


@njit(cache=True, nogil=True, fastmath=False)
def _merge_crowded(
    mz: FloatArray,
    intensities: FloatArray,
    n: int,
    gap_da: np.float32,
    gap_ppm: np.float32,
    order: IntArray,
    stack: IntArray,
) -> int:  # pragma: no cover - compiled
    """Merge each peak, the largest first, with what lies within the gap; return how many are left."""
    _sort_by_intensity(intensities, n, order, stack)
    gap_left, gap_right = gap_da, gap_da
    for i in range(n):
        peak = order[i]
        if gap_ppm > 0:
            gap_left = np.float32(np.float64(mz[peak] * gap_ppm) * 1e-6)
            gap_right = np.float32(np.float64(mz[peak] * gap_ppm) / (1e6 - np.float64(gap_ppm)))
        if not intensities[peak] > 0:
            continue
        first, last = peak, peak + 1
        while first > 0 and mz[peak] - mz[first - 1] <= gap_left:
            first -= 1
        while last < n and mz[last] - mz[peak] <= gap_right:
            last += 1
        total, weighted = 0.0, 0.0
        for j in range(first, last):
            total += np.float64(intensities[j])
            weighted += np.float64(intensities[j] * mz[j])
            intensities[j] = 0
        mz[peak], intensities[peak] = weighted / total, total
    return _sort_and_drop_empty(mz, intensities, n)


@njit(cache=True, nogil=True, fastmath=False)
def _clean(
    mz: FloatArray,
    intensities: FloatArray,
    gap_da: np.float32,
    gap_ppm: np.float32,
    noise_cutoff: np.float32,
    order: IntArray,
    stack: IntArray,
) -> int:  # pragma: no cover - compiled
    """Merge close peaks, remove noise and scale to a sum of 1, in place; return how many peaks are left."""
    for i in range(mz.size):
        if mz[i] <= 0:
            intensities[i] = 0
    n = _sort_and_drop_empty(mz, intensities, mz.size)
    for _ in range(n + 10):  # each round merges something, or rounding stands in the way for ever
        if not _is_crowded(mz, n, gap_da, gap_ppm):
            break
        n = _merge_crowded(mz, intensities, n, gap_da, gap_ppm, order, stack)
    threshold, total = np.float32(0), np.float32(0)
    for i in range(n):
        threshold = max(threshold, intensities[i])
    threshold = np.float32(noise_cutoff * threshold)
    for i in range(n):
        if intensities[i] < threshold:
            intensities[i] = 0
    n = _sort_and_drop_empty(mz, intensities, n)
    for i in range(n):
        total = np.float32(total + intensities[i])
    for i in range(n):
        intensities[i] /= total
    return n


@njit(cache=True, nogil=True, fastmath=False)
def _weigh(shares: FloatArray) -> None:  # pragma: no cover - compiled
    """Raise the shares of a spectrum of less than 3 nats of entropy to a power that grows with it, and rescale them."""
    total, entropy = np.float32(0), np.float32(0)
    for share in shares:
        total = np.float32(total + share)
    for share in shares:
        part = np.float32(share / total)
        entropy = np.float32(entropy - part * np.log(part))
    if entropy >= 3:
        return
    power, total = np.float32(0.25 + 0.25 * np.float64(entropy)), np.float32(0)
    for i in range(shares.size):
        shares[i] = shares[i] ** power
        total = np.float32(total + shares[i])
    scale = np.float32(1.0 / np.float64(total))
    for i in range(shares.size):
        shares[i] *= scale


@njit(cache=True, nogil=True, fastmath=False)
def entropy_table(
    starts: IntArray,
    mz: FloatArray,
    intensities: FloatArray,
    precursor_mz: FloatArray,
    matching: Matching,
    noise_cutoff: float,
    weighted: bool,
) -> PeakTable:  # pragma: no cover - compiled
    """Prepare spectra for the spectral entropy similarity; all arrays are contiguous, float64 and int64.

    Parameters
    ----------
    starts
        First peak of each spectrum, and the end; shape (n_spectra + 1,).
    mz, intensities
        Peaks of all spectra, one spectrum after the other, m/z ascending in each; shape (n_peaks,).
    precursor_mz
        Shape (n_spectra,).
    matching
        Which peaks match; peaks of a spectrum that are closer than twice the tolerance are merged.
    noise_cutoff
        Peaks below this part of the largest one are removed, after merging.
    weighted
        Weigh spectra of less than 3 nats of entropy as the paper proposes.
    """
    mz, intensities = mz.astype(np.float32), intensities.astype(np.float32)
    cleaned = np.zeros(starts.size, np.int64)
    largest = 1
    for spectrum in range(starts.size - 1):
        largest = max(largest, starts[spectrum + 1] - starts[spectrum])
    order, stack = np.empty(largest, np.int32), np.empty(4 * largest + 4, np.int32)
    tolerance_da, tolerance_ppm = np.float32(matching.tolerance_da), np.float32(matching.tolerance_ppm)
    end = 0
    for spectrum in range(starts.size - 1):
        first, last = starts[spectrum], starts[spectrum + 1]
        gaps = np.float32(2 * tolerance_da), np.float32(2 * tolerance_ppm)
        n = _clean(mz[first:last], intensities[first:last], gaps[0], gaps[1], np.float32(noise_cutoff), order, stack)
        if weighted and n:
            _weigh(intensities[first : first + n])
        mz[end : end + n] = mz[first : first + n].copy()
        intensities[end : end + n] = intensities[first : first + n].copy()
        end += n
        cleaned[spectrum + 1] = end
    of_peaks = mz[:end].astype(np.float64)
    shares = intensities[:end].astype(np.float64)
    low, high = np.empty(end), np.empty(end)
    for peak in range(end):
        # the tolerance as a number of single precision, the window around it without further rounding
        width = np.float32(np.float64(tolerance_ppm * mz[peak]) * 1e-6) if tolerance_ppm > 0 else tolerance_da
        low[peak], high[peak] = of_peaks[peak] - width, of_peaks[peak] + width
    logs = np.empty(end)
    for peak in range(end):
        logs[peak] = shares[peak] * np.log2(shares[peak]) if shares[peak] > 0.0 else 0.0
    return PeakTable(cleaned, of_peaks, low, high, logs, shares, precursor_mz, np.zeros(starts.size - 1, np.bool_))
