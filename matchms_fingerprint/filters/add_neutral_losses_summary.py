"""The strongest neutral losses as a line of text."""

from __future__ import annotations

import logging

import numpy as np
from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.filters._precursor import n_charges_of, precursor_mz_of

logger = logging.getLogger("matchms")

SMALLEST_LOSS_DA = 1.0
"""Below the mass of a hydrogen atom a difference is the precursor itself, not a loss."""

COMMON_LOSSES = {
    "CH3": 15.02348,
    "NH3": 17.02655,
    "H2O": 18.01056,
    "HF": 20.00623,
    "C2H2": 26.01565,
    "HCN": 27.01090,
    "CO": 27.99491,
    "C2H4": 28.03130,
    "NO": 29.99799,
    "CH2O": 30.01056,
    "CH4O": 32.02621,
    "H2S": 33.98772,
    "HCl": 35.97668,
    "H4O2": 36.02113,
    "C2H2O": 42.01056,
    "C3H6": 42.04695,
    "CHNO": 43.00581,
    "CO2": 43.98983,
    "C2H7N": 45.05785,
    "NO2": 45.99290,
    "CH2O2": 46.00548,
    "C2H6O": 46.04186,
    "C4H8": 56.06260,
    "C3H9N": 59.07350,
    "C2H4O2": 60.02113,
    "SO2": 63.96190,
    "HBr": 79.92616,
    "SO3": 79.95682,
    "HPO3": 79.96633,
    "C3H2O3": 86.00039,
    "H3PO4": 97.97690,
    "C5H8O4": 132.04226,
    "C6H10O4": 146.05791,
    "C6H10O5": 162.05282,
    "C6H8O6": 176.03209,
    "C6H12O6": 180.06339,
}
"""Monoisotopic masses, in Da, of the losses that are named."""

_NAMES = tuple(COMMON_LOSSES)
_MASSES = np.array(tuple(COMMON_LOSSES.values()))


def add_neutral_losses_summary(
    spectrum_in: Spectrum,
    n_losses: int = 5,
    tolerance_da: float = 0.005,
    min_relative_intensity: float = 0.01,
    clone: bool | None = True,
) -> Spectrum | None:
    """Add the neutral losses of the strongest fragments as text, such as `18.0106 H2O (1.00); 121.9862 (0.12)`.

    A loss is the difference between precursor m/z and fragment m/z; behind it stand the formula, where a common loss
    lies within the tolerance, and the intensity of the fragment relative to the base peak. matchms computes the
    losses as arrays (`spectrum.losses`); a line of text can stand in the metadata and in every export.

    Parameters
    ----------
    spectrum_in
        Input spectrum.
    n_losses
        How many losses are written, the strongest first.
    tolerance_da
        Greatest difference between a loss and the formula it is named after, in Da.
    min_relative_intensity
        Fragments below this share of the base peak are left out.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with `neutral_losses` (text), or unchanged where it has no precursor m/z, no losses, or several
        charges, since m/z differences are no masses then; None for None.

    Raises
    ------
    SettingsError
        If `n_losses` is below 1, or the tolerance is negative.
    """
    if n_losses < 1 or not tolerance_da >= 0:
        raise SettingsError(
            f"add_neutral_losses_summary: n_losses is {n_losses} and tolerance_da {tolerance_da}; "
            "give at least 1 loss and a tolerance of 0 Da or more"
        )
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    precursor_mz = precursor_mz_of(spectrum)
    if precursor_mz is None or (n_charges_of(spectrum) or 1) > 1:
        logger.info("No neutral losses were added: the precursor has no m/z or several charges.")
        return spectrum
    peaks = spectrum.peaks
    losses, intensities = precursor_mz - peaks.mz, peaks.intensities
    base_peak = intensities.max(initial=0.0)
    usable = np.flatnonzero((losses >= SMALLEST_LOSS_DA) & (intensities > 0) & np.isfinite(intensities))
    usable = usable[intensities[usable] >= min_relative_intensity * base_peak]
    strongest = usable[np.lexsort((losses[usable], -intensities[usable]))][:n_losses]
    if strongest.size:
        lines = (_describe(losses[peak], intensities[peak] / base_peak, tolerance_da) for peak in strongest)
        spectrum.set("neutral_losses", "; ".join(lines))
    return spectrum


def _describe(loss: float, relative_intensity: float, tolerance_da: float) -> str:
    nearest = int(np.abs(_MASSES - loss).argmin())
    name = f" {_NAMES[nearest]}" if abs(_MASSES[nearest] - loss) <= tolerance_da else ""
    return f"{loss:.4f}{name} ({relative_intensity:.2f})"
