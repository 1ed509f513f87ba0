"""The MS1 peaks about a precursor, which travel with its MS2 spectrum as text in the metadata.

Text, since an array in the metadata breaks the hash of a matchms spectrum, and its export.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.metadata import precursor_mz_of

KEY = "ms1_isotope_peaks"
"""The key in clean metadata; its value is a JSON list of pairs of m/z and intensity."""

BELOW_DA, ABOVE_DA = 5.0, 7.0
"""Peaks this far from the precursor are kept: isotopes lighter than the most common one reach to -4 for selenium."""

_SAME_DA, _SAME_PPM = 0.02, 20.0  # as two MS2 blocks of one feature may differ


@dataclass(frozen=True, eq=False)
class IsotopePeaks:
    """MS1 peaks about a precursor.

    Parameters
    ----------
    mz, intensities
        Sorted by m/z, all intensities above 0, shape (n_peaks,), float64.
    """

    mz: NDArray[np.float64]
    intensities: NDArray[np.float64]


def isotope_peaks_text(mz: NDArray[np.float64], intensities: NDArray[np.float64], precursor_mz: float) -> str | None:
    """Return the peaks of an MS1 spectrum about a precursor as text; None where there is none.

    Parameters
    ----------
    mz, intensities
        In any order, shape (n_peaks,).
    precursor_mz
        In Da.
    """
    kept = np.flatnonzero((mz > precursor_mz - BELOW_DA) & (mz < precursor_mz + ABOVE_DA) & (intensities > 0))
    if not kept.size:
        return None
    kept = kept[np.argsort(mz[kept], kind="stable")]
    pairs = zip(mz[kept].tolist(), intensities[kept].tolist(), strict=True)
    return json.dumps([(round(mass, 6), float(f"{height:.6g}")) for mass, height in pairs])


def read_isotope_peaks(metadata: Mapping[str, Any]) -> IsotopePeaks | None:
    """Return the MS1 peaks that metadata hold; None where there are none, or what stands there are no peaks."""
    try:
        pairs = np.array(json.loads(metadata[KEY]), np.float64)
    except (KeyError, TypeError, ValueError):
        return None
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        return None
    pairs = pairs[(pairs > 0).all(axis=1)]
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return IsotopePeaks(pairs[:, 0], pairs[:, 1]) if len(pairs) else None


def attach_isotope_peaks(metadata: dict[str, Any], ms1: Sequence[RawSpectrum]) -> None:
    """Put the MS1 peaks about the precursor into the metadata of an MS2 spectrum.

    Parameters
    ----------
    metadata
        Clean metadata of the MS2 spectrum; changed in place, unless it holds MS1 peaks already.
    ms1
        The MS1 spectra of its feature, in the order of the file. The last one counts that has the same precursor or
        none.
    """
    precursor_mz = precursor_mz_of(metadata)
    if precursor_mz is None or KEY in metadata:
        return
    for spectrum in reversed(ms1):
        other = precursor_mz_of(spectrum.metadata)
        if other is None or abs(other - precursor_mz) <= max(_SAME_DA, _SAME_PPM * 1e-6 * precursor_mz):
            text = isotope_peaks_text(spectrum.mz, spectrum.intensities, precursor_mz)
            if text is not None:
                metadata[KEY] = text
            return
