"""Packed fingerprints hold the bits of RDKit's own."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator

from matchms_fingerprint.chem import FingerprintSpec, fingerprints, unpack_bits

SMILES = (
    "C",
    "CCO",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "C[N+](C)(C)CC(=O)[O-]",
    "CC(C)CCCC(C)C1CCC2C3CC=C4CC(O)CCC4(C)C3CCC12C",
    "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
    "Clc1ccc(cc1)C(c1ccc(Cl)cc1)C(Cl)(Cl)Cl",
)
PEERS = {
    "morgan": rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=4096).GetFingerprint,
    "morgan:radius=3,bits=1000": rdFingerprintGenerator.GetMorganGenerator(radius=3, fpSize=1000).GetFingerprint,
    "rdkit": Chem.RDKFingerprint,
    "maccs": MACCSkeys.GenMACCSKeys,
}


@pytest.mark.parametrize("text", PEERS)
def test_bits_are_those_of_rdkit(text: str) -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in SMILES]
    spec = FingerprintSpec.parse(text)
    expected = np.array([list(PEERS[text](mol)) for mol in mols], dtype=np.uint8)
    assert expected.shape[1] == spec.n_bits
    assert np.array_equal(unpack_bits(fingerprints(mols, spec), spec.n_bits), expected)
