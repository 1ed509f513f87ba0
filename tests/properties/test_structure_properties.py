"""What must hold for any structure, however it is written."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, rdBase

from matchms_fingerprint.chem import (
    FingerprintSpec,
    describe,
    fingerprint,
    read_molecule,
    standardize,
    standardize_mol,
)

SMILES = (
    "CCO",
    "C[C@H](N)C(=O)O",
    "C/C=C\\C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "O=[N+]([O-])c1ccc(O)cc1",
    "C[N+](C)(C)CC(=O)[O-]",
    "C[N+](C)(C)CCO",
    "[O-][n+]1ccccc1",
    "CP(=O)(O)O",
    "C1=CC(=O)C=CC1=O",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "[C-]#[N+]C(C)(C)C",
    "c1ccc2[nH]ccc2c1",
    "CS(=O)(=O)[O-]",
    "C[Si](C)(C)O[Si](C)(C)C",
    "B(O)(O)c1ccccc1",
    "[13CH3]C([2H])O",
)
SALTS = ("", ".[Na+]", ".Cl", ".O", ".[Cl-]", ".OS(=O)(=O)O", ".[K+].[K+]")
SPEC = FingerprintSpec.parse("morgan")

written = st.builds(
    lambda smiles, seed, salt: Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0] + salt,
    st.sampled_from(SMILES),
    st.integers(1, 1 << 20),
    st.sampled_from(SALTS),
)


def slow_path(text: str):
    """Every step of the standardization, needed or not."""
    with rdBase.BlockLogs():
        return describe(standardize_mol(Chem.MolFromSmiles(text)))


@settings(deadline=None)
@given(written)
def test_skipping_steps_changes_nothing(text: str) -> None:
    assert standardize(text) == slow_path(text)


@settings(deadline=None)
@given(written)
def test_standardizing_twice_is_standardizing_once(text: str) -> None:
    once = standardize(text)
    assert standardize(once.smiles) == once


@settings(deadline=None)
@given(st.sampled_from(SMILES), st.integers(1, 1 << 20), st.sampled_from(SALTS))
def test_the_way_of_writing_does_not_matter(smiles: str, seed: int, salt: str) -> None:
    other = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0]
    assert standardize(other + salt).inchikey == standardize(smiles + salt).inchikey
    assert np.array_equal(
        fingerprint(read_molecule(other), SPEC), fingerprint(Chem.MolFromSmiles(standardize(smiles).smiles), SPEC)
    )


@pytest.mark.shared
def test_skipping_steps_changes_nothing_in_real_structures(shared) -> None:
    """Every 600th structure of the benchmark's candidates, about 1,900."""
    with gzip.open(shared / "data" / "candidates.tsv.gz", "rt") as handle:
        texts = [line.split("\t", 1)[0] for i, line in enumerate(handle) if i % 600 == 1]
    assert len(texts) > 1000
    assert [text for text in texts if standardize(text) != slow_path(text)] == []
