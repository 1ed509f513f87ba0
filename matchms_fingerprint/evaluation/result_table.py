"""Results in columns, and their files."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.tables import table_writer

_ALWAYS_TEXT = ("id", "structure", "smiles", "formula", "substructure")


@dataclass(frozen=True)
class ResultTable:
    """Columns of equal length, such as one row a spectrum.

    Parameters
    ----------
    columns
        Name -> values, shape (n_rows,): text, whole numbers or floats.
    """

    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return next((len(values) for values in self.columns.values()), 0)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def take(self, chosen: NDArray[Any]) -> ResultTable:
        """Return the rows at some positions, or where a mask is True."""
        return ResultTable({name: values[chosen] for name, values in self.columns.items()})

    def write(self, path: str | Path) -> None:
        """Write the table as TSV: floats with four digits, empty where a value is unknown."""
        formats = {name: ".4f" if values.dtype.kind == "f" else "" for name, values in self.columns.items()}
        with table_writer(path, formats) as write_row:
            for row in zip(*(values.tolist() for values in self.columns.values()), strict=True):
                write_row(dict(zip(self.columns, row, strict=True)))

    @classmethod
    def read(cls, path: str | Path) -> ResultTable:
        """Read what `write` wrote; columns that hold numbers alone become floats, names of things do not.

        Raises
        ------
        InputFileError
            If there is no such file, or it is no table.
        """
        try:
            with open(path, encoding="utf-8", newline="") as handle:
                header, *rows = csv.reader(handle, delimiter="\t")
        except FileNotFoundError:
            raise InputFileError(f"{path}: no such file; give the folder that `evaluate -o` wrote") from None
        except (ValueError, UnicodeDecodeError, csv.Error) as error:
            raise InputFileError(f"{path}: not a table ({error})") from None
        if any(len(row) != len(header) for row in rows):
            raise InputFileError(f"{path}: not a table, its rows have different lengths; evaluate again")
        columns = zip(*rows, strict=True) if rows else ((),) * len(header)
        texts = {name: np.array(values, np.str_) for name, values in zip(header, columns, strict=True)}
        return cls({name: t if name in _ALWAYS_TEXT else _numbers_or_text(t) for name, t in texts.items()})


def _numbers_or_text(values: NDArray[np.str_]) -> NDArray[Any]:
    try:
        return np.where(values == "", "nan", values).astype(np.float64)
    except ValueError:
        return values
