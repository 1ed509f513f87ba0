"""Patterns that the surroundings of atoms rule out: the same answers as by searching for all of them."""

import numpy as np
import pytest
from rdkit import Chem

from matchms_fingerprint.annotation.answers import surroundings
from matchms_fingerprint.annotation.answers.class_rules import CLASS_RULES
from matchms_fingerprint.annotation.answers.classes import classes_of
from matchms_fingerprint.annotation.answers.group_rules import FUNCTIONAL_GROUPS
from matchms_fingerprint.annotation.answers.molecules import read_smiles
from matchms_fingerprint.annotation.answers.patterns import Patterns
from matchms_fingerprint.annotation.answers.surroundings import Surroundings, relaxed
from matchms_fingerprint.candidates import CandidateLibrary

SMARTS = list(
    dict.fromkeys([*FUNCTIONAL_GROUPS.values(), *(s for rule in CLASS_RULES for s in (*rule.any_of, *rule.none_of))])
)


@pytest.fixture(scope="module")
def some_smiles() -> list[str]:
    """Two hundred structures of all masses."""
    found = CandidateLibrary.open("starter").search(neutral_mass=1000.0, tolerance_da=1000.0).smiles
    return found[:: len(found) // 200]


def test_the_answers_are_those_of_the_plain_way(some_smiles: list[str]) -> None:
    """The plain way: read the SMILES in full, and search for every pattern of every rule."""
    queries = {smarts: Chem.MolFromSmarts(smarts) for smarts in SMARTS}
    patterns = Patterns(SMARTS)
    n_tried = 0
    for smiles in some_smiles:
        mol = Chem.MolFromSmiles(smiles)
        present = {smarts for smarts, query in queries.items() if mol.HasSubstructMatch(query)}
        plain = [r.name for r in CLASS_RULES if present & set(r.any_of) and not present & set(r.none_of)]
        assert list(classes_of(smiles)) == plain
        found = patterns.of(read_smiles(smiles))
        assert {smarts for smarts in SMARTS if found.has(smarts)} == present
        n_tried += len(found.possible)
    assert n_tried < 0.12 * len(SMARTS) * len(some_smiles)  # where all were tried before


@pytest.mark.parametrize(
    ("smarts", "weaker"),
    [
        ("c1ccccc1[OX2H1]", "c1ccccc1[OX2H1]"),
        ("[NX3;!R;!$(NC=O);!$(N(=O)~O)]C", "[NX3;!R]C"),
        ("[CX4;R;$(C~C~[O;R]),$(C[O;R])][OX2;R]", "[CX4;R][OX2;R]"),
        ("[c;R1]1[c;R1]n[c;R1][nX3]1", "[c]1[c]n[c][nX3]1"),
        ("[CX3;r{12-60}](=O)[!#6]", "[CX3](=O)[!#6]"),
        ("[!R1]~[$(CO)]", "[*]~[*]"),
        ("[C,$(NC)]", "[*]"),
        ("c1ccccc1-!@c1ccccc1", "c1ccccc1-c1ccccc1"),
        ("[NX3;H2,H1][OX2H1,OX1-]", "[NX3;H2,H1][OX2H1,OX1-]"),
        ("C@C", None),
        ("C!@C", None),
    ],
)
def test_relaxed_patterns_ask_less(smarts: str, weaker: str | None) -> None:
    assert relaxed(smarts) == weaker


@pytest.mark.parametrize(
    "smiles",
    [
        "[H]/N=C(/C)O",  # RDKit keeps this hydrogen as an atom
        "[H]O[H]",
        "[NH3]->[Cu]",
        "C" * 300,
        "",
        "[2H]C",
        "[Na+].[Cl-]",
        "C$C",
        "c1ccc2c(c1)[nH]c1ccccc12",
        "O=[N+]([O-])c1ccccc1",
        "C1CCCCCCCCCCCCC(=O)O1",
    ],
)
@pytest.mark.parametrize("is_full", [True, False])
def test_unusual_molecules_lose_no_pattern(smiles: str, is_full: bool) -> None:
    mol = Chem.MolFromSmiles(smiles) if is_full else read_smiles(smiles)
    if mol is None:
        pytest.skip("read in one of both ways only")
    smarts = [*SMARTS, "[OX2H1]", "[H]", "[#6;D1]", "[N;v3]", "[CH3]", "*-[Cl-]", "C@C", "[C@H](N)C", "[13C]", "*.*"]
    possible = Surroundings(smarts).possible(mol)
    has = np.array([mol.HasSubstructMatch(Chem.MolFromSmarts(text)) for text in smarts])
    assert not np.any(has & ~possible)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, some_smiles: list[str]) -> None:
    monkeypatch.setattr(surroundings, "KEPT", 10)
    few, all_ = Surroundings(SMARTS), Surroundings(SMARTS)
    for smiles in some_smiles[:20]:
        mol = Chem.MolFromSmiles(smiles)
        assert np.array_equal(few.possible(mol), all_.possible(mol))
    assert len(few._known) <= 10


def test_no_patterns_at_all() -> None:
    assert Patterns([]).of(Chem.MolFromSmiles("CCO")).possible == set()


def test_a_smiles_that_cannot_be_read_or_has_a_wrong_valence_is_no_molecule() -> None:
    assert read_smiles("C((") is None
    assert read_smiles("C(C)(C)(C)(C)C") is None
