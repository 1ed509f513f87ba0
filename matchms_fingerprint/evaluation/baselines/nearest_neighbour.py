"""Copying the fingerprints of the most similar training spectra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines.binned_cosine import BinnedCosine
from matchms_fingerprint.evaluation.baselines.mean import MeanFingerprint, require_training_spectra
from matchms_fingerprint.evaluation.baselines.neighbour_search import NeighbourSearch
from matchms_fingerprint.evaluation.baselines.peak_similarity import (
    ModifiedCosine,
    NeutralLossCosine,
    PeakCosine,
    SpectralEntropy,
)
from matchms_fingerprint.evaluation.baselines.restriction import RESTRICTIONS
from matchms_fingerprint.evaluation.baselines.similarity import SpectrumSimilarity
from matchms_fingerprint.evaluation.baselines.weights import WEIGHTS, neighbour_weights
from matchms_fingerprint.evaluation.predictor import ArrayPredictor
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra

SIMILARITIES: dict[str, Callable[[], SpectrumSimilarity]] = {
    kind.name: kind for kind in (BinnedCosine, PeakCosine, ModifiedCosine, NeutralLossCosine, SpectralEntropy)
}
"""Similarities by name, with their default settings; `EmbeddingCosine` needs a model and is given as an object."""

BY_RESTRICTION, BY_ALL, BY_MEAN = 0, 1, 2
"""What answered a spectrum: neighbours within the restriction, neighbours among all, or the mean fingerprint."""

_SPECTRA_AT_A_TIME = 256


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of spectra.

    Parameters
    ----------
    positions
        Positions in the labelled spectra, best first, -1 where there are no more, shape (n_spectra, k), int64.
    similarities
        Their similarities, 0 where there is no neighbour, shape (n_spectra, k), float64.
    answered_by
        `BY_RESTRICTION`, `BY_ALL` or `BY_MEAN`, shape (n_spectra,), int8.
    """

    positions: NDArray[np.int64]
    similarities: NDArray[np.float64]
    answered_by: NDArray[np.int8]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which spectra have a neighbour within the restriction, shape (n_spectra,)."""
        return self.answered_by == BY_RESTRICTION

    @property
    def coverage(self) -> float:
        """Share of spectra that have a neighbour within the restriction; NaN of no spectra."""
        return float(self.covered.mean()) if self.covered.size else float("nan")


@dataclass(frozen=True)
class NeighbourPrediction(Neighbours):
    """The neighbours of spectra, and what follows from them.

    Parameters
    ----------
    probabilities
        Weighted mean of the bits of the neighbours, shape (n_spectra, n_bits), float32.
    """

    probabilities: NDArray[np.float32]


class NearestNeighbourFingerprint(ArrayPredictor):
    """Copies the fingerprint of the most similar training spectrum, or the weighted mean of those of the k best.

    Neighbours are of the same ion mode; a spectrum of unknown mode is compared to those of either. On most benchmarks
    this is hard to beat (Khoo & Barzilay, "Why machine learning fails at mass spectrometry for small molecules").

    Every spectrum gets an answer: where the restriction leaves no training spectrum that has anything in common with
    it, all of the ion mode are asked, and where that finds none either, it gets the mean fingerprint of the ion mode.
    `predict` tells which spectra were answered by what.

    Parameters
    ----------
    data
        Labelled spectra.
    train
        The training spectra among them, shape (n_training_spectra,).
    similarity
        Name in `SIMILARITIES`, or an object; default the cosine of square-root intensities in bins of 0.02 Da.
    restriction
        `all` training spectra; those of the `same_formula`, for which the molecular formula of the query has to be
        given in `SpectrumArrays.formula` (without it, all are asked); or those of the `same_conditions`: adduct and
        mass analyser, both known.
    k
        Number of neighbours; fewer where the restriction leaves fewer.
    weights
        How much each of them counts: `uniform`, `similarity`, `softmax` or `rank`; see `neighbour_weights`.
    temperature
        Of the softmax, in units of similarity.
    distinct_structures
        Take the best spectrum of each structure only, so that neighbours are k structures.

    Raises
    ------
    SettingsError
        If a setting is not one of these, or there are no training spectra.

    Examples
    --------
    >>> from matchms.reference_spectra import cocaine
    >>> baseline = NearestNeighbourFingerprint(data, train, k=5, weights="softmax")  # doctest: +SKIP
    >>> baseline.predict_fingerprints([cocaine()]).shape  # doctest: +SKIP
    (1, 4096)
    """

    def __init__(
        self,
        data: LabelledSpectra,
        train: NDArray[np.int64],
        similarity: SpectrumSimilarity | str = "binned_cosine",
        restriction: str = "all",
        k: int = 1,
        weights: str = "uniform",
        temperature: float = 0.1,
        distinct_structures: bool = False,
    ) -> None:
        super().__init__(data.fingerprint.n_bits)
        _check(similarity, restriction, k, weights, temperature)
        require_training_spectra(train)
        self.similarity = SIMILARITIES[similarity]() if isinstance(similarity, str) else similarity
        self.k = k
        self.weights = weights
        self.temperature = temperature
        self.distinct_structures = distinct_structures
        self.mean = MeanFingerprint(data, train)
        self._rows = np.asarray(train, np.int64)
        self._structure = data.structure
        self._fingerprints = data.fingerprints
        spectra, structure = data.spectra.take(train), data.structure[train]
        formulas = [data.formulas[i] for i in structure.tolist()]
        self._searches = [
            NeighbourSearch(spectra, structure, formulas, self.similarity, name)
            for name in dict.fromkeys((restriction, "all"))
        ]

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return the weighted mean of the bits of the neighbours, shape (n_spectra, n_bits), float32."""
        return self.predict(spectra).probabilities

    def predict(self, spectra: SpectrumArrays) -> NeighbourPrediction:
        """Find the neighbours of spectra and average their fingerprints."""
        found = self.find(spectra)
        is_found = found.positions >= 0
        weights = neighbour_weights(found.similarities, is_found, self.weights, self.temperature)
        structures = self._structure[found.positions]
        probabilities = np.empty((len(spectra), self.n_bits), np.float32)
        for start in range(0, len(spectra), _SPECTRA_AT_A_TIME):
            some = slice(start, start + _SPECTRA_AT_A_TIME)
            probabilities[some] = self._mean_bits(structures[some], weights[some], is_found[some])
        lonely = np.flatnonzero(found.answered_by == BY_MEAN)
        probabilities[lonely] = self.mean.predict_probabilities(spectra.take(lonely))
        return NeighbourPrediction(found.positions, found.similarities, found.answered_by, probabilities)

    def find(self, spectra: SpectrumArrays) -> Neighbours:
        """Find the neighbours of spectra, among all training spectra where the restriction leaves none."""
        positions = np.full((len(spectra), self.k), -1, np.int64)
        similarities = np.zeros((len(spectra), self.k))
        answered_by = np.full(len(spectra), BY_MEAN, np.int8)
        for level, search in enumerate(self._searches):
            rows = np.flatnonzero(answered_by == BY_MEAN)
            find = search.find_structures if self.distinct_structures else search.find
            found, similarities[rows] = find(spectra.take(rows), self.k)
            positions[rows] = np.where(found >= 0, self._rows[found], -1)
            answered_by[rows[found[:, 0] >= 0]] = (BY_RESTRICTION, BY_ALL)[level]
        return Neighbours(positions, similarities, answered_by)

    def _mean_bits(
        self, structures: NDArray[np.int64], weights: NDArray[np.float64], is_found: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the weighted mean of the bits of structures, row by row; all of shape (n_spectra, k)."""
        used, columns = np.unique(structures[is_found], return_inverse=True)
        rows = np.nonzero(is_found)[0]
        shape = (len(structures), used.size)
        of_structures = csr_matrix((weights[is_found].astype(np.float32), (rows, columns)), shape=shape)
        bits = unpack_bits(self._fingerprints[used], self.n_bits).astype(np.float32)
        mean: NDArray[np.float32] = of_structures @ bits
        return np.minimum(mean, 1.0)


def _check(similarity: SpectrumSimilarity | str, restriction: str, k: int, weights: str, temperature: float) -> None:
    if isinstance(similarity, str) and similarity not in SIMILARITIES:
        raise SettingsError(f"similarity {similarity!r} is none of {', '.join(SIMILARITIES)}")
    if restriction not in RESTRICTIONS:
        raise SettingsError(f"restriction {restriction!r} is none of {', '.join(RESTRICTIONS)}")
    if k < 1:
        raise SettingsError(f"k must be at least 1, not {k!r}")
    if weights not in WEIGHTS:
        raise SettingsError(f"weights {weights!r} are none of {', '.join(WEIGHTS)}")
    if not temperature > 0:
        raise SettingsError(f"temperature must be above 0, not {temperature!r}")
