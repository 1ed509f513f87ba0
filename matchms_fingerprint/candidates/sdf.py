"""SDF files, cut into records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from matchms_fingerprint.candidates.columns import Columns, guess, guess_classes
from matchms_fingerprint.candidates.rows import Row


def sdf_rows(text: IO[str], columns: Columns) -> Iterator[Row]:
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
    ends = [i + 1 for i, line in enumerate(lines) if line.startswith("M  END")]
    if len(ends) > 1:
        problem = f"holds {len(ends)} structures; the line $$$$ between them is missing"
        return Row(number, "\n".join(lines[: ends[0]]), problem=problem)
    end = ends[0] if ends else len(lines)
    properties = {}
    for i in range(end, len(lines) - 1):
        if lines[i].startswith(">") and (found := re.search(r"<([^>]+)>", lines[i])):
            properties[found[1]] = lines[i + 1].strip()
    try:
        chosen = guess(list(properties), Columns(name=columns.name, source=columns.source))
    except KeyError:
        chosen = {}  # a record may lack a property that others have
    classes = ";".join(properties[name] for name in guess_classes(list(properties), columns))
    title = lines[0].strip() if lines else ""
    name = properties.get(chosen.get("name", ""), "") or title
    source = properties.get(chosen.get("source", ""), "")
    return Row(number, "\n".join(lines[:end]) + "\n", name, source, classes)
