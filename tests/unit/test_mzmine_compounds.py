"""`mzmine_compounds.csv`, read back by the rules of MZmine."""

import csv
from pathlib import Path

import pytest
from annotated_features import AWKWARD_NAMES, awkward_annotations, make_annotation, make_hit
from hypothesis import given
from hypothesis import strategies as st
from mzmine_rules import Row, annotate_rows, read_compounds

from matchms_fingerprint import Annotation
from matchms_fingerprint.io.compound_names import compound_name, one_line
from matchms_fingerprint.io.feature_rows import FeatureRows
from matchms_fingerprint.io.mzmine_compounds import COLUMNS, compounds_writer


def written(path: Path, annotations: list[Annotation]) -> Path:
    rows = FeatureRows()
    with compounds_writer(path) as write:
        for annotation in annotations:
            write(annotation, rows.of(annotation))
    return path


def test_rows_of_the_example_in_the_manual(tmp_path: Path) -> None:
    path = written(tmp_path / "compounds.csv", [make_annotation("7")])
    first, second = read_compounds(path)
    assert (first.mz, first.rt) == (second.mz, second.rt) == (195.0877, 2.033)
    assert first.values | {"comment": ""} == {
        "neutral_mass": "",
        "mz": "195.087700",
        "rt": "2.0330",
        "formula": "C8H10N4O2",
        "smiles": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
        "name": "caffeine",
        "comment": "",
        "adduct": "[M+H]+",
        "inchi_key": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "internal_id": "7",
    }
    assert first.values["comment"] == "matchms_fingerprint rank=1 score=0.8000 probability=0.6 ppm=1.50 feature_id=7"


def test_comment_tells_expected_similarity_and_the_chance_of_none(tmp_path: Path) -> None:
    annotation = make_annotation("7", (make_hit(expected_similarity=0.5),), probability_none=0.25)
    (compound,) = read_compounds(written(tmp_path / "compounds.csv", [annotation]))
    assert "expected_similarity=0.500 none_of_these=0.25" in compound.values["comment"]


def test_mzmine_shows_the_hits_of_a_feature_best_first(tmp_path: Path) -> None:
    """Equal m/z and retention time give equal scores, so that the order of the file stays; neighbours do not mix."""
    annotations = [
        make_annotation(str(row_id), tuple(make_hit(rank, f"{row_id}-{rank}") for rank in (1, 2, 3)), **place)
        for row_id, place in (
            (1, {"retention_time_s": 60.0}),
            (2, {"retention_time_s": 63.0}),
            (3, {"precursor_mz": 195.089}),
        )
    ]
    rows = [Row(1, 195.08771, 1.0), Row(2, 195.08769, 1.05), Row(3, 195.08899, 2.033)]
    found = annotate_rows(read_compounds(written(tmp_path / "compounds.csv", annotations)), rows)
    names = {row_id: [compound.values["name"] for compound in compounds] for row_id, compounds in found.items()}
    assert names == {row_id: [f"{row_id}-{rank}" for rank in (1, 2, 3)] for row_id in (1, 2, 3)}


def test_awkward_features(tmp_path: Path) -> None:
    annotations = awkward_annotations()
    compounds = read_compounds(written(tmp_path / "compounds.csv", annotations))
    assert len(compounds) == sum(len(annotation.hits) for annotation in annotations)
    names = [compound.values["name"] for compound in compounds]
    expected = [one_line(name) for name in AWKWARD_NAMES]
    expected[2], expected[-1] = "'=HYPERLINK(1)", "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert names[: len(AWKWARD_NAMES)] == expected
    assert {compound.rt for compound in compounds} == {2.033, None}
    assert "run 7, list:3" in {compound.values["internal_id"] for compound in compounds}


def test_file_is_rfc_4180_without_a_byte_order_mark(tmp_path: Path) -> None:
    content = written(tmp_path / "compounds.csv", awkward_annotations()).read_bytes()
    assert content.startswith(b"neutral_mass,mz,rt,")
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r") > 1  # no line break inside a field
    assert content.endswith(b"\r\n")
    assert {len(row) for row in csv.reader(content.decode().splitlines(), strict=True)} == {len(COLUMNS)}


def test_without_any_hit_there_is_a_header(tmp_path: Path) -> None:
    assert read_compounds(written(tmp_path / "compounds.csv", [make_annotation("1", ())])) == []


def test_nothing_appears_where_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), compounds_writer(tmp_path / "compounds.csv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_one_line_is_one_line_that_utf8_can_hold(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert line.encode().decode() == line
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


def test_a_candidate_without_a_name_is_called_by_its_key() -> None:
    assert compound_name(make_hit(name=" \n ").candidate) == "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
