"""Names of runs, what they share, and the table of what they measured."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from matchms_fingerprint.errors import ModelError, SettingsError
from matchms_fingerprint.io.artifacts import write_json
from matchms_fingerprint.training.model_zoo import ModelZoo, RunClock, ZooRun, best_score
from matchms_fingerprint.training.zoo_table import read_measured


def test_a_run_is_named_by_its_parts() -> None:
    run = ZooRun.parse("deep_sets/unfolding/combined+memory+synthetic")
    assert run.parts == ("deep_sets", "unfolding", "combined")
    shared = {"epochs": 3, "real_epochs": 1, "encoder_settings": {"deep_sets": {"n_peak": 8}, "binned_mlp": {"x": 1}}}
    settings = run.settings(shared, seed=4)
    assert (settings.encoder, settings.head, settings.loss, settings.seed) == (*run.parts, 4)
    assert settings.encoder_settings == {"n_peak": 8}
    assert settings.memory_peaks > 0
    assert settings.synthetic_structures > 0
    assert settings.patience == settings.epochs == 3


def test_what_a_run_does_not_name_it_does_not_have() -> None:
    plain, remembering = (ZooRun.parse(f"binned_mlp/independent_bits/bce{extra}") for extra in ("", "+memory"))
    assert (plain.settings({}, 0).memory_peaks, plain.settings({}, 0).synthetic_structures) == (0, 0)
    assert remembering.settings({}, 0).synthetic_structures == 0
    assert plain.training == remembering.training  # the memory comes afterwards
    assert ZooRun.parse("binned_mlp/independent_bits/bce+synthetic").training != plain.training


@pytest.mark.parametrize("name", ["binned_mlp/bce", "binned_mlp/independent_bits/bce+magic", "x/independent_bits/bce"])
def test_a_wrong_name_is_refused(name: str) -> None:
    with pytest.raises((SettingsError, ModelError)):
        ZooRun.parse(name)


def test_a_folder_keeps_to_one_protocol(tmp_path: Path) -> None:
    zoo = ModelZoo(None, np.empty(0, np.str_), None, tmp_path, {})  # type: ignore[arg-type]
    zoo.claim({"spectra": "a"})
    zoo.claim({"spectra": "a"})
    with pytest.raises(SettingsError, match="other spectra"):
        zoo.claim({"spectra": "b"})


def test_the_clock_goes_on_after_a_restart() -> None:
    clock = RunClock("val_tanimoto")
    clock.on_train_start()
    for epoch, value in enumerate([0.1, 0.3, 0.2]):
        clock.on_validation_end(SimpleNamespace(callback_metrics={"val_tanimoto": value}, current_epoch=epoch), None)
    assert (clock.best, clock.best_epoch) == (0.3, 1)
    again = RunClock("val_tanimoto")
    again.load_state_dict(clock.state_dict())
    again.on_train_start()
    again.on_validation_end(SimpleNamespace(callback_metrics={"val_tanimoto": 0.25}, current_epoch=3), None)
    assert again.best_epoch == 1
    assert again.seconds >= clock.seconds >= 0


def test_the_score_is_chosen_on_val_alone() -> None:
    values = {
        "val_ranks_cosine": np.array([1.0, 2.0, 9.0]),
        "val_ranks_tanimoto": np.array([1.0, 1.0, 1.5]),
        "test_ranks_cosine": np.array([1.0]),
        "test_ranks_tanimoto": np.array([7.0]),
    }
    assert best_score(values) == "tanimoto"


def test_seeds_of_a_run_stand_together_best_run_first(tmp_path: Path) -> None:
    def write(name: str, seed: int, ranks: list[float]) -> None:
        folder = tmp_path / "measured" / f"{name}-seed{seed}"
        write_json(folder / "run.json", {"name": name, "seed": seed})
        np.savez(folder / "values.npz", val_ranks_cosine=np.array(ranks), val_tanimoto=np.array([0.5, 0.5]) + seed / 10)

    write("worse", 0, [2.0, 2.0])
    write("better", 10, [1.0, 1.0])
    write("better", 2, [1.0, 4.0])
    better, worse = read_measured(tmp_path)
    assert (better.name, worse.name) == ("better", "worse")
    assert [one["seed"] for one in better.described] == [2, 10]
    np.testing.assert_allclose(better.hits("val", 1), [1.0, 0.5])
    np.testing.assert_allclose(better.tanimoto("val"), [1.1, 1.1])
    assert worse.tanimoto("test") is None
