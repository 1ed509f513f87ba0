"""Many SMARTS on one molecule: those that its rings and the surroundings of its atoms rule out are not tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import Mol

from matchms_fingerprint.annotation.answers.surroundings import Surroundings
from matchms_fingerprint.errors import StructureError

_FIRST = Chem.SubstructMatchParameters()
_FIRST.maxMatches = 1  # type: ignore[assignment]


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
        self._smarts = list(dict.fromkeys(smarts))
        self._queries = [_read(text) for text in self._smarts]
        self._place = {text: place for place, text in enumerate(self._smarts)}
        self._n_rings = np.array([_n_rings(query) for query in self._queries], np.int64)
        self._surroundings = Surroundings(self._smarts)

    def of(self, mol: Mol) -> PatternsOf:
        """Return what tells which of the patterns a molecule has."""
        possible = self._surroundings.possible(mol) & (self._n_rings <= mol.GetRingInfo().NumRings())
        return PatternsOf(self, mol, {self._smarts[place] for place in np.flatnonzero(possible).tolist()})

    def __getitem__(self, smarts: str) -> Mol:
        return self._queries[self._place[smarts]]


class PatternsOf:
    """The patterns of one molecule; each is searched for once, and only when it is asked for.

    Parameters
    ----------
    patterns
        All patterns.
    mol
        The molecule.
    possible
        Those that it may have.
    """

    def __init__(self, patterns: Patterns, mol: Mol, possible: set[str]) -> None:
        self._patterns, self._mol, self.possible = patterns, mol, possible
        self._known: dict[str, bool] = {}

    def has(self, smarts: str) -> bool:
        """Tell whether the molecule has a pattern."""
        known = self._known.get(smarts)
        if known is None:
            query = self._patterns[smarts]
            known = self._known[smarts] = smarts in self.possible and self._mol.HasSubstructMatch(query, _FIRST)
        return known

    def has_any(self, smarts: Sequence[str]) -> bool:
        """Tell whether the molecule has one of some patterns."""
        return not self.possible.isdisjoint(smarts) and any(map(self.has, smarts))


def _read(smarts: str) -> Mol:
    query = Chem.MolFromSmarts(smarts)
    if query is None:
        raise StructureError(f"{smarts}: not a SMARTS that can be read")
    return query


def _n_rings(query: Mol) -> int:
    """Return the number of independent rings of a pattern, which a molecule with it has at least."""
    rings: int = query.GetNumBonds() - query.GetNumAtoms() + len(Chem.GetMolFrags(query))
    return rings
