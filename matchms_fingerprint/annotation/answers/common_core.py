"""The largest substructure that several molecules share, found in a bounded number of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rdkit import Chem
from rdkit.Chem import Mol, rdFMCS

FEWEST_ATOMS = 6
"""A smaller core says nothing that functional groups do not say."""
MOST_STEPS = 2000
"""Seeds that a search grows, 15 microseconds each: five in six need fewer than 1000, the others seldom gain by more."""


@dataclass(frozen=True, slots=True)
class Core:
    """A substructure that molecules share.

    Parameters
    ----------
    smarts
        Its pattern, with elements, bond orders, and whether a bond is in a ring.
    smiles
        Its atoms in the first molecule, as SMILES.
    n_atoms
        Number of its atoms.
    """

    smarts: str
    smiles: str
    n_atoms: int


def common_core(mols: Sequence[Mol], most_steps: int = MOST_STEPS) -> Core | None:
    """Find the maximum common substructure of molecules, most probable first.

    Elements and bond orders agree, and a ring is shared as a whole or not at all. Where what all of them share is
    smaller than `FEWEST_ATOMS`, the last one is left out, and so on down to two. The search is RDKit's FMCS (Dalke and
    Hastings, J. Cheminform. 2013, 5, O6). It is ended by a number of steps and not by a clock, so that the answer does
    not depend on how busy the machine is.

    Parameters
    ----------
    mols
        Two molecules or more; with fewer nothing is shared.
    most_steps
        Seeds that all searches together may grow; each takes half of what is left, and what is found by then counts.

    Returns
    -------
    Core or None
        None where they share nothing worth a name, or the first molecule as a whole.
    """
    left = most_steps
    for n_mols in range(len(mols), 1, -1):
        steps = _Steps(max(1, left // 2))
        found = rdFMCS.FindMCS(list(mols[:n_mols]), _parameters(steps))
        if found.numAtoms >= FEWEST_ATOMS:
            return _core(found.smartsString, mols[0])
        left -= steps.n_taken
    return None


def _core(smarts: str, mol: Mol) -> Core | None:
    atoms = mol.GetSubstructMatch(Chem.MolFromSmarts(smarts))
    if not FEWEST_ATOMS <= len(atoms) < mol.GetNumAtoms():
        return None
    return Core(smarts, Chem.MolFragmentToSmiles(mol, atoms, isomericSmiles=False), len(atoms))


def _parameters(steps: _Steps) -> Any:
    parameters: Any = rdFMCS.MCSParameters()
    parameters.BondCompareParameters.CompleteRingsOnly = True
    parameters.BondCompareParameters.RingMatchesRingOnly = True
    parameters.ProgressCallback = steps
    return parameters


class _Steps(rdFMCS.MCSProgress):
    """Ends a search after a number of steps; RDKit asks once for each seed."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.n_taken = 0

    def __call__(self, _statistics: Any, _parameters: Any) -> bool:
        self.n_taken += 1
        return self.n_taken < self._most
