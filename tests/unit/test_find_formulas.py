"""Formulas of masses, as users ask for them."""

import pytest

from matchms_fingerprint.chem import get_adduct, parse_formula
from matchms_fingerprint.chem.find_formulas import RATIOS, find_formulas
from matchms_fingerprint.errors import SettingsError


def test_caffeine_from_its_ion() -> None:
    mass = get_adduct("[M+H]+").neutral_mass(195.08765)
    found = find_formulas([mass], "CHNO", tolerance_ppm=5)
    assert found.formulas(0) == ["C8H10N4O2"]
    assert abs(found.errors_da[0]) < 1e-5


def test_every_mass_has_its_rows() -> None:
    masses = [parse_formula(formula)[1] for formula in ("C6H12O6", "C10H10O3")]
    found = find_formulas([masses[0], 0.3, masses[1]], tolerance_ppm=10)
    assert len(found) == 3
    assert found.explained.tolist() == [True, False, True]
    assert "C6H12O6" in found.formulas(0)
    assert found.formulas(1) == []
    assert "C10H10O3" in found.formulas(-1)
    with pytest.raises(IndexError, match="3 masses"):
        found.formulas(3)


def test_elements_may_be_bounded() -> None:
    mass = parse_formula("C12H10Cl2")[1]
    found = find_formulas([mass], {"C": 40, "H": 80, "O": 10, "Cl": (1, 2)}, tolerance_ppm=20)
    assert "C12H10Cl2" in found.formulas(0)
    chlorine = found.counts[:, found.symbols.index("Cl")]
    assert set(chlorine.tolist()) <= {1, 2}
    assert found.counts[:, found.symbols.index("N")].max() == 0


def test_a_number_is_a_mass_too() -> None:
    assert "CH4" in find_formulas(16.0313, "CH", ratios="extended").formulas(0)


@pytest.mark.parametrize(
    ("formula", "ratios", "expected"),
    [
        ("CH4", "common", False),  # H/C of 4; methane is in the extended range, which ends at 6
        ("CH4", "extended", True),
        ("C10H14N5O7P", "common", True),  # AMP
        ("C10H16N5O13P3", "common", False),  # ATP has an O/C of 1.3, and 1.2 is the most
        ("C10H16N5O13P3", "extended", True),
        ("H3O4P", "extended", False),  # no carbon
        ("H3O4P", None, True),
        ("C2H3Cl3", "extended", True),
    ],
)
def test_ratios_of_kind_and_fiehn(formula: str, ratios: str | None, expected: bool) -> None:
    found = find_formulas([parse_formula(formula)[1]], "CHNOPSCl", ratios=ratios)
    assert (formula in found.formulas(0)) is expected


def test_common_range_lies_in_the_extended_one() -> None:
    assert set(RATIOS["common"]) == set(RATIOS["extended"])
    for element, (low, high) in RATIOS["common"].items():
        assert RATIOS["extended"][element][0] <= low
        assert RATIOS["extended"][element][1] >= high


def test_ions_have_half_ring_double_bond_equivalents() -> None:
    mass = parse_formula("C8H11N4O2")[1]
    assert find_formulas([mass], "CHNO").formulas(0) == []
    assert "C8H11N4O2" in find_formulas([mass], "CHNO", min_rdbe=-0.5, parity="half").formulas(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"elements": "C H"}, "write their symbols only"),
        ({"elements": ""}, "write their symbols only"),
        ({"elements": "CHXx"}, "Xx"),
        ({"ratios": "golden"}, "'golden'.*common, extended"),
        ({"parity": "even"}, "'even'"),
    ],
)
def test_refuses(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        find_formulas([100.0], **arguments)
