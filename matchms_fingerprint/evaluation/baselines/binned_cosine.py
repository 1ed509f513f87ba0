"""Cosine of spectra in narrow bins."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines.similarity import Found, SpectrumSimilarity, strong_peaks
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.sparse_search import ColumnIndex, SparseVectors, index_columns, top_products


class BinnedCosine(SpectrumSimilarity):
    """Cosine of square-root intensities in bins; a bin holds the sum of its peaks.

    Parameters
    ----------
    bin_width_da
        Width of a bin in Da.
    min_relative_intensity
        Peaks below this share of the base peak are left out.

    Raises
    ------
    SettingsError
        If the width is not positive.
    """

    name: ClassVar[str] = "binned_cosine"

    def __init__(self, bin_width_da: float = 0.02, min_relative_intensity: float = 0.001) -> None:
        if not bin_width_da > 0:
            raise SettingsError(f"bin_width_da must be above 0, not {bin_width_da!r}")
        self.bin_width_da = bin_width_da
        self.min_relative_intensity = min_relative_intensity

    def index(self, references: SpectrumArrays) -> ColumnIndex:
        """Bin references and turn them round: which of them have a peak in which bin."""
        return index_columns(self.unit_vectors(references))

    def top(self, index: ColumnIndex, queries: SpectrumArrays, k: int) -> Found:
        """Find the k references of the highest cosine above 0."""
        return top_products(index, self.unit_vectors(queries), k)

    def unit_vectors(self, spectra: SpectrumArrays) -> SparseVectors:
        """Return binned spectra of length 1; one without peaks has no entries."""
        starts, mz, intensity = strong_peaks(spectra, self.min_relative_intensity)
        bins = np.rint(mz / self.bin_width_da).astype(np.int64)
        rows = np.repeat(np.arange(len(spectra)), np.diff(starts))
        # peaks are sorted by m/z, so those of a bin stand together
        is_first = np.ones(bins.size, bool)
        is_first[1:] = (np.diff(bins) != 0) | (np.diff(rows) != 0)
        firsts = np.flatnonzero(is_first)
        values = np.add.reduceat(np.sqrt(intensity), firsts) if firsts.size else np.empty(0)
        owners = rows[firsts]
        values /= np.sqrt(np.bincount(owners, values * values, minlength=len(spectra)))[owners]
        offsets = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=len(spectra))))).astype(np.int64)
        return SparseVectors(bins[firsts], values, offsets)
