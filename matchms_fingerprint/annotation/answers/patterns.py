"""Many SMARTS on one molecule: those that cannot match, by its elements and rings alone, are not tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import Mol, rdMolDescriptors

from matchms_fingerprint.errors import StructureError

_ELEMENTS = {6: "C", 7: "N", 8: "O", 9: "F", 14: "Si", 15: "P", 16: "S", 17: "Cl"}
_ELEMENT_AND_COUNT = re.compile(r"([A-Z][a-z]?)(\d*)")


class Patterns:
    """SMARTS that are asked of many molecules.

    Parameters
    ----------
    smarts
        The patterns; doubles are kept once.

    Raises
    ------
    StructureError
        If a pattern cannot be read.
    """

    def __init__(self, smarts: Iterable[str]) -> None:
        self._queries: list[Mol] = []
        self._place: dict[str, int] = {}
        for text in dict.fromkeys(smarts):
            query = Chem.MolFromSmarts(text)
            if query is None:
                raise StructureError(f"{text}: not a SMARTS that can be read")
            self._place[text] = len(self._queries)
            self._queries.append(query)
        self._needs = np.array([_needs(query) for query in self._queries], np.int64).reshape(len(self._queries), -1)

    def of(self, mol: Mol) -> Callable[[str], bool]:
        """Return a function that tells of one of the patterns whether the molecule has it."""
        possible = np.all(np.less_equal(self._needs, _content(mol)), axis=1).tolist()
        known: dict[int, bool] = {}

        def has(smarts: str) -> bool:
            place = self._place[smarts]
            if place not in known:
                known[place] = possible[place] and mol.HasSubstructMatch(self._queries[place])
            return known[place]

        return has

    def __getitem__(self, smarts: str) -> Mol:
        return self._queries[self._place[smarts]]


def _content(mol: Mol) -> NDArray[np.int64]:
    """Return the number of atoms, of independent rings, of aromatic atoms and of each of `_ELEMENTS`."""
    formula = rdMolDescriptors.CalcMolFormula(mol)
    elements = {symbol: int(count or 1) for symbol, count in _ELEMENT_AND_COUNT.findall(formula)}
    rings = mol.GetRingInfo().NumRings()
    aromatic = len(mol.GetAromaticAtoms())
    counts = (elements.get(symbol, 0) for symbol in _ELEMENTS.values())
    return np.array([mol.GetNumAtoms(), rings, aromatic, *counts], np.int64)


def _needs(query: Mol) -> list[int]:
    """Return the least of `_content` that a molecule with the pattern has.

    RDKit gives the atomic number 0 to an atom of a pattern that leaves a choice of elements.
    """
    atoms = query.GetAtoms()
    elements = Counter(atom.GetAtomicNum() for atom in atoms)
    rings = query.GetNumBonds() - query.GetNumAtoms() + len(Chem.GetMolFrags(query))
    aromatic = sum(atom.GetAtomicNum() > 0 and atom.GetIsAromatic() for atom in atoms)
    return [query.GetNumAtoms(), rings, aromatic, *(elements[z] for z in _ELEMENTS)]
