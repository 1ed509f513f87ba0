"""`pretrain`, and a training that starts from it, as a user runs them."""

import json
from pathlib import Path

import pytest
from annotation_cases import CommandLine
from builders import TINY_FINGERPRINT, make_spectrum
from click.testing import CliRunner
from labelled_file import FOLDS, write_folds, write_labelled_mgf
from matchms.exporting import save_as_mgf

from matchms_fingerprint import load_model
from matchms_fingerprint.cli.pretrain import command
from matchms_fingerprint.errors import OutputError, SettingsError

SIZES = {"n_model": 16, "n_layers": 1, "n_heads": 2, "n_inner": 16, "n_bias": 4, "dropout": 0.0}
PRETRAINING = {
    "encoder_settings": SIZES,
    "spectra_per_epoch": 16,
    "batch_size": 8,
    "min_peaks": 2,
    "held_out_share": 0.3,
    "bin_width_da": 1.0,
}
TRAINING = {"fingerprint": TINY_FINGERPRINT, "spectra_per_epoch": 16, "batch_size": 16}


def pretrain(*arguments: object) -> None:
    found = CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output


def write_without_structures(path: Path) -> Path:
    """Write spectra of twelve compounds that nobody knows, S00 to S11."""
    for i in range(12):
        mz = [60.0 + i, 90.0 + 2 * i, 130.0, 200.0]
        save_as_mgf(make_spectrum(mz, precursor_mz=250.0 + i, spectrum_id=f"S{i // 2}{i % 2}"), str(path))
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    for name, content in (("pretraining", PRETRAINING), ("training", TRAINING)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return {
        "unknown": write_without_structures(tmp_path / "unknown.mgf"),
        "spectra": write_labelled_mgf(tmp_path / "labelled.mgf"),
        "folds": write_folds(tmp_path / "folds.tsv", FOLDS),
        "pretraining": tmp_path / "pretraining.json",
        "training": tmp_path / "training.json",
        "encoder": tmp_path / "encoder",
        "model": tmp_path / "model",
    }


def test_a_training_starts_from_a_pretrained_encoder(command_line: CommandLine, files: dict[str, Path]) -> None:
    given = [files["unknown"], "-o", files["encoder"], "--settings", files["pretraining"], "--quiet", "--epochs", 1]
    folds = write_folds(files["folds"].with_name("of_unknown.tsv"), ["test"] * 2 + ["train"] * 10)
    pretrain(*given, "--folds", folds)
    found = json.loads((files["encoder"] / "encoder.json").read_text())
    assert sum(found["n_spectra"].values()) == 10
    with pytest.raises(OutputError, match="--resume"):
        pretrain(*given)
    train = ["train", files["spectra"], "--folds", files["folds"], "--settings", files["training"], "--epochs", 1]
    train += ["--pretrained", files["encoder"], "--head", "siamese", "--quiet", "-o", files["model"]]
    code, out, err = command_line(*train)
    assert (code, out) == (0, ""), err
    model = load_model(files["model"])
    settings = model.card["settings"]
    assert (settings["encoder"], settings["head"]) == ("peak_transformer", "siamese")
    assert settings["encoder_settings"]["n_model"] == SIZES["n_model"]
    assert Path(settings["pretrained"]) == files["encoder"]


def test_unknown_settings_are_refused_by_name(files: dict[str, Path]) -> None:
    files["pretraining"].write_text(json.dumps({"hiden_share": 0.3}))
    with pytest.raises(SettingsError, match="hiden_share"):
        pretrain(files["spectra"], "-o", files["encoder"], "--settings", files["pretraining"])
