"""Every example runs as it stands, and the pipeline example shows what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import tiny_model
from labelled_file import write_folds, write_labelled_mgf

from matchms_fingerprint.models.bundle import shipped_models

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


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
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
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
