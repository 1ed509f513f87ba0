"""Whether the fragments that a molecule should give are in a spectrum: the strongest peak that each may be."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.fragmenter_matching import HYDROGEN_MASS, MAX_SHIFT
from matchms_fingerprint.kernels.types import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath=False)
def see_fragments(
    mz: FloatArray, tolerance: FloatArray, intensity: FloatArray, masses: FloatArray, carriers: FloatArray
) -> tuple[FloatArray, IntArray]:  # pragma: no cover - compiled
    """Find the strongest peak that each fragment may be, some hydrogens up or down.

    Parameters
    ----------
    mz, tolerance, intensity
        Peaks, ascending in m/z, and how far each may be off, in Da, shape (n_peaks,).
    masses
        Of neutral fragments in Da, shape (n_fragments,).
    carriers
        Mass that each charge carrier may bring to a fragment in Da, shape (n_fragments, n_carriers); NaN for none.

    Returns
    -------
    seen : ndarray of shape (n_fragments,), float64
        Intensity of the peak; 0 where there is none.
    shifts : ndarray of shape (n_fragments,), int8
        Hydrogens gained; the fewest that moved where peaks are equally strong.
    """
    seen, shifts = np.zeros(masses.size), np.zeros(masses.size, np.int8)
    widest = tolerance.max() if tolerance.size else 0.0
    for i in range(masses.size):
        for carrier in range(carriers.shape[1]):
            if np.isnan(carriers[i, carrier]):
                continue
            for step in range(2 * MAX_SHIFT + 1):
                shift = (step + 1) // 2 * (1 if step % 2 else -1)  # 0, 1, -1, 2, -2, ...
                target = masses[i] + carriers[i, carrier] + shift * HYDROGEN_MASS
                peak = np.searchsorted(mz, target - widest)
                while peak < mz.size and mz[peak] <= target + widest:
                    if abs(mz[peak] - target) <= tolerance[peak] and intensity[peak] > seen[i]:
                        seen[i], shifts[i] = intensity[peak], shift
                    peak += 1
    return seen, shifts
