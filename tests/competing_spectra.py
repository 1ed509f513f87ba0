"""Spectra in which peaks compete: close, equally close, of equal products, at the same m/z, without intensity."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from matchms import Spectrum

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT") == "1"
"""The kernels run as plain Python, to see them line by line: fewer examples then."""

# the first calls compile, and what is drawn is large: neither time nor size says anything
EXAMPLES = settings(deadline=None, max_examples=20 if INTERPRETED else 60)

# on grids many pairs of peaks are exactly as far apart as the tolerance, up to rounding
GRIDS = st.sampled_from([(50, 1.0), (500, 0.1), (5000, 0.01)])
INTENSITIES = st.one_of(st.sampled_from([0.25, 0.5, 1.0]), st.floats(0.001, 1.0), st.just(0.0))
TOLERANCES = st.sampled_from([0.0, 0.005, 0.01, 0.1, 0.2, 0.5, 1.0])
POWERS = st.sampled_from([(0.0, 1.0), (0.0, 0.5), (1.0, 0.5), (0.3, 2.0), (3.0, 0.6), (0.0, 0.0)])


@st.composite
def spectra(draw: st.DrawFn, most: int = 7, intensities: st.SearchStrategy[float] = INTENSITIES) -> list[Spectrum]:
    """Up to `most` spectra of up to 12 peaks; some are empty, none has peaks of intensity 0 alone."""
    first, step = draw(GRIDS)
    found = []
    for _ in range(draw(st.integers(1, most))):
        peaks = draw(st.lists(st.tuples(st.one_of(st.integers(0, 20), st.floats(0, 20)), intensities), max_size=12))
        mz = np.array(sorted(float((first + place) * step) for place, _ in peaks))
        values = np.array([float(intensity) for _, intensity in peaks])
        if values.size and not values.any():
            values[0] = 0.5
        precursor = (first + draw(st.integers(10, 25))) * step
        found.append(Spectrum(mz, values, {"precursor_mz": float(precursor)}))
    return found


def peaks_of(spectrum: Spectrum, below: float = np.inf) -> list[tuple[float, float]]:
    """Return the peaks below an m/z as a list of pairs."""
    pairs = zip(spectrum.peaks.mz.tolist(), spectrum.peaks.intensities.tolist(), strict=True)
    return [(mz, intensity) for mz, intensity in pairs if mz < below]
