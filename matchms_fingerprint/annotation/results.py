"""An annotation run as a folder: `annotations.tsv` for people and programs, `run.json` for what it was made of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matchms_fingerprint.annotation.annotate import annotate_features, check_fingerprints
from matchms_fingerprint.annotation.features import STATUSES, read_features
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.io import ReadReport, iter_features
from matchms_fingerprint.io.artifacts import atomic_folder, sha256_of, write_json
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.records import Annotation

TABLE = "annotations.tsv"
RUN = "run.json"
COLUMNS = {
    "feature_id": "",
    "scans": "",
    "precursor_mz": ".6f",
    "retention_time_s": ".3f",
    "ion_mode": "",
    "adduct": "",
    "n_peaks": "",
    "rank": "",
    "score": ".6f",
    "probability": ".4g",
    "smiles": "",
    "inchikey": "",
    "formula": "",
    "exact_mass": ".6f",
    "mass_error_ppm": ".3f",
    "name": "",
    "sources": "",
    "status": "",
    "message": "",
}
"""Columns of `annotations.tsv`, with the format of their floats."""

SEPARATOR = "; "
"""Stands between the sources of a candidate."""

OnAnnotation = Callable[[Annotation, ReadReport], None]


@dataclass(frozen=True)
class RunSummary:
    """What a run gave.

    Parameters
    ----------
    folder
        Where the results are.
    statuses
        Number of features for each status, all of `STATUSES`, zeros included.
    read_report
        What was read from the input file.
    seconds
        Wall-clock time from the first spectrum to the last.
    """

    folder: Path
    statuses: dict[str, int]
    read_report: ReadReport
    seconds: float

    @property
    def n_features(self) -> int:
        """Number of features."""
        return sum(self.statuses.values())


def annotate_to_folder(
    path: str | Path,
    library: CandidateLibrary,
    model: FingerprintModel,
    folder: str | Path,
    settings: AnnotationSettings,
    overwrite: bool = False,
    on_annotation: OnAnnotation | None = None,
) -> RunSummary:
    """Annotate a file and write the results; the folder appears when all of it is written.

    Parameters
    ----------
    path
        File of spectra.
    library, model
        Opened and loaded.
    folder
        Folder to make.
    settings
        What to do.
    overwrite
        Replace the folder of an earlier run.
    on_annotation
        Called after each feature, with the report of what has been read so far.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    InputFileError, LibraryError
        As `annotate`.
    """
    check_fingerprints(library, model)
    report = ReadReport()
    spectra = iter_features(path, settings.per_feature, settings.fallback_ion_mode, report)
    statuses = Counter(dict.fromkeys(STATUSES, 0))
    start = time.monotonic()
    with atomic_folder(folder, marker=RUN, overwrite=overwrite) as partial:
        with table_writer(partial / TABLE, COLUMNS) as write_row:
            for annotation in annotate_features(read_features(spectra, settings), library, model, settings):
                for row in rows_of(annotation):
                    write_row(row)
                statuses[annotation.status] += 1
                if on_annotation is not None:
                    on_annotation(annotation, report)
        summary = RunSummary(Path(folder), dict(statuses), report, time.monotonic() - start)
        write_json(partial / RUN, _provenance(Path(path), library, model, settings, summary))
    return summary


def rows_of(annotation: Annotation) -> Iterator[dict[str, Any]]:
    """Yield one row for each hit, or one that says why there is none."""
    feature = {
        "feature_id": annotation.feature_id,
        "scans": annotation.scans,
        "precursor_mz": annotation.precursor_mz,
        "retention_time_s": annotation.retention_time_s,
        "ion_mode": annotation.ion_mode,
        "adduct": annotation.adduct,
        "n_peaks": annotation.n_peaks,
        "status": annotation.status,
        "message": annotation.message,
    }
    if not annotation.hits:
        yield feature
    for hit in annotation.hits:
        candidate = hit.candidate
        yield feature | {
            "adduct": hit.adduct,
            "rank": hit.rank,
            "score": hit.score,
            "probability": hit.probability,
            "smiles": candidate.smiles,
            "inchikey": candidate.inchikey,
            "formula": candidate.formula,
            "exact_mass": candidate.exact_mass,
            "mass_error_ppm": hit.mass_error_ppm,
            "name": candidate.name,
            "sources": SEPARATOR.join(candidate.sources),
        }


def made_from(path: Path, model: FingerprintModel) -> dict[str, Any]:
    """Return what a result was made from, JSON-safe: versions, and checksums of the input file and the model."""
    return {
        "matchms_fingerprint": version("matchms_fingerprint"),
        "input": {"file": str(path), "sha256": sha256_of(path)},
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
    }


def _provenance(
    path: Path, library: CandidateLibrary, model: FingerprintModel, settings: AnnotationSettings, summary: RunSummary
) -> dict[str, Any]:
    report = summary.read_report
    return made_from(path, model) | {
        "library": {
            "path": str(library.path),
            "structures": len(library),
            "fingerprint": str(library.fingerprint),
            "sha256": library.manifest.sha256,
        },
        "settings": settings.to_dict(),
        "features": summary.n_features,
        "statuses": summary.statuses,
        "seconds": round(summary.seconds, 3),
        "read": {
            "blocks": report.blocks,
            "spectra": report.spectra,
            "ms1_set_aside": report.ms1,
            "msn_set_aside": report.msn,
            "merged": report.merged,
            "split": report.split,
            "contradictory_ion_modes": report.contradictions,
            "unreadable": [
                {"block": bad.block, "feature_id": bad.feature_id, "reason": bad.reason} for bad in report.unreadable
            ],
        },
    }
