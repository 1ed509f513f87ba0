"""`matchms-fingerprint demo`: the main job on six spectra that matchms brings along, from an MGF file to a table."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import options

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

TOLERANCE_PPM = 15.0
"""Wider than the default: matchms gives the precursor of glucose as 203.05, 13 ppm from its [M+Na]+."""

ALL_HITS = 100_000
SHOWN_HITS = 3
FRAME = "demo.mgf"


@dataclass(frozen=True)
class KnownCompound:
    """What one of matchms' reference spectra was measured from.

    Parameters
    ----------
    function
        Name in `matchms.reference_spectra`.
    name
        Name to show.
    skeletons
        First blocks of the InChIKeys that count as right.
    ion_mode
        matchms does not tell it; it follows from precursor m/z and compound.
    """

    function: str
    name: str
    skeletons: frozenset[str]
    ion_mode: str


HYDROXYCHOLESTEROLS = frozenset(
    (
        "INBGSXNNRGWLJU",  # 25
        "IOWMKBFJCNLRTC",  # 24
        "FYHRJWMENCALJY",  # 27
        "RZPAXNJLEKLXNO",  # 22
        "MCKLJFJEQRYRQT",  # 20
        "YRWIUNJQYGATHV",  # 19
        "OYXZMSRRJOYLLO",  # 7
        "CZDKQKOAHAICSF",  # 4
    )
)
"""matchms does not say where the hydroxyl is, so each position counts as right."""

COMPOUNDS = (
    KnownCompound("aspirin", "aspirin", frozenset({"BSYNRYMUTXBXSQ"}), "positive"),
    KnownCompound("cocaine", "cocaine", frozenset({"ZPUCINDJVBIVPJ"}), "positive"),
    KnownCompound("glucose", "glucose", frozenset({"WQZGKKKJIJFFOK"}), "positive"),
    KnownCompound("hydroxy_cholesterol", "hydroxycholesterol", HYDROXYCHOLESTEROLS, "positive"),
    KnownCompound("phenylalanine", "phenylalanine", frozenset({"COLNVLDHVKWLRT"}), "positive"),
    KnownCompound("salicin", "salicin", frozenset({"NGFMICBWJRZIBI"}), "negative"),
)


@click.command(name="demo")
@click.option("--model", default="default", help="Name of a shipped model, or the folder of another one.")
@options.quiet
def command(model: str, quiet: bool) -> None:
    """Identify six known compounds, to see what `annotate` does; leaves no files behind.

    It takes seconds; the first run after an installation takes a minute or two, since kernels are compiled once.

    The reference spectra of matchms are written as an MGF file like MZmine's, annotated with the starter library, and
    the ranking is shown beside the true compounds.
    """
    from matchms_fingerprint.annotation.results import TABLE
    from matchms_fingerprint.annotation.settings import AnnotationSettings
    from matchms_fingerprint.cli.annotate import STARTER, open_annotator, run
    from matchms_fingerprint.cli.terminal import open_terminal, stdout_console

    console = open_terminal(quiet)
    console.print(
        "Six reference spectra of matchms, written as an MGF file like MZmine's: ion mode given (salicin is negative), "
        f"adducts not given, so the common ones are tried, within {TOLERANCE_PPM:g} ppm. The first run after an "
        "installation compiles for a minute or two; later ones take seconds."
    )
    with tempfile.TemporaryDirectory(prefix="matchms-fingerprint-demo-") as folder:
        mgf, results = Path(folder) / FRAME, Path(folder) / "results"
        write_mgf(mgf)
        settings = AnnotationSettings(top_k=ALL_HITS, tolerance_ppm=TOLERANCE_PPM)
        run(console, mgf, open_annotator(console, STARTER, model, settings), results)
        table, ranks = result_table(results / TABLE), true_ranks(results / TABLE)
    out = stdout_console()
    out.print(table)
    out.print(score_in_words(ranks))
    console.print(
        "The green ones are right. These are common compounds: the model may have seen other spectra of them, and the "
        "starter library holds few rivals. What to expect of new compounds: `matchms-fingerprint models show`."
    )
    console.print("\nNow your own export of MZmine:\n", style="bold")
    console.print(
        "  matchms-fingerprint annotate your_features.mgf -o results\n\n"
        "and with your own structures:\n\n"
        "  matchms-fingerprint candidates build your_structures.csv -o library\n"
        "  matchms-fingerprint annotate your_features.mgf --candidates library -o results_library\n"
    )


def write_mgf(path: Path) -> None:
    """Write matchms' reference spectra as MZmine 4.5 and later would, without retention times: there are none."""
    from matchms import reference_spectra

    blocks = []
    for number, compound in enumerate(COMPOUNDS, start=1):
        spectrum = getattr(reference_spectra, compound.function)()
        peaks = [f"{mz:.6f} {intensity:.6g}" for mz, intensity in spectrum.peaks.to_numpy]
        lines = [
            "BEGIN IONS",
            f"FEATURE_ID={number}",
            "MSLEVEL=2",
            f"PEPMASS={spectrum.get('precursor_mz')}",
            f"CHARGE={1 if compound.ion_mode == 'positive' else -1}",
            "SPECTYPE=SINGLE_BEST_SCAN",
            f"IONMODE={compound.ion_mode.upper()}",
            f"SCANS={number}",
            f"Num peaks={len(peaks)}",
            *peaks,
            "END IONS",
        ]
        blocks.append("\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8")


def result_table(path: Path) -> Table:
    """Return the rows of `annotations.tsv` as a table: one row a feature, with the rank of its true compound."""
    from matchms_fingerprint.cli.terminal import plain_table

    table = plain_table("", "m/z", "compound", "its rank", "best hits", "prob.", "adduct")
    for number in (0, 1, 5):
        table.columns[number].justify = "right"
    for column in table.columns:
        column.no_wrap = True
    table.columns[4].overflow = "ellipsis"
    for feature_id, rows in _features(path):
        table.add_row(feature_id, *_cells(rows, COMPOUNDS[int(feature_id) - 1]), end_section=True)
    return table


def true_ranks(path: Path) -> list[int | None]:
    """Return the rank of the true compound for each feature of `annotations.tsv`, None where it is no hit."""
    return [
        next(iter(_right_ranks(rows, COMPOUNDS[int(feature_id) - 1])), None) for feature_id, rows in _features(path)
    ]


def score_in_words(ranks: Sequence[int | None]) -> str:
    """Return how many compounds were found, for people."""
    first, shown = (sum(rank is not None and rank <= most for rank in ranks) for most in (1, SHOWN_HITS))
    return f"Of {len(ranks)} compounds, {first} ranked first and {shown} among the first three."


def _features(path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield id and rows of each feature of `annotations.tsv`."""
    with open(path, encoding="utf-8", newline="") as handle:
        for feature_id, rows in groupby(csv.DictReader(handle, delimiter="\t"), key=itemgetter("feature_id")):
            yield feature_id, list(rows)


def _right_ranks(rows: list[dict[str, Any]], compound: KnownCompound) -> list[int]:
    """Return the ranks of the hits that are the true compound, ascending."""
    return [int(row["rank"]) for row in rows if row["rank"] and row["inchikey"][:14] in compound.skeletons]


def _cells(rows: list[dict[str, Any]], compound: KnownCompound) -> list[str | Text]:
    """Return the cells of one feature after its id; its true compound is marked green."""
    from rich.text import Text

    right = _right_ranks(rows, compound)
    hits = [row for row in rows if row["rank"]]
    rank = f"{right[0]} of {len(hits)}" if right else f"none of {len(hits)}"
    shown = [row | {"style": "green" if int(row["rank"]) in right else ""} for row in hits[:SHOWN_HITS]]

    def lines(cell: Callable[[dict[str, Any]], str]) -> Text:
        return Text("\n").join(Text(cell(row), row["style"]) for row in shown)

    return [
        f"{float(rows[0]['precursor_mz']):.4f}",
        compound.name,
        Text(rank, f"bold {'green' if right and right[0] == 1 else 'yellow'}"),
        lines(lambda row: row["name"] or row["formula"]) if shown else rows[0]["status"],
        lines(lambda row: f"{float(row['probability']):.0%}"),
        lines(itemgetter("adduct")),
    ]
