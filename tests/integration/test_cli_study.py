"""The command `study`: what it finds in a small study, what it writes, and what it refuses."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annotation_cases import CommandLine
from study_cases import N_FEATURES, N_SAMPLES, StudyFiles, write_study_files

from matchms_fingerprint import load_model
from matchms_fingerprint.cli import options
from matchms_fingerprint.io.artifacts import sha256_of
from matchms_fingerprint.models.bundle import shipped_models

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

MAP_ONLY = ["embeddings.npz", "samples.tsv", "study.json", "study.png"]
ALL_FILES = sorted([*MAP_ONLY, "permutations.png", "permutations.tsv"])
FEW = ("--permutations", 19)


@pytest.fixture(scope="session")
def study_files(tmp_path_factory: pytest.TempPathFactory) -> StudyFiles:
    return write_study_files(tmp_path_factory.mktemp("study"))


def rows_in(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def found_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "study.json").read_text(encoding="utf-8"))


def test_groups_that_hold_other_features_are_told_apart(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    code, out, err = command_line(*study_files.arguments("treatment"), "--model", tiny_bundle, "-o", output, *FEW)
    assert (code, out) == (0, "")
    assert sorted(path.name for path in output.iterdir()) == ALL_FILES
    found = found_in(output)
    test = found["test"]
    assert test["p_value"] == test["balanced_accuracy"]["p_value"] == 1 / 20
    assert test["balanced_accuracy"]["value"] > 0.9
    assert test["balanced_accuracy"]["chance"] == 0.5
    assert {name: row["samples"] for name, row in test["groups"].items()} == {"control": 8, "treated": 8}
    assert found["features"] == {"used": N_FEATURES}
    assert 0 < found["map"]["explained_variance"][1] <= found["map"]["explained_variance"][0] < 1
    assert found["input"] == {"file": str(study_files.spectra), "sha256": sha256_of(study_files.spectra)}
    assert found["quant"]["sha256"] == sha256_of(study_files.quant)
    assert found["model"]["sha256"] == load_model(tiny_bundle).sha256
    assert found["settings"]["seed"] == 0
    assert set(found["packages"]) == {"scikit-learn"}
    permuted = np.array([float(row["balanced_accuracy"]) for row in rows_in(output / "permutations.tsv")])
    assert len(permuted) == 19
    assert permuted.mean() == pytest.approx(test["balanced_accuracy"]["permuted_mean"], abs=1e-5)
    for words in ("treated", "Balanced accuracy 1.00; chance 0.50", "p = 0.05", "permutations.png", "24 spectra"):
        assert words in err
    for name in ("study.png", "permutations.png"):
        assert (output / name).read_bytes().startswith(b"\x89PNG")


def test_tables_and_vectors_have_a_row_for_each_sample(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    command_line(*study_files.arguments("site"), "--model", tiny_bundle, "-o", tmp_path / "out", *FEW)
    rows = rows_in(tmp_path / "out" / "samples.tsv")
    assert list(rows[0]) == ["sample", "label", "n_features", "x", "y", "predicted"]
    assert [row["sample"] for row in rows] == [f"run_{i:02d}.mzML" for i in range(N_SAMPLES)]
    assert [row["label"] for row in rows[:4]] == ["", "", "control", "treated"]
    assert all(bool(row["predicted"]) == bool(row["label"]) for row in rows)
    assert {row["n_features"] for row in rows} == {"16"}  # 8 of its group and 8 of all
    assert found_in(tmp_path / "out")["samples"]["without_label"] == ["run_00.mzML", "run_01.mzML"]
    with np.load(tmp_path / "out" / "embeddings.npz", allow_pickle=False) as arrays:
        assert arrays["sample"].tolist() == [row["sample"] for row in rows]
        embeddings = arrays["embedding"].astype(float)
        assert json.loads(str(arrays["provenance"]))["model"]["name"] == "tiny"
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    # distances on the map of principal components are at most those of the embeddings
    points = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    on_map = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert (on_map <= np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2) + 1e-5).all()


def test_labels_that_say_nothing_are_not_told_apart(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    command_line(*study_files.arguments("shuffled"), "--model", tiny_bundle, "-o", tmp_path / "out", *FEW)
    assert found_in(tmp_path / "out")["test"]["p_value"] > 0.2


def test_without_metadata_there_is_a_map_alone(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    code, out, err = command_line(
        *study_files.arguments(None), "--model", tiny_bundle, "-o", output, "--json", "--quiet"
    )
    assert (code, err) == (0, "")
    printed = json.loads(out)
    assert printed["files"] == sorted(path.name for path in output.iterdir()) == MAP_ONLY
    assert printed["test"] is None
    assert printed["samples"]["number"] == N_SAMPLES
    assert found_in(output)["metadata"] is None


def test_features_that_the_table_lacks_are_told(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    short = tmp_path / "short_quant.csv"
    short.write_text("\n".join(study_files.quant.read_text().splitlines()[:-3]) + "\n")
    code, _, err = command_line(
        *study_files.arguments(None), "--model", tiny_bundle, "-o", tmp_path / "out", "--quant", short
    )
    assert code == 0
    assert f"3 of 24 features are not in {short}; is it of the same export?" in err


def test_numbers_colour_the_map_and_are_not_tested(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    code, _, err = command_line(*study_files.arguments("dose"), "--model", tiny_bundle, "-o", output)
    assert code == 0
    assert "No test: dose holds numbers: the map has a scale of them; a classifier needs groups" in err
    assert sorted(path.name for path in output.iterdir()) == MAP_ONLY
    assert rows_in(output / "samples.tsv")[3]["label"] == "1.5"


def test_the_same_command_gives_the_same_bytes_and_replaces_its_own_folder(
    command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path
) -> None:
    given = [*study_files.arguments("treatment"), "--model", tiny_bundle, "--permutations", 3]
    command_line(*given, "-o", tmp_path / "one")
    assert command_line(*given, "-o", tmp_path / "one")[2].endswith("or replace it with --overwrite\n")
    command_line(*given, "-o", tmp_path / "two")
    for name in ALL_FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    code, _, _ = command_line(
        *study_files.arguments(None), "--model", tiny_bundle, "-o", tmp_path / "one", "--overwrite"
    )
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == MAP_ONLY  # nothing of the test stays behind
    (tmp_path / "two" / "notes.txt").write_text("mine")
    code, _, err = command_line(*given, "-o", tmp_path / "two", "--overwrite")
    assert code == 1
    assert "notes.txt" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--column", "colour"], "no column 'colour'; it has filename, ATTRIBUTE_treatment, shuffled, dose, site"),
        (["--column", "rare"], "too few samples in one (1); a test needs 3 in each group"),
        (["--metadata", "missing.tsv"], "missing.tsv: no such file"),
        (["--quant", "missing.csv"], "missing.csv: no such file"),
        (["--ppm", "5"], "No such option"),
        (["--permutations", "-1"], "-1 is not in the range"),
        (["--model", "nowhere"], "nowhere"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(
    command_line: CommandLine, study_files: StudyFiles, tmp_path: Path, change: list[str], words: str
) -> None:
    code, out, err = command_line(*study_files.arguments("treatment"), "-o", tmp_path / "out", *change)
    assert code in (1, 2)
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert not (tmp_path / "out").exists()


def test_column_and_metadata_belong_together(
    command_line: CommandLine, study_files: StudyFiles, tmp_path: Path
) -> None:
    for half in (["--column", "dose"], ["--metadata", study_files.metadata]):
        code, _, err = command_line(*study_files.arguments(None), "-o", tmp_path / "out", *half)
        assert code == 1
        assert "--metadata and --column belong together" in err
    code, _, err = command_line("study", study_files.spectra, "-o", tmp_path / "out")
    assert (code, err) == (2, "error: Missing option '--quant'. (see `matchms-fingerprint study --help`)\n")


def test_tables_that_do_not_fit_are_refused(command_line: CommandLine, study_files: StudyFiles, tmp_path: Path) -> None:
    few = tmp_path / "few.tsv"
    few.write_text("\n".join(study_files.metadata.read_text().splitlines()[:-2]) + "\n")
    plain = tmp_path / "plain.csv"
    plain.write_text("row ID,row m/z,row retention time\n1,200.0,1.0\n")
    given = [*study_files.arguments("treatment"), "-o", tmp_path / "out"]
    code, _, err = command_line(*given, "--metadata", few)
    assert code == 1
    assert "does not hold the samples run_14.mzML, run_15.mzML in its column filename" in err
    code, _, err = command_line(*given, "--quant", plain)
    assert code == 1
    assert "has no column with the area or height of a sample" in err


def test_extras_that_are_missing_are_named_before_the_work(
    command_line: CommandLine, study_files: StudyFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    code, _, err = command_line(*study_files.arguments(None), "-o", tmp_path / "out", "--method", "umap")
    assert (code, err) == (
        1, "error: umap not installed; install the extra: pip install 'matchms_fingerprint[umap]'\n"
    )  # fmt: skip
    code, _, err = command_line(*study_files.arguments("treatment"), "-o", tmp_path / "out")
    assert code == 1
    assert "pip install 'matchms_fingerprint[study]'" in err


@pytest.mark.slow
def test_umap(command_line: CommandLine, study_files: StudyFiles, tiny_bundle: Path, tmp_path: Path) -> None:
    pytest.importorskip("umap", reason="the extra umap is not installed")
    output = tmp_path / "out"
    code, _, err = command_line(
        *study_files.arguments("treatment"), "--model", tiny_bundle, "-o", output, "--method", "umap", *FEW
    )
    assert code == 0
    assert "warning" not in err
    found = found_in(output)
    assert found["map"] == {"axes": ["UMAP 1", "UMAP 2"], "explained_variance": None}
    assert set(found["packages"]) == {"scikit-learn", "umap-learn"}
    assert all(np.isfinite(float(row["x"])) for row in rows_in(output / "samples.tsv"))


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif("default" not in shipped_models(), reason="this checkout ships no default model")
@pytest.mark.parametrize(("name", "n_samples"), [("fermo_mzmine3.9.0", 11), ("fermo_mzmine4.5.37", 4)])
def test_real_exports(command_line: CommandLine, shared: Path, tmp_path: Path, name: str, n_samples: int) -> None:
    export, quant = (shared / "mzmine" / f"{name}{ending}" for ending in (".mgf", ".csv"))
    given = ["study", export, "--quant", quant, "-o", tmp_path / "out"]
    if name.endswith("3.9.0"):  # which does not tell the ion mode
        code, _, err = command_line(*given)
        assert code == 1
        assert "unknown_ion_mode (140)" in err
        assert "--ion-mode" in err
    code, out, _ = command_line(*given, "--ion-mode", "positive", "--json", "--quiet")
    assert code == 0
    printed = json.loads(out)
    assert printed["samples"] == {"number": n_samples, "without_features": [], "without_label": []}
    assert printed["features"]["used"] > 60
    assert "not_in_table" not in printed["features"]  # the tables are those of the exports
    rows = rows_in(tmp_path / "out" / "samples.tsv")
    labels = tmp_path / "samples.csv"
    stems = [row["sample"].removesuffix(".mzXML") for row in rows]
    labels.write_text("\n".join(["sample,batch", *(f"{stem},{'ab'[i % 2]}" for i, stem in enumerate(stems))]))
    given += ["--ion-mode", "positive", "--overwrite", "--metadata", labels, "--column", "batch", *FEW]
    code, _, err = command_line(*given)
    if n_samples < 6:
        assert code == 1
        assert "too few samples in a (2), b (2)" in err
    else:
        assert code == 0
        assert 0 < found_in(tmp_path / "out")["test"]["p_value"] <= 1
