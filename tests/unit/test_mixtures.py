"""Mixtures of compounds, and compounds beside their counter-ions."""

import pytest
from rdkit import Chem

from matchms_fingerprint.chem import read_mol_block, read_molecule
from matchms_fingerprint.chem.mixtures import is_mixture, is_of_mixture


@pytest.mark.parametrize(
    ("smiles", "mixed"),
    [
        ("CCO", False),
        ("CCO.CCN", True),
        ("CCO.OCC", False),
        ("CC(=O)O.CC(=O)[O-].[Na+]", False),
        ("C[C@H](N)C(=O)O.C[C@@H](N)C(=O)O", False),
        ("C[C@H](N)C(=O)O.Cl", False),
        ("CCCCCN.OS(=O)(=O)C", False),
        ("CCCCC[NH3+].OC(=O)/C=C\\C(=O)[O-]", False),
        ("OC(=O)CC(O)(CC(=O)O)C(=O)[O-].[NH3+]C(CO)(CO)CO", False),
        ("C[N+](C)(C)CCO.OC(=O)C(O)C(O)C(=O)[O-]", False),
        ("CC(=O)Oc1ccccc1C(=O)O.Cn1c(=O)c2c(ncn2C)n(C)c1=O", True),
        ("[Na+].[Cl-].O", False),
    ],
)
def test_a_mixture_has_two_compounds_that_are_no_counter_ions(smiles: str, mixed: bool) -> None:
    mol = Chem.MolFromSmiles(smiles)
    assert is_mixture(mol) == mixed
    assert is_of_mixture(read_molecule(smiles)) == mixed
    assert is_of_mixture(read_mol_block(Chem.MolToMolBlock(mol))) == mixed


def test_a_salt_drawn_with_a_bond_is_no_mixture() -> None:
    assert not is_of_mixture(read_molecule("CC(=O)O[Ca]OC(C)=O"))
