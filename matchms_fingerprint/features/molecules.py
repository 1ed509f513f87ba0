"""Many molecules as arrays: what every encoder of structures reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints, unpack_bits
from matchms_fingerprint.features.molecule_graphs import MoleculeGraphs, molecule_graphs, read_smiles

_CHUNK = 4096


@dataclass(frozen=True)
class Molecules:
    """Several molecules.

    Parameters
    ----------
    fingerprints
        Packed, shape (n_molecules, n_words), uint64.
    graphs
        Atoms and bonds; None where no encoder needs them.
    """

    fingerprints: NDArray[np.uint64]
    graphs: MoleculeGraphs | None = None

    def __len__(self) -> int:
        return len(self.fingerprints)

    def take(self, indices: NDArray[np.integer[Any]]) -> Molecules:
        """Return the molecules at `indices`, in that order."""
        return Molecules(self.fingerprints[indices], None if self.graphs is None else self.graphs.take(indices))

    def distinct(self) -> tuple[Molecules, NDArray[np.int64]]:
        """Return each molecule once, and the place of each of these among them, shape (n_molecules,).

        Molecules with graphs all count as distinct, others by their fingerprints.
        """
        if self.graphs is not None:
            return self, np.arange(len(self))
        found, places = np.unique(self.fingerprints, axis=0, return_inverse=True)
        return Molecules(found), places.reshape(-1).astype(np.int64)


def molecules_of(smiles: Iterable[str], fingerprint: FingerprintSpec, with_graphs: bool = True) -> Molecules:
    """Turn SMILES into arrays.

    Raises
    ------
    StructureError
        If a SMILES cannot be read.
    """
    texts = list(smiles)
    mols = [read_smiles(text) for text in texts]
    return Molecules(fingerprints(mols, fingerprint), molecule_graphs(mols) if with_graphs else None)


def set_bits(packed: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the set bits of fingerprints, one after the other.

    Parameters
    ----------
    packed
        Shape (n, n_words), uint64.

    Returns
    -------
    bits : ndarray of shape (n_set_bits,), int64
        Ascending within a fingerprint.
    offsets : ndarray of shape (n + 1,), int64
        Where each fingerprint begins, and the end.
    """
    n_bits = 64 * packed.shape[1]
    parts, counts = [np.empty(0, np.int64)], [np.zeros(1, np.int64)]
    for start in range(0, len(packed), _CHUNK):
        flags = unpack_bits(packed[start : start + _CHUNK], n_bits).view(np.bool_)
        places = np.flatnonzero(flags)
        parts.append(places % n_bits)
        counts.append(np.bincount(places // n_bits, minlength=len(flags)))
    return np.concatenate(parts), np.cumsum(np.concatenate(counts))
