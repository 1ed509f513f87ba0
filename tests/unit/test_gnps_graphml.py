"""`gnps_results.graphml`, read back by the rules of MZmine."""

import logging
from pathlib import Path

import pytest
from annotated_features import AWKWARD_NAMES, awkward_annotations, make_annotation, make_hit
from mzmine_rules import read_gnps_results

from matchms_fingerprint import Annotation
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.compound_names import one_line
from matchms_fingerprint.io.feature_rows import FeatureRows, row_id_of
from matchms_fingerprint.io.gnps_graphml import graphml_writer


def written(path: Path, annotations: list[Annotation], rank: int = 1) -> Path:
    rows = FeatureRows()
    with graphml_writer(path, rank) as write:
        for annotation in annotations:
            write(annotation, rows.of(annotation))
    rows.warn()
    return path


def test_a_match_has_what_mzmine_reads(tmp_path: Path) -> None:
    matches = read_gnps_results(written(tmp_path / "g.graphml", [make_annotation("7")]))
    assert matches == {
        7: {
            "Compound_Name": "caffeine [matchms_fingerprint p=0.600]",
            "MQScore": 0.8,
            "MassDiff": pytest.approx(195.0877 * 1.5e-6, abs=1e-6),
            "Adduct": "[M+H]+",
            "IonMode": "Positive",
            "Smiles": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
        }
    }


def test_further_ranks_go_to_files_of_their_own(tmp_path: Path) -> None:
    annotations = [make_annotation("1"), make_annotation("2", (make_hit(),))]
    assert read_gnps_results(written(tmp_path / "1.graphml", annotations)).keys() == {1, 2}
    second = read_gnps_results(written(tmp_path / "2.graphml", annotations, rank=2))
    assert second[1]["Compound_Name"] == "isocaffeine [matchms_fingerprint p=0.300]"
    assert second.keys() == {1}
    assert read_gnps_results(written(tmp_path / "3.graphml", annotations, rank=3)) == {}


def test_awkward_features(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="matchms_fingerprint"):
        matches = read_gnps_results(written(tmp_path / "g.graphml", awkward_annotations()))
    assert matches.keys() == {*range(1, len(AWKWARD_NAMES) + 1), 21, 22}
    for row_id, name in enumerate(AWKWARD_NAMES, 1):
        shown = one_line(name) or "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
        assert matches[row_id]["Compound_Name"] == f"{shown} [matchms_fingerprint p=0.600]"
    assert (matches[22]["IonMode"], matches[22]["Adduct"]) == ("Negative", "[M-H]-")
    (record,) = caplog.records
    assert record.message.startswith("4 features are no rows")
    assert "the first of them 1#2 (" in record.message


def test_a_row_comes_once_even_where_spectra_of_a_feature_are_kept_apart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    twice = [make_annotation("7"), make_annotation("7", (make_hit(name="other"),))]
    with caplog.at_level(logging.WARNING, logger="matchms_fingerprint"):
        matches = read_gnps_results(written(tmp_path / "g.graphml", twice))
    assert str(matches[7]["Compound_Name"]).startswith("caffeine")
    assert "1 features are no rows" in caplog.text


def test_rank_starts_at_1(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rank 0"), graphml_writer(tmp_path / "g.graphml", 0):
        pass


@pytest.mark.parametrize(
    ("feature_id", "row_id"),
    [("1", 1), ("0012", 12), ("2147483647", 2147483647), ("2147483648", None), ("1#2", None), ("block7", None)]
    + [(text, None) for text in ("", "-1", "1.0", " 1", "１", "x.mzML msn trees:7")],
)
def test_row_ids_are_whole_numbers_of_java(feature_id: str, row_id: int | None) -> None:
    assert row_id_of(feature_id) == row_id
