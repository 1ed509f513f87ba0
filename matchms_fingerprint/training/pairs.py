"""Pairs of spectra for the Siamese head, spread over the similarity of their structures.

Most pairs of molecules are alike in nothing, so partners are drawn such that every range of similarity comes as often,
as in MS2DeepScore (Huber et al., J. Cheminformatics 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.models.siamese import N_BINS, similarity_bins


def draw_partners(
    anchors: NDArray[np.int64], packed: NDArray[np.uint64], rng: np.random.Generator, n_bins: int = N_BINS
) -> NDArray[np.int64]:
    """Draw a partner for each structure: first a range of similarity, then one of the structures within it.

    Parameters
    ----------
    anchors
        Positions in `packed`, shape (n,).
    packed
        Fingerprints of the structures to draw from, shape (n_structures, n_words), uint64.
    rng
        Source of the draws.
    n_bins
        Number of ranges; those without a structure are not drawn.

    Returns
    -------
    ndarray of shape (n,), int64
        Positions in `packed`. A structure may be its own partner: two of its spectra are a pair of similarity 1.
    """
    bins = similarity_bins(packed_similarity(packed[anchors], packed), n_bins)
    numbers = np.arange(len(anchors))[:, None] * n_bins + bins
    is_present = np.bincount(numbers.ravel(), minlength=len(anchors) * n_bins).reshape(-1, n_bins) > 0
    chosen = np.where(is_present, rng.random(is_present.shape), -1.0).argmax(axis=1)
    partners: NDArray[np.int64] = np.where(bins == chosen[:, None], rng.random(bins.shape), -1.0).argmax(axis=1)
    return partners


def with_partners(
    batches: Sequence[list[int]], data: LabelledSpectra, rows: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[list[int]]:
    """Put partners of the first half of each batch in the place of the second half.

    Parameters
    ----------
    batches
        Rows of the spectra of each batch.
    data
        The data.
    rows
        Spectra to draw from, shape (n,); those of the batches are among them.
    rng
        Source of the draws.
    """
    ordered = rows[np.argsort(data.structure[rows], kind="stable")]
    structures, starts, counts = np.unique(data.structure[ordered], return_index=True, return_counts=True)
    packed = data.fingerprints[structures]
    for batch in batches:
        anchors = np.searchsorted(structures, data.structure[batch[: len(batch) // 2]])
        partners = draw_partners(anchors, packed, rng)
        drawn = ordered[starts[partners] + (rng.random(len(partners)) * counts[partners]).astype(np.int64)]
        yield [*batch[: len(batch) - len(partners)], *drawn.tolist()]
