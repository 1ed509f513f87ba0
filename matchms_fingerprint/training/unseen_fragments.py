"""Fragments that no training spectrum has.

Khoo & Barzilay ("Why machine learning fails at mass spectrometry for small molecules") name them as one of three
reasons why models fail on new molecules.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.explain_peaks import explain_spectra
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.errors import AdductError, StructureError
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.types import IntArray

MASS_BIN_DA = 0.01
"""Width of the bins of fragment masses in Da; bin `b` is centred on `b * MASS_BIN_DA`."""

UNEXPLAINED = np.uint64(0)


@dataclass(frozen=True, eq=False)
class UnseenShares:
    """How much of each spectrum no training spectrum has.

    Parameters
    ----------
    counted
        Share of its peaks that have a key at all, shape (n_spectra,), float64; NaN for spectra without peaks.
    peaks, intensity
        Share of these peaks, and of their summed intensity, whose key is in no training spectrum of the ion mode, shape
        (n_spectra,), float64; NaN where no peak has a key.
    """

    counted: NDArray[np.float64]
    peaks: NDArray[np.float64]
    intensity: NDArray[np.float64]


def unseen_masses(
    spectra: SpectrumArrays, train: IntArray, rows: IntArray, width_da: float = MASS_BIN_DA
) -> UnseenShares:
    """Find how many fragment masses of some spectra are new.

    Parameters
    ----------
    spectra
        All spectra.
    train, rows
        Training spectra, and spectra to look at.
    width_da
        Two peaks in one bin of this width have the same mass.
    """
    bins = np.floor(spectra.mz / width_da + 0.5).astype(np.uint64) + np.uint64(1)
    return unseen_keys(spectra, bins, train, rows)


def unseen_keys(spectra: SpectrumArrays, keys: NDArray[np.uint64], train: IntArray, rows: IntArray) -> UnseenShares:
    """Find how many peaks of some spectra have a key that no training spectrum of their ion mode has.

    Spectra of unknown ion mode are held against all training spectra.

    Parameters
    ----------
    spectra
        All spectra.
    keys
        What each of their peaks is, shape (n_peaks,), uint64; 0: not known, such peaks are left out.
    train, rows
        Training spectra, and spectra to look at.
    """
    owner, mode = spectra.rows, spectra.ion_mode
    is_train = np.zeros(len(spectra), bool)
    is_train[train] = True
    asked = np.zeros(len(spectra), bool)
    asked[rows] = True
    known = keys != UNEXPLAINED
    is_new = np.zeros(keys.size, bool)
    for sign in np.unique(mode[rows]):
        of_mode = np.ones(len(spectra), bool) if sign == 0 else mode == sign
        here = np.flatnonzero((asked & (mode == sign))[owner] & known)
        seen = np.unique(keys[(is_train & of_mode)[owner] & known])
        is_new[here] = ~np.isin(keys[here], seen)
    n = len(spectra)
    n_peaks, n_known = np.bincount(owner, minlength=n)[rows], np.bincount(owner, known, n)[rows]
    total = np.bincount(owner, spectra.intensity * known, n)[rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        return UnseenShares(
            n_known / n_peaks,
            np.bincount(owner, is_new, n)[rows] / n_known,
            np.bincount(owner, spectra.intensity * is_new, n)[rows] / total,
        )


def fragment_formulas(data: LabelledSpectra) -> NDArray[np.uint64]:
    """Find the formula of each peak, given the formula and the adduct of its spectrum.

    The best sub-formula within 10 ppm or 0.001 Da counts; see `chem.explain_spectra`.

    Returns
    -------
    ndarray of shape (n_peaks,), uint64
        A number for each formula, the same for the same formula; 0 for peaks that no sub-formula explains, and for all
        peaks of spectra whose adduct is unknown.
    """
    spectra = data.spectra
    rows = np.array([row for row in range(len(data)) if _has_ion(data, row)], np.int64)
    keys = np.full(spectra.mz.size, UNEXPLAINED, np.uint64)
    if not rows.size:
        return keys
    chosen = spectra.take(rows)
    found = explain_spectra(
        np.split(chosen.mz, chosen.offsets[1:-1]),
        [data.formulas[i] for i in data.structure[rows]],
        [ADDUCTS[i] for i in spectra.adduct[rows]],
        best_only=True,
    )
    weights = np.array([_weight_of(symbol) for symbol in found.symbols], np.uint64)
    numbers = (found.counts.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    explained = np.full(chosen.mz.size, UNEXPLAINED, np.uint64)
    explained[found.explained] = numbers
    is_chosen = np.zeros(len(spectra), bool)
    is_chosen[rows] = True
    keys[is_chosen[spectra.rows]] = explained
    return keys


def _has_ion(data: LabelledSpectra, row: int) -> bool:
    """Tell whether the adduct is known and fits the formula."""
    adduct = int(data.spectra.adduct[row])
    try:
        return adduct > 0 and bool(ion_atoms(data.formulas[data.structure[row]], ADDUCTS[adduct]))
    except (AdductError, StructureError):
        return False


def _weight_of(symbol: str) -> int:
    """Return an odd 64-bit number for an element: the sum over its atoms tells formulas apart, save for an accident."""
    return int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:8], "big") | 1
