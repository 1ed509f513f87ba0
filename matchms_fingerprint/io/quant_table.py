"""The quantification table that MZmine writes beside an MGF: rows of the feature list, and their intensities."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.sources import open_text

MZ_TOLERANCE_DA = 0.02
"""A row whose m/z is further from that of a spectrum with its id is another feature: the table is of another export."""

_MATCH_MZ_DA = 0.005
_MATCH_TIME_S = 6.0
_SEPARATORS = (",", ";", "\t")
_REMEDY = "give the table that MZmine wrote beside the MGF (X_quant.csv or X_quant_full.csv)"


@dataclass(frozen=True)
class _Flavour:
    """The names of the columns in one kind of table."""

    row_id: str
    mz: str
    minutes: str
    before: str
    """What stands before the name of a sample in the columns of intensities."""
    after: tuple[str, ...]
    """What stands behind it, areas before heights."""


_FLAVOURS = (
    _Flavour("row ID", "row m/z", "row retention time", "", (" Peak area", " Peak height")),
    _Flavour("id", "mz", "rt", "datafile:", (":area", ":height")),
)


@dataclass(frozen=True, eq=False)
class QuantTable:
    """Rows of a feature list.

    Parameters
    ----------
    path
        Where the table was read from.
    row_ids
        Ids of the rows, int64 of shape (n_rows,).
    mz
        float64 of shape (n_rows,).
    retention_times_s
        Seconds, float64 of shape (n_rows,).
    samples
        Names of the raw files.
    intensities
        Peak areas, or peak heights where the table has no areas, float32 of shape (n_rows, n_samples); 0 where a
        feature was not found.
    measure
        "area" or "height": what the intensities are.
    """

    path: Path
    row_ids: NDArray[np.int64]
    mz: NDArray[np.float64]
    retention_times_s: NDArray[np.float64]
    samples: tuple[str, ...]
    intensities: NDArray[np.float32]
    measure: str

    @classmethod
    def read(cls, path: str | Path) -> QuantTable:
        """Read a table of either kind, `X_quant.csv` (simple) or `X_quant_full.csv`, also gzipped.

        Columns are found by their names; others, and the empty one that a comma at the end of each line makes, are
        passed over.

        Raises
        ------
        InputFileError
            If the file is missing, is no such table, holds an id twice, or has a number that cannot be read.

        Examples
        --------
        >>> from matchms_fingerprint.io.quant_table import QuantTable
        >>> table = QuantTable.read("features_iimn_fbmn_quant.csv")  # doctest: +SKIP
        """
        path = Path(path)
        if not path.is_file():
            raise InputFileError(f"{path}: no such file; {_REMEDY}")
        with open_text(path) as handle:
            first = handle.readline().rstrip("\r\n")
            flavour, separator, names = _recognised(path, first)
            columns, samples, measure = _columns_of(flavour, names)
            rows = list(_rows(path, csv.reader(handle, delimiter=separator), columns))
        if not rows:
            raise InputFileError(f"{path}: holds no rows; {_REMEDY}")
        numbers = np.array([places for places, _ in rows])
        row_ids = numbers[:, 0].astype(np.int64)
        unique, counts = np.unique(row_ids, return_counts=True)
        if counts.max() > 1:
            raise InputFileError(f"{path}: row id {unique[counts.argmax()]} stands there twice; {_REMEDY}")
        intensities = np.array([values for _, values in rows])
        return cls(path, row_ids, numbers[:, 1], numbers[:, 2] * 60.0, samples, intensities, measure)

    def __len__(self) -> int:
        return len(self.row_ids)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {row_id: place for place, row_id in enumerate(self.row_ids.tolist())}

    @cached_property
    def _by_mz(self) -> NDArray[np.int64]:
        return np.argsort(self.mz, kind="stable")

    def find(self, row_id: int | None, mz: float | None, retention_time_s: float | None) -> int | None:
        """Return the place of a feature among the rows; None where it is not there.

        Parameters
        ----------
        row_id
            Id of the feature; taken where the row of this id has its m/z, to 0.02 Da.
        mz, retention_time_s
            Of the feature, in m/z and seconds. Without a row of its id they decide: one row alone within 0.005 Da and
            6 seconds is the feature.
        """
        place = None if row_id is None else self._places.get(row_id)
        if place is not None and (mz is None or abs(self.mz[place] - mz) <= MZ_TOLERANCE_DA):
            return place
        if mz is None or retention_time_s is None:
            return None
        first, last = np.searchsorted(self.mz, [mz - _MATCH_MZ_DA, mz + _MATCH_MZ_DA], sorter=self._by_mz)
        near = self._by_mz[first:last]
        near = near[np.abs(self.retention_times_s[near] - retention_time_s) <= _MATCH_TIME_S]
        return int(near[0]) if len(near) == 1 else None


def _recognised(path: Path, line: str) -> tuple[_Flavour, str, list[str]]:
    """Return the kind of table, its separator and the names of its columns, from its first line."""
    for separator in _SEPARATORS:
        names = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
        for flavour in _FLAVOURS:
            if {flavour.row_id, flavour.mz, flavour.minutes} <= set(names):
                return flavour, separator, names
    raise InputFileError(f"{path}: not a quantification table of MZmine, it starts with {line[:40]!r}; {_REMEDY}")


def _columns_of(flavour: _Flavour, names: Sequence[str]) -> tuple[list[int], tuple[str, ...], str]:
    """Return the places of id, m/z, retention time and intensities, the names of the samples, and the measure."""
    columns = [names.index(name) for name in (flavour.row_id, flavour.mz, flavour.minutes)]
    for measure, after in zip(("area", "height"), flavour.after, strict=True):
        found = [
            (place, name[len(flavour.before) : -len(after)])
            for place, name in enumerate(names)
            if name.startswith(flavour.before) and name.endswith(after)
        ]
        if found:
            return columns + [place for place, _ in found], tuple(name for _, name in found), measure
    return columns, (), "area"


def _rows(
    path: Path, lines: Iterator[list[str]], columns: Sequence[int]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float32]]]:
    """Yield id, m/z and minutes of each row, and its intensities."""
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        try:
            values = np.array([float(cells[column] or 0) for column in columns])
        except (IndexError, ValueError):
            values = np.zeros(3)
        if not np.isfinite(values[:3]).all() or values[0] % 1 or values[1] <= 0:
            raise InputFileError(
                f"{path}, line {number}: has too few fields, or a number that cannot be read (a decimal comma?);"
                f" {_REMEDY}"
            )
        yield values[:3], np.nan_to_num(values[3:], posinf=0.0).astype(np.float32)
