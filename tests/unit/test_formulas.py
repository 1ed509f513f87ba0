"""Formulas: counts, mass, Hill order."""

import gzip

import pytest
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from matchms_fingerprint.chem import hill_formula, parse_formula
from matchms_fingerprint.errors import StructureError


def test_caffeine() -> None:
    """Mass as PubChem gives it."""
    counts, mass = parse_formula("C8H10 N4O2")
    assert counts == {"C": 8, "H": 10, "N": 4, "O": 2}
    assert mass == pytest.approx(194.08037557, abs=1e-6)


def test_an_element_may_stand_twice_or_not_at_all() -> None:
    assert parse_formula("CH3CH2OH")[0] == {"C": 2, "H": 6, "O": 1}
    assert parse_formula("C2H6O0")[0] == {"C": 2, "H": 6}


@pytest.mark.parametrize("smiles", ["Cl", "O", "ClCBr", "C[Si](C)(C)O", "NS(=O)(=O)O", "B(O)(O)O", "O=C=O", "C[Se]C"])
def test_order_is_that_of_rdkit(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    formula = rdMolDescriptors.CalcMolFormula(mol)
    counts, mass = parse_formula(formula)
    assert hill_formula(counts) == formula
    assert mass == pytest.approx(rdMolDescriptors.CalcExactMolWt(mol))


@pytest.mark.parametrize("text", ["", "caffeine", "C8H10N4O2+", "C8H10-N4", "Xx2", "8C", "C(CH3)4"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(StructureError, match="formula"):
        parse_formula(text)


@pytest.mark.shared
def test_formulas_of_the_benchmark_give_its_masses(shared) -> None:
    """Every 600th neutral candidate; its file rounds to 1e-6 Da."""
    with gzip.open(shared / "data" / "candidates.tsv.gz", "rt") as handle:
        rows = [line.split("\t") for i, line in enumerate(handle) if i % 600 == 1]
    neutral = [(row[2], float(row[3])) for row in rows if row[2][-1] not in "+-0123456789" or row[2].isalnum()]
    assert len(neutral) > 1000
    for formula, mass in neutral:
        counts, calculated = parse_formula(formula)
        assert hill_formula(counts) == formula
        assert calculated == pytest.approx(mass, abs=1e-6)
