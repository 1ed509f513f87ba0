"""The report of an annotation run, as one of the files that the run writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from matchms_fingerprint.annotation.results import Finished, Writer
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.records import Annotation
from matchms_fingerprint.report.items import ReportItem, RunAbout
from matchms_fingerprint.report.write import write_report

REPORT = "report.html"


def report_writer(about: RunAbout, quant: QuantTable | None = None) -> Writer:
    """Return what writes `report.html` from the features of a run, for `annotate_to_folder`."""

    def write(folder: Path, finished: Callable[[], Iterator[Finished]]) -> None:
        write_report(folder / REPORT, (_item(one, quant) for one in finished()), about)

    return write


def _item(finished: Finished, quant: QuantTable | None) -> ReportItem:
    spectrum = finished.spectrum
    peaks = np.empty((0, 2)) if spectrum is None else spectrum.peaks.to_numpy
    return ReportItem(
        annotation=finished.annotation,
        mz=peaks[:, 0].astype(np.float64),
        intensity=peaks[:, 1].astype(np.float64),
        predicted=finished.annotation.predicted,
        quantities=_quantities(finished.annotation, quant),
    )


def _quantities(annotation: Annotation, quant: QuantTable | None) -> dict[str, float]:
    if quant is None:
        return {}
    row_id = int(annotation.feature_id) if annotation.feature_id.isdecimal() else None
    place = quant.find(row_id, annotation.precursor_mz, annotation.retention_time_s)
    if place is None:
        return {}
    return dict(zip(quant.samples, quant.intensities[place].astype(float).tolist(), strict=True))
