"""What a nearest-neighbour search needs of a similarity of spectra."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.types import FloatArray, IntArray

Found = tuple[IntArray, FloatArray]


class SpectrumSimilarity(ABC):
    """Finds the most similar of many reference spectra, all queries of a call at once.

    References are prepared once (`index`), and searched as often as wanted (`top`).
    """

    name: ClassVar[str]

    @abstractmethod
    def index(self, references: SpectrumArrays) -> Any:
        """Prepare references; what is returned is passed on to `top`."""

    @abstractmethod
    def top(self, index: Any, queries: SpectrumArrays, k: int) -> Found:
        """Find the k references that are most similar to each query.

        Returns
        -------
        tuple of ndarray
            Positions of the references, best first, -1 where there are no more with anything in common with the query;
            and their similarities, 0 there. Both of shape (n_queries, k), int64 and float64. Of equally similar
            references, the one that comes first is better.
        """


def strong_peaks(
    spectra: SpectrumArrays, min_relative_intensity: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return first peaks, m/z and intensities of spectra without their peaks below a share of the base peak."""
    keep = spectra.intensity >= min_relative_intensity
    starts = np.concatenate(([0], np.cumsum(keep)))[spectra.offsets].astype(np.int64)
    return starts, np.ascontiguousarray(spectra.mz[keep]), spectra.intensity[keep].astype(np.float64)
