"""What the candidates of a feature have in common, and how probable each substructure is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit import Chem

from matchms_fingerprint.annotation.answers.common_core import Core, common_core
from matchms_fingerprint.annotation.answers.group_rules import FUNCTIONAL_GROUPS
from matchms_fingerprint.annotation.answers.molecules import likely_first, read_smiles
from matchms_fingerprint.annotation.answers.patterns import Patterns
from matchms_fingerprint.annotation.answers.ring_systems import ring_systems
from matchms_fingerprint.records import Share

LOOKED_AT, MOST_LOOKED_AT = 0.95, 10
"""Share of the probability, and number of candidates, whose groups are looked at."""
CORE_SHARE, MOST_OF_CORE = 0.8, 8
"""Share of the probability, and number of candidates, of which the common core is taken."""
LEAST_PROBABILITY = 0.2
MOST_NAMED = 10
KEPT = 20_000
"""Molecules whose groups are remembered."""


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    smarts: str
    atoms: frozenset[int]


def shared_substructures(smiles: Sequence[str], probabilities: Iterable[float]) -> tuple[Share, ...]:
    """Sum the probabilities of the candidates of each substructure.

    Listed are the maximum common substructure of the most probable candidates ("common core" and its SMILES), then
    functional groups and ring systems in words. What lies wholly within a larger group that is at least as probable is
    left out, such as the hydroxyl of a carboxylic acid.

    Parameters
    ----------
    smiles
        Of each candidate; what cannot be read is passed over.
    probabilities
        Of each candidate; they need not sum to 1, since the right structure may be none of them.

    Returns
    -------
    tuple of Share
        The common core first, then the most probable first, each with its pattern. A probability is a lower bound:
        candidates beyond `LOOKED_AT` of the probability are left out.
    """
    p = np.asarray(list(probabilities), np.float64)
    chosen = [
        (i, mol) for i in likely_first(p, LOOKED_AT, MOST_LOOKED_AT) if (mol := read_smiles(smiles[i])) is not None
    ]
    if not chosen:
        return ()
    shares = _group_shares([smiles[i] for i, _ in chosen], [float(p[i]) for i, _ in chosen])
    of_core = set(likely_first(p, CORE_SHARE, MOST_OF_CORE))
    core = _core_of(tuple(smiles[i] for i, _ in chosen if i in of_core))
    if core is not None:
        pattern = Chem.MolFromSmarts(core.smarts)
        total = sum(float(p[i]) for i, mol in chosen if mol.HasSubstructMatch(pattern))
        if total >= LEAST_PROBABILITY:
            shares = (Share(f"common core {core.smiles}", min(1.0, total), core.smarts), *shares)
    return shares[:MOST_NAMED]


def _group_shares(smiles: Sequence[str], probabilities: Sequence[float]) -> tuple[Share, ...]:
    totals: dict[str, float] = {}
    example: dict[str, tuple[int, _Group]] = {}
    for place, (text, p) in enumerate(zip(smiles, probabilities, strict=True)):
        for group in _groups_of(text):
            totals[group.name] = totals.get(group.name, 0.0) + p
            example.setdefault(group.name, (place, group))
    order = sorted(totals, key=lambda name: (-round(totals[name], 9), -len(example[name][1].atoms), name))
    kept: list[str] = []
    for name in order:
        place, group = example[name]
        if totals[name] < LEAST_PROBABILITY:
            break
        if not any(place == example[k][0] and group.atoms <= example[k][1].atoms for k in kept):
            kept.append(name)
    return tuple(Share(name, min(1.0, totals[name]), example[name][1].smarts) for name in kept[:MOST_NAMED])


@lru_cache(maxsize=KEPT)
def _groups_of(smiles: str) -> tuple[_Group, ...]:
    """Return functional groups and ring systems of a molecule, each with the atoms of all its matches."""
    mol = read_smiles(smiles)
    if mol is None:
        return ()
    patterns = _patterns()
    found = patterns.of(mol)
    groups = [
        _Group(name, smarts, frozenset(atom for match in mol.GetSubstructMatches(patterns[smarts]) for atom in match))
        for name, smarts in FUNCTIONAL_GROUPS.items()
        if found.has(smarts)
    ]
    return (*groups, *(_Group(ring.name, ring.smarts, frozenset(ring.atoms)) for ring in ring_systems(mol)))


@lru_cache(maxsize=KEPT)
def _core_of(smiles: tuple[str, ...]) -> Core | None:
    return common_core([mol for text in smiles if (mol := read_smiles(text)) is not None])


@lru_cache(maxsize=1)
def _patterns() -> Patterns:
    return Patterns(FUNCTIONAL_GROUPS.values())
