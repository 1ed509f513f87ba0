"""What is known of samples: a column of a metadata table."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError

_SAMPLE_COLUMNS = ("filename", "sample", "sample_name", "file")
_SEPARATORS = ("\t", ",", ";")
_ENDINGS = ("mzml", "mzxml", "raw", "d", "wiff", "wiff2", "lcd", "cdf")
_MISSING = frozenset({"", "na", "n/a", "nan"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class SampleLabels:
    """What a column of a metadata table says of each sample.

    Parameters
    ----------
    column
        Its name, without "ATTRIBUTE_".
    values
        One for each sample; empty where the table has none.
    """

    column: str
    values: tuple[str, ...]

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Which samples have a value, shape (n_samples,)."""
        return np.array([bool(value) for value in self.values], np.bool_)

    @property
    def numbers(self) -> NDArray[np.float64] | None:
        """The values as numbers, NaN where there is none, float64 of shape (n_samples,); None where a value is text."""
        known = [value for value in self.values if value]
        if not known or not all(_NUMBER.fullmatch(value) for value in known):
            return None
        return np.array([float(value) if value else math.nan for value in self.values])


def read_sample_labels(path: str | Path, column: str, samples: Sequence[str]) -> SampleLabels:
    """Read a column of a metadata table, one row a sample, in the order of `samples`.

    Parameters
    ----------
    path
        Tab-, comma- or semicolon-separated table with a line of names. Its samples stand in the column "filename" (as
        GNPS and MZmine have it) or "sample", else in the first one; folders, endings such as ".mzML" and case do not
        count. It may hold more samples. NA, N/A and NaN mean that there is no value.
    column
        Its column to read. "ATTRIBUTE_" at its beginning, as GNPS asks for, may be left out, and case does not count.
    samples
        Names of the samples, as a quantification table has them.

    Raises
    ------
    InputFileError
        If the file is missing or is no such table, has no such column or no value in it, or a sample is not in it or
        is there with two values.
    """
    path = Path(path)
    columns, rows = _table(path)
    names = {name.lower(): name for name in columns}
    wanted = names.get(column.lower()) or names.get(f"attribute_{column.lower()}")
    if wanted is None:
        raise InputFileError(f"{path}: has no column {column!r}; it has {', '.join(columns)}")
    of_sample = next((names[name] for name in _SAMPLE_COLUMNS if name in names), columns[0])
    labels: dict[str, str] = {}
    for row in rows:
        value = row.get(wanted, "")
        value = "" if value.lower() in _MISSING else value
        if labels.setdefault(_bare(row.get(of_sample, "")), value) != value and row.get(of_sample):
            raise InputFileError(f"{path}: holds the sample {row[of_sample]} twice, with different values of {wanted}")
    missing = [sample for sample in samples if _bare(sample) not in labels]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise InputFileError(
            f"{path}: does not hold the samples {', '.join(missing[:5])}{more} in its column {of_sample}; add a row for"
            " each, with the name that the quantification table has"
        )
    found = SampleLabels(wanted.removeprefix("ATTRIBUTE_"), tuple(labels[_bare(sample)] for sample in samples))
    if not found.is_known.any():
        raise InputFileError(f"{path}: has no value in its column {wanted} for any of the samples")
    return found


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the names of the columns, and the rows."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputFileError(f"{path}: not a text file in UTF-8") from None
    separator = max(_SEPARATORS, key=lines[0].count) if lines else ","
    reader = csv.DictReader(lines, delimiter=separator)
    rows = [
        {(name or "").strip(): value.strip() for name, value in row.items() if isinstance(value, str)} for row in reader
    ]
    columns = [name.strip() for name in reader.fieldnames or () if name.strip()]
    if not rows or not columns:
        raise InputFileError(f"{path}: holds no rows; give a table with a line of names and one row a sample")
    return columns, rows


def bare_name(sample: str) -> str:
    """Return the name of a sample without its folder and ending."""
    name = sample.strip().replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending.lower() in _ENDINGS else name


def _bare(sample: str) -> str:
    return bare_name(sample).lower()
