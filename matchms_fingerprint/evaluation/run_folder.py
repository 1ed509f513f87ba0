"""The folder of one evaluation: figures, tables, page and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.evaluation.benchmark import Evaluation
from matchms_fingerprint.evaluation.report.page import draw_pictures, render_page
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, read_json, write_json

MARKER = "evaluation.json"
SPECTRA, BITS, PAGE = "spectra.tsv", "bits.tsv", "index.html"
PICTURES = (
    "tanimoto.png",
    "errors.png",
    "hits.png",
    "breakdown_tanimoto.png",
    "breakdown_hits.png",
    "confidence.png",
    "bits.png",
)
FORMAT = "matchms_fingerprint evaluation"
FORMAT_VERSION = 1
_KNOWN = (SPECTRA, BITS, PAGE, *PICTURES)


def check_run_folder(folder: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless the folder of an evaluation may be written there; to be called before the work."""
    check_replaceable(folder, MARKER, overwrite, _KNOWN)


def write_run(folder: str | Path, evaluation: Evaluation, overwrite: bool = False) -> None:
    """Write `evaluation.json`, `spectra.tsv`, `bits.tsv`, `index.html` and the pictures.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    summary = {"format": FORMAT, "format_version": FORMAT_VERSION} | evaluation.summary
    pictures = draw_pictures(summary, evaluation.spectra, evaluation.bits)
    page = render_page(summary, evaluation.bits, pictures)
    with atomic_folder(folder, MARKER, overwrite, _KNOWN) as partial:
        write_json(partial / MARKER, summary)
        evaluation.spectra.write(partial / SPECTRA)
        evaluation.bits.write(partial / BITS)
        (partial / PAGE).write_text(page, encoding="utf-8")
        for name, content in pictures.items():
            (partial / name).write_bytes(content)


@dataclass(frozen=True)
class Run:
    """An evaluation read from its folder.

    Parameters
    ----------
    folder
        The folder.
    summary
        All figures.
    spectra
        One row a spectrum.
    """

    folder: Path
    summary: dict[str, Any]
    spectra: ResultTable


def read_run(folder: str | Path) -> Run:
    """Read a folder that `write_run` wrote.

    Raises
    ------
    InputFileError
        If it is none.
    """
    folder = Path(folder)
    if not (folder / MARKER).is_file():
        raise InputFileError(f"{folder}: holds no {MARKER}; give a folder that `evaluate -o` wrote")
    summary = read_json(folder / MARKER)
    if not isinstance(summary, dict) or summary.get("format") != FORMAT:
        raise InputFileError(f"{folder / MARKER}: not the result of an evaluation")
    if summary.get("format_version") != FORMAT_VERSION:
        raise InputFileError(
            f"{folder / MARKER}: format {summary.get('format_version')}, but this version reads {FORMAT_VERSION}; "
            "evaluate again"
        )
    return Run(folder, summary, ResultTable.read(folder / SPECTRA))
