"""The ring systems of a molecule, each with a name that people use, or as SMILES."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem
from rdkit.Chem import Mol

from matchms_fingerprint.annotation.answers.group_rules import RING_SYSTEMS

SMALLEST_MACROCYCLE = 9


@dataclass(frozen=True, slots=True)
class RingSystem:
    """Rings that share bonds.

    Parameters
    ----------
    name
        In words, or with its SMILES.
    smarts
        Elements and bonds of the rings, whatever they carry.
    atoms
        Their atoms in the molecule, ascending.
    """

    name: str
    smarts: str
    atoms: tuple[int, ...]


def ring_systems(mol: Mol) -> list[RingSystem]:
    """Return the ring systems of a molecule; each kind once."""
    bare = _without_hydrogens(mol)
    found: dict[str, RingSystem] = {}
    for atoms, bonds in _fused(mol):
        part = Chem.PathToSubmol(bare, bonds)
        name = _name(part, Chem.MolToSmiles(part, isomericSmiles=False))
        found.setdefault(name, RingSystem(name, Chem.MolToSmarts(part, isomericSmiles=False), atoms))
    return list(found.values())


def _name(part: Mol, smiles: str) -> str:
    if smiles in _names():
        return _names()[smiles]
    is_one_ring = part.GetNumBonds() == part.GetNumAtoms()
    if is_one_ring and part.GetNumAtoms() >= SMALLEST_MACROCYCLE:
        return f"macrocycle of {part.GetNumAtoms()} atoms"
    return f"ring system {smiles}"


def _fused(mol: Mol) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return atoms and bonds of each group of rings that share bonds."""
    info = mol.GetRingInfo()
    groups: list[tuple[set[int], set[int]]] = []
    for atoms, bonds in zip(info.AtomRings(), info.BondRings(), strict=True):
        group = (set(atoms), set(bonds))
        apart = []
        for other in groups:
            if other[1] & group[1]:
                group = (group[0] | other[0], group[1] | other[1])
            else:
                apart.append(other)
        groups = [*apart, group]
    return [(tuple(sorted(ring_atoms)), tuple(sorted(ring_bonds))) for ring_atoms, ring_bonds in groups]


def _without_hydrogens(mol: Mol) -> Mol:
    """Return a copy whose atoms have no hydrogens, so that N-H and N-R of a ring are written alike."""
    bare = Chem.Mol(mol)
    for atom in bare.GetAtoms():
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(True)
        atom.SetFormalCharge(0)
    return bare


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return SMILES of bare rings -> name."""
    names = {}
    for smiles, name in RING_SYSTEMS.items():
        mol = Chem.MolFromSmiles(smiles)
        (_, bonds), *_ = _fused(mol)
        names[Chem.MolToSmiles(Chem.PathToSubmol(_without_hydrogens(mol), bonds), isomericSmiles=False)] = name
    return names
