"""Structures as coordinates: RDKit lays them out, the page draws them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, rdDepictor

UNITS_PER_ANGSTROM = 20
_WEDGES = {Chem.BondDir.BEGINWEDGE: 5, Chem.BondDir.BEGINDASH: 6}
_ORDERS = {Chem.BondType.DOUBLE: 2, Chem.BondType.TRIPLE: 3, Chem.BondType.AROMATIC: 4}

Drawing = dict[str, list[Any]]
"""`xy`: x and y of each atom, whole numbers, y downwards. `b`: for each bond its atoms and its kind (1 to 3 its order,
4 aromatic, 5 wedge, 6 hashed wedge). `l`: for each atom that is labelled its place, symbol, hydrogens and charge."""


@lru_cache(maxsize=4096)
def drawing_of(smiles: str) -> Drawing | None:
    """Return the drawing of a molecule, or None where its SMILES cannot be read."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None or not mol.GetNumAtoms():
            return None
        rdDepictor.Compute2DCoords(mol, canonOrient=True)
        Chem.Kekulize(mol, clearAromaticFlags=True)
        Chem.WedgeMolBonds(mol, mol.GetConformer())
        return _pack(mol)


@lru_cache(maxsize=4096)
def drawing_of_part(smiles: str) -> Drawing | None:
    """Return the drawing of a part of a molecule, whose valences need not be complete; None where it cannot be."""
    with rdBase.BlockLogs():
        mol = _read_part(smiles)
        if mol is None or not mol.GetNumAtoms():
            return None
        try:
            for atom in mol.GetAtoms():
                atom.SetNoImplicit(True)
                if atom.GetAtomicNum() == 6:
                    atom.SetNumExplicitHs(0)
            mol.UpdatePropertyCache(strict=False)
            Chem.FastFindRings(mol)
            rdDepictor.Compute2DCoords(mol, canonOrient=True)
        except (ValueError, RuntimeError):
            return None
        return _pack(mol)


def atoms_of_part(smiles: str, part: str) -> tuple[int, ...]:
    """Return the atoms of a molecule that a part of it, given as SMILES, stands for; none where it is not found.

    Where the part is in the molecule several times, the first place is taken.
    """
    with rdBase.BlockLogs():
        mol, piece = _read_part(smiles), _read_part(part)
        if mol is None or piece is None or not piece.GetNumAtoms():
            return ()
        return tuple(mol.GetSubstructMatch(piece))


def atoms_of_pattern(smiles: str, smarts: str) -> tuple[int, ...]:
    """Return the atoms of a molecule that a pattern matches, all matches together."""
    with rdBase.BlockLogs():
        mol, pattern = _read(smiles), _read_pattern(smarts)
        if mol is None or pattern is None:
            return ()
        return tuple(sorted({atom for match in mol.GetSubstructMatches(pattern) for atom in match}))


def as_bits(atoms: Iterable[int]) -> str:
    """Return places of atoms as hexadecimal digits, four atoms a digit, the first atoms first."""
    places = list(atoms)
    digits = [0] * (max(places, default=-1) // 4 + 1)
    for place in places:
        digits[place // 4] |= 1 << place % 4
    return "".join(f"{digit:x}" for digit in digits)


@lru_cache(maxsize=4096)
def _read(smiles: str) -> Mol | None:
    return Chem.MolFromSmiles(smiles)


@lru_cache(maxsize=4096)
def _read_part(smiles: str) -> Mol | None:
    return Chem.MolFromSmiles(smiles, sanitize=False)


@lru_cache(maxsize=4096)
def _read_pattern(smarts: str) -> Mol | None:
    return Chem.MolFromSmarts(smarts)


def _pack(mol: Mol) -> Drawing:
    positions = mol.GetConformer().GetPositions()[:, :2] * (UNITS_PER_ANGSTROM, -UNITS_PER_ANGSTROM)
    positions -= positions.min(axis=0)
    bonds: list[int] = []
    for bond in mol.GetBonds():
        kind = _WEDGES.get(bond.GetBondDir(), _ORDERS.get(bond.GetBondType(), 1))
        bonds += [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), kind]
    labels: list[Any] = []
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() != 6 or atom.GetFormalCharge() or not atom.GetDegree():
            labels += [atom.GetIdx(), atom.GetSymbol(), atom.GetTotalNumHs(), atom.GetFormalCharge()]
    return {"xy": positions.round().astype(int).ravel().tolist(), "b": bonds, "l": labels}
