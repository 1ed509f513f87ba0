"""Isotope patterns of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.kernels.isotopes import MOST_OFFSET, joined_patterns, repeated_pattern
from matchms_fingerprint.kernels.types import FloatArray

_TABLE = Chem.GetPeriodicTable()
_ELEMENTS = frozenset(_TABLE.GetElementSymbol(number) for number in range(1, 119))
_LEAST_SHARE = 1e-15  # below it, means are rounding errors


@dataclass(frozen=True, eq=False)
class IsotopePattern:
    """The isotopologues of a formula, those of one nominal mass taken together.

    Parameters
    ----------
    offsets
        Nominal mass relative to the isotopologue that is made of the most common isotope of each element, from
        -`MOST_OFFSET` to `MOST_OFFSET`; shape (n_offsets,), int64.
    shares
        Share of all molecules, shape (n_offsets,), float64; they sum to 1 but for what lies beyond the offsets.
    mass_shifts
        Mean mass relative to that isotopologue in Da, weighted by share; NaN where there is none. Shape (n_offsets,).
    spreads
        Standard deviation of the masses about that mean in Da, shape (n_offsets,), float64.
    """

    offsets: NDArray[np.int64]
    shares: NDArray[np.float64]
    mass_shifts: NDArray[np.float64]
    spreads: NDArray[np.float64]


def isotope_pattern(atoms: Mapping[str, int]) -> IsotopePattern:
    """Compute the isotope pattern of some atoms at their natural abundances, as RDKit has them.

    Parameters
    ----------
    atoms
        Number of atoms of each element, none below 0.

    Raises
    ------
    StructureError
        If an element is none, or a number is below 0.

    Examples
    --------
    >>> pattern = isotope_pattern({"C": 6, "H": 5, "Cl": 1})
    >>> dict(zip(pattern.offsets[12:15].tolist(), (pattern.shares / pattern.shares[12])[12:15].round(3).tolist()))
    {0: 1.0, 1: 0.065, 2: 0.321}
    """
    return _isotope_pattern(tuple(sorted(atoms.items())))


@lru_cache(maxsize=65536)
def _isotope_pattern(atoms: tuple[tuple[str, int], ...]) -> IsotopePattern:
    moments: FloatArray = _element_pattern("H", 0)
    for symbol, count in atoms:
        moments = joined_patterns(moments, _element_pattern(symbol, count))
    offsets = np.arange(-MOST_OFFSET, MOST_OFFSET + 1)
    shares = moments[0].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square = np.where(shares > _LEAST_SHARE, moments[1:] / shares, np.nan)
    spreads = np.sqrt(np.maximum(np.nan_to_num(square - mean**2), 0.0))
    pattern = IsotopePattern(offsets, shares, offsets + mean, spreads)
    for values in (pattern.offsets, pattern.shares, pattern.mass_shifts, pattern.spreads):
        values.setflags(write=False)
    return pattern


@lru_cache(maxsize=4096)
def _element_pattern(symbol: str, count: int) -> NDArray[np.float64]:
    """Return the pattern of some atoms of one element as `kernels.isotopes` describes it."""
    if symbol not in _ELEMENTS:
        raise StructureError(f"there is no element {symbol!r}; write symbols such as C, Cl or Na")
    if count < 0:
        raise StructureError(f"{count} atoms of {symbol}: must be at least 0")
    number, common = _TABLE.GetAtomicNumber(symbol), _TABLE.GetMostCommonIsotope(symbol)
    single = np.zeros((3, 2 * MOST_OFFSET + 1))
    for offset in range(-MOST_OFFSET, MOST_OFFSET + 1):
        share = _TABLE.GetAbundanceForIsotope(number, common + offset) / 100.0 if common + offset > 0 else 0.0
        if share > 0.0:
            shift = _TABLE.GetMassForIsotope(number, common + offset) - _TABLE.GetMassForIsotope(number, common)
            single[:, MOST_OFFSET + offset] = share * (shift - offset) ** np.arange(3)
    if not single.any():
        single[0, MOST_OFFSET] = 1.0  # an element without stable isotopes
    return np.asarray(repeated_pattern(single, count))
