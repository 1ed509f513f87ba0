"""Random spectra of molecules that are broken at their bonds, to train on: cheap, and right only in what may break off.

A molecule is a graph of heavy atoms, each with its hydrogens; a set of atoms is a bit mask. What breaks is one bond
outside of rings, or two bonds of one ring, and bonds differ in how easily they break, as in MAGMa (Ridder et al. 2012,
doi 10.1002/rcm.6364) and MetFrag (Ruttkies et al. 2016, doi 10.1186/s13321-016-0115-9), which break molecules in every
way to explain a spectrum. Here a few ways are drawn at random. Simulated spectra of molecules that were never measured
help to predict fingerprints: MIST (Goldman et al. 2023, doi 10.1038/s42256-023-00708-3).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.constants import PROTON_MASS
from matchms_fingerprint.kernels.bits import popcount
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

MAX_ATOMS = 62
"""Most heavy atoms of a molecule; their sets are masks of 64 bits."""

MAX_PEAKS = 64
"""Most peaks of a spectrum."""

HYDROGEN_MASS = 1.00782503207
"""Mass of a hydrogen atom in Da, as in RDKit."""

_MAX_RING = 8  # larger rings are not opened: two of their bonds rarely break together
_SINGLE, _AROMATIC, _DOUBLE, _TRIPLE = 1.0, 2.0, 2.2, 3.0  # cost of breaking a bond; MAGMa has 1, 3, 2, 3
_HETERO_DISCOUNT = 0.45  # of the cost of a bond with an atom other than carbon
_RING_DISCOUNT = 0.8  # factor on the cost of the two bonds of a ring, which often break in one step

_LOWEST_TAU, _SPAN_TAU = 0.25, 0.5  # a cut of cost c has the weight exp(-c / tau); one tau a spectrum, uniform
_PREFERENCE = 1.0  # standard deviation of what is added to the exponent: a molecule breaks at few of its bonds
_SECOND_CUT, _THIRD_CUT = 0.45, 0.12  # probability that a fragment breaks once more
_KEEP_LARGE, _FOLLOW = 0.6, 0.8  # share of the peaks that tend to the larger side of a cut; how often they do
_HYDROGEN_LOSS, _RADICAL = 0.06, 0.04  # share of fragments that lose H2 beside, and of those with an odd electron
_PRECURSOR = 0.6  # share of spectra with a peak of the precursor; it is uniform from 0 to 1
_FEWEST_PEAKS, _MORE_PEAKS = 3, 9.0  # number of peaks: this, and an exponential of this mean beside
_INTENSITY_SIGMA = 1.3  # standard deviation of the logarithm of the intensity of a fragment
_LOWEST_MZ = 30.0  # Da; few instruments see what is lighter
_BELOW_PRECURSOR = 0.5  # Da; a fragment is lighter than the precursor by more than this
_SAME_PEAK = 1e-6  # Da; what is nearer is one peak, and its intensities add up
_TRIES = 4  # so many draws for each peak that is wanted


@njit(cache=True, nogil=True, fastmath=False)
def connected_to(start: int, allowed: np.uint64, neighbours: WordArray) -> np.uint64:  # pragma: no cover - compiled
    """Return the atoms that an atom reaches over allowed atoms, itself among them, as a mask.

    Parameters
    ----------
    start
        An atom.
    allowed
        Mask of the atoms that may be passed.
    neighbours
        Mask of the neighbours of each atom, shape (n_atoms,), uint64.
    """
    seen = np.uint64(1) << np.uint64(start)
    front = seen
    while front:
        reached = np.uint64(0)
        for atom in range(neighbours.size):
            if (front >> np.uint64(atom)) & np.uint64(1):
                reached |= neighbours[atom]
        front = reached & allowed & ~seen
        seen |= front
    return seen


@njit(cache=True, nogil=True, fastmath=False)
def neighbour_masks(orders: FloatArray) -> WordArray:  # pragma: no cover - compiled
    """Return the neighbours of each atom as a mask, shape (n_atoms,), uint64; `orders` as in `molecule_cuts`."""
    n = len(orders)
    masks = np.zeros(n, np.uint64)
    for i in range(n):
        for j in range(n):
            if orders[i, j] > 0:
                masks[i] |= np.uint64(1) << np.uint64(j)
    return masks


@njit(cache=True, nogil=True, fastmath=False)
def molecule_cuts(
    orders: FloatArray, is_hetero: IntArray, ring_atoms: IntArray, ring_ends: IntArray
) -> tuple[WordArray, FloatArray]:  # pragma: no cover - compiled
    """Find how a molecule falls in two: by one bond outside of rings, or by two bonds of one ring.

    Parameters
    ----------
    orders
        Order of the bond between each two atoms, 1.5 for an aromatic one and 0 for none, shape (n_atoms, n_atoms).
    is_hetero
        1 for atoms other than carbon, shape (n_atoms,).
    ring_atoms
        Atoms of all rings, each ring in its order.
    ring_ends
        Where each ring ends in `ring_atoms`.

    Returns
    -------
    sides : ndarray of shape (n_cuts,), uint64
        Mask of the atoms on one side of each cut.
    costs : ndarray of shape (n_cuts,), float64
        How hard each is, in units of a single bond between carbons.
    """
    n, n_pairs, start = len(orders), 0, 0
    is_open = orders > 0  # bonds outside of rings
    for ring in range(ring_ends.size):
        size = ring_ends[ring] - start
        for place in range(size):
            i, j = ring_atoms[start + place], ring_atoms[start + (place + 1) % size]
            is_open[i, j] = is_open[j, i] = False
        n_pairs += size * (size - 1) // 2
        start = ring_ends[ring]
    sides, costs = np.empty(n * n // 2 + n_pairs, np.uint64), np.empty(n * n // 2 + n_pairs)
    neighbours, k = neighbour_masks(orders), 0
    for i in range(n):
        for j in range(i):
            if is_open[i, j]:
                sides[k] = _side(neighbours, i, j, i, j)
                costs[k] = _bond_cost(orders, is_hetero, i, j)
                k += 1
    start = 0
    for ring in range(ring_ends.size):
        size = ring_ends[ring] - start
        atoms = ring_atoms[start : ring_ends[ring]]
        start = ring_ends[ring]
        for one in range(size if size <= _MAX_RING else 0):
            for other in range(one):
                i, j, p, q = atoms[one], atoms[(one + 1) % size], atoms[other], atoms[(other + 1) % size]
                sides[k] = _side(neighbours, i, j, p, q)
                if popcount(sides[k]) < n:  # a bond of two rings is not broken by a cut of one
                    costs[k] = _bond_cost(orders, is_hetero, i, j) + _bond_cost(orders, is_hetero, p, q)
                    costs[k] *= _RING_DISCOUNT
                    k += 1
    return sides[:k].copy(), costs[:k].copy()


@njit(cache=True, nogil=True, fastmath=False)
def _side(neighbours: WordArray, i: int, j: int, p: int, q: int) -> np.uint64:  # pragma: no cover - compiled
    """Return what still hangs on atom i once the bonds i-j and p-q are broken, as a mask."""
    left = neighbours.copy()
    for a, b in ((i, j), (j, i), (p, q), (q, p)):
        left[a] &= ~(np.uint64(1) << np.uint64(b))
    return connected_to(i, (np.uint64(1) << np.uint64(left.size)) - np.uint64(1), left)


@njit(cache=True, nogil=True, fastmath=False)
def _bond_cost(orders: FloatArray, is_hetero: IntArray, i: int, j: int) -> float:  # pragma: no cover - compiled
    order = orders[i, j]
    if order == 1.0:
        cost = _SINGLE
    elif order == 1.5:
        cost = _AROMATIC
    elif order == 2.0:
        cost = _DOUBLE
    else:
        cost = _TRIPLE
    return cost - _HETERO_DISCOUNT if is_hetero[i] or is_hetero[j] else cost


@njit(cache=True, nogil=True, fastmath=False)
def random_spectra(
    molecules: IntArray,
    ion_modes: IntArray,
    atom_offsets: IntArray,
    masses: FloatArray,
    hydrogens: IntArray,
    is_odd: IntArray,
    neighbours: WordArray,
    cut_offsets: IntArray,
    sides: WordArray,
    costs: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:  # pragma: no cover - compiled
    """Draw a spectrum of each of some molecules, as [M+H]+ or [M-H]-.

    Parameters
    ----------
    molecules
        Which molecules, shape (n_spectra,).
    ion_modes
        1 or -1, shape (n_spectra,).
    atom_offsets, cut_offsets
        First atom and first cut of each molecule, and the end, shape (n_molecules + 1,).
    masses
        Mass of each atom in Da with its hydrogens.
    hydrogens
        Number of these.
    is_odd
        1 for an atom which has, with its hydrogens, an odd number of electrons; shape as `masses`.
    neighbours
        Mask of the neighbours of each atom; see `neighbour_masks`.
    sides, costs
        Of each cut; see `molecule_cuts`.
    rng
        Source of everything that is drawn.

    Returns
    -------
    mz, intensity : ndarrays of shape (n_spectra, MAX_PEAKS), float64
        Peaks in no order, at least one of each spectrum.
    n_peaks : ndarray of shape (n_spectra,), int64
        How many of them there are.
    precursor_mz : ndarray of shape (n_spectra,), float64
        In Da.
    """
    mz, intensity = np.zeros((molecules.size, MAX_PEAKS)), np.zeros((molecules.size, MAX_PEAKS))
    n_peaks, precursor_mz = np.zeros(molecules.size, np.int64), np.zeros(molecules.size)
    for row in range(molecules.size):
        atoms = slice(atom_offsets[molecules[row]], atom_offsets[molecules[row] + 1])
        cuts = slice(cut_offsets[molecules[row]], cut_offsets[molecules[row] + 1])
        precursor_mz[row] = masses[atoms].sum() + ion_modes[row] * PROTON_MASS
        n_peaks[row] = _fill_spectrum(
            mz[row],
            intensity[row],
            precursor_mz[row],
            ion_modes[row],
            masses[atoms],
            hydrogens[atoms],
            is_odd[atoms],
            neighbours[atoms],
            sides[cuts],
            _cumulated_weights(costs[cuts], rng),
            rng,
        )
    return mz, intensity, n_peaks, precursor_mz


@njit(cache=True, nogil=True, fastmath=False)
def _cumulated_weights(costs: FloatArray, rng: np.random.Generator) -> FloatArray:  # pragma: no cover - compiled
    """Return how easily this molecule breaks at each cut, in this spectrum, summed up from the first."""
    tau = _LOWEST_TAU + _SPAN_TAU * rng.random()
    weights = np.empty(costs.size)
    total = 0.0
    for cut in range(costs.size):
        total += np.exp(-costs[cut] / tau + _PREFERENCE * rng.standard_normal())
        weights[cut] = total
    return weights


@njit(cache=True, nogil=True, fastmath=False)
def _fill_spectrum(
    mz: FloatArray,
    intensity: FloatArray,
    precursor_mz: float,
    ion_mode: int,
    masses: FloatArray,
    hydrogens: IntArray,
    is_odd: IntArray,
    neighbours: WordArray,
    sides: WordArray,
    weights: FloatArray,
    rng: np.random.Generator,
) -> int:  # pragma: no cover - compiled
    """Fill in the peaks of one spectrum; return how many."""
    wanted = min(_FEWEST_PEAKS + int(_MORE_PEAKS * rng.standard_exponential()), MAX_PEAKS - 1)
    k = 0
    if rng.random() < _PRECURSOR:
        mz[0], intensity[0], k = precursor_mz, rng.random(), 1
    for _ in range(_TRIES * wanted):
        if k >= wanted:
            break
        fragment = _random_fragment(neighbours, sides, weights, rng)
        mass, n_hydrogens, parity, n_broken = 0.0, 0, 0, 0
        for atom in range(masses.size):
            if (fragment >> np.uint64(atom)) & np.uint64(1):
                mass += masses[atom]
                n_hydrogens += int(hydrogens[atom])
                parity ^= int(is_odd[atom])
                n_broken += popcount(neighbours[atom] & ~fragment)
        shift = _hydrogen_shift(n_broken, parity, rng)
        value = mass + shift * HYDROGEN_MASS + ion_mode * PROTON_MASS
        is_possible = n_hydrogens + shift + ion_mode >= 0 and _LOWEST_MZ <= value < precursor_mz - _BELOW_PRECURSOR
        if is_possible:
            known = np.flatnonzero(np.abs(mz[:k] - value) < _SAME_PEAK)
            place = known[0] if known.size else k
            mz[place] = value
            intensity[place] += np.exp(_INTENSITY_SIGMA * rng.standard_normal())
            k += known.size == 0
    if k == 0:
        mz[0], intensity[0], k = precursor_mz, 1.0, 1
    return k


@njit(cache=True, nogil=True, fastmath=False)
def _random_fragment(
    neighbours: WordArray, sides: WordArray, weights: FloatArray, rng: np.random.Generator
) -> np.uint64:  # pragma: no cover - compiled
    """Break a molecule up to three times; return the atoms of what is left, as a mask."""
    n = neighbours.size
    fragment = (np.uint64(1) << np.uint64(n)) - np.uint64(1)
    keeps_large = rng.random() < _KEEP_LARGE
    for _ in range(1 + int(rng.random() < _SECOND_CUT) + int(rng.random() < _THIRD_CUT)):
        cut = min(np.searchsorted(weights, rng.random() * weights[-1]), weights.size - 1)
        one, other = fragment & sides[cut], fragment & ~sides[cut]
        if one == 0 or other == 0:
            continue
        takes_one = (popcount(one) >= popcount(other)) == keeps_large
        if rng.random() >= _FOLLOW:
            takes_one = not takes_one
        fragment = one if takes_one else other
    atom = int(rng.random() * n)  # an earlier cut may have left several pieces
    while not (fragment >> np.uint64(atom)) & np.uint64(1):
        atom = (atom + 1) % n
    return connected_to(atom, fragment, neighbours)


@njit(cache=True, nogil=True, fastmath=False)
def _hydrogen_shift(n_broken: int, parity: int, rng: np.random.Generator) -> int:  # pragma: no cover - compiled
    """Return how many hydrogens an ion has more than its atoms have, the charge carrier aside.

    Each end of a broken bond takes a hydrogen or loses one. Most ions have an even number of electrons; as they have a
    proton more or less than their atoms, the shift is as odd as the number of electrons of these.
    """
    shift = 0
    for _ in range(n_broken):
        shift += 1 if rng.random() < 0.5 else -1
    if (shift ^ parity) & 1:
        shift += 1 if rng.random() < 0.5 else -1
    kind = rng.random()
    if kind < _HYDROGEN_LOSS:
        return shift - 2
    return shift - 1 if kind < _HYDROGEN_LOSS + _RADICAL else shift
