"""The elements that a formula may be made of, and the rules that it must obey."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.types import FloatArray, IntArray

CARBON, HYDROGEN = 0, 1
"""Columns; the other elements follow in any order."""

MAX_COUNT = int(np.iinfo(np.int16).max)
"""Highest number of atoms of one element."""

PARITIES = {"any": -1, "integer": 0, "half": 1}
"""What the ring-double-bond equivalents may be: integers for molecules and radical ions, halves for other ions."""

_ANY_RDBE = -(2**40)
_NO_COLUMNS = np.empty(0, dtype=np.int64)


class Elements(NamedTuple):
    """Elements and rules in the form that the search takes.

    Attributes
    ----------
    masses, valences
        Of each element, carbon and hydrogen first; shape (n_elements,), float64 and int64.
    order
        Columns of the other elements, the heaviest first, because it leaves the fewest choices to those after it;
        shape (n_elements - 2,), int64.
    rated
        Columns of the elements whose ratio to carbon is bounded; int64.
    min_ratio, max_ratio
        Bounds of count / count of carbon; shape (n_elements,), float64.
    min_twice_rdbe
        Lowest double of the ring-double-bond equivalents.
    parity
        What the double must be modulo 2, -1 for anything.
    """

    masses: FloatArray
    valences: IntArray
    order: IntArray
    rated: IntArray
    min_ratio: FloatArray
    max_ratio: FloatArray
    min_twice_rdbe: int
    parity: int


@dataclass(frozen=True)
class FormulaRules:
    """What a formula must obey beside its mass.

    Parameters
    ----------
    min_rdbe
        Lowest ring-double-bond equivalents, 1 + sum(count * (valence - 2)) / 2: 0 for a molecule, -0.5 for an ion
        (NH4+ has it); None to allow any.
    parity
        "integer" (molecules, radical ions), "half" (other ions) or "any".
    min_ratio, max_ratio
        Bounds of the count of each element divided by that of carbon, shape (n_elements,), as in rules 4 and 5 of Kind
        & Fiehn 2007 (doi 10.1186/1471-2105-8-105); None for none. What has no carbon has none of the elements with a
        finite `max_ratio` either.

    Raises
    ------
    SettingsError
        If the parity is not one of the three.
    """

    min_rdbe: float | None = None
    parity: str = "any"
    min_ratio: ArrayLike | None = None
    max_ratio: ArrayLike | None = None

    def __post_init__(self) -> None:
        if self.parity not in PARITIES:
            raise SettingsError(f"parity {self.parity!r}: must be one of {', '.join(PARITIES)}")


def describe_elements(element_masses: ArrayLike, valences: ArrayLike, rules: FormulaRules | None = None) -> Elements:
    """Check elements and rules.

    Parameters
    ----------
    element_masses
        Mass in Da of carbon, of hydrogen, and of at least one other element; shape (n_elements,).
    valences
        Integers, shape (n_elements,).
    rules
        Default: none.

    Raises
    ------
    SettingsError
        If the shapes do not fit, or the first two elements are not carbon and hydrogen.
    """
    rules = rules or FormulaRules()
    masses = np.array(element_masses, dtype=np.float64)
    bonds = np.array(valences, dtype=np.int64)
    low, high = _ratios(rules, masses.size)
    if any(array.shape != masses.shape for array in (bonds, low, high)) or masses.ndim != 1 or masses.size < 3:
        shapes = ", ".join(str(array.shape) for array in (masses, bonds, low, high))
        raise SettingsError(f"masses, valences and ratios of shapes {shapes}: give one number for each of 3 elements")
    if masses[CARBON] != 12.0 or not 1.0 < masses[HYDROGEN] < 1.01 or masses.min() < 1.0:
        raise SettingsError(f"element masses {masses}: put carbon (12) and hydrogen (1.0078) first")
    has_ratios = rules.min_ratio is not None or rules.max_ratio is not None
    rated = np.flatnonzero((low > 0) | np.isfinite(high)) if has_ratios else _NO_COLUMNS
    order = 2 + np.argsort(-masses[2:], kind="stable")
    lowest = _ANY_RDBE if rules.min_rdbe is None else math.ceil(2 * rules.min_rdbe)
    return Elements(masses, bonds, order, rated, low, high, lowest, PARITIES[rules.parity])


def _ratios(rules: FormulaRules, n_elements: int) -> tuple[FloatArray, FloatArray]:
    low = np.zeros(n_elements) if rules.min_ratio is None else np.array(rules.min_ratio, dtype=np.float64)
    high = np.full(n_elements, np.inf) if rules.max_ratio is None else np.array(rules.max_ratio, dtype=np.float64)
    return low, high


def check_bounds(bounds: ArrayLike, n_elements: int) -> IntArray:
    """Return bounds of the counts, shape (n_groups, n_elements), as the search takes them.

    Raises
    ------
    SettingsError
        If the shape does not fit, or a bound is below 0 or above `MAX_COUNT`.
    """
    rows = np.ascontiguousarray(bounds, dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != n_elements:
        raise SettingsError(f"bounds of shape {rows.shape[1:]} do not fit {n_elements} elements")
    lowest, highest = rows.min(initial=0), rows.max(initial=0)
    if lowest < 0 or highest > MAX_COUNT:
        raise SettingsError(f"bounds from {lowest} to {highest} atoms: they must be between 0 and {MAX_COUNT}")
    return rows
