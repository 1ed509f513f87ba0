"""Where the rows of a library come from: files, or what a caller gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from matchms_fingerprint.candidates.columns import Columns, guess, guess_classes
from matchms_fingerprint.candidates.inputs import StructureFile, is_structure_file
from matchms_fingerprint.candidates.rows import Chunk, Row, into_chunks
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io.artifacts import sha256_of


class Source(Protocol):
    """Rows in chunks, and where they are from."""

    @property
    def label(self) -> str:
        """Name of the input for messages."""

    @property
    def size(self) -> float | None:
        """Sum of the positions that the chunks count up to, or None if it is not known."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in chunks, in the order of the input."""

    def provenance(self) -> list[dict[str, Any]]:
        """Describe the inputs once all chunks have been read."""


def open_source(structures: Any, columns: Columns) -> Source:
    """Tell files from structures.

    Parameters
    ----------
    structures
        The path of a file, several of them, or an iterable of SMILES or InChI, of (SMILES, name) pairs, or of
        dictionaries. A text in a list counts as a path if it ends like a file that can be read (.smi, .csv.gz, ...).
    columns
        Which columns of the files, or keys of the dictionaries, to read.
    """
    if isinstance(structures, str | Path):
        return Files([structures], columns)
    items = iter(structures)
    first = next(items, None)
    if isinstance(first, Path) or (isinstance(first, str) and is_structure_file(first)):
        return Files([first, *items], columns)
    whole = chain([] if first is None else [first], items)
    return Given(whole, columns, len(structures) if isinstance(structures, Sized) else None)


class Files:
    """Rows of one or more files, each checked before the work begins."""

    def __init__(self, paths: Iterable[str | Path], columns: Columns) -> None:
        self._source = columns.default_source
        self._files = [StructureFile(path, columns) for path in paths]
        self._n_rows = [0] * len(self._files)
        self.size = float(sum(file.size for file in self._files))
        self.label = ", ".join(str(file.path) for file in self._files)
        doubles = {file.path.resolve() for file in self._files}
        if len(doubles) < len(self._files):
            raise InputFileError(f"{self.label}: a file is given twice; give each once")

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows of one file after the other; a row without a source gets the default."""
        start, before = 0, 0.0
        for i, file in enumerate(self._files):
            name = file.path.name
            rows = _with_source(file.rows(), self._source or name)
            for chunk in into_chunks(rows, name, start, file.is_mol_block, file.position, before):
                start += len(chunk.rows)
                self._n_rows[i] += len(chunk.rows)
                yield chunk
            before += file.size

    def provenance(self) -> list[dict[str, Any]]:
        """Return name, size, checksum and number of rows of each file."""
        return [
            {"file": file.path.name, "bytes": file.size, "sha256": sha256_of(file.path), "rows": n_rows}
            for file, n_rows in zip(self._files, self._n_rows, strict=True)
        ]


class Given:
    """Structures that a caller gives."""

    label = "structures"

    def __init__(self, items: Iterable[Any], columns: Columns, size: int | None) -> None:
        self._items = items
        self._columns = columns
        self._n_rows = 0
        self.size = None if size is None else float(size)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the structures as rows."""
        given = (_given_row(number, item, self._columns) for number, item in enumerate(self._items, start=1))
        rows = _with_source(given, self._columns.default_source or "")
        for chunk in into_chunks(rows, "", 0, False, lambda: float(self._n_rows)):
            self._n_rows += len(chunk.rows)
            yield chunk

    def provenance(self) -> list[dict[str, Any]]:
        """Return the number of structures."""
        return [{"file": None, "bytes": None, "sha256": None, "rows": self._n_rows}]


def _with_source(rows: Iterable[Row], source: str) -> Iterator[Row]:
    return (row if row.source else row._replace(source=source) for row in rows)


def _given_row(number: int, item: Any, columns: Columns) -> Row:
    if isinstance(item, str):
        return Row(number, item.strip())
    if isinstance(item, Mapping):
        return _row_of_mapping(number, item, columns)
    if isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str):
        return Row(number, item[0].strip(), _text(item[1]))
    return Row(number, repr(item), problem="neither a SMILES, nor a (SMILES, name) pair, nor a dictionary")


def _row_of_mapping(number: int, item: Mapping[str, Any], columns: Columns) -> Row:
    try:
        chosen = guess([str(key) for key in item], columns)
    except KeyError as error:
        return Row(number, repr(dict(item)), problem=f"no key {error}")
    values = {role: _text(item[key]) for role, key in chosen.items()}
    classes = [item[key] for key in guess_classes([str(key) for key in item], columns)]
    text = values.get("smiles") or values.get("inchi") or ""
    return Row(number, text, values.get("name", ""), values.get("source", ""), ";".join(map(_joined, classes)))


def _joined(classes: Any) -> str:
    """Return the classes of a key as text: it may hold a list."""
    return ";".join(map(_text, classes)) if isinstance(classes, list | tuple) else _text(classes)


def _text(value: Any) -> str:
    # a lone surrogate, which JSON may hold, has no place in UTF-8
    return "" if value is None else str(value).strip().encode("utf-8", "replace").decode("utf-8")
