"""Molecules as graphs that can be broken: what `kernels.random_fragments` draws spectra of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from matchms_fingerprint.kernels.random_fragments import HYDROGEN_MASS, MAX_ATOMS, molecule_cuts, neighbour_masks

FEWEST_ATOMS = 4
"""Smaller molecules have no fragments that an instrument sees."""

_TABLE = Chem.GetPeriodicTable()
_CARBON = 6


@dataclass(frozen=True)
class BreakableMolecules:
    """Several molecules, their atoms and their cuts.

    Parameters
    ----------
    atom_offsets, cut_offsets
        First atom and first cut of each molecule, and the end, shape (n_molecules + 1,), int64.
    masses
        Mass of each heavy atom with its hydrogens in Da, shape (n_atoms,), float64.
    hydrogens
        Number of these, shape (n_atoms,), uint8.
    is_odd
        1 where an atom and its hydrogens have an odd number of electrons, shape (n_atoms,), uint8.
    neighbours
        Mask of the neighbours of each atom within its molecule, shape (n_atoms,), uint64.
    sides
        Mask of the atoms on one side of each cut, shape (n_cuts,), uint64.
    costs
        How hard a cut is, in units of a single bond between carbons, shape (n_cuts,), float32.
    """

    atom_offsets: NDArray[np.int64]
    cut_offsets: NDArray[np.int64]
    masses: NDArray[np.float64]
    hydrogens: NDArray[np.uint8]
    is_odd: NDArray[np.uint8]
    neighbours: NDArray[np.uint64]
    sides: NDArray[np.uint64]
    costs: NDArray[np.float32]

    def __len__(self) -> int:
        return self.atom_offsets.size - 1

    @property
    def molecular_masses(self) -> NDArray[np.float64]:
        """Exact mass of each molecule in Da, shape (n_molecules,)."""
        return np.add.reduceat(self.masses, self.atom_offsets[:-1]) if len(self) else np.empty(0)


class _Molecule(NamedTuple):
    """The fields of `BreakableMolecules` from `masses` on, of one molecule."""

    masses: NDArray[np.float64]
    hydrogens: NDArray[np.uint8]
    is_odd: NDArray[np.uint8]
    neighbours: NDArray[np.uint64]
    sides: NDArray[np.uint64]
    costs: NDArray[np.float32]


def breakable_molecules(
    smiles: list[str], stopped: Callable[[], bool] = lambda: False
) -> tuple[BreakableMolecules, NDArray[np.bool_]]:
    """Read molecules and find how they break.

    Parameters
    ----------
    smiles
        Molecules.
    stopped
        Asked now and then; once it is True, the rest counts as unusable.

    Returns
    -------
    BreakableMolecules
        Those that can be used.
    ndarray of shape (n_smiles,), bool
        Which these are: read, of one part, not charged, of at least `FEWEST_ATOMS` and at most
        `random_fragments.MAX_ATOMS` heavy atoms, with a bond that breaks.
    """
    found = [None if stopped() else _read(text) for text in smiles]
    return _gather([molecule for molecule in found if molecule]), np.array([one is not None for one in found], bool)


def join_molecules(parts: Iterable[BreakableMolecules]) -> BreakableMolecules:
    """Join molecules in their order."""
    listed = [_gather([]), *parts]
    columns = {name: np.concatenate([getattr(part, name) for part in listed]) for name in _Molecule._fields}
    for name in ("atom_offsets", "cut_offsets"):
        lengths = [np.diff(getattr(part, name)) for part in listed]
        columns[name] = np.cumsum(np.concatenate([[0], *lengths]), dtype=np.int64)
    return BreakableMolecules(**columns)


def _gather(molecules: list[_Molecule]) -> BreakableMolecules:
    columns = [
        np.concatenate([np.empty(0, dtype), *column]) for dtype, *column in zip(_DTYPES, *molecules, strict=True)
    ]
    atoms = np.cumsum([0, *(one.masses.size for one in molecules)], dtype=np.int64)
    cuts = np.cumsum([0, *(one.sides.size for one in molecules)], dtype=np.int64)
    return BreakableMolecules(atoms, cuts, *columns)


_DTYPES = (np.float64, np.uint8, np.uint8, np.uint64, np.uint64, np.float32)


def _read(smiles: str) -> _Molecule | None:
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or not FEWEST_ATOMS <= mol.GetNumAtoms() <= MAX_ATOMS or "." in smiles:
        return None
    if Chem.GetFormalCharge(mol) != 0:
        return None
    described = [(atom.GetAtomicNum(), atom.GetTotalNumHs()) for atom in mol.GetAtoms()]
    numbers, hydrogens = np.array(described, np.int64).T
    rings = mol.GetRingInfo().AtomRings()
    orders = Chem.GetAdjacencyMatrix(mol, useBO=True)
    sides, costs = molecule_cuts(
        orders,
        (numbers != _CARBON).astype(np.uint8),
        np.array([atom for ring in rings for atom in ring], np.int64),
        np.cumsum([len(ring) for ring in rings], dtype=np.int64),
    )
    if sides.size == 0:
        return None
    heavy = np.array([_isotope_mass(number) for number, _ in described])
    return _Molecule(
        masses=heavy + hydrogens * HYDROGEN_MASS,
        hydrogens=hydrogens.astype(np.uint8),
        is_odd=((numbers + hydrogens) % 2).astype(np.uint8),
        neighbours=neighbour_masks(orders),
        sides=sides,
        costs=costs.astype(np.float32),
    )


@lru_cache(maxsize=128)
def _isotope_mass(number: int) -> float:
    return float(_TABLE.GetMostCommonIsotopeMass(number))
