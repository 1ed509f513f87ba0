"""Similarities of packed fingerprints are those of RDKit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator

from matchms_fingerprint.chem import FingerprintSpec, fingerprints
from matchms_fingerprint.kernels import BitIndex, packed_similarity, top_k_packed

SMILES = (
    "C",
    "CCO",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[N+](C)(C)CC(=O)[O-]",
    "CC(C)CCCC(C)C1CCC2C3CC=C4CC(O)CCC4(C)C3CCC12C",
    "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
)
PEERS = {
    "tanimoto": DataStructs.BulkTanimotoSimilarity,
    "cosine": DataStructs.BulkCosineSimilarity,
    "dice": DataStructs.BulkDiceSimilarity,
}
SPECS = {
    "morgan": rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=4096).GetFingerprint,
    "maccs": MACCSkeys.GenMACCSKeys,
}
VECTORS = st.tuples(st.sampled_from([1, 64, 167]), st.lists(st.sets(st.integers(0, 166)), max_size=5))


@pytest.mark.parametrize("metric", PEERS)
@pytest.mark.parametrize("text", SPECS)
def test_molecules(text: str, metric: str) -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in SMILES]
    packed = fingerprints(mols, FingerprintSpec.parse(text))
    peers = [SPECS[text](mol) for mol in mols]
    expected = np.array([PEERS[metric](peer, peers) for peer in peers])
    np.testing.assert_allclose(packed_similarity(packed, packed, metric), expected, rtol=1e-12)
    for hits in (top_k_packed(packed, packed, 3, metric), BitIndex(packed).top_k(packed, 3, metric)):
        np.testing.assert_allclose(hits.scores, -np.sort(-expected, axis=1)[:, :3], rtol=1e-12)


@pytest.mark.parametrize("metric", PEERS)
@settings(deadline=None)
@given(VECTORS)
def test_any_bits_also_none_at_all(metric: str, example: tuple[int, list[set[int]]]) -> None:
    n_bits, rows = example
    peers, words = [], np.zeros((len(rows), -(-n_bits // 64)), np.uint64)
    for row, places in enumerate(rows):
        peer = DataStructs.ExplicitBitVect(n_bits)
        for place in places:
            if place < n_bits:
                peer.SetBit(place)
                words[row, place // 64] |= np.uint64(1) << np.uint64(place % 64)
        peers.append(peer)
    expected = [PEERS[metric](peer, peers) for peer in peers]
    np.testing.assert_allclose(packed_similarity(words, words, metric), np.reshape(expected, (len(rows),) * 2))
