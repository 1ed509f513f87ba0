"""Molecules as graphs in a few flat arrays: what a message-passing network reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import BondType, HybridizationType, Mol

from matchms_fingerprint.errors import StructureError

ELEMENTS = ("C", "N", "O", "S", "P", "F", "Cl", "Br", "I", "Si", "B", "Se", "H")
"""Elements that are told apart; every other one is one more class."""
ATOM_FIELDS = {
    "element": len(ELEMENTS) + 1,
    "degree": 7,
    "charge": 5,
    "hydrogens": 5,
    "is_aromatic": 2,
    "is_in_ring": 2,
    "hybridization": 7,
}
"""What is known of an atom, and how many values each can take; what is beyond counts as the last."""
BOND_FIELDS = {"order": 5, "is_in_ring": 2, "is_conjugated": 2}
"""What is known of a bond, and how many values each can take."""
KEPT_GRAPHS = 1 << 17
"""Graphs of molecules that `graphs_of` keeps, those used last; each takes about 1.7 KiB."""

_HYBRIDIZATIONS = tuple(getattr(HybridizationType, name) for name in ("S", "SP", "SP2", "SP3", "SP3D", "SP3D2"))
_ORDERS = (BondType.SINGLE, BondType.DOUBLE, BondType.TRIPLE, BondType.AROMATIC)
_ELEMENT_CLASS = {name: i for i, name in enumerate(ELEMENTS)}
_HYBRIDIZATION_CLASS = {value: i for i, value in enumerate(_HYBRIDIZATIONS)}
_ORDER_CLASS = {value: i for i, value in enumerate(_ORDERS)}


@dataclass(frozen=True)
class MoleculeGraphs:
    """Several molecules.

    Parameters
    ----------
    atoms
        Values of `ATOM_FIELDS`, shape (n_atoms, 7), uint8.
    bonds
        Values of `BOND_FIELDS`, shape (n_bonds, 3), uint8.
    ends
        The two atoms of each bond, numbered within their molecule, shape (n_bonds, 2), int32.
    atom_offsets, bond_offsets
        First atom and bond of each molecule, and the end, shape (n_molecules + 1,), int64.
    """

    atoms: NDArray[np.uint8]
    bonds: NDArray[np.uint8]
    ends: NDArray[np.int32]
    atom_offsets: NDArray[np.int64]
    bond_offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return self.atom_offsets.size - 1

    def take(self, indices: NDArray[np.integer[Any]]) -> MoleculeGraphs:
        """Return the molecules at `indices`, in that order."""
        atoms, atom_offsets = _rows_of(self.atom_offsets, indices)
        bonds, bond_offsets = _rows_of(self.bond_offsets, indices)
        return MoleculeGraphs(self.atoms[atoms], self.bonds[bonds], self.ends[bonds], atom_offsets, bond_offsets)


def read_smiles(smiles: str) -> Mol:
    """Read a SMILES.

    Raises
    ------
    StructureError
        If it cannot be read.
    """
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise StructureError(f"{smiles!r} is not a SMILES that can be read")
    return mol


def molecule_graphs(mols: Iterable[Mol]) -> MoleculeGraphs:
    """Turn molecules into graphs of their atoms; hydrogens are counted, stereochemistry is left out."""
    atoms: list[tuple[int, ...]] = []
    bonds: list[tuple[int, ...]] = []
    ends: list[tuple[int, int]] = []
    n_atoms, n_bonds = [0], [0]
    for mol in mols:
        _add_molecule(mol, atoms, bonds, ends)
        n_atoms.append(len(atoms))
        n_bonds.append(len(bonds))
    return MoleculeGraphs(
        np.array(atoms, np.uint8).reshape(-1, len(ATOM_FIELDS)),
        np.array(bonds, np.uint8).reshape(-1, len(BOND_FIELDS)),
        np.array(ends, np.int32).reshape(-1, 2),
        np.array(n_atoms, np.int64),
        np.array(n_bonds, np.int64),
    )


def graphs_of(smiles: Iterable[str]) -> MoleculeGraphs:
    """Turn SMILES into graphs, and keep them: the same molecules are candidates of many spectra.

    Raises
    ------
    StructureError
        If a SMILES cannot be read.
    """
    graphs = [_graph_of(text) for text in smiles]
    if not graphs:
        return molecule_graphs([])
    n_atoms, n_bonds = [len(one.atoms) for one in graphs], [len(one.bonds) for one in graphs]
    return MoleculeGraphs(
        np.concatenate([one.atoms for one in graphs]),
        np.concatenate([one.bonds for one in graphs]),
        np.concatenate([one.ends for one in graphs]),
        np.cumsum([0, *n_atoms]).astype(np.int64),
        np.cumsum([0, *n_bonds]).astype(np.int64),
    )


@lru_cache(KEPT_GRAPHS)
def _graph_of(smiles: str) -> MoleculeGraphs:
    """Return the graph of one molecule."""
    return molecule_graphs([read_smiles(smiles)])


def _add_molecule(
    mol: Mol, atoms: list[tuple[int, ...]], bonds: list[tuple[int, ...]], ends: list[tuple[int, int]]
) -> None:
    for atom in mol.GetAtoms():
        atoms.append(
            (
                _ELEMENT_CLASS.get(atom.GetSymbol(), len(ELEMENTS)),
                min(atom.GetDegree(), 6),
                min(max(atom.GetFormalCharge(), -2), 2) + 2,
                min(atom.GetTotalNumHs(), 4),
                int(atom.GetIsAromatic()),
                int(atom.IsInRing()),
                _HYBRIDIZATION_CLASS.get(atom.GetHybridization(), len(_HYBRIDIZATIONS)),
            )
        )
    for bond in mol.GetBonds():
        order = _ORDER_CLASS.get(bond.GetBondType(), len(_ORDERS))
        bonds.append((order, int(bond.IsInRing()), int(bond.GetIsConjugated())))
        ends.append((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))


def _rows_of(
    offsets: NDArray[np.int64], indices: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the parts at `indices`, and the offsets of the parts among these."""
    lengths = np.diff(offsets)[indices]
    taken = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return np.repeat(offsets[indices] - taken[:-1], lengths) + np.arange(taken[-1]), taken
