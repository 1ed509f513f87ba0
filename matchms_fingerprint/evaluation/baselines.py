"""What a learned model has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matchms_fingerprint.features.arrays import SpectrumArrays


class NearestNeighbourFingerprint:
    """Copies the fingerprint of the most similar training spectrum of the same ion mode.

    Similarity is the cosine of square-root intensities in bins of 0.02 Da, peaks above 0.1 % of the base peak. On most
    benchmarks this is hard to beat (Khoo & Barzilay, "Why machine learning fails at mass spectrometry for small
    molecules").

    Parameters
    ----------
    spectra
        Training spectra.
    bin_width_da
        Width of a bin in Da.
    min_relative_intensity
        Peaks below this share of the base peak are left out.
    """

    def __init__(
        self, spectra: SpectrumArrays, bin_width_da: float = 0.02, min_relative_intensity: float = 0.001
    ) -> None:
        self.bin_width_da = bin_width_da
        self.min_relative_intensity = min_relative_intensity
        self.ion_mode = spectra.ion_mode
        self.n_bins = int(spectra.mz.max(initial=0.0) / bin_width_da) + 2
        self.reference = self._unit_rows(spectra)

    def nearest(self, spectra: SpectrumArrays, batch_size: int = 256) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the most similar training spectrum of each spectrum.

        Returns
        -------
        tuple of ndarray
            Position in the training spectra, -1 where no training spectrum of the ion mode shares a peak, and the
            cosine; both of shape (n_spectra,).
        """
        found = np.full(len(spectra), -1, np.int64)
        cosine = np.zeros(len(spectra))
        queries = self._unit_rows(spectra)
        for mode in np.unique(spectra.ion_mode):
            references = np.flatnonzero(self.ion_mode == mode)
            rows = np.flatnonzero(spectra.ion_mode == mode)
            if not references.size:
                continue
            transposed = self.reference[references].T.tocsr()
            for start in range(0, rows.size, batch_size):
                batch = rows[start : start + batch_size]
                scores = (queries[batch] @ transposed).toarray()
                best = scores.argmax(axis=1)
                cosine[batch] = scores[np.arange(batch.size), best]
                found[batch] = np.where(cosine[batch] > 0, references[best], -1)
        return found, cosine

    def _unit_rows(self, spectra: SpectrumArrays) -> csr_matrix:
        keep = spectra.intensity >= self.min_relative_intensity
        bins = np.minimum(np.rint(spectra.mz[keep] / self.bin_width_da).astype(np.int64), self.n_bins - 1)
        values: NDArray[Any] = np.sqrt(spectra.intensity[keep].astype(np.float64))
        rows = csr_matrix((values, (spectra.rows[keep], bins)), shape=(len(spectra), self.n_bins))
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
        rows.data *= np.repeat(scale, np.diff(rows.indptr))
        return rows
