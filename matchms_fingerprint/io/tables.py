"""Tab-separated results, written row by row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from matchms_fingerprint.io.artifacts import atomic_file

Row = Mapping[str, Any]


@contextmanager
def table_writer(path: str | Path, columns: Mapping[str, str]) -> Iterator[Callable[[Row], None]]:
    """Yield a function that appends a row; the file appears under its name when the block ends well.

    Fields are quoted as in RFC 4180 where they hold a tab, a quote or a line break. None and NaN give an empty field,
    and so does a column that a row leaves out.

    Parameters
    ----------
    path
        The file, UTF-8 with a header line.
    columns
        Names in order, each with the format of its floats (".4f"), or "" where there are none.

    Raises
    ------
    KeyError
        From the function: if a row has a column that is not in `columns`.

    Examples
    --------
    >>> from matchms_fingerprint.io.tables import table_writer
    >>> with table_writer("hits.tsv", {"feature_id": "", "score": ".3f"}) as write_row:  # doctest: +SKIP
    ...     write_row({"feature_id": "1", "score": 0.81234})
    """
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)

        def write_row(row: Row) -> None:
            unknown = row.keys() - columns.keys()
            if unknown:
                raise KeyError(f"no such column: {', '.join(sorted(unknown))}")
            writer.writerow([_field(row.get(name), digits) for name, digits in columns.items()])

        yield write_row


def _field(value: Any, digits: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else format(value, digits)
    return str(value).replace("\r\n", "\n").replace("\r", "\n")  # csv does not quote a lone carriage return
