"""Chimeric spectra: what MZmine writes of them, and what is said of the feature."""

from pathlib import Path

import pytest

from matchms_fingerprint import load_spectra
from matchms_fingerprint.annotation.features import read_features
from matchms_fingerprint.annotation.results import rows_of
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.io.isolation import LEAST_PURITY, isolation_warnings
from matchms_fingerprint.io.metadata import clean_metadata
from matchms_fingerprint.records import Annotation

IMPURE = "chimeric: only 62% of the signal in the isolation window is of this precursor"


def block(feature_id: int, *lines: str, peak: float = 10.0) -> str:
    head = [f"FEATURE_ID={feature_id}", "MSLEVEL=2", "PEPMASS=195.0877", "CHARGE=1", "ADDUCT=[M+H]+"]
    peaks = ["Num peaks=3", "110.0713 5", f"138.0662 {peak}", "195.0877 7"]
    return "\n".join(["BEGIN IONS", *head, *lines, *peaks, "END IONS", "", ""])


def annotations_of(path: Path) -> list[Annotation]:
    return [one.annotation("annotated") for one in read_features(load_spectra(path), AnnotationSettings())]


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        ({}, None),
        ({"PRECURSOR_PURITY": "0.62"}, IMPURE),
        ({"PRECURSOR_PURITY": 0.62, "QUALITY_CHIMERIC": "CHIMERIC"}, IMPURE),
        ({"PRECURSOR_PURITY": "0.9735733", "QUALITY_CHIMERIC": "PASSED"}, None),
        ({"PRECURSOR_PURITY": str(LEAST_PURITY)}, None),
        ({"PRECURSOR_PURITY": "0.8", "QUALITY_CHIMERIC": "CHIMERIC"}, "chimeric: only 80%"),
        ({"QUALITY_CHIMERIC": "CHIMERIC"}, "chimeric: other ions"),
        ({"QUALITY_CHIMERIC": "MISSING_MAIN_SIGNAL", "PRECURSOR_PURITY": "0"}, "the precursor is not seen"),
        ({"QUALITY_CHIMERIC": "MISSING_MS1_SCAN"}, None),
        ({"PRECURSOR_PURITY": "-1"}, None),
        ({"PRECURSOR_PURITY": "n.d.", "QUALITY_CHIMERIC": "a new word"}, None),
        ({"precursor_purity": 0.62, "quality_chimeric": "chimeric"}, IMPURE),
    ],
)
def test_the_fields_of_mzmine_become_words(found: dict[str, object], warning: str | None) -> None:
    warnings = isolation_warnings(clean_metadata(found))
    assert len(warnings) == (warning is not None)
    assert all(text.startswith(warning or "") for text in warnings)


def test_a_warning_goes_with_the_feature_into_the_record_and_the_table(tmp_path: Path) -> None:
    path = tmp_path / "features.mgf"
    chimeric = block(1, "PRECURSOR_PURITY=0.62", "QUALITY_CHIMERIC=CHIMERIC")
    path.write_text(chimeric + block(2, "PRECURSOR_PURITY=1.0", "QUALITY_CHIMERIC=PASSED"))
    found = annotations_of(path)
    assert [one.warnings for one in found] == [(IMPURE,), ()]
    assert [row["warnings"] for one in found for row in rows_of(one)] == [IMPURE, ""]
    assert [Annotation.from_dict(one.to_dict()) for one in found] == found


def test_spectra_that_are_merged_are_as_impure_as_the_worst(tmp_path: Path) -> None:
    path = tmp_path / "features.mgf"
    strong = block(1, "PRECURSOR_PURITY=0.9", "QUALITY_CHIMERIC=PASSED", peak=1000.0)
    path.write_text(strong + block(1, "PRECURSOR_PURITY=0.62", "QUALITY_CHIMERIC=CHIMERIC") + block(1))
    (found,) = annotations_of(path)
    assert found.warnings == (IMPURE,)


def test_exports_without_these_fields_say_nothing(shared: Path) -> None:
    for path in sorted((shared / "mzmine").glob("*.mgf")):
        assert not any(one.warnings for one in annotations_of(path))
