"""Which parts of a molecule the peaks of its spectrum may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from matchms_fingerprint.chem.adducts import get_adduct
from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.chem.formula_table import FormulaTable
from matchms_fingerprint.chem.formulas import parse_formula
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import neutral_losses, subformulae
from matchms_fingerprint.kernels.types import IntArray


@dataclass(frozen=True, eq=False)
class PeakFormulas(FormulaTable):
    """The sub-formulas of the peaks of one or many spectra, one spectrum after the other.

    Parameters
    ----------
    peak_offsets
        First peak of each spectrum, and the end; shape (n_spectra + 1,), int64.
    ions
        Atoms of the precursor ion of each spectrum; shape (n_spectra, n_elements), int64.
    """

    peak_offsets: IntArray
    ions: IntArray

    def loss_counts(self) -> IntArray:
        """Return the atoms of the neutral loss that goes with each sub-formula; shape (n_formulas, n_elements).

        Atoms that the fragment picked up are negative.
        """
        return neutral_losses(self.counts, self.offsets, self.peak_offsets, self.ions)

    def losses(self, index: int) -> list[str]:
        """Write the neutral losses of one peak: "" for the precursor itself, "CH2-O" if CH4 left and H2O came."""
        rows = self.rows(index)
        spectrum = np.searchsorted(self.peak_offsets, index % len(self), side="right") - 1
        return [self.write(self.ions[spectrum] - row) for row in self.counts[rows]]


def explain_peaks(
    mz: ArrayLike,
    formula: str,
    adduct: str,
    *,
    tolerance_ppm: float = 10.0,
    tolerance_da: float = 0.001,
    extra_atoms: str | None = None,
    hydrogen_slack: int = 0,
    best_only: bool = False,
) -> PeakFormulas:
    """Find the sub-formulas of a molecule's ion that explain each peak of its spectrum.

    Parameters
    ----------
    mz
        m/z of the peaks; shape (n_peaks,). Fragments are taken to have one charge.
    formula, adduct
        Of the molecule; the atoms of the adduct may stay with a fragment, and the electron is accounted for.
    tolerance_ppm, tolerance_da
        A sub-formula fits within `tolerance_ppm` of the m/z, or within `tolerance_da` if that is more.
    extra_atoms
        Formula of what fragments may pick up in the collision cell, such as "H2O".
    hydrogen_slack
        Hydrogens that a fragment may have beyond those of the ion.
    best_only
        Keep the sub-formula with the smallest error of each peak alone.

    Returns
    -------
    For each peak its sub-formulas (ring-double-bond equivalents of at least -0.5), the smallest error first.

    Raises
    ------
    StructureError, AdductError
        If the formula or the adduct is not understood, or they do not fit.

    Examples
    --------
    >>> peaks = explain_peaks([138.0662, 195.0877], "C8H10N4O2", "[M+H]+", tolerance_ppm=5)
    >>> peaks.formulas(0), peaks.losses(0)
    (['C6H8N3O'], ['C2H3NO'])
    """
    return explain_spectra(
        [mz],
        [formula],
        [adduct],
        tolerance_ppm=tolerance_ppm,
        tolerance_da=tolerance_da,
        extra_atoms=extra_atoms,
        hydrogen_slack=hydrogen_slack,
        best_only=best_only,
    )


def explain_spectra(
    mz: Sequence[ArrayLike],
    formulas: Sequence[str],
    adducts: Sequence[str],
    *,
    tolerance_ppm: float = 10.0,
    tolerance_da: float = 0.001,
    extra_atoms: str | None = None,
    hydrogen_slack: int = 0,
    best_only: bool = False,
) -> PeakFormulas:
    """Explain the peaks of many spectra at once; see `explain_peaks`.

    Parameters
    ----------
    mz, formulas, adducts
        m/z of the peaks, molecular formula and adduct of each spectrum.
    tolerance_ppm, tolerance_da, extra_atoms, hydrogen_slack, best_only
        As in `explain_peaks`.

    Raises
    ------
    SettingsError
        If there is not one formula and one adduct for each spectrum.
    """
    if not len(mz) == len(formulas) == len(adducts):
        raise SettingsError(f"{len(mz)} spectra, {len(formulas)} formulas, {len(adducts)} adducts: give one of each")
    atoms = [ion_atoms(formula, adduct) for formula, adduct in zip(formulas, adducts, strict=True)]
    extra = parse_formula(extra_atoms)[0] if extra_atoms else {}
    chosen = element_set(symbol for counts in (extra, *atoms) for symbol in counts)
    place = {symbol: column for column, symbol in enumerate(chosen.symbols)}
    ions = np.zeros((len(atoms), len(place)), dtype=np.int64)
    for row, counts in zip(ions, atoms, strict=True):
        for symbol, count in counts.items():
            row[place[symbol]] = count
    most = ions + np.array([extra.get(symbol, 0) for symbol in chosen.symbols])
    peaks = [np.asarray(one, dtype=np.float64) for one in mz]
    peak_offsets = np.concatenate([[0], np.cumsum([one.size for one in peaks], dtype=np.int64)])
    offsets, found, errors = subformulae(
        np.concatenate([np.empty(0), *peaks]),
        peak_offsets,
        most,
        [np.sign(get_adduct(adduct).charge) for adduct in adducts],
        chosen.masses,
        chosen.valences,
        tolerance_ppm=tolerance_ppm,
        tolerance_da=tolerance_da,
        hydrogen_slack=hydrogen_slack,
        best_only=best_only,
    )
    return PeakFormulas(chosen.symbols, offsets, found, errors, peak_offsets, ions)
