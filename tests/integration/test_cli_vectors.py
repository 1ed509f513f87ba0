"""The commands `predict` and `embed`: the same numbers as from Python, in three formats."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from annotation_cases import CommandLine
from matchms import Spectrum

from matchms_fingerprint import load_model, load_spectra
from matchms_fingerprint.cli.vectors import FEATURE_COLUMNS
from matchms_fingerprint.models import FingerprintModel

READY = ("annotated", "no_candidates", "annotated-negative")
STATUSES = ["predicted", "predicted", "too_few_peaks", "unknown_ion_mode", "no_precursor", "unreadable", "predicted"]
SUFFIXES = (".tsv", ".npz", ".parquet")


@pytest.fixture
def ready(features_mgf: Path) -> list[Spectrum]:
    """The spectra for which nothing speaks against a prediction."""
    return [spectrum for spectrum in load_spectra(features_mgf) if spectrum.get("feature_id") in READY]


@pytest.fixture
def model(tiny_bundle: Path) -> FingerprintModel:
    return load_model(tiny_bundle)


def read(path: Path, name: str) -> tuple[dict[str, list[Any]], np.ndarray]:
    """Return the columns of a file, and its vectors, NaN where there are none."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {column: arrays[column].tolist() for column in FEATURE_COLUMNS}, arrays[name].astype(float)
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        vectors = table[name].to_pylist()
        width = table.schema.field(name).type.list_size
        return {column: table[column].to_pylist() for column in FEATURE_COLUMNS}, np.array(
            [[np.nan] * width if vector is None else vector for vector in vectors]
        )
    with open(path, encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    width = len(rows[0]) - len(FEATURE_COLUMNS)
    columns = {column: [row[column] for row in rows] for column in FEATURE_COLUMNS}
    return columns, np.array([[float(row[f"{name}_{i}"] or "nan") for i in range(width)] for row in rows])


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["fingerprint", "embedding"])
def test_vectors_are_those_of_the_model(
    command_line: CommandLine,
    features_mgf: Path,
    tiny_bundle: Path,
    tmp_path: Path,
    model: FingerprintModel,
    ready: list[Spectrum],
    suffix: str,
    name: str,
) -> None:
    verb, expected = ("predict", model.predict_fingerprints(ready))
    if name == "embedding":
        verb, expected = ("embed", model.embed(ready))
    output = tmp_path / f"out{suffix}"
    code, out, err = command_line(verb, features_mgf, "--model", tiny_bundle, "-o", output, "--batch-size", 2)
    assert (code, out) == (0, "")
    assert "unreadable" in err
    columns, vectors = read(output, name)
    assert columns["status"] == STATUSES
    assert columns["feature_id"][0] == "annotated"
    is_predicted = np.array([status == "predicted" for status in STATUSES])
    np.testing.assert_allclose(vectors[is_predicted], expected, atol=1e-5)
    assert np.isnan(vectors[~is_predicted]).all()
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_binary_fingerprints(
    command_line: CommandLine,
    features_mgf: Path,
    tiny_bundle: Path,
    tmp_path: Path,
    model: FingerprintModel,
    ready: list[Spectrum],
    suffix: str,
) -> None:
    output = tmp_path / f"out{suffix}"
    command_line("predict", features_mgf, "--model", tiny_bundle, "-o", output, "--binary")
    columns, vectors = read(output, "fingerprint")
    is_predicted = np.array([status == "predicted" for status in columns["status"]])
    assert np.array_equal(vectors[is_predicted], model.predict_fingerprints(ready, binary=True))
    missing = vectors[~is_predicted]
    assert (missing == 0).all() if suffix == ".npz" else np.isnan(missing).all()


def test_columns_keep_their_values(
    command_line: CommandLine, features_mgf: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    tables = []
    for suffix in SUFFIXES:
        output = tmp_path / f"out{suffix}"
        command_line("embed", features_mgf, "--model", tiny_bundle, "-o", output)
        tables.append(read(output, "embedding")[0])
    tsv, npz, parquet = tables
    assert parquet["precursor_mz"][:5] == [195.0877, 500.5, 195.0877, 195.0877, None]
    assert parquet["retention_time_s"][:2] == [61.5, None]
    assert parquet["n_peaks"] == [4, 4, 2, 4, 4, 0, 4]
    for column, values in parquet.items():
        assert tsv[column] == ["" if value is None else str(value) for value in values]
        texts = [str(value) for value in npz[column]]
        assert texts == [{None: "nan" if column.endswith(("_mz", "_s")) else ""}.get(v, str(v)) for v in values]


def test_provenance_names_model_input_and_settings(
    command_line: CommandLine, features_mgf: Path, tiny_bundle: Path, tmp_path: Path, model: FingerprintModel
) -> None:
    for suffix in (".npz", ".parquet"):
        command_line("predict", features_mgf, "--model", tiny_bundle, "-o", tmp_path / f"out{suffix}", "--quiet")
    with np.load(tmp_path / "out.npz") as arrays:
        provenance = json.loads(str(arrays["provenance"]))
    assert json.loads(pq.read_schema(tmp_path / "out.parquet").metadata[b"provenance"]) == provenance
    assert provenance["model"] == {"name": "tiny", "version": "0", "sha256": model.sha256}
    assert provenance["fingerprint"] == str(model.fingerprint)
    assert provenance["input"]["file"] == str(features_mgf)
    assert provenance["settings"] == {"ion_mode": None, "per_feature": "merge", "min_peaks": 3}


def test_an_existing_file_needs_overwrite(
    command_line: CommandLine, features_mgf: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.npz"
    output.write_text("precious")
    code, out, err = command_line("embed", features_mgf, "--model", tiny_bundle, "-o", output)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {output}: output file exists")
    assert output.read_text() == "precious"
    assert command_line("embed", features_mgf, "--model", tiny_bundle, "-o", output, "--overwrite", "-q") == (0, "", "")


@pytest.mark.parametrize(("name", "words"), [("out.xlsx", ".tsv, .npz, .parquet"), ("", "must end in")])
def test_an_unknown_ending_is_refused(
    command_line: CommandLine, features_mgf: Path, tiny_bundle: Path, tmp_path: Path, name: str, words: str
) -> None:
    code, _, err = command_line("predict", features_mgf, "--model", tiny_bundle, "-o", tmp_path / name)
    assert code == 1
    assert words in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["predict", "embed"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_input_leaves_nothing(
    command_line: CommandLine, tiny_bundle: Path, tmp_path: Path, features_mgf: Path, verb: str, suffix: str
) -> None:
    import gzip

    packed = gzip.compress(features_mgf.read_bytes() * 50, mtime=0)
    cut = tmp_path / "cut.mgf.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    code, _, err = command_line(verb, cut, "--model", tiny_bundle, "-o", tmp_path / f"out{suffix}", "-q")
    assert code == 1
    assert err.startswith(f"error: {cut}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.mgf.gz"]


def test_a_bad_model_is_one_line(command_line: CommandLine, features_mgf: Path, tmp_path: Path) -> None:
    code, _, err = command_line("embed", features_mgf, "--model", "deepest", "-o", tmp_path / "out.tsv")
    assert code == 1
    assert err.startswith("error: model 'deepest'")
    assert err.count("\n") == 1
