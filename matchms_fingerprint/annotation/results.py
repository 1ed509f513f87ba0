"""An annotation run as a folder: `annotations.tsv` for people and programs, `run.json` for what it was made of."""

from __future__ import annotations

import csv
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.annotation.annotator import Annotator, batches
from matchms_fingerprint.annotation.features import STATUSES, Feature, read_features
from matchms_fingerprint.annotation.journal import Journal, as_json
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.io import ReadReport, iter_features
from matchms_fingerprint.io.artifacts import (
    atomic_folder,
    check_replaceable,
    read_json,
    remove_leftovers,
    sha256_of,
    write_json,
)
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.io.report import UnreadableBlock
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.records import Annotation

logger = logging.getLogger("matchms_fingerprint")

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
    "adduct_given": "",
    "mass_tolerance": "",
    "probability_none": ".4g",
    "expected_similarity": ".4f",
    "isomer_rank": "g",
    "n_tied": "",
    "classes": "",
    "warnings": "",
}
"""Columns of `annotations.tsv`, with the format of their floats."""

SEPARATOR = "; "
"""Stands between the sources of a candidate, between classes, and between warnings."""

OnFeature = Callable[[ReadReport], None]


@dataclass(frozen=True)
class Finished:
    """A feature of a finished run.

    Parameters
    ----------
    annotation
        What was found.
    spectrum
        Its spectrum; None for a block that could not be read.
    embedding
        Its embedding at length 1, shape (n_embedding,), float32; NaN where the feature could not be annotated.
    """

    annotation: Annotation
    spectrum: Spectrum | None
    embedding: NDArray[np.float32]


Writer = Callable[[Path, Callable[[], Iterator[Finished]]], None]
"""Writes files into a folder from the features of a run, which it may go through as often as it needs."""


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
    probabilities
        Probability of the best hit of each annotated feature.
    files
        Names of the files in the folder.
    """

    folder: Path
    statuses: dict[str, int]
    read_report: ReadReport
    seconds: float
    probabilities: list[float]
    files: list[str]

    @property
    def n_features(self) -> int:
        """Number of features."""
        return sum(self.statuses.values())


def annotate_to_folder(
    path: str | Path,
    annotator: Annotator,
    folder: str | Path,
    overwrite: bool = False,
    on_feature: OnFeature | None = None,
    resume: bool = False,
    writers: Sequence[Writer] = (),
    quant: QuantTable | None = None,
) -> RunSummary:
    """Annotate a file and write the results; the folder appears when all of it is written.

    What is done is kept in a journal beside the folder until then, so that a run that was stopped, at whatever moment,
    goes on where it was, and gives the same files as an undisturbed one.

    Parameters
    ----------
    path
        File of spectra.
    annotator
        With library and model.
    folder
        Folder to make.
    overwrite
        Replace the folder of an earlier run.
    on_feature
        Called after each feature, with the report of what has been read so far.
    resume
        Go on with a run that was stopped; where there is none, start; where it is complete, leave it as it is.
    writers
        Write further files into the folder.
    quant
        Rows of the feature list, for what the spectra do not tell.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced, or the run that was stopped was another one.
    InputFileError, LibraryError
        As `annotate`.
    """
    path, start = Path(path), time.monotonic()
    identity = _identity(path, annotator, quant)
    if resume:
        remove_leftovers(folder)
    complete = _complete(Path(folder), identity) if resume and not overwrite else None
    if complete is None:
        check_replaceable(folder, RUN, overwrite)
    journal = Journal(journal_of(folder), identity, resume)
    if complete is not None:
        journal.remove()
        return complete
    report = ReadReport()
    try:
        _fill(journal, features_of(path, annotator.settings, report, quant), annotator, on_feature, report)
        counts, probabilities, files = _write(
            path, journal, annotator, folder, overwrite, identity, report, writers, quant
        )
    except BaseException:
        if journal.n_batches:
            logger.warning("what is done is kept in %s; the same command with --resume goes on there", journal.folder)
        else:
            journal.remove()
        raise
    journal.remove()
    return RunSummary(Path(folder), counts, report, time.monotonic() - start, probabilities, files)


def _write(
    path: Path,
    journal: Journal,
    annotator: Annotator,
    folder: str | Path,
    overwrite: bool,
    identity: dict[str, Any],
    report: ReadReport,
    writers: Sequence[Writer],
    quant: QuantTable | None,
) -> tuple[dict[str, int], list[float], list[str]]:
    """Write the results of a finished journal; return statuses, probabilities of the best hits, and names of files."""
    statuses, probabilities = Counter(dict.fromkeys(STATUSES, 0)), []

    def finished() -> Iterator[Finished]:
        again = features_of(path, annotator.settings, ReadReport(is_quiet=True), quant)
        for feature, (annotation, embedding) in zip(again, journal, strict=True):
            yield Finished(annotation, feature.spectrum, embedding)

    with atomic_folder(folder, marker=RUN, overwrite=overwrite) as partial:
        with table_writer(partial / TABLE, COLUMNS) as write_row:
            for annotation, _ in journal:
                for row in rows_of(annotation):
                    write_row(row)
                statuses[annotation.status] += 1
                probabilities += [hit.probability for hit in annotation.hits[:1]]
        for write in writers:
            write(partial, finished)
        write_json(partial / RUN, identity | _counts(statuses, report))
        names = sorted(item.name for item in partial.iterdir())
    return dict(statuses), probabilities, names


def _complete(folder: Path, identity: dict[str, Any]) -> RunSummary | None:
    """Return what a run gave that has ended already; None where the folder holds none, or another."""
    if not (folder / RUN).is_file():
        return None
    content, start = read_json(folder / RUN), time.monotonic()
    if any(content.get(key) != value for key, value in as_json(identity).items()):
        return None
    read = content["read"]
    report = ReadReport(
        blocks=read["blocks"],
        spectra=read["spectra"],
        ms1=read["ms1_set_aside"],
        msn=read["msn_set_aside"],
        merged=read["merged"],
        split=read["split"],
        contradictions=read["contradictory_ion_modes"],
        unreadable=[UnreadableBlock(content["input"]["file"], **bad) for bad in read["unreadable"]],
    )
    with open(folder / TABLE, encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        probabilities = [float(row["probability"]) for row in rows if row["rank"] == "1"]
    names = sorted(item.name for item in folder.iterdir())
    logger.warning("%s: complete already, nothing to resume", folder)
    return RunSummary(folder, content["statuses"], report, time.monotonic() - start, probabilities, names)


def journal_of(folder: str | Path) -> Path:
    """Return where the journal of a run lies: beside its folder."""
    target = Path(os.path.realpath(folder))
    return target.with_name(f".{target.name}.journal")


def features_of(
    path: Path, settings: AnnotationSettings, report: ReadReport, quant: QuantTable | None
) -> Iterator[Feature]:
    """Read and judge the features of a file."""
    return read_features(iter_features(path, settings.per_feature, settings.fallback_ion_mode, report), settings, quant)


def _fill(
    journal: Journal,
    features: Iterator[Feature],
    annotator: Annotator,
    on_feature: OnFeature | None,
    report: ReadReport,
) -> None:
    """Annotate the batches that the journal does not have yet."""
    done = journal.n_batches
    for number, batch in enumerate(batches(features, annotator.settings.batch_size)):
        if number >= done:
            journal.append(*annotator.annotate(batch))
        if on_feature is not None:
            for _ in batch:
                on_feature(report)


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
        "adduct_given": annotation.adduct,
        "mass_tolerance": annotation.mass_tolerance,
        "probability_none": annotation.probability_none,
        "classes": SEPARATOR.join(f"{share.name} {share.probability:.0%}" for share in annotation.classes),
        "warnings": SEPARATOR.join(annotation.warnings),
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
            "expected_similarity": hit.expected_similarity,
            "isomer_rank": hit.isomer_rank,
            "n_tied": hit.n_tied,
        }


def made_from(path: Path, model: FingerprintModel) -> dict[str, Any]:
    """Return what a result was made from, JSON-safe: versions, and checksums of the input file and the model."""
    return {
        "matchms_fingerprint": version("matchms_fingerprint"),
        "input": {"file": str(path), "sha256": sha256_of(path)},
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
    }


def _identity(path: Path, annotator: Annotator, quant: QuantTable | None) -> dict[str, Any]:
    """Return all that decides what a run gives."""
    library = annotator.library
    return made_from(path, annotator.model) | {
        "library": {
            "path": str(library.path),
            "structures": len(library),
            "fingerprint": str(library.fingerprint),
            "sha256": library.manifest.sha256,
        },
        "quant": None if quant is None else {"file": str(quant.path), "sha256": sha256_of(quant.path)},
        "ranking": annotator.ranker.describe(),
        "settings": annotator.settings.to_dict(),
    }


def _counts(statuses: Counter[str], report: ReadReport) -> dict[str, Any]:
    return {
        "features": sum(statuses.values()),
        "statuses": dict(statuses),
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
