"""How far the precursor was broken up, as one small number."""

from __future__ import annotations

import logging
import math

import numpy as np
from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.filters._precursor import precursor_mz_of

logger = logging.getLogger("matchms")

LOWEST_LEVEL = -4
"""Level of a spectrum with a ten-thousandth of its intensity, or nothing, left at the precursor."""


def add_fragmentation_level(
    spectrum_in: Spectrum, window_da: float = 0.5, clone: bool | None = True
) -> Spectrum | None:
    """Add the fragmentation level: log10 of the share of the intensity that is left at the precursor.

    The level is rounded and kept between -4 and 0: 0 where the precursor is (nearly) all there is, -1 where a tenth
    of the intensity is left, -4 where nothing is. It stands in for a collision energy that is missing or written in
    an instrument's own units. Measure it before any filter removes the precursor peak.

    The idea is from molxspec (the article "The four paths to molecular machine learning", November 2021), which
    takes the window around the mass of the molecule; here it is around the measured precursor m/z.

    Parameters
    ----------
    spectrum_in
        Input spectrum.
    window_da
        Half width of the window around the precursor m/z, in Da.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with `fragmentation_level` (int, -4 to 0), or unchanged where it has no precursor m/z or no
        peaks; None for None.

    Raises
    ------
    SettingsError
        If `window_da` is not positive.
    """
    if not window_da > 0:
        raise SettingsError(f"add_fragmentation_level: window_da is {window_da}; give a half width above 0 Da")
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    precursor_mz = precursor_mz_of(spectrum)
    peaks = spectrum.peaks
    mz, intensities = peaks.mz, np.nan_to_num(peaks.intensities, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0.0)
    total = float(intensities.sum())
    if precursor_mz is None or total <= 0:
        logger.info("No fragmentation level was added: the spectrum has no precursor_mz or no peaks.")
        return spectrum
    share = float(intensities[np.abs(mz - precursor_mz) <= window_da].sum()) / total
    level = round(math.log10(share)) if share > 0 else LOWEST_LEVEL
    spectrum.set("fragmentation_level", min(0, max(LOWEST_LEVEL, level)))
    return spectrum
