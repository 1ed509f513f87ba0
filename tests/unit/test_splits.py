import gzip
from dataclasses import replace

import numpy as np
import pytest
from labelled_file import FOLDS, write_labelled_mgf
from labelled_file import write_folds as write_given_folds

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.training.splits import (
    SPLITS,
    FoldSource,
    assign_folds,
    leaking_structures,
    make_folds,
    murcko_scaffold,
    read_folds,
    write_folds,
)

BENZENES = [f"c1ccccc1{'C' * n}O" for n in range(1, 30)]
CHAINS = ["C" * n + "O" for n in range(1, 200)]


def keys_of(smiles):
    return [f"{i:014d}-UHFFFAOYSA-N" for i in range(len(smiles))]


def formulas_of(smiles):
    return [f"C{len(text)}" for text in smiles]


def described(smiles):
    return smiles, keys_of(smiles), formulas_of(smiles)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    mgf = write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")
    return read_labelled_spectra(mgf, FingerprintSpec.parse("morgan:radius=2,bits=256"))


def test_a_scaffold_stays_in_one_fold_and_acyclic_compounds_are_spread():
    folds = assign_folds("scaffold", *described(BENZENES + CHAINS))
    assert len(set(folds[: len(BENZENES)])) == 1
    assert set(folds[len(BENZENES) :]) == {"train", "val", "test"}


def test_an_inchikey_split_keeps_structures_together_and_leaks_nothing():
    smiles = CHAINS * 3
    inchikeys = keys_of(CHAINS) * 3
    folds = assign_folds("inchikey", smiles, inchikeys, formulas_of(smiles))
    thirds = folds.reshape(3, -1)
    assert (thirds[0] == thirds[1]).all()
    assert (thirds[0] == thirds[2]).all()
    assert leaking_structures(folds, inchikeys) == []


def test_isomers_stay_in_one_fold_of_a_formula_split():
    formulas = [f"C{i // 4}H10" for i in range(400)]
    folds = assign_folds("formula", ["C"] * 400, keys_of(["C"] * 400), formulas)
    quarters = folds.reshape(100, 4)
    assert (quarters == quarters[:, :1]).all()
    assert set(folds) == {"train", "val", "test"}


def test_scaffolds_are_rings_with_their_linkers():
    # ibuprofen and its mirror image, caffeine, octanoic acid; after the definition of Bemis & Murcko
    assert murcko_scaffold("CC(C)Cc1ccc(cc1)C(C)C(=O)O") == "c1ccccc1"
    assert murcko_scaffold("CC(C)Cc1ccc(cc1)[C@H](C)C(=O)O") == "c1ccccc1"
    assert murcko_scaffold("CCCCCCCC(=O)O") == ""
    assert murcko_scaffold("O=C(c1ccccc1)C1CCCC1") == "O=C(c1ccccc1)C1CCCC1"


def test_unused_spectra_do_not_leak():
    folds = np.array(["test", "", "train", "val"])
    assert leaking_structures(folds, ["A" * 14, "A" * 14, "B" * 14, "C" * 14]) == []
    assert leaking_structures(folds, ["A" * 14, "B" * 14, "C" * 14, "A" * 14]) == ["A" * 14]


def test_leaks_are_seen_in_folds_of_a_column(data, tmp_path):
    table = write_given_folds(tmp_path / "folds.tsv", ["train", "test"] * 2 + ["train"] * 10 + ["val"] * 2)
    folds = FoldSource(table).folds_of(data)
    assert leaking_structures(folds, data.keys()) == sorted({key[:14] for key in data.keys()[:4]})


@pytest.mark.parametrize("split", [name for name in SPLITS if name != "learned"])
def test_folds_made_here_are_read_back(data, tmp_path, split):
    folds = make_folds(split, data, seed=5)
    write_folds(tmp_path / "folds.tsv", data, {f"fold_{split}": folds})
    source = FoldSource(tmp_path / "folds.tsv", f"fold_{split}")
    assert source.folds_of(data).tolist() == folds.tolist()
    assert FoldSource(None, split=split).folds_of(data, seed=5).tolist() == folds.tolist()


def test_spectra_that_are_in_no_fold_are_left_out_of_the_table(data, tmp_path):
    first, second = np.array(FOLDS, dtype=object), np.array(FOLDS, dtype=object)
    first[3:] = ""
    second[:2], second[5:] = "", ""
    write_folds(tmp_path / "folds.tsv", data, {"a": first, "b": second}, "id")
    # spectrum 2 is in both columns, 0 and 1 in the first alone, 3 and 4 in the second alone
    assert read_folds(tmp_path / "folds.tsv", "a", "id") == dict(
        zip(data.ids[:5].tolist(), ["train"] * 3 + [""] * 2, strict=True)
    )
    assert len((tmp_path / "folds.tsv").read_text().splitlines()) == 6


def test_ids_that_say_nothing_are_refused(data, tmp_path):
    nameless = replace(data, ids=np.array([""] * len(data)))
    with pytest.raises(InputFileError, match="SPECTRUM_ID of its own"):
        write_folds(tmp_path / "folds.tsv", nameless, {"fold": np.array(FOLDS)})
    assert not (tmp_path / "folds.tsv").exists()


def test_a_random_split_leaks_and_says_so():
    inchikeys = keys_of(CHAINS) * 10
    folds = assign_folds("random", CHAINS * 10, inchikeys, formulas_of(CHAINS) * 10)
    assert len(leaking_structures(folds, inchikeys)) > 50


def test_shares_are_about_80_10_10():
    folds = assign_folds("random", ["C"] * 20_000, ["x" * 14] * 20_000, ["CH4"] * 20_000)
    # four standard deviations of a binomial with n = 20,000 and p = 0.1 are 0.0085
    assert np.mean(folds == "test") == pytest.approx(0.1, abs=0.0085)
    assert np.mean(folds == "val") == pytest.approx(0.1, abs=0.0085)


def test_folds_follow_from_the_seed():
    same = [assign_folds("inchikey", *described(CHAINS), seed=3).tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != assign_folds("inchikey", *described(CHAINS), seed=4).tolist()


def test_an_unknown_split_is_refused():
    with pytest.raises(SettingsError, match="random, inchikey, scaffold, formula, learned"):
        assign_folds("alphabetical", [], [], [])


def test_folds_are_read_from_tables(tmp_path):
    text = "accession\tfold_scaffold\nA1\ttrain\nA2\ttest\n"
    (tmp_path / "folds.tsv").write_text(text)
    with gzip.open(tmp_path / "folds.tsv.gz", "wt") as handle:
        handle.write(text)
    (tmp_path / "folds.csv").write_text(text.replace("\t", ","))
    for name in ("folds.tsv", "folds.tsv.gz", "folds.csv"):
        assert read_folds(tmp_path / name, "fold_scaffold", "accession") == {"A1": "train", "A2": "test"}


def test_wrong_tables_of_folds_are_refused(tmp_path):
    path = tmp_path / "folds.tsv"
    with pytest.raises(InputFileError, match="no such file"):
        read_folds(path, "fold", "id")
    path.write_text("id\tfold\nA1\tholdout\n")
    with pytest.raises(InputFileError, match="holdout"):
        read_folds(path, "fold", "id")
    with pytest.raises(InputFileError, match="it has id, fold"):
        read_folds(path, "fold_scaffold", "id")
