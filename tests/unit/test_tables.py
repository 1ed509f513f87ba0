"""Tables appear whole or not at all, and read back as they were written."""

import csv

import numpy as np
import pytest

from matchms_fingerprint.io.tables import table_writer

COLUMNS = {"feature_id": "", "precursor_mz": ".5f", "score": ".3g", "name": ""}


def test_layout(tmp_path):
    path = tmp_path / "new" / "hits.tsv"
    with table_writer(path, COLUMNS) as write_row:
        write_row({"feature_id": "1", "precursor_mz": 195.08765432, "score": np.float32(0.81236), "name": "a b"})
        write_row({"feature_id": 2, "score": float("nan"), "name": None})
    assert path.read_bytes() == b"feature_id\tprecursor_mz\tscore\tname\n1\t195.08765\t0.812\ta b\n2\t\t\t\n"


@pytest.mark.parametrize(
    "text", ["a\tb", 'say "x"', "two\nlines", "two\rlines", "two\r\nlines", " blanks ", "β-acid", "'", ""]
)
def test_any_text_reads_back(tmp_path, text):
    path = tmp_path / "x.tsv"
    with table_writer(path, {"name": "", "n": ""}) as write_row:
        write_row({"name": text, "n": 5})
    with open(path, encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle, delimiter="\t"))
    assert rows == [["name", "n"], [text.replace("\r\n", "\n").replace("\r", "\n"), "5"]]


def test_nothing_appears_where_the_work_fails(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("the old one")

    def fail():
        with table_writer(path, COLUMNS) as write_row:
            write_row({"feature_id": "1"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir()] == ["x.tsv"]


def test_rows_are_streamed_to_the_disk(tmp_path):
    with table_writer(tmp_path / "x.tsv", {"name": ""}) as write_row:
        for _ in range(1000):
            write_row({"name": "x" * 100})
        partial = next(tmp_path.iterdir())
        assert partial.stat().st_size > 50_000


def test_unknown_column_is_refused(tmp_path):
    with pytest.raises(KeyError, match="scor"), table_writer(tmp_path / "x.tsv", COLUMNS) as write_row:
        write_row({"scor": 1.0})
