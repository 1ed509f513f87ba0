"""mzTab-M files, checked by the rules of the specification."""

from pathlib import Path

import numpy as np
import pytest
from annotated_features import awkward_annotations, make_annotation, make_hit
from mztab_rules import MzTab, RuleError, read_mztab
from pyteomics.mztab import MzTab as PyteomicsTab

from matchms_fingerprint import Annotation
from matchms_fingerprint.io.feature_rows import FeatureRows
from matchms_fingerprint.io.mztab_m import mztab_writer
from matchms_fingerprint.io.mztab_metadata import MzTabSource, parameter
from matchms_fingerprint.io.quant_table import QuantTable


def quant_of(n_samples: int = 3) -> QuantTable:
    return QuantTable(
        path=Path("quant.csv"),
        row_ids=np.array([1, 2]),
        mz=np.array([195.08771234, 195.0877]),
        retention_times_s=np.array([121.98, 300.0]),
        samples=("a, b.mzML", "c.mzML", "d\t.mzML")[:n_samples],
        intensities=np.array([[1e9, 0, 2e9], [0, 0, 0]], dtype=np.float32)[:, :n_samples],
        measure="height",
    )


def written(path: Path, annotations: list[Annotation], **source: object) -> MzTab:
    known = {"spectra": Path("my spectra #1.mgf"), "library": "starter, 2026", "version": "0.1.0"}
    made_from = MzTabSource(**(known | source))  # type: ignore[arg-type]
    rows = FeatureRows(made_from.quant)
    with mztab_writer(path, made_from) as write:
        for number, annotation in enumerate(annotations, start=1):
            write(annotation, rows.of(annotation), number)
    return read_mztab(path)


def test_one_feature_with_two_candidates(tmp_path: Path) -> None:
    hits = (make_hit(1, expected_similarity=0.5), make_hit(2, "iso|caffeine"))
    table = written(tmp_path / "a.mztab", [make_annotation("7", hits, probability_none=0.1)])
    (molecule,), (feature,), (first, second) = table.molecules, table.features, table.evidence
    assert molecule["chemical_name"] == "caffeine|iso/caffeine"
    assert molecule["theoretical_neutral_mass"] == "194.080376|194.080376"
    assert molecule["database_identifier"] == "|".join(["inchikey:RYYVLZVUVIJVGH-UHFFFAOYSA-N"] * 2)
    assert (molecule["reliability"], molecule["best_id_confidence_value"]) == ("3", "0.600000")
    assert (molecule["opt_global_feature_id"], molecule["opt_global_probability_none"]) == ("7", "0.100000")
    assert (feature["SME_ID_REFS"], feature["SME_ID_REF_ambiguity_code"]) == ("1|2", "1")
    assert (feature["exp_mass_to_charge"], feature["retention_time_in_seconds"]) == ("195.087700", "121.980")
    assert (first["rank"], second["rank"]) == ("1", "2")
    assert [first[f"id_confidence_measure[{n}]"] for n in (1, 2, 3)] == ["0.600000", "0.800000", "0.500000"]
    assert second["id_confidence_measure[3]"] == "null"
    assert first["spectra_ref"] == first["evidence_input_id"] == "ms_run[2]:index=0"
    assert float(first["theoretical_mass_to_charge"]) == pytest.approx(195.0877 / (1 + 1.5e-6), abs=1e-6)
    assert table.metadata["ms_run[1]-location"].endswith("/my%20spectra%20%231.mgf")
    assert table.metadata["database[1]"] == '[, , "candidate library starter, 2026", ]'
    assert table.metadata["id_confidence_measure[1]"] == "[, , matchms_fingerprint probability, ]"


def test_abundances_come_from_the_quantification_table(tmp_path: Path) -> None:
    table = written(tmp_path / "a.mztab", [make_annotation("1"), make_annotation("2", ())], quant=quant_of())
    first, second = table.molecules
    assert [first[f"abundance_assay[{n}]"] for n in (1, 2, 3)] == ["1000000000.0000", "null", "2000000000.0000"]
    assert first["abundance_study_variable[1]"] == "1500000000.0000"
    # the standard deviation of 1 and 2 is 0.7071, their mean 1.5
    assert first["abundance_variation_study_variable[1]"] == "0.471405"
    assert {second[f"abundance_assay[{n}]"] for n in (1, 2, 3)} == {"null"}
    assert second["abundance_study_variable[1]"] == "null"
    assert table.features[0]["exp_mass_to_charge"] == "195.087712"
    assert table.metadata["assay[1]"] == "a, b.mzML"
    assert "MS:1001843" in table.metadata["small_molecule-quantification_unit"]
    assert table.evidence[0]["spectra_ref"] == "ms_run[4]:index=0"


def test_awkward_features(tmp_path: Path) -> None:
    annotations = awkward_annotations()
    table = written(tmp_path / "a.mztab", annotations, settings=("top_k = 3", "score =\tcosine"))
    with_mz = [annotation for annotation in annotations if annotation.precursor_mz is not None]
    assert [row["opt_global_feature_id"] for row in table.molecules] == [a.feature_id for a in with_mz]
    assert len(table.evidence) == sum(len(annotation.hits) for annotation in annotations)
    unknown = next(row for row in table.molecules if row["opt_global_feature_id"] == "20")
    assert (unknown["reliability"], unknown["chemical_name"], unknown["opt_global_status"]) == (
        "5",
        "null",
        "no_candidates",
    )
    assert table.metadata["ms_run[1]-scan_polarity[2]"] == "[MS, MS:1000129, negative scan, ]"


def test_without_features_the_tables_are_empty(tmp_path: Path) -> None:
    table = written(tmp_path / "a.mztab", [])
    assert (table.molecules, table.features, table.evidence) == ([], [], [])
    assert written(tmp_path / "a.mztab", [make_annotation("1")], quant=quant_of(0)).molecules


def test_adducts_that_the_specification_does_not_know_are_null(tmp_path: Path) -> None:
    adducts = ("[M+(H2O)2+H]+", "[M+2H]2+")
    annotations = [make_annotation(str(place), (make_hit(adduct=name),)) for place, name in enumerate(adducts)]
    table = written(tmp_path / "a.mztab", annotations)
    assert [row["adduct_ion"] for row in table.features] == ["null", "[M+2H]2+"]
    assert [row["charge"] for row in table.features] == ["1", "2"]


def test_small_probabilities_have_no_exponent(tmp_path: Path) -> None:
    table = written(tmp_path / "a.mztab", [make_annotation("1", (make_hit(probability=3e-9, score=-1e-12),))])
    assert table.evidence[0]["id_confidence_measure[1]"] == "0.000000"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("2.0.0-M", "2.0.0", "ends with -M"),
        ("\t121.980\t", "\t1.2e2\t", "no decimal number"),
        ("inchikey:RYYV", "hmdb:RYYV", "no known prefix"),
        ("\nSFH", "SFH", "an empty line"),
        ("\t1|2\t1\t", "\t1|3\t1\t", "refers to nothing"),
        ("\t1|2\t1\t", "\t1|2\tnull\t", "ambiguity code"),
        ("caffeine|isocaffeine", "caffeine", "different numbers"),
        ("MTD\tcv[1]-label", "MTD\tcv[2]-label", "cv"),
        ("\tcaffeine\t", "\t\t", "empty cell"),
        ("chemical_formula\tsmiles", "smiles\tchemical_formula", "columns are"),
    ],
)
def test_the_rules_find_what_breaks_them(tmp_path: Path, old: str, new: str, rule: str) -> None:
    path = tmp_path / "a.mztab"
    written(path, [make_annotation("1")])
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RuleError, match=rule):
        read_mztab(path)


def test_parameters_with_commas_are_quoted() -> None:
    assert parameter('a, "b"', "1,2") == '[, , "a, \'b\'", "1,2"]'
    assert parameter("a") == "[, , a, ]"


def test_pyteomics_reads_what_stands_in_the_file(tmp_path: Path) -> None:
    """An independent reader of the format finds the same version, rows and numbers."""
    path = tmp_path / "a.mztab"
    hits = (make_hit(1, expected_similarity=0.5), make_hit(2, "iso|caffeine"))
    table = written(path, [make_annotation("7", hits, probability_none=0.1), *awkward_annotations()], quant=quant_of())
    read = PyteomicsTab(str(path))
    assert (read.version, read.variant) == ("2.0.0-M", "M")
    for frame, rows in (
        (read.small_molecule_table, table.molecules),
        (read.small_molecule_feature_table, table.features),
        (read.small_molecule_evidence_table, table.evidence),
    ):
        assert len(frame) == len(rows)
        assert set(frame.columns) | {frame.index.name} >= set(rows[0]) - {"SMH", "SFH", "SEH"}
    assert read.small_molecule_evidence_table["id_confidence_measure[1]"].iloc[0] == pytest.approx(0.6)
    assert read.metadata["database[1]"] is not None
