"""Which fragment of a molecule a peak is: the cheapest whose mass fits, some hydrogens up or down."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.bits import lowest_bit
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

HYDROGEN_MASS = 1.00782503207
"""Mass of a hydrogen atom in Da, as in RDKit."""

MAX_SHIFT = 4
"""Most hydrogens that a fragment ion gains or loses, the charge carrier aside."""

UNEXPLAINED = -1


@njit(cache=True, nogil=True, fastmath=False)
def describe_fragments(
    masks: WordArray, atom_masses: FloatArray, numbers: IntArray, hydrogens: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:  # pragma: no cover - compiled
    """Sum up the atoms of fragments.

    Parameters
    ----------
    masks
        Atoms of each fragment, shape (n_fragments, n_words).
    atom_masses
        Mass of each atom with its hydrogens in Da, shape (n_atoms,).
    numbers, hydrogens
        Atomic number of each atom, and its hydrogens; shape (n_atoms,).

    Returns
    -------
    masses : ndarray of shape (n_fragments,), float64
        In Da.
    n_hydrogens : ndarray of shape (n_fragments,), int16
        Hydrogens that a fragment has in the molecule.
    parity : ndarray of shape (n_fragments,), uint8
        1 where it has an odd number of electrons with these.
    """
    n = len(masks)
    masses, n_hydrogens, parity = np.zeros(n), np.zeros(n, np.int16), np.zeros(n, np.uint8)
    for i in range(n):
        electrons, count, mass = 0, 0, 0.0
        for w in range(masks.shape[1]):
            word = masks[i, w]
            while word:
                atom = 64 * w + lowest_bit(word)
                word &= word - np.uint64(1)
                mass += atom_masses[atom]
                count += hydrogens[atom]
                electrons += numbers[atom] + hydrogens[atom]
        masses[i], n_hydrogens[i], parity[i] = mass, count, electrons & 1
    return masses, n_hydrogens, parity


@njit(cache=True, nogil=True, fastmath=False)
def explain_peaks(
    mz: FloatArray,
    tolerance: FloatArray,
    carriers: FloatArray,
    carrier_costs: FloatArray,
    shift_costs: FloatArray,
    masses: FloatArray,
    costs: FloatArray,
    n_hydrogens: IntArray,
    parity: IntArray,
) -> tuple[IntArray, IntArray, IntArray, FloatArray, IntArray]:  # pragma: no cover - compiled
    """Find the cheapest explanation of each peak.

    Parameters
    ----------
    mz, tolerance
        Peaks and how far each may be off, in Da, shape (n_peaks,).
    carriers
        Mass that each charge carrier brings to a fragment, in Da: that of a proton, say, or of an electron that is
        lost; shape (n_carriers,).
    carrier_costs
        Added to the cost of a fragment with this carrier.
    shift_costs
        Added for hydrogens gained or lost, and for an odd number of electrons; shape (2, 2 * `MAX_SHIFT` + 1), the
        first row for an even number.
    masses, costs, n_hydrogens, parity
        Of the fragments, in ascending mass.

    Returns
    -------
    fragments : ndarray of shape (n_peaks,), int32
        The fragment; `UNEXPLAINED` for a peak without.
    shifts : ndarray of shape (n_peaks,), int8
        Hydrogens gained.
    carriers : ndarray of shape (n_peaks,), int8
        The charge carrier.
    totals : ndarray of shape (n_peaks,), float64
        Cost with all that is added.
    n_rivals : ndarray of shape (n_peaks,), int32
        How many explanations there are.
    """
    n = mz.size
    found, shifts = np.full(n, UNEXPLAINED, np.int32), np.zeros(n, np.int8)
    chosen, totals, n_rivals = np.zeros(n, np.int8), np.full(n, np.inf), np.zeros(n, np.int32)
    for peak in range(n):
        for carrier in range(carriers.size):
            lost_proton, lone_electron = int(carriers[carrier] < -0.5), int(abs(carriers[carrier]) < 0.5)
            for shift in range(-MAX_SHIFT, MAX_SHIFT + 1):
                target = mz[peak] - carriers[carrier] - shift * HYDROGEN_MASS
                place = np.searchsorted(masses, target - tolerance[peak])
                while place < masses.size and masses[place] <= target + tolerance[peak]:
                    if n_hydrogens[place] + shift - lost_proton >= 0:
                        odd = (parity[place] ^ shift ^ lone_electron) & 1
                        total = costs[place] + carrier_costs[carrier] + shift_costs[odd, shift + MAX_SHIFT]
                        n_rivals[peak] += 1
                        if total < totals[peak]:
                            found[peak], shifts[peak], chosen[peak], totals[peak] = place, shift, carrier, total
                    place += 1
    return found, shifts, chosen, totals, n_rivals
