"""`tune` as a user runs it, and `train` with what it found."""

import json
from pathlib import Path

import pytest
from annotation_cases import CommandLine
from builders import TINY_FINGERPRINT
from labelled_file import FOLDS, write_folds, write_labelled_mgf

SETTINGS = {
    "encoder_settings": {"n_input": 16, "n_hidden": 32, "n_embedding": 16, "n_blocks": 1},
    "fingerprint": TINY_FINGERPRINT,
    "spectra_per_epoch": 32,
    "batch_size": 16,
}
SPACE = """// a small one
{
    // of AdamW
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": true},
    "batch_size": [8, 16]
}
"""


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    (tmp_path / "space.json").write_text(SPACE)
    return {
        "spectra": write_labelled_mgf(tmp_path / "labelled.mgf"),
        "folds": write_folds(tmp_path / "folds.tsv", FOLDS),
        "settings": tmp_path / "settings.json",
        "space": tmp_path / "space.json",
        "output": tmp_path / "search",
    }


def arguments(inputs: dict[str, Path], *more: object) -> list[object]:
    given = ["tune", inputs["spectra"], "--folds", inputs["folds"], "--settings", inputs["settings"]]
    return [*given, "--space", inputs["space"], "-o", inputs["output"], "--trials", 2, "--epochs", 1, *more]


def test_tune_then_train(command_line: CommandLine, inputs: dict[str, Path], tmp_path: Path) -> None:
    code, out, err = command_line(*arguments(inputs))
    assert (code, out) == (0, "")
    assert "The best trials" in err
    assert "learning_rate" in err
    names = {path.name for path in inputs["output"].iterdir()}
    assert {"trials.tsv", "best_settings.json", "history.png", "trials.db", "tune.json", "trials"} <= names
    best = inputs["output"] / "best_settings.json"
    train = ["train", inputs["spectra"], "--folds", inputs["folds"], "--settings", best, "-o", tmp_path / "model"]
    assert command_line(*train, "--quiet")[0] == 0
    used = json.loads((tmp_path / "model" / "bundle.json").read_text())["card"]["settings"]
    assert used == json.loads(best.read_text())
    assert used["batch_size"] in (8, 16)
    assert used["epochs"] == 1


def test_a_search_goes_on_with_resume(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    assert command_line(*arguments(inputs, "--quiet")) == (0, "", "")
    code, _, err = command_line(*arguments(inputs, "--quiet"))
    assert code == 1
    assert "--resume" in err
    assert command_line(*arguments(inputs, "--quiet", "--resume", "--trials", 3))[0] == 0
    assert len((inputs["output"] / "trials.tsv").read_text().splitlines()) == 4


def test_the_built_in_space_is_printed_and_can_be_given(
    command_line: CommandLine, inputs: dict[str, Path], tmp_path: Path
) -> None:
    code, out, err = command_line("tune", "--show-space")
    assert (code, err) == (0, "")
    assert out.startswith("//")
    (tmp_path / "own.json").write_text(out)
    code, _, err = command_line(*arguments(inputs, "--quiet", "--trials", 1, "--space", tmp_path / "own.json"))
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--space", "missing.json"], "no such file"),
        (["--space", "wrong.json"], "learning_rat"),
        (["--settings", "missing.json"], "no such file"),
        (["--folds", "missing.tsv"], "no such file"),
        (["--candidates", "missing"], "missing"),
    ],
)
def test_bad_input_is_one_line(
    command_line: CommandLine,
    inputs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    change: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(inputs["output"].parent)
    Path("wrong.json").write_text('{"learning_rat": [1, 2]}')
    code, out, err = command_line(*arguments(inputs, "--quiet", *change))
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not (inputs["output"] / "trials.db").exists()
