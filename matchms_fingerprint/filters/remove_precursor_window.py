"""Peaks at and around the precursor, removed."""

from __future__ import annotations

import logging

import numpy as np
from matchms import Fragments, Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.filters._precursor import precursor_mz_of

logger = logging.getLogger("matchms")


def remove_precursor_window(
    spectrum_in: Spectrum, window_da: float = 17.0, clone: bool | None = True
) -> Spectrum | None:
    """Remove all peaks within a window around the precursor m/z, the precursor peak among them.

    Unlike `matchms.filtering.remove_peaks_around_precursor_mz`, which keeps a peak that equals the precursor m/z to
    the last digit and raises where the precursor m/z is missing, this filter removes the precursor as well and lets
    such a spectrum pass. Unlike `remove_peaks_relative_to_precursor_mz`, it keeps the peaks above the window, which
    are fragments where the precursor has several charges.

    Parameters
    ----------
    spectrum_in
        Input spectrum.
    window_da
        Half width of the window in Da, its ends included. 17 Da is the window of GNPS molecular networking.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with fewer peaks (none may be left), or unchanged where it has no precursor m/z; None for None.

    Raises
    ------
    SettingsError
        If `window_da` is negative.
    """
    if not window_da >= 0:
        raise SettingsError(f"remove_precursor_window: window_da is {window_da}; give a half width of 0 Da or more")
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    precursor_mz = precursor_mz_of(spectrum)
    if precursor_mz is None:
        logger.info("No peaks were removed around the precursor: the spectrum has no precursor_mz.")
        return spectrum
    peaks = spectrum.peaks
    mz, intensities = peaks.mz, peaks.intensities
    keep = np.abs(mz - precursor_mz) > window_da
    if not keep.all():
        spectrum.peaks = Fragments(mz=mz[keep], intensities=intensities[keep])
    return spectrum
