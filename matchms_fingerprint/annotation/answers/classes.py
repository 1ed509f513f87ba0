"""Which compound classes the candidates of a feature are in, and how probable each is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from rdkit.Chem import Mol

from matchms_fingerprint.annotation.answers.class_rules import CLASS_RULES, ClassRule
from matchms_fingerprint.annotation.answers.molecules import likely_first, read_smiles
from matchms_fingerprint.annotation.answers.patterns import Patterns
from matchms_fingerprint.records import Share

LOOKED_AT = 0.95
"""Share of the probability whose candidates are looked at; the rest is in no class."""
MOST_LOOKED_AT = 10
LEAST_PROBABILITY = 0.05
"""Classes below it are not named."""
MOST_NAMED = 12
KEPT = 100_000
"""Molecules whose classes are remembered."""


def class_shares(
    smiles: Sequence[str], probabilities: Iterable[float], given: Sequence[Sequence[str]] | None = None
) -> tuple[Share, ...]:
    """Sum the probabilities of the candidates of each class.

    Parameters
    ----------
    smiles
        Of each candidate.
    probabilities
        Of each candidate; they need not sum to 1, since the right structure may be none of them.
    given
        Classes of each candidate that its library gives; where there are some, they take the place of the rules.

    Returns
    -------
    tuple of Share
        Most probable first. A probability is a lower bound: candidates beyond `LOOKED_AT` of the probability are left
        out, as are classes below `LEAST_PROBABILITY`.
    """
    p = np.asarray(list(probabilities), np.float64)
    totals: dict[str, float] = {}
    for i in likely_first(p, LOOKED_AT, MOST_LOOKED_AT):
        for name in (given[i] if given is not None else ()) or classes_of(smiles[i]):
            totals[name] = totals.get(name, 0.0) + float(p[i])
    named = sorted(totals.items(), key=lambda item: (-item[1], _ORDER.get(item[0], len(_ORDER)), item[0]))
    return tuple(Share(name, min(1.0, total)) for name, total in named[:MOST_NAMED] if total >= LEAST_PROBABILITY)


@lru_cache(maxsize=KEPT)
def classes_of(smiles: str) -> tuple[str, ...]:
    """Return the classes of one molecule, in the order of the rules; none for a SMILES that cannot be read."""
    mol = read_smiles(smiles)
    return () if mol is None else tuple(rule.name for rule in matching_rules(mol))


def matching_rules(mol: Mol) -> list[ClassRule]:
    """Return the rules that a molecule fulfils."""
    found = _patterns().of(mol)
    return [rule for rule in CLASS_RULES if found.has_any(rule.any_of) and not found.has_any(rule.none_of)]


@lru_cache(maxsize=1)
def _patterns() -> Patterns:
    return Patterns(smarts for rule in CLASS_RULES for smarts in (*rule.any_of, *rule.none_of))


_ORDER = {rule.name: place for place, rule in enumerate(CLASS_RULES)}
