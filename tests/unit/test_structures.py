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


@pytest.mark.parametrize(
    ("drawn", "free"),
    [
        ("CC(=O)O[Na]", "CC(=O)O"),
        ("CC(=O)O[Ca]OC(C)=O", "CC(=O)O"),
        ("[K]OC(=O)c1ccccc1", "O=C(O)c1ccccc1"),
        ("[Na]N1C(=O)c2ccccc2S1(=O)=O", "O=C1NS(=O)(=O)c2ccccc21"),
        ("[Li]Sc1ccccc1", "Sc1ccccc1"),
        ("O=S(=O)(O[Na])c1ccc(cc1)C(=O)O[Na]", "O=C(O)c1ccc(S(=O)(=O)O)cc1"),
    ],
)
def test_salts_drawn_with_a_bond_lose_their_metal(drawn: str, free: str) -> None:
    """From SMILES and mol block: the structures on the right are those of the free acids."""
    assert standardize(drawn).smiles == standardize(free).smiles
    assert describe(read_mol_block(Chem.MolToMolBlock(Chem.MolFromSmiles(drawn)))) == standardize(free)


@pytest.mark.parametrize(
    "smiles",
    [
        "C[Mg]Br",
        "[Li]CCCC",
        "c1cc[n]([Mg][n]2cccc2)c1",
        "C[Hg]Cl",
        "CC(=O)O[Fe]",
    ],
)
def test_metals_of_other_compounds_stay(smiles: str) -> None:
    before = Chem.MolFromSmiles(smiles)
    after = standardize_mol(before)
    assert after.GetNumAtoms() == before.GetNumAtoms()
    assert Chem.MolToSmiles(after) == Chem.MolToSmiles(before)


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
