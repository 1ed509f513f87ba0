"""Atoms of ions, and the elements they are made of."""

import numpy as np
import pytest

from matchms_fingerprint.chem import get_adduct, hill_formula, parse_formula
from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import AdductError, SettingsError, StructureError


@pytest.mark.parametrize(
    ("formula", "adduct", "expected"),
    [
        ("C6H12O6", "[M+H]+", "C6H13O6"),
        ("C6H12O6", "[M+Na]+", "C6H12NaO6"),
        ("C6H12O6", "[M-H2O+H]+", "C6H11O5"),
        ("C6H12O6", "[2M+NH4]+", "C12H28NO12"),
        ("C6H12O6", "[M+HCOO]-", "C7H13O8"),
        ("C6H12O6", "[M+OAc]-", "C8H15O8"),
        ("C6H12O6", "[M+Cl]-", "C6H12ClO6"),
        ("C6H12O6", "[M+ACN+H]+", "C8H16NO6"),
        ("C6H12O6", "M+H", "C6H13O6"),
        ("C9H14N+", "[M]+", "C9H14N"),
        ("C24H26O2P+1", "[M]+", "C24H26O2P"),
        ("H2O", "[M-H]-", "HO"),
    ],
)
def test_atoms_of_ions(formula: str, adduct: str, expected: str) -> None:
    assert hill_formula(ion_atoms(formula, adduct)) == expected


@pytest.mark.parametrize(
    "adduct",
    [
        "[M+H]+",
        "[M+2H]2+",
        "[2M+Na]+",
        "[M-H2O+H]+",
        "[M+K]+",
        "[M]+",
        "[M-H]-",
        "[M+FA-H]-",
        "[M+OAc]-",
        "[3M+TFA-H]-",
    ],
)
def test_atoms_weigh_what_the_adduct_says(adduct: str) -> None:
    known = get_adduct(adduct)
    molecule = parse_formula("C8H10N4O2")[1]
    ion = parse_formula(hill_formula(ion_atoms("C8H10N4O2", adduct)))[1] - known.charge * ELECTRON_MASS
    assert ion / abs(known.charge) == pytest.approx(known.precursor_mz(molecule), abs=1e-6)


def test_atoms_that_are_not_there_cannot_leave() -> None:
    with pytest.raises(AdductError, match="C6H6 has not the O "):
        ion_atoms("C6H6", "[M-H2O+H]+")


@pytest.mark.parametrize(("formula", "error"), [("glucose", StructureError), ("", StructureError)])
def test_what_is_no_formula_is_refused(formula: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        ion_atoms(formula, "[M+H]+")


def test_result_may_be_changed_without_harm() -> None:
    ion_atoms("C6H12O6", "[M+H]+")["C"] = 0
    assert ion_atoms("C6H12O6", "[M+H]+")["C"] == 6


def test_elements_stand_in_hill_order_with_those_the_kernels_count_on() -> None:
    chosen = element_set(["O", "Br"])
    assert chosen.symbols == ("C", "H", "Br", "N", "O")
    assert chosen.masses.tolist() == pytest.approx([12.0, 1.007825, 78.918337, 14.003074, 15.994915], abs=1e-6)
    assert chosen.valences.tolist() == [4, 1, 1, 3, 2]
    assert chosen.column("Br") == 2


def test_metals_leave_the_ring_double_bond_equivalents_alone() -> None:
    assert dict(zip(*(lambda s: (s.symbols, s.valences.tolist()))(element_set(["Fe", "Na"])), strict=True))["Fe"] == 2


def test_shared_sets_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        element_set("CHNO").masses[0] = 1.0


def test_an_unknown_element_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="Xx"):
        element_set(["C", "Xx"])


def test_masses_are_those_of_the_most_common_isotopes() -> None:
    """Boron 11 and selenium 80, not the lightest."""
    chosen = element_set(["B", "Se"])
    assert np.round(chosen.masses).tolist() == [12, 1, 11, 14, 80]
