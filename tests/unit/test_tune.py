"""A search on sixteen spectra: what it draws, what it leaves, and that it goes on where it was stopped."""

import csv
import json
from dataclasses import replace

import numpy as np
import optuna
import pytest
from labelled_file import FOLDS, write_labelled_mgf

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import OutputError, SettingsError
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.training import tune as tune_module
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.tune import tune

SMALL = TrainingSettings(
    encoder_settings={"n_input": 16, "n_hidden": 32, "n_embedding": 16, "n_blocks": 1},
    fingerprint="morgan:radius=2,bits=256",
    epochs=2,
    spectra_per_epoch=32,
    batch_size=16,
    memory_peaks=0,
)
SPACE = {
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "encoder_settings.n_hidden": [16, 32],
    "augmentation.merge": {"low": 0.0, "high": 0.5},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    mgf = write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")
    return read_labelled_spectra(mgf, FingerprintSpec.parse(SMALL.fingerprint))


def search(data, folder, **changes):
    given = {"folds": np.array(FOLDS), "base": SMALL, "space": SPACE, "n_trials": 3} | changes
    return tune(data, folder=folder, **given)


def trials_of(folder):
    with open(folder / "trials.tsv", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def searched(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune") / "search"
    seen = []
    best = search(data, folder, on_progress=seen.append)
    return folder, best, seen


def test_the_best_trial_is_what_is_returned_and_written(searched):
    folder, best, _ = searched
    rows = trials_of(folder)
    assert [row["state"] for row in rows] == ["complete"] * 3
    assert [row["epochs"] for row in rows] == ["2"] * 3
    winner = max(rows, key=lambda row: float(row["value"]))
    assert best.learning_rate == pytest.approx(float(winner["learning_rate"]), rel=1e-5)
    assert best.augmentation.merge == pytest.approx(float(winner["augmentation.merge"]), rel=1e-5)
    assert best.encoder_settings == SMALL.encoder_settings | {"n_hidden": int(winner["encoder_settings.n_hidden"])}
    assert TrainingSettings.from_dict(json.loads((folder / "best_settings.json").read_text())) == best
    assert (folder / "history.png").read_bytes().startswith(b"\x89PNG")


def test_the_value_of_a_trial_is_the_best_of_its_curve_on_val(searched):
    folder, _, _ = searched
    for i, row in enumerate(trials_of(folder)):
        with open(folder / "trials" / f"{i:04d}" / "curve.csv", newline="") as handle:
            curve = [float(line["val_tanimoto"]) for line in csv.DictReader(handle)]
        assert float(row["value"]) == pytest.approx(max(curve), abs=1e-5)
        assert int(row["best_epoch"]) == int(np.argmax(curve))


def test_weights_of_trials_do_not_stay(searched):
    folder, _, _ = searched
    assert not [path for path in (folder / "trials").rglob("*") if path.suffix in (".ckpt", ".safetensors")]


def test_progress_counts_trials_and_epochs(searched):
    _, _, seen = searched
    assert [(now.n_done, now.epoch) for now in seen] == [
        (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 0),
    ]  # fmt: skip
    assert np.isnan(seen[0].best)
    assert seen[-1].best >= seen[2].best


def test_the_test_fold_is_not_looked_at(data, searched, tmp_path):
    """Other structures in `test` change nothing."""
    folder, _, _ = searched
    swapped = np.where(np.array(FOLDS) == "test", data.structure[::-1], data.structure)
    search(replace(data, structure=swapped), tmp_path / "search")
    assert [row["value"] for row in trials_of(tmp_path / "search")] == [row["value"] for row in trials_of(folder)]


class PulledPlugError(Exception):
    pass


def pulled_after(n_epochs):
    seen = []

    def advance(now):
        seen.append(now)
        if len(seen) == n_epochs:
            raise PulledPlugError

    return advance


# 1: in the first trial; 5: in the second one, after its last epoch
@pytest.mark.parametrize("n_calls", [1, 5])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(data, searched, tmp_path, n_calls):
    whole, best, _ = searched
    folder = tmp_path / "search"
    with pytest.raises(PulledPlugError):
        search(data, folder, on_progress=pulled_after(n_calls))
    assert search(data, folder, resume=True) == best
    left_out = {"seconds"}
    rows = [[{k: v for k, v in row.items() if k not in left_out} for row in trials_of(f)] for f in (whole, folder)]
    assert rows[0] == rows[1]


def test_trials_can_be_added(data, searched, tmp_path):
    _, best, _ = searched
    search(data, tmp_path / "search", n_trials=2)
    assert search(data, tmp_path / "search", resume=True) == best
    # nothing is left to do
    assert search(data, tmp_path / "search", resume=True, n_trials=1) == best
    assert len(trials_of(tmp_path / "search")) == 3


def test_a_folder_is_not_reused_by_accident(data, searched, tmp_path):
    folder, _, _ = searched
    with pytest.raises(OutputError, match="--resume"):
        search(data, folder)
    with pytest.raises(OutputError, match="other settings"):
        search(data, folder, resume=True, base=replace(SMALL, epochs=3))
    with pytest.raises(OutputError, match="other settings"):
        search(data, folder, resume=True, space={"warmup": [0.1, 0.2]})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="holds no search"):
        search(data, tmp_path / "full")
    with pytest.raises(OutputError, match="question mark"):
        search(data, tmp_path / "what?")


def test_hopeless_trials_are_given_up(data, tmp_path, monkeypatch):
    strict = optuna.pruners.ThresholdPruner(lower=2.0)  # no Tanimoto reaches it
    monkeypatch.setattr(tune_module, "_pruner", lambda epochs: strict)
    with pytest.raises(SettingsError, match="no trial has come to its end"):
        search(data, tmp_path / "search", n_trials=2)
    rows = trials_of(tmp_path / "search")
    assert [row["state"] for row in rows] == ["given up"] * 2
    assert [row["epochs"] for row in rows] == ["1"] * 2
    assert all(0 < float(row["value"]) < 1 for row in rows)
    assert not (tmp_path / "search" / "best_settings.json").exists()


def test_the_pruner_waits_for_others_to_compare_with():
    pruner = tune_module._pruner(20)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    for _ in range(5):
        trial = study.ask()
        for epoch in range(20):
            trial.report(0.5, epoch)
            assert not trial.should_prune()
        study.tell(trial, 0.5)
    trial = study.ask()
    given_up = []
    for epoch in range(6):
        trial.report(0.4, epoch)
        given_up.append(trial.should_prune())
    # a fifth of 20 epochs is waited for
    assert given_up == [False] * 4 + [True] * 2


def test_a_trial_that_fails_is_noted_and_the_search_goes_on(data, tmp_path):
    space = {"encoder": ["binned_mlp", "no_such_encoder"], "warmup": [0.1, 0.2]}
    search(data, tmp_path / "search", space=space, n_trials=4, base=replace(SMALL, seed=1))
    rows = trials_of(tmp_path / "search")
    assert {row["state"] for row in rows} == {"complete", "failed"}
    for row in rows:
        assert (row["state"] == "failed") == (row["encoder"] == "no_such_encoder")
        assert ("no_such_encoder" in row["error"]) == (row["state"] == "failed")


def test_a_search_that_can_only_fail_ends(data, tmp_path):
    with pytest.raises(SettingsError, match="first 3 trials failed"):
        search(data, tmp_path / "search", space={"encoder": ["no_such_encoder"]}, n_trials=50)
    assert len(trials_of(tmp_path / "search")) >= 2


def test_time_that_is_up_ends_the_search_in_an_epoch(data, searched, tmp_path, monkeypatch):
    whole, best, _ = searched
    now = [0.0]
    monkeypatch.setattr(tune_module, "monotonic", lambda: now[0])

    def minute_by_minute(progress):
        now[0] += 60.0

    # each epoch and each end of a trial counts a minute: time is up after the first epoch of the second trial
    search(data, tmp_path / "search", on_progress=minute_by_minute, timeout_min=3.5)
    assert len(trials_of(tmp_path / "search")) == 1
    assert search(data, tmp_path / "search", resume=True) == best
    assert [row["value"] for row in trials_of(tmp_path / "search")] == [row["value"] for row in trials_of(whole)]


def test_time_that_does_not_suffice_is_said(data, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(tune_module, "monotonic", lambda: now[0])

    def minute_by_minute(progress):
        now[0] += 60.0

    with pytest.raises(SettingsError, match="no trial has come to its end"):
        search(data, tmp_path / "search", on_progress=minute_by_minute, timeout_min=0.5)


def test_folds_without_val_are_refused(data, tmp_path):
    with pytest.raises(SettingsError, match="fold 'val'"):
        search(data, tmp_path / "search", folds=np.array(["train"] * 16))
    assert not (tmp_path / "search").exists()
