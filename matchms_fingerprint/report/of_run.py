"""The report of an annotation run, as one of the files that the run writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from matchms import Spectrum

from matchms_fingerprint.annotation.results import Finished, Writer
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.records import Annotation
from matchms_fingerprint.report.items import LibrarySpectrum, ReportItem, RunAbout
from matchms_fingerprint.report.write import write_report
from matchms_fingerprint.similarity.fast_cosine import FastCosineGreedy

REPORT = "report.html"
TOLERANCE_DA = 0.02
LEAST_COSINE, LEAST_MATCHES = 0.6, 3
"""What a library spectrum needs to be shown below that of a feature."""

_BATCH = 256


def report_writer(about: RunAbout, quant: QuantTable | None = None, library: Sequence[Spectrum] = ()) -> Writer:
    """Return what writes `report.html` from the features of a run, for `annotate_to_folder`.

    Parameters
    ----------
    about
        What is said of the run as a whole.
    quant
        Intensities of the features.
    library
        Spectra of known compounds; the most similar one of the same ion mode is shown below that of each feature.
    """

    def write(folder: Path, finished: Callable[[], Iterator[Finished]]) -> None:
        write_report(folder / REPORT, _items(finished(), quant, library), about)

    return write


def _items(finished: Iterator[Finished], quant: QuantTable | None, library: Sequence[Spectrum]) -> Iterator[ReportItem]:
    while batch := list(islice(finished, _BATCH)):
        for one, match in zip(batch, library_matches([one.spectrum for one in batch], library), strict=True):
            peaks = np.empty((0, 2)) if one.spectrum is None else one.spectrum.peaks.to_numpy
            yield ReportItem(
                annotation=one.annotation,
                mz=peaks[:, 0].astype(np.float64),
                intensity=peaks[:, 1].astype(np.float64),
                predicted=one.annotation.predicted,
                quantities=_quantities(one.annotation, quant),
                library_spectrum=match,
            )


def library_matches(spectra: Sequence[Spectrum | None], library: Sequence[Spectrum]) -> list[LibrarySpectrum | None]:
    """Return the most similar library spectrum of the ion mode of each spectrum, None where none is similar."""
    found: list[LibrarySpectrum | None] = [None] * len(spectra)
    for mode in {spectrum.get("ionmode") for spectrum in library}:
        asked = [i for i, one in enumerate(spectra) if one is not None and one.get("ionmode") == mode]
        references = [spectrum for spectrum in library if spectrum.get("ionmode") == mode]
        queries = [one for i in asked if (one := spectra[i]) is not None]
        if not queries:
            continue
        score = FastCosineGreedy(tolerance=TOLERANCE_DA, intensity_power=0.5)
        hits = score.top_k(queries, references, 1, LEAST_COSINE, LEAST_MATCHES, progress_bar=False)
        for i, place, cosine in zip(asked, hits.references[:, 0].tolist(), hits.scores[:, 0].tolist(), strict=True):
            if place >= 0:
                found[i] = _shown(references[place], cosine)
    return found


def _shown(spectrum: Spectrum, cosine: float) -> LibrarySpectrum:
    mz, intensity = spectrum.peaks.to_numpy.T
    name = str(spectrum.get("compound_name") or spectrum.get("spectrum_id") or "library spectrum")
    return LibrarySpectrum(
        name, mz.astype(np.float64), intensity.astype(np.float64), cosine, spectrum.get("smiles") or ""
    )


def _quantities(annotation: Annotation, quant: QuantTable | None) -> dict[str, float]:
    if quant is None:
        return {}
    row_id = int(annotation.feature_id) if annotation.feature_id.isdecimal() else None
    place = quant.find(row_id, annotation.precursor_mz, annotation.retention_time_s)
    if place is None:
        return {}
    return dict(zip(quant.samples, quant.intensities[place].astype(float).tolist(), strict=True))
