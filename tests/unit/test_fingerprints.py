"""Specifications of fingerprints, and packing."""

import pickle

import numpy as np
import pytest
from rdkit import Chem

from matchms_fingerprint.chem import (
    FingerprintSpec,
    fingerprint,
    fingerprint_bytes,
    fingerprints,
    pack_bits,
    unpack_bits,
)
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.errors import FingerprintSpecError


@pytest.mark.parametrize(
    ("text", "canonical", "n_bits", "n_words"),
    [
        ("morgan", "morgan:radius=2,bits=4096", 4096, 64),
        ("Morgan: bits=1024 , radius=3", "morgan:radius=3,bits=1024", 1024, 16),
        ("morgan:bits=100", "morgan:radius=2,bits=100", 100, 2),
        ("rdkit", "rdkit:bits=2048", 2048, 32),
        ("rdkit:bits=512", "rdkit:bits=512", 512, 8),
        ("maccs", "maccs", 167, 3),
    ],
)
def test_specification_is_read_and_written(text: str, canonical: str, n_bits: int, n_words: int) -> None:
    spec = FingerprintSpec.parse(text)
    assert (str(spec), spec.n_bits, spec.n_words) == (canonical, n_bits, n_words)
    assert FingerprintSpec.parse(str(spec)) == spec
    assert FingerprintSpec.parse(spec) is spec
    assert hash(pickle.loads(pickle.dumps(spec))) == hash(spec)


def test_default_of_the_package_is_canonical() -> None:
    assert str(FingerprintSpec.parse(DEFAULT_FINGERPRINT)) == DEFAULT_FINGERPRINT


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ecfp:bits=4096", "'ecfp'"),
        ("", "''"),
        ("morgan:size=4096", "'size'"),
        ("rdkit:radius=2", "'radius'"),
        ("maccs:bits=167", "'bits'"),
        ("morgan:bits=4", "bits must be"),
        ("morgan:bits=many", "bits must be"),
        ("morgan:bits", "bits must be"),
        ("morgan:radius=-1", "radius must be"),
        ("morgan:bits=64,bits=128", "twice"),
    ],
)
def test_unknown_specification_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(FingerprintSpecError, match="fingerprint") as caught:
        FingerprintSpec.parse(text)
    assert named in str(caught.value)


def test_bit_i_is_bit_i_modulo_64_of_word_i_over_64() -> None:
    bits = np.zeros((2, 130), dtype=np.uint8)
    bits[0, [0, 65]] = 1
    bits[1, 129] = 1
    assert pack_bits(bits).tolist() == [[1, 2, 0], [0, 0, 2]]


@pytest.mark.parametrize("n_bits", [1, 63, 64, 65, 167, 256])
def test_unpacking_is_the_inverse_of_packing(n_bits: int) -> None:
    bits = np.random.default_rng(0).integers(0, 2, size=(5, n_bits), dtype=np.uint8)
    assert np.array_equal(unpack_bits(pack_bits(bits), n_bits), bits)


def test_packing_takes_booleans_probabilities_and_no_rows() -> None:
    assert pack_bits(np.array([[True, False, True]])).tolist() == [[5]]
    assert pack_bits(np.array([[0.0, 0.3]])).tolist() == [[2]]
    assert pack_bits(np.zeros((0, 70))).shape == (0, 2)
    assert unpack_bits(np.zeros((0, 2), dtype=np.uint64), 70).shape == (0, 70)


@pytest.mark.parametrize("text", ["morgan:bits=256", "rdkit", "maccs"])
def test_one_and_many_agree(text: str) -> None:
    spec = FingerprintSpec.parse(text)
    mols = [Chem.MolFromSmiles(smiles) for smiles in ("CCO", "c1ccccc1O", "CC(N)C(=O)O")]
    many = fingerprints(mols, spec)
    assert many.shape == (3, spec.n_words)
    assert many.dtype == np.uint64
    assert all(np.array_equal(many[i], fingerprint(mol, spec)) for i, mol in enumerate(mols))
    assert fingerprint_bytes(mols[0], spec) == many[0].tobytes()
    assert fingerprints([], spec).shape == (0, spec.n_words)


def test_morgan_does_not_see_stereochemistry() -> None:
    spec = FingerprintSpec.parse("morgan")
    left, right = (Chem.MolFromSmiles(smiles) for smiles in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"))
    assert np.array_equal(fingerprint(left, spec), fingerprint(right, spec))
