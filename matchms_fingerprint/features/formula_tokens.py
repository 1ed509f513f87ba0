"""Spectra as tokens with formulas: the precursor, and each peak with its sub-formula and the formula of what it lost.

The idea is MIST's (Goldman et al. 2023, "Annotating metabolite mass spectra with domain-inspired chemical formula
transformers"): peaks are what they are made of, not where they lie. A peak that no sub-formula explains, on unit-mass
instruments most of them, keeps its m/z, so nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.adducts import Adduct, get_adduct
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.formula_candidates import ELEMENTS, N_ELEMENTS
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.features.precursor_formulas import (
    adduct_names,
    complete_formulas,
    fragment_tolerances,
    ions_of,
    read_formula,
)
from matchms_fingerprint.kernels.subformula import subformulae

MIN_RELATIVE_INTENSITY = 0.001

N_SUMMARY = 4

_FITTING_PPM, _FITTING_DA = 20.0, 0.01


@dataclass(frozen=True)
class PrecursorIons:
    """The ion of each spectrum.

    Parameters
    ----------
    molecules, atoms
        Atoms of the molecule and of its ion, adduct included; shape (n_spectra, N_ELEMENTS), int64. All 0 where the
        formula is not known, cannot be written with `ELEMENTS`, or does not fit the adduct.
    charges
        Charge, shape (n_spectra,), int64.
    is_known
        Whether there is a formula, shape (n_spectra,), bool.
    confidence
        1 where the formula was given, the estimate where it was enumerated, 0 where there is none; shape (n_spectra,),
        float32.
    errors_ppm
        m/z of the precursor minus that of the ion, relative; 0 where not known. Shape (n_spectra,), float32.
    """

    molecules: NDArray[np.int64]
    atoms: NDArray[np.int64]
    charges: NDArray[np.int64]
    is_known: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    errors_ppm: NDArray[np.float32]


@dataclass(frozen=True)
class FormulaPeaks:
    """The strongest peaks of a batch with their formulas.

    Parameters
    ----------
    ions
        The ion of each spectrum.
    spectra
        The spectra with these peaks alone.
    is_explained
        Whether it has a sub-formula, shape (n,), bool.
    atoms
        Its sub-formula, adduct atoms included, shape (n, N_ELEMENTS), int64; 0 where it has none.
    losses
        Atoms of the ion that the peak lacks, shape (n, N_ELEMENTS), int64; 0 where it has no sub-formula.
    errors_ppm
        m/z of the peak minus that of its sub-formula, relative; 0 where it has none. Shape (n,), float32.
    """

    ions: PrecursorIons
    spectra: SpectrumArrays
    is_explained: NDArray[np.bool_]
    atoms: NDArray[np.int64]
    losses: NDArray[np.int64]
    errors_ppm: NDArray[np.float32]


def precursor_ions(spectra: SpectrumArrays) -> PrecursorIons:
    """Return the ion of each spectrum from its formula, given or enumerated.

    Where the adduct is not known, it is the one that fits formula and precursor best.
    """
    completed = complete_formulas(spectra)
    read = [read_formula(text) if text else None for text in completed.formula.tolist()]
    molecules = np.array([np.zeros(N_ELEMENTS) if row is None else row for row in read]).reshape(-1, N_ELEMENTS)
    molecules = molecules.astype(np.int64)
    masses = molecules @ ELEMENTS.masses
    names = adduct_names(spectra)
    for row in np.flatnonzero((spectra.adduct == 0) & (masses > 0)):
        names[row] = _fitting_adduct(masses[row], spectra.precursor_mz[row], int(spectra.ion_mode[row]), names[row])
    ions = ions_of(names)
    atoms = ions.atoms(molecules, np.arange(len(spectra)))
    known = (masses > 0) & (atoms >= 0).all(axis=1)
    atoms[~known] = 0
    expected = np.array([a.precursor_mz(m) for a, m in zip(ions.adducts, masses.tolist(), strict=True)]).reshape(-1)
    errors = np.where(known, (spectra.precursor_mz / np.where(known, expected, 1.0) - 1.0) * 1e6, 0.0)
    sure = np.where(np.isnan(completed.formula_confidence), 1.0, completed.formula_confidence)
    return PrecursorIons(
        molecules * known[:, None],
        atoms,
        ions.charges,
        known,
        np.where(known, sure, 0.0).astype(np.float32),
        np.nan_to_num(errors).astype(np.float32),
    )


@lru_cache(maxsize=4)
def _known_adducts(ion_mode: int) -> tuple[Adduct, ...]:
    adducts = (get_adduct(name) for name in ADDUCTS[1:])
    return tuple(adduct for adduct in adducts if ion_mode in (0, np.sign(adduct.charge)))


def _fitting_adduct(mass: float, precursor_mz: float, ion_mode: int, default: str) -> str:
    """Return the name of the adduct that turns a molecule into the precursor, or the default where none does."""
    adducts = _known_adducts(ion_mode)
    errors = [abs(adduct.precursor_mz(mass) - precursor_mz) for adduct in adducts]
    best = int(np.argmin(np.nan_to_num(errors, nan=np.inf)))
    return adducts[best].name if errors[best] <= max(_FITTING_PPM * 1e-6 * precursor_mz, _FITTING_DA) else default


def formula_peaks(spectra: SpectrumArrays, max_peaks: int) -> FormulaPeaks:
    """Find the sub-formulas of the strongest peaks.

    Fragments are taken to have one charge. Of several sub-formulas the one with the smallest error counts.

    Parameters
    ----------
    spectra
        A batch. Its formulas are enumerated unless they are there; see `precursor_formulas.complete_formulas`.
    max_peaks
        Peaks of a spectrum that are kept.
    """
    ions = precursor_ions(spectra)
    chosen = strongest_peaks(spectra, max_peaks, MIN_RELATIVE_INTENSITY)
    tolerance = fragment_tolerances(chosen) * ions.is_known[chosen.rows]
    offsets, counts, errors = subformulae(
        np.where(tolerance > 0, chosen.mz, np.nan),
        chosen.offsets,
        ions.atoms,
        np.sign(ions.charges),
        ELEMENTS.masses,
        ELEMENTS.valences,
        tolerance_ppm=0.0,
        tolerance_da=float(tolerance.max(initial=0.0)),
        best_only=True,
    )
    found = np.flatnonzero(np.diff(offsets) > 0)
    fits = np.abs(errors) <= tolerance[found]
    found = found[fits]
    explained = np.zeros(chosen.mz.size, bool)
    explained[found] = True
    atoms = np.zeros((chosen.mz.size, N_ELEMENTS), np.int64)
    atoms[found] = counts[fits]
    ppm = np.zeros(chosen.mz.size, np.float32)
    ppm[found] = -errors[fits] / chosen.mz[found] * 1e6
    losses = (ions.atoms[chosen.rows] - atoms) * explained[:, None]
    return FormulaPeaks(ions, chosen, explained, atoms, losses, ppm)


def summary_features(found: FormulaPeaks) -> NDArray[np.float32]:
    """Say how far to trust the formulas, shape (n_spectra, N_SUMMARY), float32.

    Whether there is a formula, the confidence in it, error of the precursor in units of 10 ppm, share of the intensity
    that is explained.
    """
    n = len(found.spectra)
    weight, rows = found.spectra.intensity.astype(np.float64), found.spectra.rows
    share = np.bincount(rows, weight * found.is_explained, n) / np.maximum(np.bincount(rows, weight, n), 1e-9)
    error = np.clip(found.ions.errors_ppm / 10.0, -3.0, 3.0)
    return np.column_stack([found.ions.is_known, found.ions.confidence, error, share]).astype(np.float32)
