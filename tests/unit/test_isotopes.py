"""Isotope patterns of formulas beside an enumeration, atom by atom, with RDKit's abundances and with others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from pyteomics.mass import nist_mass
from rdkit import Chem

from matchms_fingerprint.chem import parse_formula
from matchms_fingerprint.chem.isotopes import isotope_pattern
from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.kernels.isotopes import MOST_OFFSET

FORMULAS = (
    "C8H10N4O2",  # caffeine
    "C18H33ClN2O5S",  # clindamycin
    "C6H4BrCl2I",
    "C10H16N5O13P3",  # adenosine triphosphate
    "C8H24O4Si4",  # a siloxane
    "C13H12BF3O2",
    "C5H11NO2Se",  # selenomethionine
    "C12H28Sn",  # tributyltin hydride
    "C6H12KO6",
    "C30H49N8O10",
)
Isotopes = dict[int, tuple[float, float]]


def of_rdkit(symbol: str) -> Isotopes:
    table = Chem.GetPeriodicTable()
    number, common = table.GetAtomicNumber(symbol), table.GetMostCommonIsotope(symbol)
    near = range(max(1, common - 12), common + 13)
    found = {a: (table.GetMassForIsotope(symbol, a), table.GetAbundanceForIsotope(number, a) / 100) for a in near}
    return {a: pair for a, pair in found.items() if pair[1] > 0}


def of_pyteomics(symbol: str) -> Isotopes:
    return {a: pair for a, pair in nist_mass[symbol].items() if a and pair[1] > 0}


def enumerated(formula: str, isotopes_of: Callable[[str], Isotopes]) -> dict[int, tuple[float, float, float]]:
    """Return share, mean mass shift and standard deviation of the isotopologues at each nominal offset."""
    found: dict[tuple[int, float], float] = {(0, 0.0): 1.0}
    for symbol, count in parse_formula(formula)[0].items():
        isotopes = isotopes_of(symbol)
        common = max(isotopes, key=lambda number: isotopes[number][1])
        for _ in range(count):
            heavier: dict[tuple[int, float], float] = defaultdict(float)
            for (offset, shift), share in found.items():
                for number, (mass, abundance) in isotopes.items():
                    key = offset + number - common, round(shift + mass - isotopes[common][0], 5)
                    heavier[key] += share * abundance
            found = {key: share for key, share in heavier.items() if share > 1e-9}
    rows: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for (offset, shift), share in found.items():
        rows[offset].append((shift, share))
    result = {}
    for offset, pairs in rows.items():
        shifts, shares = np.array(pairs).T
        mean = float(np.average(shifts, weights=shares))
        spread = float(np.sqrt(np.average((shifts - mean) ** 2, weights=shares)))
        result[offset] = float(shares.sum()), mean, spread
    return result


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(
    ("isotopes_of", "share_error"),
    [(of_rdkit, 1e-5), (of_pyteomics, 2e-3)],  # tables differ in the fourth digit: deuterium is .0115 or .015 %
)
def test_patterns_are_those_of_an_enumeration(
    formula: str, isotopes_of: Callable[[str], Isotopes], share_error: float
) -> None:
    pattern = isotope_pattern(parse_formula(formula)[0])
    expected = enumerated(formula, isotopes_of)
    assert pattern.offsets.tolist() == list(range(-MOST_OFFSET, MOST_OFFSET + 1))
    assert pattern.shares.sum() == pytest.approx(1.0, abs=1e-5)  # the abundances of silicon sum to 1.000001
    for offset, share, shift, spread in zip(
        pattern.offsets.tolist(), pattern.shares, pattern.mass_shifts, pattern.spreads, strict=True
    ):
        likely = expected.get(offset, (0.0, np.nan, 0.0))
        assert share == pytest.approx(likely[0], abs=share_error)
        if share > 1e-3:
            assert shift == pytest.approx(likely[1], abs=2e-4)
            assert spread == pytest.approx(likely[2], abs=2e-4)


def test_bromine_chlorine_and_sulphur_show() -> None:
    """The textbook: M+2 is 32 % of M for one chlorine, 97 % for one bromine, 4.5 % for one sulphur."""
    for symbol, ratio, shift in (("Cl", 0.320, 1.99705), ("Br", 0.973, 1.99795), ("S", 0.0452, 1.99580)):
        pattern = isotope_pattern({symbol: 1})
        zero = pattern.offsets.tolist().index(0)
        assert pattern.shares[zero + 2] / pattern.shares[zero] == pytest.approx(ratio, abs=0.001)
        assert pattern.mass_shifts[zero + 2] == pytest.approx(shift, abs=1e-5)
        assert pattern.spreads[zero + 2] == pytest.approx(0.0, abs=1e-6)


def test_nothing_and_elements_of_one_isotope_are_one_peak() -> None:
    for atoms in ({}, {"F": 3, "Na": 1}, {"Tc": 1}):
        pattern = isotope_pattern(atoms)
        assert pattern.shares.tolist() == [float(offset == 0) for offset in pattern.offsets]
        assert np.isnan(pattern.mass_shifts).sum() == 2 * MOST_OFFSET


def test_what_is_no_formula_is_refused() -> None:
    with pytest.raises(StructureError, match="Xx"):
        isotope_pattern({"Xx": 1})
    with pytest.raises(StructureError, match="at least 0"):
        isotope_pattern({"C": -1})
