"""The largest substructure that several molecules share, found in bounded time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rdkit import Chem
from rdkit.Chem import Mol, rdFMCS

FEWEST_ATOMS = 6
"""A smaller core says nothing that functional groups do not say."""
TIME_LIMIT_S = 0.2


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


def common_core(mols: Sequence[Mol], time_limit_s: float = TIME_LIMIT_S) -> Core | None:
    """Find the maximum common substructure of molecules, most probable first.

    Elements and bond orders agree, and a ring is shared as a whole or not at all. Where what all of them share is
    smaller than `FEWEST_ATOMS`, the last one is left out, and so on down to two. The search is RDKit's FMCS (Dalke and
    Hastings, J. Cheminform. 2013, 5, O6).

    Parameters
    ----------
    mols
        Two molecules or more; with fewer nothing is shared.
    time_limit_s
        Time for all searches together; what is found by then counts.

    Returns
    -------
    Core or None
        None where they share nothing worth a name, or the first molecule as a whole.
    """
    ends_at = time.monotonic() + time_limit_s
    for n_mols in range(len(mols), 1, -1):
        found = rdFMCS.FindMCS(list(mols[:n_mols]), _parameters(ends_at))
        if found.numAtoms >= FEWEST_ATOMS:
            return _core(found.smartsString, mols[0])
        if time.monotonic() > ends_at:
            break
    return None


def _core(smarts: str, mol: Mol) -> Core | None:
    atoms = mol.GetSubstructMatch(Chem.MolFromSmarts(smarts))
    if not FEWEST_ATOMS <= len(atoms) < mol.GetNumAtoms():
        return None
    return Core(smarts, Chem.MolFragmentToSmiles(mol, atoms, isomericSmiles=False), len(atoms))


def _parameters(ends_at: float) -> Any:
    parameters: Any = rdFMCS.MCSParameters()
    parameters.BondCompareParameters.CompleteRingsOnly = True
    parameters.BondCompareParameters.RingMatchesRingOnly = True
    parameters.ProgressCallback = _Deadline(ends_at)  # RDKit's own limit counts whole seconds
    return parameters


class _Deadline(rdFMCS.MCSProgress):
    """Ends a search at a time of `time.monotonic`."""

    def __init__(self, ends_at: float) -> None:
        super().__init__()
        self._ends_at = ends_at

    def __call__(self, _statistics: Any, _parameters: Any) -> bool:
        return time.monotonic() < self._ends_at
