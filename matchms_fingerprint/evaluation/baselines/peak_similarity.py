"""Scores of matched peaks, by the kernels behind `FastCosineGreedy` and its kin."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines.similarity import Found, SpectrumSimilarity, strong_peaks
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.peak_search import find_top
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable, cosine_table
from matchms_fingerprint.kernels.peak_tiles import Limits
from matchms_fingerprint.kernels.spectral_entropy import entropy_table
from matchms_fingerprint.kernels.types import FloatArray, IntArray

_ANY = Limits(minimum_score=0.0, minimum_matches=1, precursor_tolerance=-1.0)
_UNKNOWN_REFERENCE, _UNKNOWN_QUERY = -1e5, -2e5
"""Precursor m/z in the place of unknown ones: no neutral loss to one of them matches any other."""


class PeakSimilarity(SpectrumSimilarity):
    """A score of matched peaks, each peak matched once at most.

    A spectrum of unknown precursor m/z has no neutral losses.

    Parameters
    ----------
    tolerance_da
        Peaks match when they are at most this far apart, in Da.
    min_relative_intensity
        Peaks below this share of the base peak are left out.

    Raises
    ------
    SettingsError
        If the tolerance is negative.
    """

    fragments: ClassVar[bool] = True
    losses: ClassVar[bool] = False
    entropy: ClassVar[bool] = False

    def __init__(self, tolerance_da: float = 0.01, min_relative_intensity: float = 0.001) -> None:
        if not tolerance_da >= 0:
            raise SettingsError(f"tolerance_da must not be negative, but is {tolerance_da!r}")
        self.tolerance_da = tolerance_da
        self.min_relative_intensity = min_relative_intensity

    @property
    def matching(self) -> Matching:
        """Which peaks match."""
        return Matching(self.fragments, self.losses, tolerance_da=self.tolerance_da, entropy=self.entropy)

    def index(self, references: SpectrumArrays) -> PeakTable:
        """Weigh the peaks of references."""
        return self._weigh(references, _UNKNOWN_REFERENCE)

    def top(self, index: PeakTable, queries: SpectrumArrays, k: int) -> Found:
        """Find the k references of the highest score above 0."""
        hits = find_top(index, self._weigh(queries, _UNKNOWN_QUERY), k, self.matching, _ANY)
        return hits.references, hits.scores

    def _weigh(self, spectra: SpectrumArrays, unknown_precursor_mz: float) -> PeakTable:
        starts, mz, intensity = strong_peaks(spectra, self.min_relative_intensity)
        precursor_mz = np.nan_to_num(spectra.precursor_mz, nan=unknown_precursor_mz)
        return self._table(starts, mz, intensity, precursor_mz)

    def _table(self, starts: IntArray, mz: FloatArray, intensity: FloatArray, precursor_mz: FloatArray) -> PeakTable:
        table: PeakTable = cosine_table(starts, mz, intensity, precursor_mz, self.matching, 0.0, 0.5)
        return table


class PeakCosine(PeakSimilarity):
    """Cosine of square-root intensities of matched peaks (matchms' CosineGreedy)."""

    name: ClassVar[str] = "cosine"


class ModifiedCosine(PeakSimilarity):
    """Peaks match by m/z, or once one is shifted by the difference of the precursors (matchms' ModifiedCosine).

    J. Watrous et al., PNAS 109, E1743 (2012), https://doi.org/10.1073/pnas.1203689109.
    """

    name: ClassVar[str] = "modified_cosine"
    losses: ClassVar[bool] = True


class NeutralLossCosine(PeakSimilarity):
    """Peaks match by their distance from the precursor (matchms' NeutralLossesCosine)."""

    name: ClassVar[str] = "neutral_losses"
    fragments: ClassVar[bool] = False
    losses: ClassVar[bool] = True


class SpectralEntropy(PeakSimilarity):
    """The spectral entropy similarity, without peaks below 1 % of the base peak.

    Y. Li et al., Nature Methods 18, 1524 (2021), https://doi.org/10.1038/s41592-021-01331-z.
    """

    name: ClassVar[str] = "entropy"
    entropy: ClassVar[bool] = True
    noise_cutoff: ClassVar[float] = 0.01

    def _table(self, starts: IntArray, mz: FloatArray, intensity: FloatArray, precursor_mz: FloatArray) -> PeakTable:
        table: PeakTable = entropy_table(
            starts, mz, intensity, precursor_mz, self.matching, self.noise_cutoff, weighted=True
        )
        return table
