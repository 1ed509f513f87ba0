"""The command `demo`: six real spectra through the real code, and an honest table."""

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from annotation_cases import CommandLine
from matchms import reference_spectra
from rich.console import Console

from matchms_fingerprint import annotate, load_spectra
from matchms_fingerprint.annotation.results import COLUMNS
from matchms_fingerprint.chem import common_adducts, standardize
from matchms_fingerprint.cli.demo import COMPOUNDS, TOLERANCE_PPM, result_table, score_in_words, true_ranks, write_mgf
from matchms_fingerprint.io.tables import table_writer

# one structure for each compound, written independently of the keys in the demo
SMILES = {
    "aspirin": "CC(=O)OC1=CC=CC=C1C(O)=O",
    "cocaine": "CN1C2CCC1C(C(C2)OC(=O)c1ccccc1)C(=O)OC",
    "glucose": "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
    "hydroxycholesterol": "CC(CCCC(C)(C)O)C1CCC2C1(CCC1C2CC=C2CC(O)CCC12C)C",
    "phenylalanine": "N[C@@H](Cc1ccccc1)C(O)=O",
    "salicin": "OCc1ccccc1O[C@@H]1O[C@H](CO)[C@@H](O)[C@H](O)[C@H]1O",
}


def shown(path: Path) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(result_table(path))
    return console.export_text()


def test_the_mgf_file_holds_the_reference_spectra(tmp_path: Path) -> None:
    write_mgf(tmp_path / "demo.mgf")
    spectra = list(load_spectra(tmp_path / "demo.mgf"))
    assert [spectrum.get("feature_id") for spectrum in spectra] == ["1", "2", "3", "4", "5", "6"]
    for spectrum, compound in zip(spectra, COMPOUNDS, strict=True):
        reference = getattr(reference_spectra, compound.function)()
        np.testing.assert_allclose(spectrum.peaks.mz, reference.peaks.mz, atol=1e-6)
        np.testing.assert_allclose(spectrum.peaks.intensities, reference.peaks.intensities, rtol=1e-5)
        assert spectrum.get("precursor_mz") == reference.get("precursor_mz")
        assert spectrum.get("ionmode") == compound.ion_mode
        assert spectrum.get("adduct") is None


@pytest.mark.parametrize("compound", COMPOUNDS, ids=lambda compound: compound.name)
def test_keys_and_ion_modes_fit_the_compounds(compound) -> None:
    structure = standardize(SMILES[compound.name])
    assert structure.inchikey[:14] in compound.skeletons
    mz = getattr(reference_spectra, compound.function)().get("precursor_mz")
    calculated = [adduct.precursor_mz(structure.exact_mass) for adduct in common_adducts(compound.ion_mode)]
    assert min(abs(mz - ion) / ion for ion in calculated) < TOLERANCE_PPM * 1e-6


def test_the_demo_runs_and_leaves_nothing(
    command_line: CommandLine, wide_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, out, err = command_line("demo", "--model", wide_model)
    assert code == 0
    for compound in COMPOUNDS:
        (line,) = [line for line in out.splitlines() if f" {compound.name} " in line and " of " in line]
        assert "none of" not in line, "the starter library must hold it"
    assert "matchms-fingerprint annotate your_features.mgf -o results" in err
    assert "adducts not given" in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_quiet_leaves_the_table(command_line: CommandLine, wide_model: Path) -> None:
    code, out, err = command_line("demo", "--model", wide_model, "--quiet")
    assert (code, err) == (0, "")
    assert "cocaine" in out


def test_the_table_tells_rank_failure_and_absence(tmp_path: Path) -> None:
    hit = {"status": "annotated", "adduct": "[M+H]+", "probability": 0.75, "inchikey": "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"}
    other = hit | {"inchikey": "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "probability": 0.25, "formula": "C9H8O4"}
    with table_writer(tmp_path / "annotations.tsv", COLUMNS) as write_row:
        write_row({"feature_id": "1", "precursor_mz": 181.049, "rank": 1, **other})
        write_row({"feature_id": "1", "precursor_mz": 181.049, "rank": 2, "name": "aspirin [x]", **hit})
        write_row({"feature_id": "2", "precursor_mz": 304.1531, "rank": 1, "name": "stranger", **other})
        write_row({"feature_id": "3", "precursor_mz": 203.05, "status": "no_candidates"})
    text = shown(tmp_path / "annotations.tsv")
    rows = [line.split() for line in text.splitlines()[3:] if line.strip()]
    assert rows == [
        ["1", "181.0490", "aspirin", "2", "of", "2", "C9H8O4", "25%", "[M+H]+"],
        ["aspirin", "[x]", "75%", "[M+H]+"],
        ["2", "304.1531", "cocaine", "none", "of", "1", "stranger", "25%", "[M+H]+"],
        ["3", "203.0500", "glucose", "none", "of", "0", "no_candidates"],
    ]
    ranks = true_ranks(tmp_path / "annotations.tsv")
    assert ranks == [2, None, None]
    assert score_in_words(ranks) == "Of 3 compounds, 0 ranked first and 1 among the first three."


def test_score_in_words() -> None:
    assert score_in_words([1, 3, 4, None, 1]) == "Of 5 compounds, 2 ranked first and 3 among the first three."


def test_the_table_shows_what_annotate_finds(command_line: CommandLine, tmp_path: Path) -> None:
    """The rank of each compound with the default model is that of the same file annotated from Python."""
    _, out, _ = command_line("demo")
    write_mgf(tmp_path / "demo.mgf")
    annotations = list(annotate(tmp_path / "demo.mgf", "starter", tolerance_ppm=TOLERANCE_PPM, top_k=1000))
    assert len(annotations) == len(COMPOUNDS)
    for annotation, compound in zip(annotations, COMPOUNDS, strict=True):
        is_right = [hit.candidate.inchikey14 in compound.skeletons for hit in annotation.hits]
        (line,) = [line for line in out.splitlines() if f" {compound.name} " in line and " of " in line]
        assert f"{is_right.index(True) + 1} of {len(is_right)}" in line
    ranks = [[hit.candidate.inchikey14 in compound.skeletons for hit in annotation.hits].index(True) + 1
             for annotation, compound in zip(annotations, COMPOUNDS, strict=True)]  # fmt: skip
    assert score_in_words(ranks) in out.splitlines()
