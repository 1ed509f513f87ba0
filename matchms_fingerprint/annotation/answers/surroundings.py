"""Which patterns a molecule may have, told by each of its atoms and what is bonded to it; the search decides.

A pattern of n atoms has n surroundings: an atom with its bonds and the atoms at their other ends. A molecule with the
pattern has atoms for all of them. Molecules are made of few kinds of surroundings, each of which is compared with those
of the patterns once, so that a molecule costs a few look-ups in place of a hundred searches. It is the screening that
comes before a substructure search (Barnard, J. Chem. Inf. Comput. Sci. 1993, 33, 532), by counts and without hashing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import Atom, Mol, rdMolDescriptors

KEPT = 50_000
"""Kinds of surroundings that are remembered."""

_MOST_ATOMS = 255  # counts are bytes
_BONDS = tuple(Chem.MolFromSmiles(smiles) for smiles in ("CC", "c1ccccc1", "C=C", "C#C"))
_KIND_OF_DOUBLED_ORDER = np.array([-1, -1, 0, 1, 2, -1, 3, -1], np.int64)  # a place in _BONDS
_BRACKETS = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]")
_OF_THE_ATOM_ALONE = re.compile(r"(?:!?(?:#\d+|Cl|Br|Si|Se|[BCNOFPSIcnopsaA*]|X\d|H\d?|R(?!\d)|[+-]\d*)[,&]?)+")
_IN_RING = re.compile(r"([-=#:~]);?!?@")

End = tuple[tuple[bool, ...], int]
"""Which of `_BONDS` a bond of a pattern may be, and the place of the atom at its end."""


class Surroundings:
    """The surroundings of the atoms of many patterns.

    Parameters
    ----------
    smarts
        The patterns.
    """

    def __init__(self, smarts: Sequence[str]) -> None:
        self._relaxed = [Chem.MolFromSmarts(relaxed(text) or "*") for text in smarts]  # they own the atoms below
        atoms: dict[str, Atom] = {}
        ends: dict[End, int] = {}
        kinds: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        needed = [_kinds_of(query, atoms, ends, kinds) for query in self._relaxed]
        self._atoms = list(atoms.values())
        self._places = np.array([kind for counts in needed for kind in counts], np.int64)
        self._least = np.array([least for counts in needed for least in counts.values()], np.uint8)
        self._starts = np.cumsum([0, *(len(counts) for counts in needed[:-1])])
        self._atom_of_kind = np.array([atom for atom, _ in kinds], np.int64)
        self._least_ends = np.zeros((len(kinds), len(ends)), np.uint8)
        for (_, counts), place in kinds.items():
            for end, least in counts:
                self._least_ends[place, end] = least
        self._bonds_of_end = np.array([bonds for bonds, _ in ends], bool).reshape(-1, len(_BONDS))
        self._atom_of_end = np.array([atom for _, atom in ends], np.int64)
        self._known: dict[tuple[int, bytes], int] = {}
        self._known_atoms: dict[int, NDArray[np.bool_]] = {}

    def possible(self, mol: Mol) -> NDArray[np.bool_]:
        """Tell which patterns a molecule may have, shape (n_patterns,): none that it has is told to be impossible."""
        n_atoms = mol.GetNumAtoms()
        everything = np.ones(len(self._relaxed), bool)
        if not self._relaxed or not 0 < n_atoms <= _MOST_ATOMS or mol.GetNumHeavyAtoms() < n_atoms:
            return everything
        adjacency = Chem.GetAdjacencyMatrix(mol, useBO=True)
        begin, end = np.nonzero(adjacency)
        bonds = _KIND_OF_DOUBLED_ORDER[np.minimum(2 * adjacency[begin, end], 7).astype(np.int64)]
        if np.any(bonds < 0):
            return everything
        codes = 2 * np.array(rdMolDescriptors.GetConnectivityInvariants(mol), np.int64)
        codes[begin[bonds == 1]] |= 1
        ends = codes[end] * len(_BONDS) + bonds
        ends = ends[np.lexsort((ends, begin))]
        starts = 8 * np.searchsorted(begin, np.arange(n_atoms + 1))
        counts = self._counts(mol, codes.tolist(), ends.tobytes(), starts.tolist())
        enough = np.greater_equal(counts[self._places], self._least)
        return np.logical_and.reduceat(enough, self._starts)

    def _counts(self, mol: Mol, codes: list[int], ends: bytes, starts: list[int]) -> NDArray[np.uint8]:
        """Return how many atoms of a molecule have each of the surroundings; a row of bytes is added as one number."""
        total = 0
        for atom, code in enumerate(codes):
            kind = (code, ends[starts[atom] : starts[atom + 1]])
            known = self._known.get(kind)
            if known is None:
                if len(self._known) >= KEPT:
                    self._known.clear()
                known = self._known[kind] = self._compared(mol, atom, codes)
            total += known
        return np.frombuffer(total.to_bytes(len(self._atom_of_kind), "little"), np.uint8)

    def _compared(self, mol: Mol, place: int, codes: list[int]) -> int:
        """Compare an atom with all surroundings; return one byte for each, 1 where the atom has it."""
        atom = mol.GetAtomWithIdx(place)
        found = np.zeros(len(self._atom_of_end), np.uint8)
        for bond in atom.GetBonds():
            other = bond.GetOtherAtom(atom)
            kind = _KIND_OF_DOUBLED_ORDER[int(2 * bond.GetBondTypeAsDouble())]
            found += self._matched(other, codes[other.GetIdx()])[self._atom_of_end] & self._bonds_of_end[:, kind]
        has = self._matched(atom, codes[place])[self._atom_of_kind] & np.all(found >= self._least_ends, axis=1)
        return int.from_bytes(has.astype(np.uint8).tobytes(), "little")

    def _matched(self, atom: Atom, code: int) -> NDArray[np.bool_]:
        """Tell which atoms of the patterns an atom matches."""
        known = self._known_atoms.get(code)
        if known is None:
            known = self._known_atoms[code] = np.array([query.Match(atom) for query in self._atoms], bool)
        return known


def _kinds_of(
    query: Mol,
    atoms: dict[str, Atom],
    ends: dict[End, int],
    kinds: dict[tuple[int, tuple[tuple[int, int], ...]], int],
) -> Counter[int]:
    """Return how often each of the surroundings occurs in a pattern, adding what is new to the three dictionaries."""
    for atom in query.GetAtoms():
        atoms.setdefault(atom.GetSmarts(), atom)
    place_of = {text: place for place, text in enumerate(atoms)}
    places = [place_of[atom.GetSmarts()] for atom in query.GetAtoms()]
    found: Counter[int] = Counter()
    for atom, place in zip(query.GetAtoms(), places, strict=True):
        counts: Counter[int] = Counter()
        for bond in atom.GetBonds():
            matches = tuple(bool(bond.Match(known.GetBondWithIdx(0))) for known in _BONDS)
            end = (matches, places[bond.GetOtherAtomIdx(atom.GetIdx())])
            counts[ends.setdefault(end, len(ends))] += 1
        found[kinds.setdefault((place, tuple(sorted(counts.items()))), len(kinds))] += 1
    return found


def relaxed(smarts: str) -> str | None:
    """Return a pattern that asks of an atom only what does not depend on others: element, bonds, charge, in a ring.

    What stands behind a semicolon and asks for more is left out, so that all molecules with the pattern have the
    relaxed one. None where a bond asks for more than that.
    """
    outside = _BRACKETS.sub("", smarts)
    if re.search(r"[@\[\]]", _IN_RING.sub("", outside)):
        return None
    parts, end = [], 0
    for found in _BRACKETS.finditer(smarts):
        parts += [_IN_RING.sub(r"\1", smarts[end : found.start()]), f"[{_relaxed_atom(found[1])}]"]
        end = found.end()
    return "".join([*parts, _IN_RING.sub(r"\1", smarts[end:])])


def _relaxed_atom(text: str) -> str:
    """Return what stands between the semicolons of an atom as far as it is of the atom alone."""
    groups, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == ";" and depth == 0:
            groups.append("")
        else:
            groups[-1] += letter
    return ";".join(group for group in groups if _OF_THE_ATOM_ALONE.fullmatch(group)) or "*"
