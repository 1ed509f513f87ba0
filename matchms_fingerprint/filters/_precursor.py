"""The precursor of a spectrum as numbers, or None, whatever its metadata holds."""

from __future__ import annotations

import math

from matchms import Spectrum

from matchms_fingerprint.chem.adducts import get_adduct
from matchms_fingerprint.errors import AdductError


def precursor_mz_of(spectrum: Spectrum) -> float | None:
    """Return the precursor m/z in Da, or None where it is missing or not a positive number."""
    try:
        mz = float(spectrum.get("precursor_mz"))
    except (TypeError, ValueError, OverflowError):
        return None
    return mz if math.isfinite(mz) and mz > 0 else None


def n_charges_of(spectrum: Spectrum) -> int | None:
    """Return the number of charges of the precursor, from its charge, else from its adduct; None where not known."""
    try:
        charge = abs(int(spectrum.get("charge")))
    except (TypeError, ValueError, OverflowError):
        charge = 0
    if charge:
        return charge
    try:
        return abs(get_adduct(str(spectrum.get("adduct"))).charge)
    except AdductError:
        return None
