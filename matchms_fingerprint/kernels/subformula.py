"""Which parts of an ion weigh what its fragments weigh.

A fragment of known mass has few formulas among the parts of its precursor, so they are searched peak by peak, like any
mass; no list of all parts is made. That list has 13,000 entries for C20H25N3O5 and 1.4 million for C60H100N10O20, and
sorting it costs more than all peaks of a spectrum together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.formula import MAX_ROWS, search_groups
from matchms_fingerprint.kernels.formula_elements import HYDROGEN, FormulaRules, describe_elements
from matchms_fingerprint.kernels.types import FloatArray, IntArray

FRAGMENT_RULES = FormulaRules(min_rdbe=-0.5)
"""Ions may have -0.5 ring-double-bond equivalents, radicals and even-electron ions alike are allowed."""


def subformulae(
    mz: ArrayLike,
    peak_offsets: ArrayLike,
    ions: ArrayLike,
    charges: ArrayLike,
    element_masses: ArrayLike,
    valences: ArrayLike,
    *,
    tolerance_ppm: float = 10.0,
    tolerance_da: float = 0.0,
    hydrogen_slack: int = 0,
    rules: FormulaRules = FRAGMENT_RULES,
    best_only: bool = False,
    max_rows: int = MAX_ROWS,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Find the sub-formulas of each spectrum's ion that explain each of its peaks.

    Parameters
    ----------
    mz
        m/z of the peaks of all spectra, one after the other; shape (n_peaks,). What is not finite stays unexplained.
    peak_offsets
        First peak of each spectrum, and the end; shape (n_spectra + 1,).
    ions
        Atoms of each precursor ion, those of the adduct included: [M+Na]+ of glucose is C6H12NaO6; shape (n_spectra,
        n_elements).
    charges
        Charge of the fragments of each spectrum, signed: 1 or -1 as a rule; shape (n_spectra,). It says how many
        electrons they lack.
    element_masses, valences
        As in `decompose_masses`, shape (n_elements,).
    tolerance_ppm, tolerance_da
        A peak is explained by what is within `tolerance_ppm` of its m/z, or within `tolerance_da` if that is more.
    hydrogen_slack
        Hydrogens that a fragment may have beyond those of the ion.
    rules
        Default: at least -0.5 ring-double-bond equivalents.
    best_only
        Keep the sub-formula with the smallest error of each peak alone.
    max_rows
        Refuse to return more sub-formulas than this.

    Returns
    -------
    offsets : ndarray of shape (n_peaks + 1,), int64
        The sub-formulas of peak i are the rows offsets[i] to offsets[i + 1].
    counts : ndarray of shape (n, n_elements), int16
        Atoms of the sub-formulas, for each peak the smallest error first.
    errors : ndarray of shape (n,), float64
        m/z of the sub-formula minus m/z of the peak.

    Raises
    ------
    SettingsError
        If the shapes do not fit, a charge is 0, or there are more than `max_rows` sub-formulas.
    """
    peaks, starts = np.asarray(mz, dtype=np.float64), np.asarray(peak_offsets, dtype=np.int64)
    upper, signed = np.array(ions, dtype=np.int64), np.asarray(charges, dtype=np.int64)
    if upper.ndim != 2 or starts.shape != (len(upper) + 1,) or signed.shape != (len(upper),):
        raise SettingsError(
            f"{upper.shape} ions, {signed.shape} charges and {starts.shape} offsets: give one ion and charge a spectrum"
        )
    if peaks.ndim != 1 or starts[0] != 0 or starts[-1] != len(peaks) or (np.diff(starts) < 0).any():
        raise SettingsError(f"offsets from {starts[0]} to {starts[-1]} do not cut {peaks.shape} peaks into spectra")
    if (signed == 0).any():
        raise SettingsError("a charge is 0: fragments are ions")
    upper[:, HYDROGEN] += hydrogen_slack
    charge = np.repeat(signed, np.diff(starts))
    size = np.abs(charge)
    offsets, counts, errors = search_groups(
        describe_elements(element_masses, valences, rules),
        peaks * size + charge * ELECTRON_MASS,
        np.maximum(tolerance_ppm * 1e-6 * peaks, tolerance_da) * size,
        starts,
        upper,
        np.zeros_like(upper),
        best_only=best_only,
        by_error=True,
        max_rows=max_rows,
    )
    return offsets, counts, errors / np.repeat(size, np.diff(offsets))


def explained_by(
    mz: ArrayLike,
    ions: ArrayLike,
    charge: int,
    element_masses: ArrayLike,
    valences: ArrayLike,
    *,
    tolerance_ppm: float = 10.0,
    tolerance_da: float = 0.0,
    hydrogen_slack: int = 0,
    rules: FormulaRules = FRAGMENT_RULES,
) -> FloatArray:
    """Tell which peaks of one spectrum each of many ions explains, to compare formulas of the precursor.

    Parameters
    ----------
    mz
        m/z of the peaks; shape (n_peaks,).
    ions
        Atoms of each possible precursor ion; shape (n_ions, n_elements).
    charge
        Charge of the fragments, signed.
    element_masses, valences, tolerance_ppm, tolerance_da, hydrogen_slack, rules
        As in `subformulae`.

    Returns
    -------
    ndarray of shape (n_ions, n_peaks), float64
        Smallest error, m/z of the sub-formula minus m/z of the peak; NaN where there is none.
    """
    peaks, rows = np.asarray(mz, dtype=np.float64), np.asarray(ions, dtype=np.int64)
    offsets, _, errors = subformulae(
        np.tile(peaks, len(rows)),
        np.arange(len(rows) + 1) * peaks.size,
        rows,
        np.full(len(rows), charge),
        element_masses,
        valences,
        tolerance_ppm=tolerance_ppm,
        tolerance_da=tolerance_da,
        hydrogen_slack=hydrogen_slack,
        rules=rules,
        best_only=True,
    )
    best = np.full(len(rows) * peaks.size, np.nan)
    best[np.diff(offsets) > 0] = errors
    return best.reshape(len(rows), peaks.size)


def neutral_losses(counts: ArrayLike, offsets: ArrayLike, peak_offsets: ArrayLike, ions: ArrayLike) -> IntArray:
    """Return what each sub-formula leaves of its ion.

    Parameters
    ----------
    counts, offsets
        From `subformulae`.
    peak_offsets, ions
        As given to it.

    Returns
    -------
    ndarray of shape (n, n_elements), int16
        Atoms of the neutral loss of each sub-formula; its hydrogens may be negative by as many as `hydrogen_slack`
        allowed.
    """
    rows, atoms = np.asarray(counts), np.asarray(ions, dtype=np.int64)
    rows_before = np.asarray(offsets)[np.asarray(peak_offsets, dtype=np.int64)]
    if atoms.ndim != 2 or len(rows_before) != len(atoms) + 1 or rows_before[-1] != len(rows):
        raise SettingsError(f"{rows.shape} sub-formulas, {atoms.shape} ions: they are not those of one `subformulae`")
    return (np.repeat(atoms, np.diff(rows_before), axis=0) - rows).astype(np.int16)
