import gzip

import numpy as np
import pytest

from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.training.splits import assign_folds, leaking_structures, read_folds

BENZENES = [f"c1ccccc1{'C' * n}O" for n in range(1, 30)]
CHAINS = ["C" * n + "O" for n in range(1, 200)]


def keys_of(smiles):
    return [f"{i:014d}-UHFFFAOYSA-N" for i in range(len(smiles))]


def test_a_scaffold_stays_in_one_fold_and_acyclic_compounds_are_spread():
    folds = assign_folds("scaffold", BENZENES + CHAINS, keys_of(BENZENES + CHAINS))
    assert len(set(folds[: len(BENZENES)])) == 1
    assert set(folds[len(BENZENES) :]) == {"train", "val", "test"}


def test_an_inchikey_split_keeps_structures_together_and_leaks_nothing():
    smiles = CHAINS * 3
    inchikeys = keys_of(CHAINS) * 3
    folds = assign_folds("inchikey", smiles, inchikeys)
    thirds = folds.reshape(3, -1)
    assert (thirds[0] == thirds[1]).all()
    assert (thirds[0] == thirds[2]).all()
    assert leaking_structures(folds, inchikeys) == []


def test_a_random_split_leaks_and_says_so():
    inchikeys = keys_of(CHAINS) * 10
    folds = assign_folds("random", CHAINS * 10, inchikeys)
    assert len(leaking_structures(folds, inchikeys)) > 50


def test_shares_are_about_80_10_10():
    folds = assign_folds("random", ["C"] * 20_000, ["x" * 14] * 20_000)
    # four standard deviations of a binomial with n = 20,000 and p = 0.1 are 0.0085
    assert np.mean(folds == "test") == pytest.approx(0.1, abs=0.0085)
    assert np.mean(folds == "val") == pytest.approx(0.1, abs=0.0085)


def test_folds_follow_from_the_seed():
    same = [assign_folds("inchikey", CHAINS, keys_of(CHAINS), seed=3).tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != assign_folds("inchikey", CHAINS, keys_of(CHAINS), seed=4).tolist()


def test_an_unknown_split_is_refused():
    with pytest.raises(SettingsError, match="random, inchikey, scaffold"):
        assign_folds("alphabetical", [], [])


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
