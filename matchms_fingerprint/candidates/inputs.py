"""Files of structures: which kind they are, their columns, and their rows as a stream."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from matchms_fingerprint.candidates.rows import Row
from matchms_fingerprint.errors import InputFileError

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
_DELIMITERS = "\t,;|"
# names of columns and SDF properties, without case, blanks, hyphens and underscores; the first that occurs is taken
_GUESSES = {
    "smiles": ("smiles", "isomericsmiles", "canonicalsmiles", "smilesstring", "pubchemopeneyeisosmiles", "structure"),
    "inchi": ("inchi", "standardinchi", "stdinchi", "inchistring"),
    "name": (
        "name",
        "compoundname",
        "preferredname",
        "commonname",
        "genericname",
        "title",
        "recordtitle",
        "chebiname",
        "moleculename",
        "compound",
        "synonym",
        "iupacname",
        "pubchemiupacname",
    ),
    "source": ("source", "sources", "database", "origin"),
}
_BROKEN_STREAM = (EOFError, gzip.BadGzipFile, zlib.error)


class _Tabs(csv.excel_tab):
    quoting = csv.QUOTE_NONE


@dataclass(frozen=True)
class Columns:
    """Names of the columns (or SDF properties) to read; None guesses from the usual names.

    `default_source` is no column: it is the source of rows that give none; None takes the name of the file.
    """

    smiles: str | None = None
    inchi: str | None = None
    name: str | None = None
    source: str | None = None
    default_source: str | None = None


def is_structure_file(text: str) -> bool:
    """Tell whether a text is named like a file that can be read."""
    return kind_of(text) is not None


def kind_of(path: str | Path) -> str | None:
    """Return "smiles", "table", "text", "sdf" or "parquet" from the name of a file, or None."""
    name = str(path).lower()
    return _SUFFIXES.get(Path(name.removesuffix(".gz")).suffix)


def guess(names: Sequence[str], columns: Columns) -> dict[str, str]:
    """Choose the columns that hold SMILES, InChI, name and source.

    Parameters
    ----------
    names
        The columns there are.
    columns
        What the user gave.

    Returns
    -------
    dict
        From "smiles", "inchi", "name", "source" to the name of a column, for those that there are.

    Raises
    ------
    KeyError
        With the name that the user gave and that is not there.
    """
    plain = {re.sub(r"[\s_\-]", "", name.lower()): name for name in reversed(names)}
    chosen = {}
    for role, guesses in _GUESSES.items():
        given = getattr(columns, role)
        if given is not None:
            exact = given if given in names else plain.get(re.sub(r"[\s_\-]", "", given.lower()))
            if exact is None:
                raise KeyError(given)
            chosen[role] = exact
        elif role != "inchi" or columns.smiles is None:
            found = [plain[name] for name in guesses if name in plain]
            if found and not (role == "smiles" and columns.inchi is not None):
                chosen[role] = found[0]
    return chosen


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
        kind = kind_of(self.path)
        if kind is None:
            known = " ".join(_SUFFIXES)
            raise InputFileError(f"{path}: not known by its name; rename it to one of {known} (+ .gz)")
        self._position: Callable[[], float] = lambda: 0.0
        self.kind = self._sniff() if kind == "text" else kind
        self._check()

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
                        yield row
        except _BROKEN_STREAM as error:
            raise InputFileError(f"{self.path}: the gzip data breaks off after row {number} ({error})") from None

    def _text_rows(self, text: IO[str]) -> Iterator[Row]:
        if self.kind == "smiles":
            return _smiles_rows(text)
        if self.kind == "sdf":
            return _sdf_rows(text, self.columns)
        header, reader = self._table(text)
        return _table_rows(reader, header, self._choose(header))

    def _table(self, text: IO[str]) -> tuple[list[str], Iterator[list[str]]]:
        """Return the header and an iterator over the fields of the rows."""
        line = text.readline()
        delimiter = max(_DELIMITERS, key=line.count)
        by_name = "\t" if ".tsv" in self.path.name or ".tab" in self.path.name else ","
        if line.count(by_name) == line.count(delimiter):
            delimiter = by_name
        # a lone quote in a TSV is part of a name; as a quote it would swallow the rows up to the next one
        dialect = _Tabs if delimiter == "\t" else csv.excel
        header = next(csv.reader([line], dialect, delimiter=delimiter), [])
        return [_unquote(name).strip() for name in header], csv.reader(text, dialect, delimiter=delimiter)

    def _choose(self, names: list[str]) -> dict[str, int]:
        try:
            chosen = guess(names, self.columns)
        except KeyError as error:
            raise InputFileError(f"{self.path}: no column {error}; it has: {_listed(names)}") from None
        if "smiles" not in chosen and "inchi" not in chosen:
            raise InputFileError(
                f"{self.path}: no column of structures among {_listed(names)}; "
                "name it with --smiles-column or --inchi-column"
            )
        return {role: names.index(name) for role, name in chosen.items()}

    def _sniff(self) -> str:
        """Tell a table from a list of SMILES by the first line of a .txt file."""
        with self.path.open("rb") as raw, _as_text(raw) as text:
            header, _ = self._table(text)
        names = [name for name in (self.columns.smiles, self.columns.inchi) if name]
        try:
            return "table" if names or (len(header) > 1 and guess(header, self.columns)) else "smiles"
        except KeyError:
            return "table"

    def _check(self) -> None:
        """Fail now, and not after hours, where the columns are not there."""
        try:
            if self.kind == "table":
                with self.path.open("rb") as raw, _as_text(raw) as text:
                    self._choose(self._table(text)[0])
            elif self.kind == "parquet":
                with pq.ParquetFile(self.path) as table:
                    self._choose(table.schema_arrow.names)
            else:
                with self.path.open("rb") as raw, _as_text(raw) as text:
                    text.read(1)
        except _BROKEN_STREAM as error:
            raise InputFileError(f"{self.path}: not gzip data ({error}); download it again") from None
        except pa.ArrowException as error:
            raise InputFileError(f"{self.path}: not a Parquet file ({_one_line(error)})") from None

    def _parquet_rows(self) -> Iterator[Row]:
        with pq.ParquetFile(self.path) as table:
            names = table.schema_arrow.names
            chosen = {role: names[i] for role, i in self._choose(names).items()}
            total, number = max(1, table.metadata.num_rows), 0
            self._position = lambda: self.size * number / total
            for batch in table.iter_batches(batch_size=4096, columns=list(dict.fromkeys(chosen.values()))):
                fields = [
                    [str(value) if value is not None else "" for value in batch.column(chosen[role]).to_pylist()]
                    if role in chosen
                    else [""] * batch.num_rows
                    for role in _GUESSES
                ]
                for smiles, inchi, name, source in zip(*fields, strict=True):
                    number += 1
                    yield Row(number, smiles.strip() or inchi.strip(), name.strip(), source.strip())


def _as_text(raw: IO[bytes]) -> io.TextIOWrapper:
    """Return a text stream over a file, gzipped or not; bytes that are not UTF-8 become a replacement character."""
    magic = raw.read(2)
    raw.seek(0)
    stream = gzip.GzipFile(fileobj=raw) if magic == b"\x1f\x8b" else raw
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


def _smiles_rows(text: IO[str]) -> Iterator[Row]:
    """Rows of the form SMILES, blank, name; a first line that says "smiles" is a header, CX extensions are dropped."""
    skipped = 0
    for number, line in enumerate(text, start=1):
        smiles, _, name = line.strip().replace("\t", " ").partition(" ")
        if number == 1 and re.sub(r"[_\-]", "", smiles.lower()) in _GUESSES["smiles"]:
            skipped = 1
        elif smiles:
            yield Row(number - skipped, smiles, re.sub(r"^\|[^|]*\|", "", name.strip()).strip())


def _table_rows(reader: Iterator[list[str]], header: list[str], chosen: Mapping[str, int]) -> Iterator[Row]:
    smiles, inchi, name, source = (chosen.get(role, -1) for role in _GUESSES)
    n_columns, number = len(header), 0
    while True:
        number += 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, "", problem=f"row cannot be read ({error})")
            continue
        if not fields:
            continue
        if len(fields) != n_columns and (len(fields) < n_columns or any(fields[n_columns:])):
            yield Row(number, " ".join(fields), problem=f"row has {len(fields)} fields, the header {n_columns}")
            continue
        text = (_unquote(fields[smiles]).strip() if smiles >= 0 else "") or (
            _unquote(fields[inchi]).strip() if inchi >= 0 else ""
        )
        yield Row(
            number,
            text,
            _unquote(fields[name]).strip() if name >= 0 else "",
            _unquote(fields[source]).strip() if source >= 0 else "",
        )


def _sdf_rows(text: IO[str], columns: Columns) -> Iterator[Row]:
    """Cut an SDF into records at `$$$$`; their structures are read by the workers."""
    lines: list[str] = []
    number = 1
    for line in text:
        if line.startswith("$$$$"):
            yield _sdf_row(number, lines, columns)
            lines, number = [], number + 1
        else:
            lines.append(line.rstrip("\r\n"))
    if any(line.strip() for line in lines):
        yield _sdf_row(number, lines, columns)


def _sdf_row(number: int, lines: list[str], columns: Columns) -> Row:
    end = next((i + 1 for i, line in enumerate(lines) if line.startswith("M  END")), len(lines))
    properties = {}
    for i in range(end, len(lines) - 1):
        if lines[i].startswith(">") and (found := re.search(r"<([^>]+)>", lines[i])):
            properties[found[1]] = lines[i + 1].strip()
    try:
        chosen = guess(list(properties), Columns(name=columns.name, source=columns.source))
    except KeyError:
        chosen = {}  # a record may lack a property that others have
    title = lines[0].strip() if lines else ""
    name = properties.get(chosen.get("name", ""), "") or title
    return Row(number, "\n".join(lines[:end]) + "\n", name, properties.get(chosen.get("source", ""), ""))


def _unquote(field: str) -> str:
    if len(field) > 1 and field[0] == field[-1] == '"':
        return field[1:-1].replace('""', '"')
    return field


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:12])
    return shown + (", ..." if len(names) > 12 else "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:150]
