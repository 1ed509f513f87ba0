"""Peaks of many spectra in flat arrays, weighted once, with the window in which each peak matches."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from matchms_fingerprint.kernels.types import FloatArray, IntArray

FlagArray: TypeAlias = NDArray[np.bool_]


class Matching(NamedTuple):
    """Which peaks of two spectra match, and what a match counts.

    Attributes
    ----------
    fragments
        Peaks of the same m/z match.
    losses
        Peaks at the same distance from their precursors match.
    tolerance_da, tolerance_ppm
        Largest difference in Da, or in ppm of the mean m/z. One of them is 0 and has no effect, or both are 0.
    entropy
        A match counts the entropy that the two peaks share instead of the product of their weights.
    """

    fragments: bool = True
    losses: bool = False
    tolerance_da: float = 0.1
    tolerance_ppm: float = 0.0
    entropy: bool = False


class PeakTable(NamedTuple):
    """Spectra back to back: `starts[i]` to `starts[i + 1]` are the peaks of spectrum `i`, sorted by m/z.

    Attributes
    ----------
    starts
        First peak of each spectrum, and the end; shape (n_spectra + 1,), int64.
    mz, low, high
        m/z of each peak, and the lowest and highest m/z that match it; shape (n_peaks,), float64.
    weight
        What a peak weighs in products (cosine), or x * log2(x) of its share x (entropy); shape (n_peaks,), float64.
    unit
        The weights of a spectrum at length 1 (cosine), or the shares (entropy); shape (n_peaks,), float64.
    precursor_mz
        Shape (n_spectra,), float64; 0 where only fragments are matched.
    has_zeros
        Whether some peak of a spectrum adds nothing, so that there may be matches with a score of 0; shape
        (n_spectra,), bool.
    """

    starts: IntArray
    mz: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    unit: FloatArray
    precursor_mz: FloatArray
    has_zeros: FlagArray

    @property
    def n_spectra(self) -> int:
        """Number of spectra, those without peaks included."""
        return self.precursor_mz.size


@njit(cache=True, nogil=True, fastmath=False)
def windows(mz: FloatArray, matching: Matching) -> tuple[FloatArray, FloatArray]:  # pragma: no cover - compiled
    """Return the lowest and the highest m/z that match each m/z, as matchms rounds them.

    In ppm, two peaks match where they are no further apart than that part of their mean.
    """
    low, high = np.empty(mz.size), np.empty(mz.size)
    part = matching.tolerance_ppm * 1e-6
    ratio = (2.0 + part) / (2.0 - part)
    for peak in range(mz.size):
        low[peak] = mz[peak] - matching.tolerance_da if part == 0.0 else mz[peak] / ratio
        high[peak] = mz[peak] + matching.tolerance_da if part == 0.0 else mz[peak] * ratio
    return low, high


@njit(cache=True, nogil=True, fastmath=False)
def cosine_table(
    starts: IntArray,
    mz: FloatArray,
    intensities: FloatArray,
    precursor_mz: FloatArray,
    matching: Matching,
    mz_power: float,
    intensity_power: float,
) -> PeakTable:  # pragma: no cover - compiled
    """Prepare spectra for cosine scores; all arrays are contiguous, float64 and int64.

    Parameters
    ----------
    starts
        First peak of each spectrum, and the end; shape (n_spectra + 1,).
    mz, intensities
        Peaks of all spectra, one spectrum after the other, m/z ascending in each; shape (n_peaks,).
    precursor_mz
        Shape (n_spectra,).
    matching
        Which peaks match.
    mz_power, intensity_power
        A peak weighs mz^mz_power * intensity^intensity_power.
    """
    weights, units, has_zeros = np.empty(mz.size), np.zeros(mz.size), np.zeros(starts.size - 1, np.bool_)
    for peak in range(mz.size):
        # powers of 0 and 1 are exact without the detour through pow
        weight = intensities[peak] if intensity_power == 1.0 else intensities[peak] ** intensity_power
        weights[peak] = weight if mz_power == 0.0 else mz[peak] ** mz_power * weight
    for spectrum in range(starts.size - 1):
        total = 0.0
        for peak in range(starts[spectrum], starts[spectrum + 1]):
            total += weights[peak] * weights[peak]
        length = np.sqrt(total)
        for peak in range(starts[spectrum], starts[spectrum + 1]):
            units[peak] = weights[peak] / length if length != 0.0 else 0.0
            has_zeros[spectrum] |= units[peak] == 0.0
    low, high = windows(mz, matching)
    return PeakTable(starts, mz, low, high, weights, units, precursor_mz, has_zeros)


def take_spectra(table: PeakTable, positions: IntArray) -> PeakTable:
    """Return some spectra of a table, in the order of `positions`, shape (n,)."""
    counts = np.diff(table.starts)[positions]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    peaks = np.repeat(table.starts[positions] - starts[:-1], counts) + np.arange(starts[-1])
    return PeakTable(
        starts,
        mz=table.mz[peaks],
        low=table.low[peaks],
        high=table.high[peaks],
        weight=table.weight[peaks],
        unit=table.unit[peaks],
        precursor_mz=table.precursor_mz[positions],
        has_zeros=table.has_zeros[positions],
    )
