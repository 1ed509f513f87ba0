"""Molecular formulas: text to counts, mass and Hill order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rdkit import Chem

from matchms_fingerprint.errors import StructureError

_PART = re.compile(r"([A-Z][a-z]?)(\d*)")
_TABLE = Chem.GetPeriodicTable()
_ELEMENTS = frozenset(_TABLE.GetElementSymbol(number) for number in range(1, 119))


def parse_formula(text: str) -> tuple[dict[str, int], float]:
    """Read a formula such as "C8H10N4O2"; blanks are ignored.

    Returns
    -------
    counts
        Number of atoms of each element.
    exact_mass
        Monoisotopic mass in Da.

    Raises
    ------
    StructureError
        If the text is no formula.
    """
    compact = re.sub(r"\s+", "", text)
    parts = _PART.findall(compact)
    if not parts or "".join(symbol + count for symbol, count in parts) != compact:
        raise StructureError(f"formula {text!r}: not understood; write it like C8H10N4O2")
    counts: dict[str, int] = {}
    for symbol, count in parts:
        if symbol not in _ELEMENTS:
            raise StructureError(f"formula {text!r}: there is no element {symbol}")
        counts[symbol] = counts.get(symbol, 0) + int(count or 1)
    counts = {symbol: count for symbol, count in counts.items() if count}
    mass = sum(_TABLE.GetMostCommonIsotopeMass(symbol) * count for symbol, count in counts.items())
    return counts, mass


def hill_formula(counts: Mapping[str, int]) -> str:
    """Write a formula in Hill order as RDKit does: C, H, then the alphabet, also where there is no carbon."""
    first = [symbol for symbol in ("C", "H") if symbol in counts]
    symbols = first + sorted(set(counts) - set(first))
    return "".join(symbol + (str(counts[symbol]) if counts[symbol] > 1 else "") for symbol in symbols)
