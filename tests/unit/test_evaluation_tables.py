"""Tables of results: their files, the novelty of structures, and who wins where."""

import numpy as np
import pytest
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.evaluation.breakdown import MIN_SPECTRA, break_down, groupings
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.evaluation.spectrum_columns import novelty
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
SPEC_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=256)


def table_of(n, **columns):
    known = {
        "structure": np.arange(n).astype(str),
        "ion_mode": np.full(n, "positive"),
        "adduct": np.full(n, "[M+H]+"),
        "analyzer": np.full(n, "tof"),
        "collision_energy_ev": np.full(n, 20.0),
        "n_peaks": np.full(n, 10),
        "novelty": np.full(n, 0.5),
    }
    return ResultTable(known | columns)


def test_a_table_is_read_as_it_was_written(tmp_path):
    table = ResultTable(
        {
            "id": np.array(["1", "2", "3"]),
            "name": np.array(["a\tb", 'c"d', ""]),
            "n": np.array([1, 2, 3]),
            "value": np.array([0.5, np.nan, np.inf]),
        }
    )
    table.write(tmp_path / "table.tsv")
    found = ResultTable.read(tmp_path / "table.tsv")
    assert found["id"].tolist() == ["1", "2", "3"]
    assert found["name"].tolist() == ["a\tb", 'c"d', ""]
    assert found["n"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(found["value"], [0.5, np.nan, np.inf])
    assert len(found.take(np.array([True, False, True]))) == 2


@pytest.mark.parametrize("content", ["a\tb\n1\n", b"\xff\xfe"])
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "table.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputFileError, match="not a table"):
        ResultTable.read(path)
    with pytest.raises(InputFileError, match="no such file"):
        ResultTable.read(tmp_path / "missing.tsv")


def test_novelty_is_the_highest_tanimoto_to_train():
    smiles = ["CCO", "CCCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "CCN"]
    mols = [read_molecule(text) for text in smiles]
    data = LabelledSpectra(
        spectra=spectrum_arrays([]),
        ids=np.empty(0, np.str_),
        structure=np.empty(0, np.int64),
        smiles=smiles,
        inchikeys=[""] * 5,
        formulas=[""] * 5,
        masses=np.zeros(5),
        fingerprints=fingerprints(mols, SPEC),
        fingerprint=SPEC,
    )
    vectors = [SPEC_GENERATOR.GetFingerprint(mol) for mol in mols]
    known = np.array([0, 2])
    expected = [max(DataStructs.TanimotoSimilarity(vectors[i], vectors[k]) for k in known) for i in (3, 1, 3, 0)]
    np.testing.assert_allclose(novelty(data, np.array([3, 1, 3, 0]), known), expected)
    assert np.isnan(novelty(data, np.array([1]), np.empty(0, np.int64))).all()


def test_bins_hold_their_lower_edge_and_nothing_is_lost():
    energies = np.array([0.0, 9.99, 10.0, 34.9, 80.0, 500.0, np.nan])
    peaks = np.array([1, 2, 3, 10, 11, 51, 4000])
    novel = np.array([0.0, 0.3, 0.999, 1.0, 0.5, 0.7, np.nan])
    found = groupings(table_of(7, collision_energy_ev=energies, n_peaks=peaks, novelty=novel))
    assert found["collision energy"][0].tolist() == [
        "0 to 10 eV",
        "0 to 10 eV",
        "10 to 20 eV",
        "20 to 35 eV",
        "80 eV and more",
        "80 eV and more",
        "unknown",
    ]
    assert found["number of peaks"][0].tolist() == [
        "1 to 2",
        "1 to 2",
        "3 to 5",
        "6 to 10",
        "11 to 20",
        "51 and more",
        "51 and more",
    ]
    assert found["highest Tanimoto to train"][0].tolist() == [
        "0 to 0.3",
        "0.3 to 0.4",
        "0.85 to 1",
        "1 (same bits)",
        "0.5 to 0.6",
        "0.7 to 0.85",
        "unknown",
    ]
    for labels, groups in found.values():
        assert set(labels.tolist()) == set(groups)


def test_rare_groups_are_put_together():
    n = MIN_SPECTRA
    adducts = np.array(["[M+H]+"] * 2 * n + ["[M+Na]+"] * n + ["[M+K]+"] * 3 + ["[M]+"] * 2 + ["unknown"])
    labels, groups = groupings(table_of(adducts.size, adduct=adducts))["adduct"]
    assert groups == ["[M+H]+", "[M+Na]+", "other or unknown"]
    assert (labels == "other or unknown").sum() == 6


def test_the_break_down_agrees_with_selecting_by_hand():
    rng = np.random.default_rng(0)
    n = 200
    table = table_of(
        n,
        structure=rng.integers(0, 40, n).astype(str),
        ion_mode=rng.choice(["positive", "negative"], n),
    )
    model, baseline, counts = rng.random(n), rng.random(n), rng.random(n) < 0.5
    found = break_down(table, {"measure": ({"model": model, "baseline": baseline}, counts)})["ion mode"]
    assert sum(row["measure"]["n_spectra"] for row in found) == counts.sum()
    for row in found:
        chosen = counts & (table["ion_mode"] == row["group"])
        assert row["measure"]["n_structures"] == np.unique(table["structure"][chosen]).size
        assert row["measure"]["model"]["mean"] == pytest.approx(model[chosen].mean(), abs=1e-4)
        assert row["measure"]["difference"]["mean"] == pytest.approx((model - baseline)[chosen].mean(), abs=1e-4)
        assert row["measure"]["model"]["low"] < model[chosen].mean() < row["measure"]["model"]["high"]
