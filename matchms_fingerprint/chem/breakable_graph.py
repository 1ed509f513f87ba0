"""SMILES to the few arrays from which the fragmenter works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from matchms_fingerprint.chem.structures import read_as_written
from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.kernels.fragmenter import AROMATIC, DOUBLE, SINGLE, TRIPLE

_TABLE = Chem.GetPeriodicTable()
_CLASS_OF_DOUBLED_ORDER = np.array([TRIPLE, TRIPLE, SINGLE, AROMATIC, DOUBLE, TRIPLE, TRIPLE], np.uint8)


@dataclass(frozen=True, eq=False)
class BreakableGraph:
    """The heavy atoms of a molecule and their bonds.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (n_atoms,), uint8.
    hydrogens
        Hydrogens at each atom, shape (n_atoms,), uint8.
    charges
        Formal charges, shape (n_atoms,), int8.
    ends
        The two atoms of each bond, shape (n_bonds, 2), int32.
    orders
        `kernels.fragmenter.SINGLE`, `AROMATIC`, `DOUBLE` or `TRIPLE`, shape (n_bonds,), uint8.
    """

    numbers: NDArray[np.uint8]
    hydrogens: NDArray[np.uint8]
    charges: NDArray[np.int8]
    ends: NDArray[np.int32]
    orders: NDArray[np.uint8]

    def __len__(self) -> int:
        return self.numbers.size

    @property
    def masses(self) -> NDArray[np.float64]:
        """Mass of each atom with its hydrogens in Da, shape (n_atoms,)."""
        masses: NDArray[np.float64] = _masses()[self.numbers] + self.hydrogens * _masses()[1]
        return masses


def breakable_graph(smiles: str) -> BreakableGraph:
    """Read a SMILES as a candidate library holds it: canonical, with aromatic atoms in small letters.

    Nothing is looked for that such a SMILES already says, which takes a fraction of the time of a full reading.

    Raises
    ------
    StructureError
        If it cannot be read.
    """
    mol = read_as_written(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        raise StructureError(f"{smiles!r} is not a SMILES that can be read")
    mol.UpdatePropertyCache(strict=False)
    atoms = [mol.GetAtomWithIdx(i) for i in range(mol.GetNumAtoms())]  # an iterator takes twice the time
    adjacency = Chem.GetAdjacencyMatrix(mol, useBO=True)
    begin, end = np.nonzero(adjacency)
    once = begin < end
    begin, end = begin[once], end[once]
    return BreakableGraph(
        numbers=np.array([atom.GetAtomicNum() for atom in atoms], np.uint8),
        hydrogens=np.array([atom.GetTotalNumHs() for atom in atoms], np.uint8),
        charges=np.array([atom.GetFormalCharge() for atom in atoms], np.int8),
        ends=np.array([begin, end], np.int32).T.copy(),
        orders=_CLASS_OF_DOUBLED_ORDER[np.minimum(2 * adjacency[begin, end], 6).astype(np.int64)],
    )


@lru_cache(maxsize=1)
def _masses() -> NDArray[np.float64]:
    """Return the mass of the most common isotope of each element by its number, shape (119,)."""
    return np.array([0.0, *(_TABLE.GetMostCommonIsotopeMass(number) for number in range(1, 119))])
