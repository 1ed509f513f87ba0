"""What candidates have in common."""

import time

import pytest
from rdkit import Chem

from matchms_fingerprint.annotation.answers.common_core import common_core
from matchms_fingerprint.annotation.answers.group_rules import FUNCTIONAL_GROUPS, RING_SYSTEMS
from matchms_fingerprint.annotation.answers.ring_systems import ring_systems
from matchms_fingerprint.annotation.answers.substructures import shared_substructures

QUERCETIN = "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12"
MORIN = "O=c1c(O)c(-c2ccc(O)cc2O)oc2cc(O)cc(O)c12"
STEARIC = "CCCCCCCCCCCCCCCCCC(=O)O"


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


def test_the_core_of_isomers_is_in_both() -> None:
    core = common_core(mols(QUERCETIN, MORIN))
    assert core is not None
    assert core.n_atoms == 21  # all but the oxygen that has moved
    assert all(mol.HasSubstructMatch(Chem.MolFromSmarts(core.smarts)) for mol in mols(QUERCETIN, MORIN))


def test_the_least_probable_is_left_out_where_nothing_would_be_shared() -> None:
    core = common_core(mols(QUERCETIN, MORIN, STEARIC))
    assert core == common_core(mols(QUERCETIN, MORIN))


def test_no_core_of_one_molecule_or_of_two_strangers() -> None:
    assert common_core(mols(QUERCETIN)) is None
    assert common_core(mols("CCO", QUERCETIN)) is None
    assert common_core(mols(QUERCETIN, QUERCETIN)) is None  # that is the molecule, not a part of it


def test_the_search_for_a_core_ends_in_time_and_alike_each_time() -> None:
    # two cyclic peptides
    first = "C1CCN2C(C1)C(=O)NC(CC(C)C)C(=O)NC(CO)C(=O)NC(C(C)C)C(=O)N1CCCC1C(=O)NC(C)C(=O)NC(CC(N)=O)C2=O"
    second = "C1CC2C(=O)NC(C(C)C)C(=O)NC(CC(C)C)C(=O)N3CCCC3C(=O)NC(CO)C(=O)NC(C)C(=O)NC(Cc3ccccc3)C(=O)N2C1"
    start = time.monotonic()
    cores = {common_core(mols(first, second), most_steps=400) for _ in range(2)}
    assert time.monotonic() - start < 4
    assert len(cores) == 1


def test_shares_add_up_and_have_patterns_that_match() -> None:
    shares = shared_substructures([QUERCETIN, MORIN, STEARIC], [0.5, 0.25, 0.2])
    by_name = {share.name: share for share in shares}
    assert shares[0].name.startswith("common core ")
    assert shares[0].probability == pytest.approx(0.75)
    assert by_name["benzopyran ring system"].probability == pytest.approx(0.75)
    assert by_name["carboxylic acid"].probability == pytest.approx(0.2)
    pattern = Chem.MolFromSmarts(by_name["benzopyran ring system"].smarts)
    assert [mol.HasSubstructMatch(pattern) for mol in mols(QUERCETIN, MORIN, STEARIC)] == [True, True, False]


def test_a_group_within_a_larger_one_is_left_out() -> None:
    # the ketone of acetophenone is all of its benzoyl and acetyl groups' C=O; its benzene ring is part of the benzoyl
    names = [share.name for share in shared_substructures(["CC(=O)c1ccccc1"], [0.9])]
    assert "benzoyl group" in names
    assert "benzene ring" not in names


def test_nothing_is_shared_by_nothing() -> None:
    assert shared_substructures([], []) == ()
    assert shared_substructures(["no molecule"], [0.9]) == ()


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("Cn1c(=O)c2c(ncn2C)n(C)c1=O", "purine ring system"),
        ("CN1CCCC1c1cccnc1", "pyridine ring"),
        ("Cn1ccc2ccccc12", "indole ring system"),
        ("CC(C)CCCC(C)C1CCC2C3CC=C4CC(O)CCC4(C)C3CCC12C", "steroid ring system"),
        ("O=C1CCCCCCCCCCCO1", "macrocycle of 13 atoms"),
        ("C1CC2CC1C=C2", "ring system C1CC2CC1C=C2"),
    ],
)
def test_ring_systems_have_names(smiles: str, name: str) -> None:
    (mol,) = mols(smiles)
    found = {ring.name: ring for ring in ring_systems(mol)}
    assert name in found
    matches = mol.GetSubstructMatches(Chem.MolFromSmarts(found[name].smarts))
    assert set(found[name].atoms) in [set(match) for match in matches]


def test_every_rule_can_be_read_and_matches_itself() -> None:
    for name, smarts in FUNCTIONAL_GROUPS.items():
        assert Chem.MolFromSmarts(smarts) is not None, name
    for smiles, name in RING_SYSTEMS.items():
        (mol,) = mols(smiles)
        assert name in [ring.name for ring in ring_systems(mol)]
