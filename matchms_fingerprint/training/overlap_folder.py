"""The folder that an overlap report is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.report.style import SERIES, picture
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, write_json
from matchms_fingerprint.training.overlap import (
    TANIMOTO_BINS,
    OverlapMeter,
    OverlapReport,
    write_overlap_table,
)
from matchms_fingerprint.training.splits import write_folds

MARKER = "overlap.json"
FOLDS, SPECTRA, PICTURE = "folds.tsv", "spectra.tsv", "highest_tanimoto.png"


def check_overlap_folder(path: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless `write_overlap` may write there."""
    check_replaceable(path, MARKER, overwrite, {FOLDS, SPECTRA, PICTURE})


def write_overlap(
    path: str | Path,
    data: LabelledSpectra,
    columns: Mapping[str, NDArray[np.str_]],
    overwrite: bool = False,
    on_report: Callable[[OverlapReport], None] | None = None,
) -> list[OverlapReport]:
    """Measure the overlap of some splits and write it down.

    Parameters
    ----------
    path
        Folder to make: `folds.tsv` for `train --folds`, `overlap.json` with the reports, `spectra.tsv` with a row for
        each spectrum that is not trained on, and a picture of the highest Tanimoto.
    data
        Spectra and their structures.
    columns
        Name of each split, and train, val or test for each spectrum.
    overwrite
        Replace the folder.
    on_report
        Called with each report when it is ready.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    check_overlap_folder(path, overwrite)
    with atomic_folder(path, MARKER, overwrite, {FOLDS, SPECTRA, PICTURE}) as folder:
        write_folds(folder / FOLDS, data, columns)
        meter = OverlapMeter(data)
        reports = []
        for name, folds in columns.items():
            reports.append(meter.report(folds, name))
            if on_report is not None:
                on_report(reports[-1])
        write_overlap_table(folder / SPECTRA, data, reports)
        (folder / PICTURE).write_bytes(draw_highest_tanimoto(reports))
        write_json(folder / MARKER, [report.to_dict() for report in reports])
    return reports


@picture
def draw_highest_tanimoto(figure: Figure, reports: Sequence[OverlapReport]) -> None:
    """Draw how the highest Tanimoto of the structures of `test` to `train` is distributed, one line a split."""
    axes = figure.subplots()
    edges = np.linspace(0.0, 1.0, TANIMOTO_BINS + 1)
    for i, report in enumerate(reports):
        fold = "test" if "test" in report.overlaps else "val"
        found = report.overlaps[fold]
        shares = np.array(found.tanimoto_histogram) / max(1, found.n_structures)
        color = SERIES[i % len(SERIES)]
        label = f"{report.split}, {fold}: {found.n_structures:,} structures, mean {found.highest_tanimoto.mean:.2f}"
        axes.stairs(shares, edges, color=color, linewidth=1.6, label=label)
        axes.axvline(found.highest_tanimoto.mean, color=color, linestyle="--", linewidth=1.0)
    axes.set(
        xlabel="highest Tanimoto similarity to a training structure",
        ylabel="share of structures",
        xlim=(0, 1),
    )
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(title="dashed: mean")
