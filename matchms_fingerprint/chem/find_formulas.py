"""All formulas of a mass."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from matchms_fingerprint.chem.elements import ElementSet, element_set
from matchms_fingerprint.chem.formula_table import FormulaTable
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import FormulaRules, decompose_masses
from matchms_fingerprint.kernels.formula_elements import MAX_COUNT

RATIOS: dict[str, dict[str, tuple[float, float]]] = {
    "common": {
        "H": (0.2, 3.1),
        "F": (0, 1.5),
        "Cl": (0, 0.8),
        "Br": (0, 0.8),
        "N": (0, 1.3),
        "O": (0, 1.2),
        "P": (0, 0.3),
        "S": (0, 0.8),
        "Si": (0, 0.5),
    },
    "extended": {
        "H": (0.1, 6),
        "F": (0, 6),
        "Cl": (0, 2),
        "Br": (0, 2),
        "N": (0, 4),
        "O": (0, 3),
        "P": (0, 2),
        "S": (0, 3),
        "Si": (0, 1),
    },
}
"""Least and most atoms of an element for each carbon: Kind & Fiehn 2007, rules 4 and 5 (Table 2). The common range
holds 99.7 % of the formulas in the Wiley library, the extended one 99.99 %."""

_SYMBOL = re.compile("[A-Z][a-z]?")


def find_formulas(
    masses: ArrayLike,
    elements: str | Mapping[str, int | tuple[int, int]] = "CHNOPS",
    *,
    tolerance_ppm: float = 5.0,
    tolerance_da: float = 0.0,
    ratios: str | None = "common",
    min_rdbe: float | None = 0.0,
    parity: str = "integer",
) -> FormulaTable:
    """Find all formulas of each mass.

    Parameters
    ----------
    masses
        Monoisotopic masses of neutral molecules in Da; shape (n_masses,). `Adduct.neutral_mass` makes one of an m/z.
    elements
        Elements that may occur, as in "CHNOPSCl", or the most atoms of each, or the fewest and the most: {"C": 40, "H":
        80, "O": (1, 9)}.
    tolerance_ppm, tolerance_da
        A formula fits within `tolerance_ppm` of the mass, or within `tolerance_da` if that is more.
    ratios
        Bounds of the ratios to carbon, from Kind & Fiehn 2007: "common", "extended" (both leave out what has no carbon)
        or None.
    min_rdbe
        Lowest ring-double-bond equivalents; None for any.
    parity
        The ring-double-bond equivalents of a molecule are an "integer", those of most ions "half"; or "any".

    Returns
    -------
    For each mass its formulas, the smallest error first.

    Raises
    ------
    SettingsError
        If a setting is not understood, or there are more than 10 million formulas.

    Examples
    --------
    >>> find_formulas([194.0804], "CHNO").formulas(0)
    ['C8H10N4O2']
    """
    bounds = _bounds(elements)
    chosen = element_set(bounds)
    least, most = (np.array([bounds.get(symbol, (0, 0))[end] for symbol in chosen.symbols]) for end in (0, 1))
    low, high = _ratios(ratios, chosen)
    targets = np.atleast_1d(np.asarray(masses, dtype=np.float64))
    offsets, counts, errors = decompose_masses(
        targets,
        np.maximum(tolerance_ppm * 1e-6 * targets, tolerance_da),
        chosen.masses,
        chosen.valences,
        most,
        least,
        rules=FormulaRules(min_rdbe, parity, low, high),
    )
    return FormulaTable(chosen.symbols, offsets, counts, errors)


def _bounds(elements: str | Mapping[str, int | tuple[int, int]]) -> dict[str, tuple[int, int]]:
    if isinstance(elements, str):
        symbols = _SYMBOL.findall(elements)
        if "".join(symbols) != elements or not symbols:
            raise SettingsError(f"elements {elements!r}: write their symbols only, such as CHNOPSCl")
        return dict.fromkeys(symbols, (0, MAX_COUNT))
    return {symbol: (0, bound) if isinstance(bound, int) else bound for symbol, bound in elements.items()}


def _ratios(name: str | None, chosen: ElementSet) -> tuple[np.ndarray, np.ndarray]:
    if name is not None and name not in RATIOS:
        raise SettingsError(f"ratios {name!r}: must be one of {', '.join(RATIOS)}")
    table = RATIOS[name] if name else {}
    pairs = [table.get(symbol, (0.0, np.inf)) for symbol in chosen.symbols]
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])
