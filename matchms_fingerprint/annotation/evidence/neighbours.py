"""What reference spectra say: a candidate that resembles the compounds of similar spectra is likely.

Spectral similarity times structural similarity, for the nearest compounds together: by cosine, which finds a known
compound, by modified cosine, which finds a known relative, and by embedding. The idea is that of molecular networking
(Watrous et al., PNAS 109, E1743 (2012)) and of MS2Query (de Jonge et al., Nat. Commun. 14, 1752 (2023)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.annotation.evidence.reference_spectra import ReferenceSpectra
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.mass_accuracy import MassAccuracy
from matchms_fingerprint.kernels import packed_similarity

COLUMNS = (
    "neighbours_cosine",
    "neighbours_modified_cosine",
    "neighbours_embedding",
    "neighbours_similarity",
    "neighbours_mean",
    "neighbours_exact",
)

_SHARPNESS, _MEAN_SHARPNESS = 20.0, 10.0
_SAME_MASS_DA = 0.02


class NeighbourEvidence:
    """The nearest compounds of reference spectra, weighed by how similar each candidate is to them.

    With the similarity of a spectrum to a compound's spectra and the Tanimoto coefficient of the candidate and that
    compound, the columns are:

    - `neighbours_cosine`, `neighbours_modified_cosine`, `neighbours_embedding`: the highest product of the two, by each
      similarity;
    - `neighbours_similarity`: the soft maximum of the product over all neighbours, by the mean of the three;
    - `neighbours_mean`: mean of the squared Tanimoto coefficients, neighbours weighted by the softmax of that mean;
    - `neighbours_exact`: the highest of the three for a compound of the very fingerprint and mass of the candidate, 0
      if none is near.

    Whether a candidate has a reference spectrum at all shows in the last column, and in folds where known compounds are
    never right a fit would hold it against them: fit its weight where they may be right, too.

    All are missing where there is no reference spectrum of the ion mode.

    Parameters
    ----------
    references
        Of the model that embeds the queries.

    Examples
    --------
    >>> evidence = NeighbourEvidence(references)  # doctest: +SKIP
    >>> of_spectra = evidence.begin(spectra, embedding, accuracies)  # doctest: +SKIP
    >>> scores = of_spectra[0].of(query, candidates)  # doctest: +SKIP
    """

    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def __init__(self, references: ReferenceSpectra) -> None:
        self.references = references

    def begin(
        self, spectra: SpectrumArrays, embedding: NDArray[np.float32], accuracies: Sequence[MassAccuracy]
    ) -> list[SpectrumNeighbours]:
        """Find the neighbours of many spectra at once, which is much faster than one by one.

        Parameters
        ----------
        spectra, embedding, accuracies
            The queries, their embeddings of shape (n_spectra, n_embedding) at length 1, and the accuracy of each.

        Returns
        -------
        list of SpectrumNeighbours
            The evidence of each spectrum, in their order.
        """
        da = np.array([accuracy.da for accuracy in accuracies], np.float64)
        found = self.references.nearest(spectra, embedding, da)
        neighbours = []
        for compound, similarity in zip(found.compound, found.similarity, strict=True):
            there = compound >= 0
            rows = compound[there]
            neighbours.append(
                SpectrumNeighbours(self.references.fingerprints[rows], self.references.masses[rows], similarity[there])
            )
        return neighbours

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`; for many queries see `begin`."""
        return self.begin(query.spectrum, query.embedding[None], [query.accuracy])[0].of(query, candidates)


@dataclass(frozen=True)
class SpectrumNeighbours:
    """The nearest compounds of one spectrum, as evidence for its candidates.

    Parameters
    ----------
    fingerprints
        Packed, shape (n_compounds, n_words), uint64.
    masses
        Exact masses in Da, NaN where not known, shape (n_compounds,), float64.
    similarity
        By cosine, modified cosine and embedding, shape (n_compounds, 3), float64.
    """

    fingerprints: NDArray[np.uint64]
    masses: NDArray[np.float64]
    similarity: NDArray[np.float64]
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`; `query` is the spectrum whose neighbours these are."""
        scores = np.full((len(candidates), len(self.columns)), np.nan)
        if not len(candidates) or not len(self.fingerprints):
            return scores
        tanimoto = packed_similarity(candidates.fingerprints, self.fingerprints)
        for column in range(self.similarity.shape[1]):
            scores[:, column] = (tanimoto * self.similarity[:, column]).max(axis=1)
        together = self.similarity.mean(axis=1)
        scores[:, 3] = _soft_maximum(tanimoto * together)
        weights = np.exp(_MEAN_SHARPNESS * (together - together.max()))
        scores[:, 4] = tanimoto**2 @ (weights / weights.sum())
        is_far = np.abs(candidates.masses[:, None] - self.masses) > _SAME_MASS_DA  # not so where a mass is unknown
        is_same = (tanimoto == 1.0) & ~is_far
        scores[:, 5] = np.where(is_same, self.similarity.max(axis=1), 0.0).max(axis=1)
        return scores


def _soft_maximum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return something between mean and maximum of each row, shape (n,)."""
    highest = values.max(axis=1, keepdims=True)
    means = np.exp(_SHARPNESS * (values - highest)).mean(axis=1)
    soft: NDArray[np.float64] = highest[:, 0] + np.log(means) / _SHARPNESS
    return soft
