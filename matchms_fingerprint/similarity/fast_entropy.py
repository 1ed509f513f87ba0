"""The spectral entropy similarity, through the same index as the cosine scores."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable
from matchms_fingerprint.kernels.spectral_entropy import entropy_table
from matchms_fingerprint.similarity.fast_cosine import checked_ppm, da_or_ppm
from matchms_fingerprint.similarity.peak_score import PeakScore


class FastSpectralEntropy(PeakScore):
    """The same numbers as `ms_entropy.calculate_entropy_similarity`, much faster for many spectra.

    Spectra are cleaned as there: peaks closer than twice the tolerance are merged, and noise is removed. The score of
    two spectra is 1 - (2 S(AB) - S(A) - S(B)) / ln 4 with the entropies S of both and of their mean spectrum
    (Y. Li et al., Nature Methods 18, 1524 (2021)), 0 to 1. `ms_entropy` computes in single precision; the two agree to
    about 1e-6.

    Parameters
    ----------
    tolerance
        Peaks match when they are at most this far apart, in Da.
    noise_cutoff
        Peaks below this part of the largest one are left out, 0 to 1.
    weighted
        Weigh the intensities of spectra with an entropy below 3 as the paper proposes.
    tolerance_ppm
        If above 0, peaks match when they are at most this far apart in ppm of the m/z in the reference, and `tolerance`
        is not used.

    Raises
    ------
    SettingsError
        If a setting is outside of what it accepts.

    Examples
    --------
    >>> from matchms.reference_spectra import cocaine, salicin
    >>> from matchms_fingerprint.similarity import FastSpectralEntropy
    >>> spectra = [cocaine(), salicin()]
    >>> scores = FastSpectralEntropy().matrix(spectra, spectra, is_symmetric=True)
    >>> scores["score"].diagonal().round(6).tolist()
    [1.0, 1.0]
    """

    _setting_names: ClassVar[tuple[str, ...]] = ("tolerance", "noise_cutoff", "weighted", "tolerance_ppm")

    def __init__(
        self,
        tolerance: float = 0.02,
        noise_cutoff: float = 0.01,
        weighted: bool = True,
        tolerance_ppm: float = 0.0,
    ) -> None:
        self.tolerance = self._number("tolerance", tolerance, 0.0)
        self.noise_cutoff = self._number("noise_cutoff", noise_cutoff, 0.0)
        if self.noise_cutoff > 1.0:
            raise SettingsError(f"{type(self).__name__}: noise_cutoff must be at most 1, not {noise_cutoff!r}")
        self.weighted = self._flag("weighted", weighted)
        self.tolerance_ppm = checked_ppm(type(self).__name__, self._number("tolerance_ppm", tolerance_ppm, 0.0))

    @property
    def _matching(self) -> Matching:
        return da_or_ppm(self.tolerance, self.tolerance_ppm)._replace(entropy=True)

    def _make_table(
        self, starts: NDArray[Any], mz: NDArray[Any], intensities: NDArray[Any], precursor_mz: NDArray[Any]
    ) -> PeakTable:
        table: PeakTable = entropy_table(
            starts, mz, intensities, precursor_mz, self._matching, self.noise_cutoff, self.weighted
        )
        return table
