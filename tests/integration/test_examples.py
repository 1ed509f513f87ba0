"""Every example runs as it stands, and the pipeline example shows what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_model
from labelled_file import write_folds, write_labelled_mgf

from matchms_fingerprint import load_model, load_spectra
from matchms_fingerprint.models.bundle import shipped_models

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))
RUN_BELOW = ("04_train_on_your_own_spectra", "05_study_level_embedding", "07_model_zoo")
"""Examples that a test of their own runs as they stand."""


def run(example: Path, folder: Path, *arguments: str) -> str:
    """Run an example in an empty folder, as a user who copied it would; return what it prints."""
    done = subprocess.run(
        [sys.executable, str(example), *arguments],
        cwd=folder,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_examples_are_numbered() -> None:
    assert [example.name[:3] for example in EXAMPLES] == [f"{example.name[:2]}_" for example in EXAMPLES]
    assert all(example.name[:2].isdecimal() for example in EXAMPLES)


@pytest.mark.skipif("default" not in shipped_models(), reason="this checkout ships no default model")
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.stem not in RUN_BELOW], ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    assert run(example, tmp_path).strip()


def test_pipeline_example_compares_all_scores(tmp_path: Path) -> None:
    example = next(path for path in EXAMPLES if path.stem == "02_fingerprint_retrieval_beside_cosine")
    printed = run(example, tmp_path, str(tiny_model(tmp_path / "model")))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    assert len(rows) == 11  # six compounds against themselves, five of them against an isomer as well
    by_reference = {row[2]: row for row in rows}
    for name in ("caffeic acid", "scopolamine", "fructose", "benzocaine", "gastrodin"):
        _, _, _, spectrum, cosine, peaks, fingerprint, embedding = by_reference[name]
        assert (spectrum, cosine, peaks, embedding) == ("no", "0.000", "0", "0.000")
        assert float(fingerprint) > 0
    for name in ("aspirin", "cocaine", "glucose", "hydroxy_cholesterol", "phenylalanine", "salicin"):
        _, _, _, spectrum, cosine, _, fingerprint, embedding = by_reference[f"{name} *"]
        assert spectrum == "yes"
        assert min(float(cosine), float(fingerprint), float(embedding)) > 0


def test_loss_example_compares_losses_on_spectra_of_ones_own(tmp_path: Path) -> None:
    example = next(path for path in EXAMPLES if path.stem == "06_loss_tradeoff")
    spectra = write_labelled_mgf(tmp_path / "own.mgf")
    folds = write_folds(tmp_path / "folds.tsv", ["train"] * 12 + ["val"] * 4)
    small = ("--epochs", "1", "--spectra-per-epoch", "16", "-o", "figure.png")
    losses = ("--losses", "bce", "combined", "pairwise_fingerprint")
    printed = run(example, tmp_path, str(spectra), "starter", "--folds", str(folds), *losses, *small)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    kinds = {"bce": "bits", "combined": "combined", "pairwise_fingerprint": "pairwise"}
    assert {row[0]: row[1] for row in rows} == kinds
    assert all(0 <= float(cell.split()[0]) <= 1 for row in rows for cell in row[2:])
    assert printed.startswith("4 spectra of val")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif("default" not in shipped_models(), reason="this checkout ships no default model")
def test_study_example_tells_the_invented_groups_apart(tmp_path: Path) -> None:
    example = next(path for path in EXAMPLES if path.stem == "05_study_level_embedding")
    printed = run(example, tmp_path, "-o", "own")
    found = json.loads((tmp_path / "own" / "result" / "study.json").read_text(encoding="utf-8"))
    assert found["features"] == {"used": 6}
    assert found["test"]["p_value"] < 0.05
    assert f"p = {found['test']['p_value']:.3f}" in printed
    for name in ("study.png", "permutations.png"):
        assert (tmp_path / "own" / "result" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_own_model_example_goes_from_spectra_to_a_model_that_is_used(tmp_path: Path) -> None:
    example = next(path for path in EXAMPLES if path.stem == "04_train_on_your_own_spectra")
    printed = run(example, tmp_path)
    typed = [line.split()[2] for line in printed.splitlines() if line.startswith("$ matchms-fingerprint ")]
    assert typed == ["splits", "train", "evaluate"]
    folder = tmp_path / "my_model"
    model = load_model(folder / "model")
    assert model.card["settings"]["loss"] == "combined"
    [spectrum, *_] = load_spectra(folder / "invented.mgf", per_feature="all")
    assert model.predict_fingerprints([spectrum]).shape == (1, 4096)
    measured = json.loads((folder / "evaluation" / "evaluation.json").read_text())["fingerprints"]
    for name in ("model", "nearest neighbour", "mean fingerprint"):
        assert f"predicted bits, {name}: {measured[name]['tanimoto']['mean']:.3f}" in printed
    assert (folder / "evaluation" / "index.html").is_file()
    [asked] = [line for line in printed.splitlines() if line.startswith("invented")]
    name = asked.split(",")[0]
    folds = dict(line.split("\t") for line in (folder / "splits" / "folds.tsv").read_text().splitlines())
    assert folds[name] == "test"
    assert "  1. " in printed


def table_of(markdown: str) -> dict[str, list[str]]:
    """Return the rows of a Markdown table by their first cell."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines() if line[:1] == "|"]
    return {row[0]: row for row in rows[2:]}


def measured_by(zoo: Path, name: str) -> dict[str, np.ndarray]:
    """Return what a run of the zoo measured, spectrum by spectrum."""
    folder = f"{name.replace('/', '-').replace(' ', '-').replace(':', '')}-seed0"
    return dict(np.load(zoo / "measured" / folder / "values.npz"))


BLIND, NEAREST = "control: spectrum-blind", "nearest neighbour"


@pytest.mark.slow
def test_zoo_example_measures_runs_once_and_adds_to_its_table(tmp_path: Path) -> None:
    example = next(path for path in EXAMPLES if path.stem == "07_model_zoo")
    name = "binned_mlp/independent_bits/listwise_fingerprint"
    first = table_of(run(example, tmp_path, "--quiet", "--epochs", "1", "--runs", name))
    assert set(first) == {name, NEAREST, BLIND}
    files = [path for path in (tmp_path / "zoo").glob("*/*/*") if path.suffix in (".npz", ".safetensors", ".json")]
    before = {path: path.stat().st_mtime_ns for path in files}
    assert len(before) == 7  # values and run.json of run, nearest neighbour and control, and the weights
    second = table_of(run(example, tmp_path, "--quiet", "--epochs", "1", "--runs", name, f"{name}+memory"))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {key: second[key] for key in first} == first
    assert set(second) == {*first, f"{name}+memory"}
    nearest = measured_by(tmp_path / "zoo", NEAREST)
    of_nearest = nearest["test_ranks_tanimoto"] <= 1
    for key, row in second.items():
        values = measured_by(tmp_path / "zoo", key)
        expected = {1: values[f"val_ranks_{row[5]}"] <= 1, 2: values[f"test_ranks_{row[5]}"] <= 1}
        if key != NEAREST:
            expected[3] = expected[2].astype(float) - of_nearest
        if key != BLIND:
            expected[9] = values["test_tanimoto"]
        if key not in (NEAREST, BLIND):
            expected |= {4: values["test_foreign_ranks"] <= 1, 10: values["test_tanimoto"] - nearest["test_tanimoto"]}
            assert row[12:14] == ["1 of 1", "0"]
        for column, numbers in expected.items():
            assert abs(float(row[column].split()[0]) - numbers.mean()) < 1e-3  # three digits are printed
    hit_rates = [float(row[1].split()[0]) for row in second.values()]
    assert hit_rates == sorted(hit_rates, reverse=True)
    assert (tmp_path / "zoo" / "ZOO.md").is_file()
