"""Tables as text: separated by tabs, commas, semicolons or bars, with or without a line of names."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from matchms_fingerprint.candidates.columns import USUAL_NAMES
from matchms_fingerprint.candidates.rows import Row
from matchms_fingerprint.io.sources import repaired_text

_DELIMITERS = "\t,;|"
_SMILES_OR_INCHI = re.compile(r"(?:[A-Za-z\[][A-Za-z0-9@+\-\[\]()=#$:/\\.%*~]*|InChI=\S+)")
_LINES_OF_A_QUOTE = 50
_NOT_CLOSED = "a quote is opened and not closed in this row"


@dataclass(frozen=True)
class Table:
    """A table that is being read.

    Parameters
    ----------
    names
        Names of the columns; "1", "2", ... where the table gives none.
    delimiter
        What separates the fields.
    lines
        The lines of the rows.
    has_header
        Whether the first line named the columns.
    is_numbered
        Whether it has no header, a number in the first column and a structure in the second, as PubChem's CID-SMILES.
    """

    names: list[str]
    delimiter: str
    lines: Iterator[str]
    has_header: bool = True
    is_numbered: bool = False


def open_table(text: IO[str], prefers_tabs: bool, header: bool = True) -> Table:
    """Read the first line of a table.

    Parameters
    ----------
    text
        At its beginning.
    prefers_tabs
        What separates the fields where the first line does not tell: tabs or commas.
    header
        Whether the first line names the columns; it does not where it begins with a number and a structure.
    """
    line = text.readline()
    delimiter = _delimiter_of(line, prefers_tabs)
    fields = [repaired_text(_unquote(name).strip()) for name in next(_reader([line], delimiter), [])]
    is_numbered = is_number_and_structure(fields)
    if header and not is_numbered:
        return Table(fields, delimiter, text)
    numbers = [str(number) for number in range(1, len(fields) + 1)]
    return Table(numbers, delimiter, chain([line], text), has_header=False, is_numbered=is_numbered)


def is_number_and_structure(fields: Sequence[str]) -> bool:
    """Tell whether the fields of a first line are a number and a SMILES or InChI, and so no names of columns."""
    return len(fields) > 1 and fields[0].isdecimal() and _SMILES_OR_INCHI.fullmatch(fields[1]) is not None


def table_rows(table: Table, chosen: Mapping[str, int], classes: Sequence[int] = ()) -> Iterator[Row]:
    """Yield the rows of a table.

    Parameters
    ----------
    table
        An open table.
    chosen
        From "smiles", "inchi", "name", "source" to the index of a column, for those that there are.
    classes
        Indices of the columns with compound classes.
    """
    smiles, inchi, name, source = (chosen.get(role, -1) for role in USUAL_NAMES)
    n_columns = len(table.names)
    for number, (fields, problem) in enumerate(_records(table.lines, table.delimiter, n_columns), start=1):
        if not fields:
            continue
        if not problem and not _fits(fields, n_columns):
            first = "header" if table.has_header else "first row"
            problem = f"row has {len(fields)} fields, the {first} {n_columns}"
        if problem:
            yield Row(number, " ".join(fields), problem=problem)
            continue
        text = (_unquote(fields[smiles]).strip() if smiles >= 0 else "") or (
            _unquote(fields[inchi]).strip() if inchi >= 0 else ""
        )
        yield Row(
            number,
            text,
            _unquote(fields[name]).strip() if name >= 0 else "",
            _unquote(fields[source]).strip() if source >= 0 else "",
            ";".join(_unquote(fields[place]).strip() for place in classes),
        )


def _delimiter_of(line: str, prefers_tabs: bool) -> str:
    if "\t" in line:  # commas and bars beside it belong to InChI or names
        return "\t"
    delimiter = max(_DELIMITERS, key=line.count)
    by_name = "\t" if prefers_tabs else ","
    return by_name if line.count(by_name) == line.count(delimiter) else delimiter


def _records(lines: Iterator[str], delimiter: str, n_columns: int) -> Iterator[tuple[list[str], str]]:
    """Yield the fields of each row, and what is wrong with it, or nothing.

    A quoted field may hold line breaks. A quote that is not closed must not swallow the rows below it: its line is a
    row by itself, and the lines below are read anew.
    """
    waiting: deque[str] = deque()
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        # a lone quote in a TSV is part of a name
        if delimiter == "\t" or '"' not in line:
            plain = line.rstrip("\r\n")
            yield plain.split(delimiter) if plain else [], ""
            continue
        reader = _reader([line, ""], delimiter)
        try:
            fields = next(reader)
        except csv.Error as error:
            yield [line.strip()], f"row cannot be read ({error})"
            continue
        if reader.line_num == 1:
            yield fields, ""
            continue
        taken = [line]
        found = _read_on(taken, chain(_drain(waiting), lines), delimiter)
        if found is None or not _fits(found, n_columns) or _holds_rows(taken, delimiter, n_columns):
            waiting.extendleft(reversed(taken[1:]))
            yield [line.strip()], _NOT_CLOSED
        else:
            yield found, ""


def _read_on(taken: list[str], lines: Iterator[str], delimiter: str) -> list[str] | None:
    """Add lines to `taken` until its quote is closed; return the fields, or None if it is not."""
    while len(taken) < _LINES_OF_A_QUOTE and (line := next(lines, None)) is not None:
        taken.append(line)
        if '"' in line:
            try:
                (fields,) = csv.reader(taken, delimiter=delimiter, strict=True)
            except (csv.Error, ValueError):
                continue
            return fields
    return None


def _holds_rows(taken: Sequence[str], delimiter: str, n_columns: int) -> bool:
    """Tell whether a line before the last is a row by itself: the quotes of two rows then closed each other."""
    return n_columns > 1 and any(line.count(delimiter) == n_columns - 1 for line in taken[:-1])


def _fits(fields: Sequence[str], n_columns: int) -> bool:
    return len(fields) == n_columns or (len(fields) > n_columns and not any(fields[n_columns:]))


def _drain(waiting: deque[str]) -> Iterator[str]:
    while waiting:
        yield waiting.popleft()


class _Tabs(csv.excel_tab):
    quoting = csv.QUOTE_NONE


def _reader(lines: Sequence[str], delimiter: str) -> Any:
    return csv.reader(lines, _Tabs if delimiter == "\t" else csv.excel, delimiter=delimiter)


def _unquote(field: str) -> str:
    if len(field) > 1 and field[0] == field[-1] == '"':
        return field[1:-1].replace('""', '"')
    return field
