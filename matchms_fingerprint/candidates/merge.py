"""Duplicate structures become one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from matchms_fingerprint.candidates.layout import library_schema
from matchms_fingerprint.chem import FingerprintSpec


def merge_duplicates(rows: pa.Table, spec: FingerprintSpec, has_classes: bool = False) -> pa.RecordBatch:
    """Merge structures that differ in stereochemistry alone, and sort by mass, then InChIKey.

    Two rows are one structure if the first blocks of their InChIKeys agree, and their formulas (the first block does
    not see a proton: a permanent cation and its zwitterion are two structures of two masses). The structure that came
    first stays; it takes over all names, sources and compound classes, first come first.

    Parameters
    ----------
    rows
        Described rows (columns of `row_schema`), in any order.
    spec
        Which fingerprint the rows hold.
    has_classes
        The library has a column of compound classes.

    Returns
    -------
    RecordBatch
        Columns of `library_schema`.
    """
    rows = rows.combine_chunks()
    keys = np.array([key[:14] for key in rows["inchikey"].to_pylist()], dtype="S14")
    formulas = rows["formula"].to_numpy(zero_copy_only=False).astype("S")
    order = np.lexsort((rows["position"].to_numpy(), formulas, keys))
    keys, formulas = keys[order], formulas[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (keys[1:] != keys[:-1]) | (formulas[1:] != formulas[:-1])
    starts = np.flatnonzero(is_first)
    gathered = {
        "names": _gather(_each(rows["name"]), order, starts),
        "sources": _gather(_each(rows["source"]), order, starts),
    }
    if has_classes:
        gathered["classes"] = _gather(rows["classes"].to_pylist(), order, starts)
    kept = rows.take(order[starts])
    final = np.lexsort((np.array(kept["inchikey"].to_pylist(), dtype="S27"), kept["exact_mass"].to_numpy()))
    kept = kept.take(final).combine_chunks()
    schema = library_schema(spec, has_classes)
    columns: dict[str, Any] = {
        name: pa.array([values[i] for i in final], type=schema.field(name).type) for name, values in gathered.items()
    }
    arrays = [columns[field.name] if field.name in columns else _one_chunk(kept[field.name]) for field in schema]
    return pa.record_batch(arrays, schema=schema)


def _each(column: pa.ChunkedArray) -> list[list[str] | None]:
    return [None if value is None else [value] for value in column.to_pylist()]


def _gather(values: list[list[str] | None], order: np.ndarray, starts: np.ndarray) -> list[list[str]]:
    """Return the different values of each group, first come first; `order` has the groups one after the other."""
    ends = np.append(starts[1:], len(order))
    indices = order.tolist()
    gathered = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        gathered.append(list(dict.fromkeys(value for i in indices[start:end] for value in values[i] or ())))
    return gathered


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
