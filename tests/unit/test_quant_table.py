"""Quantification tables of MZmine, written by hand as MZmine 2 to 4 write them, and the real ones."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from annotated_features import make_annotation

from matchms_fingerprint import load_spectra
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.feature_rows import FeatureRow, FeatureRows
from matchms_fingerprint.io.quant_table import QuantTable

SIMPLE = (
    "row ID,row m/z,row retention time,row ion mobility,annotation network number,best ion,"
    '"a, b.mzML Peak area",c.mzML Peak area,\n'
    "3,195.08771234,2.033,,,,1.5E4,0.0,\n"
    "12,195.0876,5.5,,1,[M+H]+,0,250.5,\n"
    "40,301.1,5.5,,,,,NaN,\n"
)
FULL = """id,rt,mz,area,charge,datafile:a.mzML:area,datafile:a.mzML:height,datafile:b.mzML:area,datafile:b.mzML:height
3,2.033,195.08771234,16500,1,1.5E4,1,,
12,5.5,195.0876,250.5,,,,250.5,2
"""


def read(tmp_path: Path, text: str) -> QuantTable:
    path = tmp_path / "quant.csv"
    path.write_text(text, encoding="utf-8")
    return QuantTable.read(path)


def test_simple_flavour_with_a_comma_at_the_end_of_each_line(tmp_path: Path) -> None:
    table = read(tmp_path, SIMPLE)
    assert table.row_ids.tolist() == [3, 12, 40]
    assert table.mz.tolist() == [195.08771234, 195.0876, 301.1]
    np.testing.assert_allclose(table.retention_times_s, [121.98, 330, 330])
    assert table.samples == ("a, b.mzML", "c.mzML")
    assert table.intensities.tolist() == [[15000, 0], [0, 250.5], [0, 0]]
    assert len(table) == 3


def test_full_flavour_prefers_areas(tmp_path: Path) -> None:
    table = read(tmp_path, FULL)
    assert (table.samples, table.measure) == (("a.mzML", "b.mzML"), "area")
    assert table.intensities.tolist() == [[15000, 0], [0, 250.5]]
    heights = read(tmp_path, FULL.replace(":area", ":fwhm"))
    assert (heights.intensities.tolist(), heights.measure) == ([[1, 0], [0, 2]], "height")
    nothing = read(tmp_path, "id,rt,mz\n1,2,3\n")
    assert (nothing.samples, nothing.intensities.shape) == ((), (1, 0))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace('"a, b.mzML Peak area"', "a.mzML Peak area").replace(",", ";"),
    ],
    ids=["byte order mark", "windows", "empty lines", "semicolons"],
)
def test_variants_give_the_same(tmp_path: Path, change) -> None:
    table = read(tmp_path, change(SIMPLE))
    assert table.row_ids.tolist() == [3, 12, 40]
    assert table.intensities.tolist() == [[15000, 0], [0, 250.5], [0, 0]]


def test_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "quant.csv.gz"
    path.write_bytes(gzip.compress(SIMPLE.encode()))
    assert len(QuantTable.read(path)) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a quantification table"),
        ("BEGIN IONS\n", "starts with 'BEGIN IONS'"),
        ("a,b,c\n1,2,3\n", "not a quantification table"),
        (SIMPLE.splitlines()[0], "no rows"),
        (SIMPLE.replace("12,195", "3,195"), "row id 3 stands there twice"),
        (SIMPLE.replace("12,195", "x,195"), "line 3"),
        (SIMPLE.replace("301.1", "0"), "line 4"),
        (SIMPLE.replace("12,195.0876", "12.5,195.0876"), "line 3"),
        (SIMPLE + "41,5\n", "line 5"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        read(tmp_path, text)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        QuantTable.read(tmp_path / "none.csv")


def test_a_row_is_found_by_id_only_where_its_mz_agrees(tmp_path: Path) -> None:
    table = read(tmp_path, SIMPLE)
    assert table.find(3, 195.0877, None) == 0
    assert table.find(3, None, None) == 0
    assert table.find(40, 195.0877, None) is None  # the table of another export
    assert table.find(40, 195.0877, 121.0) == 0  # by place
    assert table.find(None, 195.0877, 331.0) == 1
    assert table.find(None, 195.0877, 200.0) is None
    assert table.find(None, None, 331.0) is None
    assert table.find(99, 500.0, 331.0) is None


def test_place_alone_decides_only_where_it_is_unique(tmp_path: Path) -> None:
    table = read(tmp_path, SIMPLE.replace("12,195.0876,5.5", "12,195.0876,2.05"))
    assert table.find(None, 195.0877, 122.0) is None


def test_features_get_row_ids_and_digits_from_the_table(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = FeatureRows(read(tmp_path, SIMPLE))
    assert rows.of(make_annotation("3")) == FeatureRow(3, 195.08771234, pytest.approx(121.98), 0)
    assert rows.of(make_annotation("block2", retention_time_s=330.2)).row_id == 12
    rows.warn()
    assert not caplog.records
    assert rows.of(make_annotation("5", precursor_mz=400.0)).row_id is None  # no row of the list
    assert rows.of(make_annotation("3")).row_id is None  # another feature is this row
    rows.warn()
    assert "2 features" in caplog.text
    assert "quant.csv has no row of their id and m/z" in caplog.text
    assert FeatureRows().of(make_annotation("5")) == FeatureRow(5, 195.0877, 121.98)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "n_rows", "n_samples"), [("3.9.0", 143, 11), ("4.5.37", 108, 4)])
def test_real_tables_have_all_features_of_their_spectra(shared: Path, name: str, n_rows: int, n_samples: int) -> None:
    table = QuantTable.read(shared / "mzmine" / f"fermo_mzmine{name}.csv")
    assert table.intensities.shape == (n_rows, n_samples)
    for spectrum in load_spectra(shared / "mzmine" / f"fermo_mzmine{name}.mgf"):
        row_id, mz, time = (spectrum.get(key) for key in ("feature_id", "precursor_mz", "retention_time"))
        place = table.find(int(row_id), mz, time)
        assert place is not None
        assert table.row_ids[place] == int(row_id)
        assert table.find(None, mz, time) in (place, None)
