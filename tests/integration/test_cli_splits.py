"""`splits` as a user runs it: folds that `train` reads, and what they share."""

import csv
import json
from pathlib import Path

import pytest
from annotation_cases import CommandLine
from builders import TINY_FINGERPRINT
from labelled_file import FOLDS, write_folds, write_labelled_mgf

FILES = {"folds.tsv", "overlap.json", "spectra.tsv", "highest_tanimoto.png"}


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    return {
        "spectra": write_labelled_mgf(tmp_path / "labelled.mgf"),
        "folds": write_folds(tmp_path / "given.tsv", FOLDS),
        "output": tmp_path / "splits",
    }


def arguments(inputs: dict[str, Path], *more: object) -> list[object]:
    return ["splits", inputs["spectra"], "-o", inputs["output"], "--fingerprint", TINY_FINGERPRINT, *more]


def test_folds_are_made_and_train_reads_them(
    command_line: CommandLine, inputs: dict[str, Path], tmp_path: Path
) -> None:
    # of sixteen spectra few are drawn: with this seed every fold of both splits has some
    made = ["--split", "inchikey", "--split", "formula", "--seed", 85]
    code, out, err = command_line(*arguments(inputs, *made))
    assert (code, out) == (0, "")
    assert "fold_inchikey" in err
    assert "fold_formula" in err
    assert {path.name for path in inputs["output"].iterdir()} == FILES
    reports = json.loads((inputs["output"] / "overlap.json").read_text())
    assert [report["split"] for report in reports] == ["fold_inchikey", "fold_formula"]
    assert all(report["leaking_structures"] == 0 for report in reports)
    assert (inputs["output"] / "highest_tanimoto.png").read_bytes().startswith(b"\x89PNG")
    with open(inputs["output"] / "folds.tsv", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert len(rows) == 16
    assert list(rows[0]) == ["accession", "fold_inchikey", "fold_formula"]
    sizes = {fold: sum(row["fold_inchikey"] == fold for row in rows) for fold in ("train", "val", "test")}
    assert {fold: size["spectra"] for fold, size in reports[0]["folds"].items()} == sizes
    settings = tmp_path / "settings.json"
    small = {"n_input": 16, "n_hidden": 32, "n_embedding": 16, "n_blocks": 1}
    settings.write_text(
        json.dumps(
            {
                "encoder_settings": small,
                "fingerprint": TINY_FINGERPRINT,
                "spectra_per_epoch": 32,
                "batch_size": 16,
                "epochs": 1,
            }
        )
    )
    train = ["train", inputs["spectra"], "--folds", inputs["output"] / "folds.tsv", "--fold-column", "fold_inchikey"]
    code, _, err = command_line(*train, "--settings", settings, "-o", tmp_path / "model", "--quiet")
    assert (code, err) == (0, "")
    card = json.loads((tmp_path / "model" / "bundle.json").read_text())["card"]
    assert card["spectra"] == sizes


def test_given_folds_are_reported_on(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    code, out, err = command_line(*arguments(inputs, "--folds", inputs["folds"], "--quiet"))
    assert (code, out, err) == (0, "", "")
    (report,) = json.loads((inputs["output"] / "overlap.json").read_text())
    assert report["split"] == "fold_scaffold"
    assert {fold: size["spectra"] for fold, size in report["folds"].items()} == {"train": 10, "val": 2, "test": 4}
    # each of the eight structures has its two spectra in one fold
    assert report["overlaps"]["test"]["structures"] == {"groups": 2, "shared": 0, "spectra": 0.0}


def test_without_a_choice_all_simple_splits_are_made(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    assert command_line(*arguments(inputs, "--quiet", "--seed", 85))[0] == 0
    header = (inputs["output"] / "folds.tsv").read_text().splitlines()[0]
    assert header.split("\t") == ["accession", "fold_random", "fold_inchikey", "fold_scaffold", "fold_formula"]


def test_an_output_is_replaced_only_when_told(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    given = arguments(inputs, "--folds", inputs["folds"], "--quiet")
    assert command_line(*given)[0] == 0
    code, _, err = command_line(*given)
    assert code == 1
    assert "--overwrite" in err
    assert command_line(*given, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--folds", "missing.tsv"], "no such file"),
        (["--folds", "given.tsv", "--fold-column", "fold_random"], "fold_random"),
        (["--folds", "given.tsv", "--split", "scaffold"], "leave out --split scaffold"),
        (["--split", "learned"], "8 structures are too few"),
        (["--fingerprint", "maccs5"], "maccs5"),
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
    code, out, err = command_line(*arguments(inputs, "--quiet", *change))
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not inputs["output"].exists()


def test_missing_spectra_are_one_line(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    code, _, err = command_line("splits", "missing.mgf", "-o", inputs["output"], "--quiet")
    assert code == 1
    assert "no such file" in err
