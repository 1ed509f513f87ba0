"""MS2 spectra only."""

from __future__ import annotations

import logging

from matchms import Spectrum

from matchms_fingerprint.io.metadata import ms_level_of

logger = logging.getLogger("matchms")


def require_ms2(spectrum_in: Spectrum, clone: bool | None = True) -> Spectrum | None:
    """Return None for a spectrum that says that it is not an MS2 spectrum.

    Unlike `matchms.filtering.require_correct_ms_level`, which knows the texts `2` and `MS2` only, this filter also
    reads the number 2, `ms2` and `2.0`, lets a spectrum pass that does not state its level (many MGF files hold MS2
    alone and do not say so), takes `SPECTYPE=CORRELATED MS`, MZmine's name for a feature's MS1 signals, for MS1, and
    supports `clone`.

    Parameters
    ----------
    spectrum_in
        Input spectrum; the level is read from its `ms_level`.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum, or None where it states another level, or is None.
    """
    if spectrum_in is None:
        return None
    level = ms_level_of(spectrum_in.metadata, "ms_level")
    if level not in (None, 2):
        logger.info("Spectrum was removed: its MS level is %d, not 2.", level)
        return None
    return spectrum_in.clone() if clone else spectrum_in
