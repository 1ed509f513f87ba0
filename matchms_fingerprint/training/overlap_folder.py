"""The folder that an overlap report is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.report.style import BASELINE, MODEL, picture
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
    """Draw how the highest Tanimoto of the structures of `test` to `train` is distributed, one panel a split."""
    figure.set_size_inches(7.4, 0.9 + 1.2 * len(reports))
    panels = figure.subplots(len(reports), squeeze=False, sharex=True).ravel()
    edges = np.linspace(0.0, 1.0, TANIMOTO_BINS + 1)
    for axes, report in zip(panels, reports, strict=True):
        fold = "test" if "test" in report.overlaps else "val"
        found = report.overlaps[fold]
        mean = found.highest_tanimoto.mean
        axes.stairs(np.array(found.tanimoto_histogram) / found.n_structures, edges, fill=True, color=MODEL, alpha=0.85)
        axes.axvline(mean, color=BASELINE, linestyle="--", linewidth=1.4)
        axes.set_title(f"{report.split}, {found.n_structures:,} structures of {fold}, mean {mean:.2f}")
        axes.set(xlim=(0, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    figure.supylabel("share of structures", fontsize=9)
    panels[-1].set_xlabel("highest Tanimoto similarity to a training structure (dashed: mean)")
