"""What the models of a learned split look at: structures with a few of their spectra, both reduced to a few numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from torch import Tensor

from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.binned import BinnedSettings, binned_rows
from matchms_fingerprint.features.labelled import LabelledSpectra


class Examples(NamedTuple):
    """Structures with some of their spectra.

    Attributes
    ----------
    spectra
        Reduced spectra, shape (n, n_features), float32.
    structure
        Structure of each, shape (n,).
    structures
        Mean reduced spectrum and reduced fingerprint of each structure, shape (n_structures, ...), float32.
    bits
        Bits that are predicted, shape (n_structures, n_bits), float32.
    sizes
        Share of each structure in the spectra of the data, shape (n_structures,), float64.
    """

    spectra: Tensor
    structure: NDArray[np.int64]
    structures: Tensor
    bits: Tensor
    sizes: NDArray[np.float64]


def make_examples(
    data: LabelledSpectra, spectra_per_structure: int, n_components: int, min_bit_share: float, rng: np.random.Generator
) -> Examples:
    """Draw spectra of each structure, and reduce them and the fingerprints.

    Parameters
    ----------
    data
        Spectra and their structures.
    spectra_per_structure
        How many spectra of a structure are drawn at most.
    n_components
        Numbers that remain of the bins of a spectrum, and twice those that remain of a fingerprint.
    min_bit_share
        Bits that fewer structures have, or lack, are left out.
    rng
        Source of the draws.

    Raises
    ------
    SettingsError
        If no bit is left.
    """
    used = np.unique(data.structure)
    structure = dense_numbers(data.structure)
    drawn = rng.permutation(len(data))
    drawn = drawn[np.argsort(structure[drawn], kind="stable")]
    ordered = structure[drawn]
    rows = drawn[np.arange(drawn.size) - np.searchsorted(ordered, ordered) < spectra_per_structure]
    features = BinnedSettings()
    binned = binned_rows(data.spectra.take(rows), features)
    matrix = csr_matrix((binned.weights, binned.indices, binned.offsets), shape=(rows.size, features.n_features))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix = csr_matrix(matrix.multiply(1.0 / np.maximum(lengths, 1e-9)[:, None]))
    seed = int(rng.integers(1 << 31))
    reduced = _standardized(np.hstack([_reduced(matrix, n_components, seed), binned.metadata]))
    bits = unpack_bits(data.fingerprints[used], data.fingerprint.n_bits)
    share = bits.mean(axis=0)
    bits = bits[:, (share >= min_bit_share) & (share <= 1 - min_bit_share)].astype(np.float32)
    if not bits.shape[1]:
        raise SettingsError("no bit of the fingerprint tells the structures apart, so no split can be learned")
    means = np.zeros((used.size, reduced.shape[1]), np.float32)
    np.add.at(means, structure[rows], reduced)
    means /= np.bincount(structure[rows], minlength=used.size)[:, None]
    fingerprints = _standardized(_reduced(csr_matrix(bits), n_components // 2, seed))
    return Examples(
        torch.from_numpy(reduced),
        structure[rows],
        torch.from_numpy(np.hstack([means, fingerprints])),
        torch.from_numpy(bits),
        np.bincount(structure) / structure.size,
    )


def _reduced(matrix: csr_matrix, n_components: int, seed: int) -> NDArray[np.float32]:
    """Return the leading components by a truncated singular value decomposition."""
    n = max(1, min(n_components, *(size - 1 for size in matrix.shape)))
    if matrix.shape[1] <= n:
        return matrix.toarray().astype(np.float32)
    reduced: NDArray[np.float32] = TruncatedSVD(n, random_state=seed).fit_transform(matrix).astype(np.float32)
    return reduced


def _standardized(values: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = values.std(axis=0)
    result: NDArray[np.float32] = ((values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)).astype(
        np.float32
    )
    return result


def dense_numbers(structure: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each structure among those that occur."""
    return np.unique(structure, return_inverse=True)[1].astype(np.int64)
