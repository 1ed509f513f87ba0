"""A run as one page for the browser that needs no other file and no network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from matchms_fingerprint import __version__
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.report.items import ReportItem, RunAbout
from matchms_fingerprint.report.pack import Packed, pack_feature, pack_row

_CHUNKS_TOGETHER = 64


def write_report(path: str | Path, items: Iterable[ReportItem], about: RunAbout) -> int:
    """Write the report of a run.

    The features are written one by one as they come; only the rows of the table are held in memory. The file appears
    when all of it is written.

    Parameters
    ----------
    path
        File to write; one that exists is replaced.
    items
        The features, in the order of the table.
    about
        What the report says of the run.

    Returns
    -------
    int
        Number of features.

    Raises
    ------
    OutputError
        If the file cannot lie where it should.
    """
    rows: list[Packed] = []

    def features() -> Iterator[Markup]:
        for item in items:
            rows.append(pack_row(item))
            yield as_script(pack_feature(item))

    page = _environment().get_template("report.html.j2")
    stream = page.stream(
        about=about, version=__version__, features=features(), rows=lambda: as_script(_by_column(rows))
    )
    stream.enable_buffering(_CHUNKS_TOGETHER)
    with atomic_file(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.writelines(stream)
    return len(rows)


def as_script(content: Any) -> Markup:
    """Return JSON that may stand in a `script` element, whatever its texts hold."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _by_column(rows: list[Packed]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("matchms_fingerprint.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
