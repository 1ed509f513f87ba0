"""`evaluate` and `compare` as a user runs them, on files that take seconds."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from annotation_cases import CommandLine
from builders import tiny_model
from labelled_file import FOLDS, SMILES, write_folds, write_labelled_mgf
from massspecgym_files import write_massspecgym

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.evaluation.comparison import run_names
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.evaluation.run_folder import read_run

FILES = {
    "evaluation.json",
    "spectra.tsv",
    "bits.tsv",
    "index.html",
    "tanimoto.png",
    "errors.png",
    "hits.png",
    "breakdown_tanimoto.png",
    "confidence.png",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library") / "labelled"
    # an isomer beside each, from another source
    isomers = ("COC(=O)c1ccccc1OC=O", "Cn1cnc2c1n(C)c(=O)n(C)c2=O", "OC1C(O)C(O)C(O)C(O)C1O", "CCOC(=O)c1ccc(N)cc1")
    rows = [{"smiles": s, "source": "bio"} for s in SMILES] + [{"smiles": s, "source": "other"} for s in isomers]
    return CandidateLibrary.build(rows, folder, fingerprint="morgan:radius=2,bits=256", n_jobs=1).path


@pytest.fixture
def arguments(tmp_path: Path, tiny_bundle: Path, library: Path) -> list[object]:
    spectra = write_labelled_mgf(tmp_path / "labelled.mgf")
    folds = write_folds(tmp_path / "folds.tsv", FOLDS)
    return ["evaluate", spectra, "--model", tiny_bundle, "--folds", folds, "--candidates", library]


def test_a_run_has_its_tables_page_and_pictures(
    command_line: CommandLine, arguments: list[object], tmp_path: Path
) -> None:
    output = tmp_path / "run"
    code, out, err = command_line(*arguments, "--baseline", "nearest", "--baseline", "mean", "-o", output)
    assert (code, out) == (0, "")
    assert "nearest neighbour" in err
    assert {path.name for path in output.iterdir()} >= FILES
    run = read_run(output)
    summary, table = run.summary, run.spectra
    assert list(summary["retrieval"]) == ["mass", "mass bio", "formula", "formula bio"]
    assert len(table) == summary["n_spectra"] == 4
    # every figure follows from the table
    for name in ("model", "nearest neighbour", "mean fingerprint"):
        column = table[f"tanimoto_{name.replace(' ', '_')}"]
        assert summary["fingerprints"][name]["tanimoto"]["mean"] == pytest.approx(column.mean(), abs=1e-4)
    counted = table["in_benchmark"] > 0
    for kind, part in summary["retrieval"].items():
        ranks = table[f"rank_{kind.replace(' ', '_')}_model_cosine"][counted]
        assert part["rankings"]["model, cosine"]["hit@1"]["mean"] == pytest.approx((ranks <= 1).mean())
    # the page needs nothing from outside
    page = (output / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert page.count("data:image/png;base64,") >= 5
    assert f"{summary['fingerprints']['model']['tanimoto']['mean']:.3f}" in page
    code, _, err = command_line(*arguments, "-o", output)
    assert code == 1
    assert "--overwrite" in err
    assert command_line(*arguments, "-o", output, "--overwrite", "--quiet") == (0, "", "")


def test_json_goes_to_stdout_and_two_runs_are_equal(
    command_line: CommandLine, arguments: list[object], tmp_path: Path
) -> None:
    code, out, err = command_line(*arguments, "-o", tmp_path / "one", "--json", "--quiet")
    assert (code, err) == (0, "")
    command_line(*arguments, "-o", tmp_path / "two", "--quiet")
    assert json.loads(out) | {"format": "matchms_fingerprint evaluation", "format_version": 1} == json.loads(
        (tmp_path / "two" / "evaluation.json").read_text()
    )
    for name in ("spectra.tsv", "bits.tsv", "index.html", "tanimoto.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_without_candidates_fingerprints_alone_are_measured(
    command_line: CommandLine, arguments: list[object], tmp_path: Path
) -> None:
    output = tmp_path / "run"
    assert command_line(*arguments[:-2], "-o", output, "--quiet")[0] == 0
    assert read_run(output).summary["retrieval"] == {}
    assert not (output / "hits.png").exists()
    assert "Retrieval" not in (output / "index.html").read_text(encoding="utf-8")


def test_several_models_are_compared(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "b", seed=1).rename(tmp_path / "other")
    output = tmp_path / "runs"
    assert command_line(*arguments, "--model", other, "-o", output, "--quiet")[0] == 0
    content = json.loads((output / "comparison" / "comparison.json").read_text())
    assert [row["run"] for row in content["runs"]] == ["tiny_model", "other"]
    folder = tmp_path / "again"
    code, out, err = command_line("compare", output / "tiny_model", output / "other", "-o", folder)
    assert (code, out) == (0, "")
    assert "tiny_model" in err
    assert {path.name for path in folder.iterdir()} == {
        "comparison.json",
        "comparison.tsv",
        "comparison.md",
        "comparison.png",
        "differences.tsv",
        "index.html",
    }
    one, two = (ResultTable.read(output / name / "spectra.tsv") for name in ("tiny_model", "other"))
    found = {row["measure"]: row for row in content["differences"]}
    difference = np.mean(two["tanimoto_model"] - one["tanimoto_model"])
    assert found["tanimoto"]["difference"]["mean"] == pytest.approx(difference, abs=1e-4)
    assert found["tanimoto"]["n_spectra"] == 4
    assert {"hit@1, mass", "mrr, formula bio", "top_tanimoto, mass"} <= set(found)
    table = ResultTable.read(folder / "comparison.tsv")
    assert table["run"].tolist() == ["tiny_model", "other", "nearest neighbour"]
    lines = (folder / "comparison.md").read_text().splitlines()
    assert lines[0] == "| measure | tiny_model | other | nearest neighbour |"
    assert all(line.count("|") == 5 for line in lines)
    code, _, err = command_line("compare", output / "tiny_model", output / "other", "-o", folder)
    assert code == 1
    assert "--overwrite" in err


def test_massspecgym_needs_nothing_else(command_line: CommandLine, tiny_bundle: Path, tmp_path: Path) -> None:
    folder = write_massspecgym(tmp_path / "gym")
    output = tmp_path / "run"
    code, out, err = command_line("evaluate", "--massspecgym", folder, "--model", tiny_bundle, "-o", output)
    assert (code, out) == (0, "")
    assert "MassSpecGym's candidates" in err
    summary = read_run(output).summary
    assert set(summary["retrieval"]) == {"mass", "formula"}
    assert summary["retrieval"]["mass"]["n_spectra"] == summary["n_spectra"] == 4
    assert not any("blind" in name for name in summary["retrieval"]["mass"]["rankings"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["--baseline", "oracle"], "unknown baseline 'oracle'"),
        (["--massspecgym", "gym"], "leave out SPECTRA"),
        (["--model", "missing"], "missing"),
        (["--candidates", "missing"], "missing"),
        (["--fold-column", "fold_random"], "fold_random"),
    ],
)
def test_bad_input_is_one_line(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, changes: list[str], says: str
) -> None:
    code, out, err = command_line(*arguments, *changes, "-o", tmp_path / "run", "--quiet")
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_what_is_no_run_is_not_compared(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, err = command_line("compare", tmp_path / "empty", "-o", tmp_path / "out")
    assert code == 1
    assert "evaluation.json" in err
    assert not (tmp_path / "out").exists()


def test_runs_are_named_by_what_tells_them_apart() -> None:
    folders = [Path("/a/x/run"), Path("/a/y/run"), Path("/a/y/other")]
    assert run_names(folders) == ["x/run", "y/run", "y/other"]


@pytest.mark.parametrize("scorer", ["joint", "cross"])
def test_a_score_that_the_model_has_learned_is_a_row_of_its_own(
    command_line: CommandLine, arguments: list[object], scorer: str, tmp_path: Path
) -> None:
    arguments[arguments.index("--model") + 1] = tiny_model(tmp_path / "own", scorer=scorer)
    code, _, err = command_line(*arguments, "-o", tmp_path / "run")
    assert code == 0, err
    run = read_run(tmp_path / "run")
    for found in run.summary["retrieval"].values():
        assert f"model, {scorer}" in found["rankings"]
    assert f"model, {scorer}" in err
