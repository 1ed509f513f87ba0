"""Embeddings whose cosine is the structural similarity of the molecules behind two spectra.

Architecture 4 of Liu et al. ("Current and future deep learning algorithms for MS/MS-based small molecule structure
elucidation"): both spectra go through the same network, and the similarity of what comes out is trained to be that of
the structures, as in MS2DeepScore (Huber et al., J. Cheminformatics 2021); GLEAMS (Bittremieux et al., Nature Methods
2022) trains such a network to bring spectra of one peptide together.

Most pairs of molecules are alike in nothing: weighted as they come, a network learns to say 0.1. So pairs are weighted
such that every range of similarity counts the same; `training.pairs` draws them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.types import FloatArray

N_BINS = 10


def siamese_loss(units: Tensor, similarity: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean square difference of cosines and structural similarities over all pairs of a batch.

    Parameters
    ----------
    units
        Unit vectors of the spectra, shape (n, n_embedding).
    similarity
        Tanimoto similarity of their structures, shape (n, n).
    weights
        Weight of each pair, shape (n, n), as `balanced_pair_weights` makes them.

    Returns
    -------
    Tensor
        Scalar; 0, and without a gradient, where no pair has weight.

    Raises
    ------
    SettingsError
        If the shapes do not fit.
    """
    expected = (len(units), len(units))
    if similarity.shape != expected or weights.shape != expected:
        raise SettingsError(
            f"similarities of shape {tuple(similarity.shape)} and weights of shape {tuple(weights.shape)} do not fit "
            f"{len(units)} spectra; both must be of shape {expected}"
        )
    squares = (units @ units.T - similarity).square()
    return (squares * weights).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


def tanimoto_of_pairs(bits: Tensor) -> Tensor:
    """Return the Tanimoto similarity of all pairs of rows of bits, shape (n, n_bits), as (n, n); 0 of empty ones."""
    both, counts = bits @ bits.T, bits.sum(dim=1)
    return both / (counts[:, None] + counts - both).clamp(min=1)


def similarity_bins(similarity: FloatArray, n_bins: int = N_BINS) -> NDArray[np.int64]:
    """Return the range of each similarity: [0, 1/n), [1/n, 2/n), ..., the last with its end; same shape, int64.

    Raises
    ------
    SettingsError
        If there is not at least one bin.
    """
    if n_bins < 1:
        raise SettingsError(f"{n_bins} bins of similarity; expected at least 1")
    # a similarity such as 3/10 may be a hair below the edge, more so in 32 bits
    return np.minimum((similarity * n_bins + 1e-6).astype(np.int64), n_bins - 1)


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
