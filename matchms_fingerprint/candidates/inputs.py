"""Files of structures: which kind they are, their columns, and their rows as a stream."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from matchms_fingerprint.candidates.columns import USUAL_NAMES, Columns, guess, guess_classes
from matchms_fingerprint.candidates.rows import Row
from matchms_fingerprint.candidates.sdf import sdf_rows
from matchms_fingerprint.candidates.tables import Table, is_number_and_structure, open_table, table_rows
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.sources import repaired_text

_SUFFIXES = {
    ".smi": "smiles",
    ".smiles": "smiles",
    ".ism": "smiles",
    ".can": "smiles",
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".txt": "text",
    ".sdf": "sdf",
    ".sd": "sdf",
    ".mol": "sdf",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_HEAD = 200
_LONGEST_LINE = 1 << 16
_BROKEN_STREAM = (EOFError, gzip.BadGzipFile, zlib.error)


def is_structure_file(text: str) -> bool:
    """Tell whether a text is named like a file that can be read; no SMILES ends in .gz."""
    return kind_of(text) is not None or text.lower().endswith(".gz")


def kind_of(path: str | Path) -> str | None:
    """Return "smiles", "table", "text", "sdf" or "parquet" from the name of a file, or None."""
    name = str(path).lower()
    return _SUFFIXES.get(Path(name.removesuffix(".gz")).suffix)


class StructureFile:
    """One input file, read as a stream.

    Parameters
    ----------
    path
        SMILES (.smi), CSV, TSV, SDF or Parquet, the first four gzipped or not.
    columns
        Which columns to read.

    Raises
    ------
    InputFileError
        If the file is missing, empty, of an unknown kind, or without a column of structures.
    """

    def __init__(self, path: str | Path, columns: Columns | None = None) -> None:
        self.path = Path(path)
        self.columns = columns or Columns()
        if not self.path.is_file():
            what = "is a folder, not a file" if self.path.is_dir() else "no such file"
            raise InputFileError(f"{path}: {what}; give a file of structures")
        self.size = self.path.stat().st_size
        if self.size == 0:
            raise InputFileError(f"{path}: the file is empty; give a file of structures")
        self._position: Callable[[], float] = lambda: 0.0
        try:
            kind = kind_of(self.path)
            self.kind = self._sniff(kind) if kind in (None, "text") else str(kind)
            self._check()
        except _BROKEN_STREAM as error:
            raise InputFileError(f"{self.path}: not gzip data ({error}); download it again") from None
        except pa.ArrowException as error:
            raise InputFileError(f"{self.path}: not a Parquet file ({_one_line(error)})") from None

    @property
    def is_mol_block(self) -> bool:
        """Whether the texts of its rows are mol blocks."""
        return self.kind == "sdf"

    def position(self) -> float:
        """Return how many bytes of the file have been read."""
        return self._position()

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file, numbered from 1 without the header.

        Raises
        ------
        InputFileError
            If the file ends in the middle of its compressed data, or is no Parquet file.
        """
        number = 0
        try:
            if self.kind == "parquet":
                yield from self._parquet_rows()
                return
            with self.path.open("rb") as raw:
                self._position = lambda: min(raw.tell(), self.size) if not raw.closed else self.size
                with _as_text(raw) as text:
                    for row in self._text_rows(text):
                        number = row.number
                        yield _repaired(row)
        except _BROKEN_STREAM as error:
            raise InputFileError(
                f"{self.path}: the gzip data breaks off after row {number} ({error}); fetch it again"
            ) from None

    def _text_rows(self, text: IO[str]) -> Iterator[Row]:
        if self.kind == "smiles":
            return _smiles_rows(text)
        if self.kind == "sdf":
            return sdf_rows(text, self.columns)
        table = self._table(text)
        return table_rows(table, self._choose(table), self._classes(table))

    def _table(self, text: IO[str]) -> Table:
        name = self.path.name.lower()
        return open_table(text, ".tsv" in name or ".tab" in name, self.columns.header)

    def _choose(self, table: Table) -> dict[str, int]:
        """Return the index of the column for each role that has one."""
        names, columns = table.names, self.columns
        if table.is_numbered and columns.smiles is None and columns.inchi is None:
            columns = replace(columns, smiles="2", name=columns.name or "1")
        try:
            chosen = guess(names, columns)
        except KeyError as error:
            hint = (
                "; columns have numbers with --no-header alone"
                if table.has_header and str(error)[1:2].isdigit()
                else ""
            )
            raise InputFileError(f"{self.path}: no column {error}; it has: {_listed(names)}{hint}") from None
        if "smiles" not in chosen and "inchi" not in chosen:
            raise InputFileError(f"{self.path}: no column of structures among {_listed(names)}; {self._remedy(table)}")
        return {role: names.index(name) for role, name in chosen.items()}

    def _classes(self, table: Table) -> list[int]:
        """Return the indices of the columns with classes."""
        for name in self.columns.classes:
            if not guess_classes(table.names, Columns(classes=(name,))):
                raise InputFileError(f"{self.path}: no column {name!r}; it has: {_listed(table.names)}")
        return [table.names.index(name) for name in guess_classes(table.names, self.columns)]

    def _remedy(self, table: Table) -> str:
        if not table.has_header:
            return "give the number of one, such as --smiles-column 1"
        remedy = "name it with --smiles-column or --inchi-column"
        if self.kind == "parquet":
            return remedy
        return f"the first line must name the columns: {remedy}, or give --no-header and --smiles-column NUMBER"

    def _sniff(self, kind: str | None) -> str:
        """Tell a table from a list of SMILES by the first line of a file whose name does not."""
        with self.path.open("rb") as raw, _as_text(raw) as text:
            line = text.readline(_LONGEST_LINE)
        if kind is None:
            # PubChem's CID-SMILES.gz has no suffix of its own
            if is_number_and_structure(line.rstrip("\r\n").split("\t")):
                return "table"
            known = " ".join(_SUFFIXES)
            raise InputFileError(f"{self.path}: not known by its name; rename it to one of {known} (+ .gz)")
        table = self._table(io.StringIO(line))
        if self.columns.smiles or self.columns.inchi or table.is_numbered:
            return "table"
        try:
            return "table" if len(table.names) > 1 and guess(table.names, self.columns) else "smiles"
        except KeyError:
            return "table"

    def _check(self) -> None:
        """Fail now, and not after hours, where the columns are not there."""
        if self.kind == "parquet":
            with pq.ParquetFile(self.path) as table:
                self._check_columns(Table(table.schema_arrow.names, "", iter(())))
            return
        with self.path.open("rb") as raw, _as_text(raw) as text:
            if "\0" in text.read(_HEAD):
                raise InputFileError(f"{self.path}: is no text, or UTF-16 without its mark; save it as UTF-8 text")
        if self.kind == "table":
            with self.path.open("rb") as raw, _as_text(raw) as text:
                self._check_columns(self._table(text))

    def _check_columns(self, table: Table) -> None:
        self._choose(table)
        self._classes(table)

    def _parquet_rows(self) -> Iterator[Row]:
        with pq.ParquetFile(self.path) as table:
            names = table.schema_arrow.names
            empty = Table(names, "", iter(()))
            chosen = {role: names[i] for role, i in self._choose(empty).items()}
            classes = [names[i] for i in self._classes(empty)]
            total, number = max(1, table.metadata.num_rows), 0
            self._position = lambda: self.size * number / total
            for batch in table.iter_batches(batch_size=4096, columns=list(dict.fromkeys([*chosen.values(), *classes]))):
                wanted = [*(chosen.get(role) for role in USUAL_NAMES), *classes]
                for smiles, inchi, name, source, *given in zip(*(_texts(batch, name) for name in wanted), strict=True):
                    number += 1
                    yield Row(number, smiles.strip() or inchi.strip(), name.strip(), source.strip(), ";".join(given))


def _texts(batch: pa.RecordBatch, column: str | None) -> list[str]:
    """Return a column as texts, empty ones where there is none; a list of classes has ";" between them."""
    if column is None:
        return [""] * batch.num_rows
    values = batch.column(column).to_pylist()
    joined = (";".join(map(str, value)) if isinstance(value, list) else value for value in values)
    return ["" if value is None else str(value) for value in joined]


def _as_text(raw: io.BufferedReader) -> io.TextIOWrapper:
    """Return a text stream over a file, gzipped or not; bytes that are not UTF-8 come as surrogates, see `_repaired`.

    UTF-16 is told from its byte order mark.
    """
    stream: Any = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(b"\x1f\x8b") else raw
    if stream.peek(2).startswith((b"\xff\xfe", b"\xfe\xff")):
        return io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _repaired(row: Row) -> Row:
    """Read as Latin-1 what was not UTF-8, field by field."""
    return Row(row.number, *map(repaired_text, row[1:]))


def _smiles_rows(text: IO[str]) -> Iterator[Row]:
    """Rows of the form SMILES, blank, name; a first line that says "smiles" is a header, CX extensions are dropped.

    Where a number stands before the SMILES, as in PubChem's CID-SMILES, it is the name unless there is another.
    """
    skipped = 0
    for number, line in enumerate(text, start=1):
        smiles, _, name = line.strip().replace("\t", " ").partition(" ")
        if number == 1 and re.sub(r"[_\-]", "", smiles.lower()) in USUAL_NAMES["smiles"]:
            skipped = 1
        elif smiles.isdecimal() and name.strip():
            structure, _, rest = name.strip().partition(" ")
            yield Row(number - skipped, structure, rest.strip() or smiles)
        elif smiles:
            yield Row(number - skipped, smiles, re.sub(r"^\|[^|]*\|", "", name.strip()).strip())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:12])
    return shown + (", ..." if len(names) > 12 else "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:150]
