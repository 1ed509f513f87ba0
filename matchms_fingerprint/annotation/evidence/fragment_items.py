"""What candidates' fragments say about each peak, as rows of numbers: what the scores of fragments are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem import Adduct
from matchms_fingerprint.chem.fragments import FragmentedMolecule
from matchms_fingerprint.constants import ELECTRON_MASS, PROTON_MASS
from matchms_fingerprint.features.mass_accuracy import MassAccuracy
from matchms_fingerprint.kernels.fragmenter_keys import COUNTS, KEYS, describe_explanations
from matchms_fingerprint.kernels.fragmenter_matching import HYDROGEN_MASS, MAX_SHIFT, UNEXPLAINED, explain_peaks

MAX_PEAKS = 64
"""So many of the strongest peaks are explained."""

BELOW_PRECURSOR_DA = 0.5
"""Peaks closer to the precursor, or above it, say nothing about the structure."""

_SHIFTS = np.arange(-MAX_SHIFT, MAX_SHIFT + 1)
_SHIFT_COSTS = np.stack([0.2 * np.abs(_SHIFTS), 0.2 * np.abs(_SHIFTS) + 0.5])
_CARRIER_COST = 0.3
_MAX_CUTS = 2
_CARRIED_DA = 2.0  # an adduct that brings more than this may stay on a fragment
_LEAST_INTENSITY = 1e-4
_COST_BINS_PER_UNIT, _MAX_COST_BIN = 2.0, 20.0

OF_SPECTRUM = ("is_negative", "is_nominal", "log_peaks", "energy", "energy_known")
"""What is known of a spectrum."""

FEATURES = (
    "log_intensity",
    "log_rank",
    "mz",
    "relative_mz",
    "cost",
    "total_cost",
    *(f"shift{shift:+d}" for shift in _SHIFTS),
    "is_odd",
    *(f"cuts{cuts}" for cuts in range(_MAX_CUTS + 1)),
    "other_carrier",
    "log_rivals",
    "mass_error",
    "absolute_error",
    "share_of_atoms",
    *OF_SPECTRUM,
    *COUNTS,
)
"""What is known of an explained peak."""

TABLES = ("cost", *KEYS)
"""The tables that are asked, the first by cost and hydrogens alone."""


@dataclass(frozen=True, eq=False)
class PeakList:
    """The peaks of a spectrum that are to be explained.

    Parameters
    ----------
    mz, intensity, tolerance
        Shape (n_peaks,), float64; intensity relative to the base peak, tolerance in Da.
    precursor_mz
        In Da.
    ion_mode
        1 or -1.
    is_nominal
        Whether masses are known to the unit only.
    energy
        Collision energy in eV, NaN where not known.
    """

    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]
    tolerance: NDArray[np.float64]
    precursor_mz: float
    ion_mode: int
    is_nominal: bool
    energy: float


@dataclass(frozen=True, eq=False)
class Explanations:
    """Explained peaks of several candidates, one candidate after the other.

    Parameters
    ----------
    candidates, peaks
        Whose and which peak each is, shape (n,), int64.
    fragments, shifts, carriers
        Fragment of the candidate, hydrogens gained, and mass of the charge carrier in Da.
    totals
        Cost with what hydrogens and carriers add, shape (n,), float64.
    features
        Values of `FEATURES`, shape (n, len(FEATURES)), float32.
    keys
        Where to look in the `TABLES`, shape (n, len(TABLES)), uint32.
    """

    candidates: NDArray[np.int64]
    peaks: NDArray[np.int64]
    fragments: NDArray[np.int32]
    shifts: NDArray[np.int8]
    carriers: NDArray[np.float64]
    totals: NDArray[np.float64]
    features: NDArray[np.float32]
    keys: NDArray[np.uint32]


def peak_list(
    mz: NDArray[np.float64],
    intensity: NDArray[np.float64],
    precursor_mz: float,
    ion_mode: int,
    accuracy: MassAccuracy,
    energy: float,
) -> PeakList:
    """Return the peaks that are to be explained: the strongest below the precursor, by m/z.

    Parameters
    ----------
    mz, intensity
        All peaks, sorted; intensity relative to the base peak.
    precursor_mz, ion_mode, energy
        See `PeakList`.
    accuracy
        How far a peak may lie from its ion.
    """
    below = np.flatnonzero(mz < precursor_mz - BELOW_PRECURSOR_DA)
    if below.size > MAX_PEAKS:
        below = np.sort(below[np.argsort(-intensity[below], kind="stable")[:MAX_PEAKS]])
    tolerance = accuracy.tolerance_da(mz[below])
    return PeakList(mz[below], intensity[below], tolerance, precursor_mz, ion_mode, accuracy.is_nominal, energy)


def charge_carriers(adduct: Adduct) -> NDArray[np.float64]:
    """Return the masses that may make ions of fragments, in Da, the usual one first.

    A proton gained or lost; an electron where the whole ion has nothing else; and what the adduct brings, such as
    sodium, chloride or formate, may stay on a fragment.
    """
    sign = 1.0 if adduct.charge > 0 else -1.0
    if abs(adduct.mass_shift) < 2 * ELECTRON_MASS:
        return np.array([-sign * ELECTRON_MASS])
    carried = [adduct.mass_shift] if adduct.mass_shift > _CARRIED_DA and abs(adduct.charge) == 1 else []
    return np.array([sign * PROTON_MASS, *carried])


def explain(
    peaks: PeakList, molecules: Sequence[FragmentedMolecule | None], carriers: Sequence[NDArray[np.float64]]
) -> Explanations:
    """Explain the peaks of a spectrum by the fragments of its candidates.

    Parameters
    ----------
    peaks
        The peaks.
    molecules
        The candidates; those that are None explain nothing.
    carriers
        Charge carriers of each candidate; see `charge_carriers`.
    """
    parts = [
        _explain_by_one(peaks, molecule, carriers[i], i) for i, molecule in enumerate(molecules) if molecule is not None
    ]
    if not parts:
        return _nothing()
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    whose, which, found, shifts, carried, totals, rivals, words, counts, own = columns
    features = _features(peaks, which, shifts, carried, totals, rivals, own)
    return Explanations(
        candidates=whose,
        peaks=which,
        fragments=found,
        shifts=shifts,
        carriers=carried,
        totals=totals,
        features=np.concatenate([features, counts], axis=1, dtype=np.float32),
        keys=_table_keys(peaks, words, totals, shifts, carried, own[:, 2].astype(np.uint64)),
    )


def _nothing() -> Explanations:
    return Explanations(
        np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0),
        np.empty(0), np.empty((0, len(FEATURES)), np.float32), np.empty((0, len(TABLES)), np.uint32),
    )  # fmt: skip


def _explain_by_one(
    peaks: PeakList, molecule: FragmentedMolecule, carriers: NDArray[np.float64], number: int
) -> tuple[NDArray[np.generic], ...]:
    """Return the columns of one candidate; the last one holds cost, cuts, is_odd, mass and share of the atoms."""
    graph = molecule.graph
    found, shifts, chosen, totals, rivals = explain_peaks(
        peaks.mz, peaks.tolerance, carriers, np.where(np.arange(carriers.size) > 0, _CARRIER_COST, 0.0), _SHIFT_COSTS,
        molecule.masses, molecule.costs, molecule.n_hydrogens, molecule.parity,
    )  # fmt: skip
    which = np.flatnonzero(found != UNEXPLAINED)
    found, shifts, carried = found[which], shifts[which], carriers[chosen[which]]
    words, counts = describe_explanations(
        found, shifts, _carrier_codes(carried), molecule.masks, graph.numbers, graph.hydrogens, graph.ends,
        graph.orders, molecule.classes, *molecule.words, *molecule.neighbours,
    )  # fmt: skip
    odd = (molecule.parity[found] ^ shifts ^ (np.abs(carried) < 0.5)) & 1
    share = counts[:, COUNTS.index("atoms")] / len(graph)
    own = np.stack([molecule.costs[found], molecule.cuts[found], odd, molecule.masses[found], share], axis=1)
    return np.full(which.size, number), which, found, shifts, carried, totals[which], rivals[which], words, counts, own


def _carrier_codes(carried: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(carried).astype(np.int64) + 1


def _features(
    peaks: PeakList,
    which: NDArray[np.int64],
    shifts: NDArray[np.int8],
    carried: NDArray[np.float64],
    totals: NDArray[np.float64],
    rivals: NDArray[np.int32],
    own: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the features before the counts."""
    ranks = np.argsort(np.argsort(-peaks.intensity, kind="stable"))
    cost, cuts, odd, mass, share = own.T
    error = (peaks.mz[which] - carried - shifts * HYDROGEN_MASS - mass) / peaks.tolerance[which]
    columns = [
        log_intensity(peaks.intensity[which]),
        np.log1p(ranks[which]),
        peaks.mz[which] / 500.0,
        peaks.mz[which] / peaks.precursor_mz,
        cost,
        totals,
        *(shifts[:, None] == _SHIFTS).T,
        odd,
        *(cuts[:, None] == np.arange(_MAX_CUTS + 1)).T,
        np.abs(carried) > _CARRIED_DA,
        np.log1p(rivals),
        error,
        np.abs(error),
        share,
        *(np.full(which.size, value, np.float64) for value in features_of_spectrum(peaks)),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def log_intensity(intensity: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the decimal logarithm of relative intensities, bounded below."""
    return np.log10(np.maximum(intensity, _LEAST_INTENSITY)).astype(np.float64)


def features_of_spectrum(peaks: PeakList) -> tuple[float, ...]:
    """Return the values of `OF_SPECTRUM`."""
    known = bool(np.isfinite(peaks.energy))
    energy = peaks.energy / 50.0 if known else 0.0
    return (
        float(peaks.ion_mode < 0),
        float(peaks.is_nominal),
        float(np.log(max(1, peaks.mz.size))),
        energy,
        float(known),
    )


def _table_keys(
    peaks: PeakList,
    words: NDArray[np.uint64],
    totals: NDArray[np.float64],
    shifts: NDArray[np.int8],
    carried: NDArray[np.float64],
    odd: NDArray[np.uint64],
) -> NDArray[np.uint32]:
    """Return the keys of the tables; those of the two ion modes differ.

    What explains nominal masses may do so by chance: by cost they are counted apart. Which fragments are likely,
    accurate masses tell better, of which there are more: these tables they share.
    """
    negative, nominal = np.uint64(peaks.ion_mode < 0), np.uint64(2 * peaks.is_nominal)
    settings = np.array([negative + nominal, *[negative] * words.shape[1]], np.uint64)
    bins = np.minimum(totals * _COST_BINS_PER_UNIT, _MAX_COST_BIN).astype(np.uint64)
    cost = (bins * np.uint64(16) + (shifts + 8).astype(np.uint64)) * np.uint64(2) + odd
    cost = cost * np.uint64(2) + (np.abs(carried) > _CARRIED_DA).astype(np.uint64)
    return mixed_keys(np.concatenate([cost[:, None], words], axis=1), settings)


def mixed_keys(words: NDArray[np.uint64], settings: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the keys of several tables, shape (n, n_tables), from words and from a setting of each table."""
    kinds = np.arange(words.shape[1], dtype=np.uint64)
    mixed = (words + (settings * np.uint64(16) + kinds) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(32)).astype(np.uint32)
