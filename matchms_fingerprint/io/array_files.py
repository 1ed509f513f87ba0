"""Files that hold one vector per row beside some columns: TSV, NumPy npz, or Parquet, written batch by batch."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matchms_fingerprint.errors import OutputError
from matchms_fingerprint.io.artifacts import atomic_file, check_parent

Rows = Sequence[Sequence[Any]]
"""For each row of a batch its cells, in the order of `Vectors.columns`."""

Write = Callable[[Rows, np.ndarray, np.ndarray], None]
"""Appends a batch: n rows, their vectors as an array of shape (n, width), and which of these are missing, bool (n,).

Missing vectors are not looked at.
"""


@dataclass(frozen=True)
class Vectors:
    """What the vectors of a file are.

    Parameters
    ----------
    name
        "fingerprint" or "embedding"; names the array or the columns.
    width
        Length of a vector.
    dtype
        float32 or uint8.
    columns
        Names and types (string, int64 or float64) of what stands beside each vector.
    provenance
        JSON-safe; kept in npz (array `provenance`) and Parquet (schema metadata).
    """

    name: str
    width: int
    dtype: np.dtype
    columns: Mapping[str, pa.DataType]
    provenance: dict[str, Any]


def check_array_path(path: Path, overwrite: bool) -> None:
    """Raise `OutputError` unless `path` ends with a known suffix and may be written."""
    check_parent(path)
    if path.suffix not in _FORMATS:
        raise OutputError(f"{path}: the name must end in {', '.join(_FORMATS)}; that says which format to write")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; give a file with -o")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: output file exists; give another one with -o, or replace it with --overwrite")


@contextmanager
def open_array_file(path: Path, vectors: Vectors) -> Iterator[Write]:
    """Yield the function that appends a batch in the format of `path`; the file appears when the block ends well."""
    with atomic_file(path) as partial, _FORMATS[path.suffix](partial, vectors) as write:
        yield write


@contextmanager
def _tsv(path: Path, vectors: Vectors) -> Iterator[Write]:
    """One column per number, empty where there is no vector."""
    number = ("%d" if vectors.dtype.kind == "u" else "%.5g").__mod__
    empty = [""] * vectors.width
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow([*vectors.columns, *(f"{vectors.name}_{index}" for index in range(vectors.width))])

        def write(rows: Rows, values: np.ndarray, missing: np.ndarray) -> None:
            for cells, row, is_missing in zip(rows, values, missing, strict=True):
                writer.writerow([*cells, *(empty if is_missing else map(number, row.tolist()))])

        yield write


@contextmanager
def _parquet(path: Path, vectors: Vectors) -> Iterator[Write]:
    """One column of fixed-size lists, null where there is no vector."""
    element = pa.from_numpy_dtype(vectors.dtype)
    schema = pa.schema(
        [*vectors.columns.items(), (vectors.name, pa.list_(element, vectors.width))],
        metadata={"provenance": json.dumps(vectors.provenance)},
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def write(rows: Rows, values: np.ndarray, missing: np.ndarray) -> None:
            columns = zip(*rows, strict=True)
            flat = pa.array(np.ascontiguousarray(values).ravel(), element)
            lists = pa.FixedSizeListArray.from_arrays(flat, vectors.width, mask=pa.array(missing))
            arrays = [pa.array(cells, kind) for cells, kind in zip(columns, vectors.columns.values(), strict=True)]
            writer.write_batch(pa.record_batch([*arrays, lists], schema=schema))

        yield write


@contextmanager
def _npz(path: Path, vectors: Vectors) -> Iterator[Write]:
    """One array of shape (n_rows, width), NaN or 0 where there is no vector, and one array for each column.

    The vectors wait in an unnamed file, since an array begins with its length.
    """
    written: list[Sequence[Any]] = []
    with tempfile.TemporaryFile(dir=path.parent) as waiting:

        def write(rows: Rows, values: np.ndarray, missing: np.ndarray) -> None:
            written.extend(rows)
            values = np.array(values, dtype=vectors.dtype)
            values[missing] = 0 if vectors.dtype.kind == "u" else np.nan
            waiting.write(values.tobytes())

        yield write
        waiting.seek(0)
        header = {
            "descr": np.lib.format.dtype_to_descr(vectors.dtype),
            "fortran_order": False,
            "shape": (len(written), vectors.width),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open(f"{vectors.name}.npy", "w", force_zip64=True) as out:
                np.lib.format.write_array_header_2_0(out, header)
                shutil.copyfileobj(waiting, out, 1 << 20)
            others = _columns(written, vectors.columns) | {"provenance": np.array(json.dumps(vectors.provenance))}
            for name, array in others.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, array, allow_pickle=False)


def _columns(rows: Rows, kinds: Mapping[str, pa.DataType]) -> dict[str, np.ndarray]:
    """Return one array for each column; missing numbers are NaN, missing texts empty."""
    columns = {}
    for index, (name, kind) in enumerate(kinds.items()):
        cells = [row[index] for row in rows]
        if pa.types.is_string(kind):
            columns[name] = np.array([cell or "" for cell in cells], dtype=str)
        else:
            columns[name] = np.array([np.nan if cell is None else cell for cell in cells], kind.to_pandas_dtype())
    return columns


_FORMATS: dict[str, Callable[[Path, Vectors], AbstractContextManager[Write]]] = {
    ".tsv": _tsv,
    ".npz": _npz,
    ".parquet": _parquet,
}
