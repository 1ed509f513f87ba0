"""SMILES and InChI to the canonical neutral structure."""

import pytest
from rdkit import Chem, rdBase

from matchms_fingerprint.chem import describe, read_mol_block, standardize, standardize_mol
from matchms_fingerprint.errors import StructureError


@pytest.mark.parametrize(
    ("text", "smiles"),
    [
        ("OCC", "CCO"),
        ("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "CCO"),
        ("  CCO\n", "CCO"),
        ("CCO ethanol", "CCO"),
        ("[Na+].CC(=O)[O-]", "CC(=O)O"),
        ("CC(=O)[O-].CC(=O)[O-].[Ca+2]", "CC(=O)O"),
        ("CC[NH3+].[Cl-]", "CCN"),
        ("C[N+](C)(C)CCO.[Cl-]", "C[N+](C)(C)CCO"),
        ("C[N+](C)(C)CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]"),
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O"),
        ("F[P-](F)(F)(F)(F)F.CCn1cc[n+](C)c1", "CCn1cc[n+](C)c1"),
        ("c1ccccc1[N+](=O)[O-]", "O=[N+]([O-])c1ccccc1"),
        ("C[CH+]CC.[Cl-]", "C[CH+]CC"),
        ("Cn1cc[cH+]cc1", "Cn1cc[cH+]cc1"),
        ("[2H]C([2H])([2H])O", "CO"),
        ("[13CH3][C@H](O)C", "CC(C)O"),
        ("[CH3:1][OH:2]", "CO"),
        ("[H]OC([H])([H])[H]", "CO"),
        ("C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O"),
        ("C/C=C/C", "C/C=C/C"),
    ],
)
def test_canonical_neutral_smiles(text: str, smiles: str) -> None:
    assert standardize(text).smiles == smiles
    assert standardize(smiles) == standardize(text)


def test_all_fields_of_caffeine() -> None:
    """InChIKey and mass as PubChem (CID 2519) gives them."""
    caffeine = standardize("Cn1c(=O)c2c(ncn2C)n(C)c1=O")
    assert caffeine.inchikey == "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert caffeine.formula == "C8H10N4O2"
    assert caffeine.exact_mass == pytest.approx(194.08037557, abs=1e-6)


def test_mass_of_a_permanent_cation_is_the_sum_of_its_atoms() -> None:
    """Choline C5H14NO+; masses of the atoms from AME2020."""
    choline = standardize("C[N+](C)(C)CCO")
    assert choline.formula == "C5H14NO+"
    assert choline.exact_mass == pytest.approx(5 * 12 + 14 * 1.00782503190 + 14.00307400425 + 15.99491461926, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no structure"),
        ("   ", "no structure"),
        ("C1CC", "syntax"),
        ("not a smiles", "syntax"),
        ("CC(C)(C)(C)C", "valence for atom # 1 C, 5"),
        ("c1cccc1", "kekulize"),
        ("*CC", "unknown atoms"),
        ("[R1]CC", "syntax"),
        ("InChI=1S/nonsense", "InChI"),
        ("InChI=1S//", "InChI"),
    ],
)
def test_the_reason_is_given(text: str, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StructureError, match=reason):
        standardize(text)
    assert capfd.readouterr().err == "", "RDKit's own messages are held back"


def test_mol_blocks_are_standardized() -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("[Na+].[13CH3]C(=O)[O-]"))
    assert describe(read_mol_block(block)) == standardize("CC(=O)O")
    assert describe(read_mol_block(Chem.MolToV3KMolBlock(Chem.MolFromSmiles("OCC")))) == standardize("CCO")


def test_a_mol_block_that_cannot_be_read_has_a_reason() -> None:
    five_bonds = Chem.MolToMolBlock(Chem.MolFromSmiles("CC(C)(C)(C)C", sanitize=False), kekulize=False)
    for text, reason in ((five_bonds, "valence for atom # 1 C, 5"), ("nonsense", "mol block"), ("", "mol block")):
        with rdBase.BlockLogs(), pytest.raises(StructureError, match=reason):
            read_mol_block(text)


def test_the_molecule_given_is_left_alone() -> None:
    mol = Chem.MolFromSmiles("[Na+].[13CH3]C(=O)[O-]")
    before = Chem.MolToSmiles(mol)
    assert Chem.MolToSmiles(standardize_mol(mol)) == "CC(=O)O"
    assert Chem.MolToSmiles(mol) == before


def test_a_molecule_without_atoms_is_refused() -> None:
    with pytest.raises(StructureError, match="no atoms"):
        standardize_mol(Chem.Mol())
