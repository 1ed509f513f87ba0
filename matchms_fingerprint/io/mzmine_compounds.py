"""The file for "Local compound database search" of MZmine: candidates by m/z and retention time.

MZmine gives each row the compounds that lie within its tolerances, ordered by how close they lie. All candidates of a
feature have the same m/z and retention time here, so they score the same there and stay in the order of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.io.compound_names import compound_name, one_line
from matchms_fingerprint.io.feature_rows import FeatureRow
from matchms_fingerprint.records import Annotation, Hit

COLUMNS = (
    "neutral_mass",
    "mz",
    "rt",
    "formula",
    "smiles",
    "name",
    "comment",
    "adduct",
    "inchi_key",
    "internal_id",
)
"""The columns that MZmine wants by default (up to `comment`; one that is missing is an error there), then others."""

_STARTS_FORMULA = ("=", "+", "-", "@")

WriteCompounds = Callable[[Annotation, FeatureRow], None]
"""Writes the hits of a feature that lies where the row says."""


@contextmanager
def compounds_writer(path: str | Path) -> Iterator[WriteCompounds]:
    """Yield a function that writes the hits of a feature; the file appears under its name when the block ends well.

    UTF-8 and quoted as in RFC 4180. `mz` is that of the feature, so `neutral_mass` stays empty; `rt` is in minutes, or
    empty where it is not known; `comment` has rank, score, probability and feature id, since MZmine overwrites
    scores by its own. `internal_id` is the feature id. Line breaks in names become blanks, and a name that a
    spreadsheet would take for a formula gets an apostrophe before it.

    Parameters
    ----------
    path
        The file.

    Examples
    --------
    >>> from matchms_fingerprint.io.feature_rows import FeatureRows
    >>> from matchms_fingerprint.io.mzmine_compounds import compounds_writer
    >>> rows = FeatureRows()
    >>> with compounds_writer("mzmine_compounds.csv") as write:  # doctest: +SKIP
    ...     for annotation in annotations:
    ...         write(annotation, rows.of(annotation))
    """
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)

        def write(annotation: Annotation, row: FeatureRow) -> None:
            mz = "" if row.mz is None else f"{row.mz:.6f}"
            minutes = "" if row.retention_time_s is None else f"{row.retention_time_s / 60:.4f}"
            for hit in annotation.hits:
                candidate = hit.candidate
                cells = (
                    "",
                    mz,
                    minutes,
                    candidate.formula,
                    candidate.smiles,
                    _safe(compound_name(candidate)),
                    comment_of(annotation, hit),
                    hit.adduct,
                    candidate.inchikey,
                    one_line(annotation.feature_id),
                )
                writer.writerow(cells)

        yield write


def comment_of(annotation: Annotation, hit: Hit) -> str:
    """Return what is known of a hit as one line of `key=value` pairs, the feature id last."""
    parts = [
        "matchms_fingerprint",
        f"rank={hit.rank}",
        f"score={hit.score:.4f}",
        f"probability={hit.probability:.4g}",
    ]
    if hit.expected_similarity is not None:
        parts.append(f"expected_similarity={hit.expected_similarity:.3f}")
    if annotation.probability_none is not None:
        parts.append(f"none_of_these={annotation.probability_none:.4g}")
    parts += [f"ppm={hit.mass_error_ppm:.2f}", f"feature_id={one_line(annotation.feature_id)}"]
    return " ".join(parts)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text
