"""Masses and formulas beside RDKit's."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.chem.find_formulas import find_formulas
from matchms_fingerprint.chem.formulas import parse_formula

SMILES = [
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",  # caffeine
    "CC(=O)OC1=CC=CC=C1C(=O)O",  # aspirin
    "C[C@]12CC[C@H]3[C@H]([C@@H]1CC[C@@H]2O)CCC4=CC(=O)CC[C@]34C",  # testosterone
    "CC1(C(N2C(S1)C(C2=O)NC(=O)CC3=CC=CC=C3)C(=O)O)C",  # penicillin G
    "FC(F)(F)c1ccc(Cl)cc1Br",
    "OP(=O)(O)OCC1OC(n2cnc3c(N)ncnc32)C(O)C1O",  # AMP
    "C[Si](C)(C)OC(=O)C[Se]C",
    "OB(O)c1ccc(I)cc1",
    "CCCCCCCCCCCCCCCC(=O)O[Na]",
    "[K]OC(=O)c1ccccc1",
    "C[As](C)(=O)O",
]


@pytest.mark.parametrize("smiles", SMILES)
def test_mass_and_formula_are_those_of_rdkit(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    formula = rdMolDescriptors.CalcMolFormula(mol)
    counts = parse_formula(formula)[0]
    chosen = element_set(counts)
    row = np.array([counts.get(symbol, 0) for symbol in chosen.symbols])
    mass = rdMolDescriptors.CalcExactMolWt(mol)
    assert row @ chosen.masses == pytest.approx(mass, abs=1e-9)
    found = find_formulas([mass], dict.fromkeys(counts, (0, 60)), tolerance_ppm=2, ratios=None)
    assert formula in found.formulas(0)
    assert found.errors_da[found.formulas(0).index(formula)] == pytest.approx(0.0, abs=1e-9)
