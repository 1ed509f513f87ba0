"""Files of vectors, written in batches: each format gives back what went in, and what is missing is missing."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matchms_fingerprint.errors import OutputError
from matchms_fingerprint.io.array_files import Vectors, check_array_path, open_array_file

COLUMNS = {"id": pa.string(), "mz": pa.float64(), "n": pa.int64()}
ROWS = [["a", 100.5, 1], ["b", None, 0], [None, 300.25, 3]]
MISSING = np.array([False, True, False])
VALUES = np.array([[0.5, 0.25], [9.0, 9.0], [1.0, 0.0]])


def written(path, dtype, rows=ROWS):
    """Write the rows in two batches, the first of them alone."""
    vectors = Vectors("v", 2, np.dtype(dtype), COLUMNS, {"model": "β"})
    with open_array_file(path, vectors) as write:
        for part in (slice(0, 1), slice(1, None)):
            if rows[part]:
                write(rows[part], VALUES[part].astype(dtype), MISSING[part])
    return path


def test_tsv(tmp_path):
    with open(written(tmp_path / "x.tsv", "float32"), newline="") as handle:
        assert list(csv.reader(handle, delimiter="\t")) == [
            ["id", "mz", "n", "v_0", "v_1"],
            ["a", "100.5", "1", "0.5", "0.25"],
            ["b", "", "0", "", ""],
            ["", "300.25", "3", "1", "0"],
        ]


def test_parquet(tmp_path):
    table = pq.read_table(written(tmp_path / "x.parquet", "float32"))
    assert table.to_pydict() == {
        "id": ["a", "b", None],
        "mz": [100.5, None, 300.25],
        "n": [1, 0, 3],
        "v": [[0.5, 0.25], None, [1.0, 0.0]],
    }
    assert json.loads(table.schema.metadata[b"provenance"]) == {"model": "β"}


@pytest.mark.parametrize(("dtype", "absent"), [("float32", np.nan), ("uint8", 0)])
def test_npz(tmp_path, dtype, absent):
    with np.load(written(tmp_path / "x.npz", dtype), allow_pickle=False) as arrays:
        expected = VALUES.astype(dtype)
        expected[1] = absent
        assert arrays["v"].dtype == dtype
        np.testing.assert_array_equal(arrays["v"], expected)
        assert arrays["id"].tolist() == ["a", "b", ""]
        np.testing.assert_array_equal(arrays["mz"], [100.5, np.nan, 300.25])
        assert arrays["n"].tolist() == [1, 0, 3]
        assert json.loads(str(arrays["provenance"])) == {"model": "β"}


@pytest.mark.parametrize("suffix", [".tsv", ".npz", ".parquet"])
def test_no_rows(tmp_path, suffix):
    path = written(tmp_path / f"x{suffix}", "float32", rows=[])
    if suffix == ".npz":
        assert np.load(path)["v"].shape == (0, 2)
    elif suffix == ".parquet":
        assert pq.read_table(path).num_rows == 0
    else:
        assert path.read_text() == "id\tmz\tn\tv_0\tv_1\n"


def test_paths_that_are_refused_before_the_work(tmp_path):
    (tmp_path / "file.tsv").write_text("x")
    (tmp_path / "folder.tsv").mkdir()
    for name, overwrite, says in [
        ("x.csv", True, r"must end in \.tsv, \.npz, \.parquet"),
        ("folder.tsv", True, "is a folder"),
        ("file.tsv", False, "--overwrite"),
        ("file.tsv/x.npz", True, r"file\.tsv is a file, not a folder"),
    ]:
        with pytest.raises(OutputError, match=says):
            check_array_path(tmp_path / name, overwrite)
    check_array_path(tmp_path / "file.tsv", overwrite=True)
    check_array_path(tmp_path / "new" / "x.npz", overwrite=False)
