"""Pairs of spectra for a Siamese network, balanced over the similarity of their structures.

Most pairs of molecules are alike in nothing: drawn as they come, a network learns to say 0.1. So partners are drawn,
and pairs weighted, such that every range of similarity counts the same, as in MS2DeepScore (Huber et al., J.
Cheminformatics 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.kernels.types import FloatArray

N_BINS = 10


def similarity_bins(similarity: FloatArray, n_bins: int = N_BINS) -> NDArray[np.int64]:
    """Return the range of each similarity: [0, 1/n), [1/n, 2/n), ..., the last with its end; same shape, int64.

    Raises
    ------
    SettingsError
        If there is not at least one bin.
    """
    if n_bins < 1:
        raise SettingsError(f"{n_bins} bins of similarity; expected at least 1")
    # a similarity such as 3/10 may be a hair below the edge
    return np.minimum((similarity * n_bins + 1e-9).astype(np.int64), n_bins - 1)


def balanced_pair_weights(similarity: FloatArray, n_bins: int = N_BINS, full_from: int = 1) -> NDArray[np.float32]:
    """Return weights of all pairs of a batch with which each range of similarity counts the same.

    Parameters
    ----------
    similarity
        Tanimoto similarity of the structures of the batch with each other, shape (n, n).
    n_bins
        Number of ranges; those without pairs are left out.
    full_from
        A range with fewer pairs counts in proportion, so that a single pair does not outweigh hundreds.

    Returns
    -------
    ndarray of shape (n, n), float32
        Symmetric, sums to 1. A spectrum makes no pair with itself; two spectra of one structure are a pair.
    """
    others = ~np.eye(len(similarity), dtype=bool)
    if not others.any():
        return np.zeros(similarity.shape, np.float32)
    bins = similarity_bins(similarity, n_bins)
    # each pair stands on both sides of the diagonal
    counts = np.bincount(bins[others], minlength=n_bins) / 2
    of_bins = np.minimum(1.0, counts / full_from) / np.maximum(counts, 1)
    weights = np.where(others, of_bins[bins], 0.0)
    return (weights / weights.sum()).astype(np.float32)


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
