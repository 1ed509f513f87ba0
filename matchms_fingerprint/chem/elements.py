"""Chemical elements as the formula kernels take them: which, how heavy, how many bonds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit import Chem

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.types import FloatArray, IntArray

_TABLE = Chem.GetPeriodicTable()
_SYMBOLS = frozenset(_TABLE.GetElementSymbol(number) for number in range(1, 119))
_ALWAYS = ("C", "H", "N")  # the kernels count on carbon, hydrogen and one more
_UNKNOWN_VALENCE = 2  # leaves the ring-double-bond equivalents and their parity alone


@dataclass(frozen=True, eq=False)
class ElementSet:
    """Elements in the order of the columns: carbon, hydrogen, the others by the alphabet.

    Parameters
    ----------
    symbols
        Such as ("C", "H", "N", "O").
    masses
        Mass in Da of the most common isotope of each, as in RDKit; shape (n_elements,), float64.
    valences
        Lowest valence of each, as in RDKit: 3 for phosphorus, 2 for sulphur. Transition metals have 2, by which they
        leave the ring-double-bond equivalents alone. Shape (n_elements,), int64.
    """

    symbols: tuple[str, ...]
    masses: FloatArray
    valences: IntArray

    def column(self, symbol: str) -> int:
        """Return the column of an element."""
        return self.symbols.index(symbol)


def element_set(symbols: Iterable[str]) -> ElementSet:
    """Return the set of some elements; carbon, hydrogen and nitrogen are always in it.

    Raises
    ------
    SettingsError
        If a symbol is none of an element.
    """
    return _element_set(frozenset(symbols))


@lru_cache(maxsize=256)
def _element_set(symbols: frozenset[str]) -> ElementSet:
    unknown = sorted(symbols - _SYMBOLS)
    if unknown:
        raise SettingsError(f"there is no element {', '.join(unknown)}; write symbols such as C, Cl or Na")
    ordered = ("C", "H", *sorted((symbols | set(_ALWAYS)) - {"C", "H"}))
    masses = np.array([_TABLE.GetMostCommonIsotopeMass(symbol) for symbol in ordered])
    valences = np.array([_TABLE.GetDefaultValence(symbol) for symbol in ordered], dtype=np.int64)
    valences[valences < 0] = _UNKNOWN_VALENCE
    masses.setflags(write=False)
    valences.setflags(write=False)
    return ElementSet(ordered, masses, valences)
