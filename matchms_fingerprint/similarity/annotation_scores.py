"""Annotations as matchms `Scores`: candidates are the references, features the queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matchms import Scores, Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.compound_names import compound_name
from matchms_fingerprint.records import Annotation, Candidate

LAYER = "Annotation"
_FIELDS = np.dtype([("score", np.float64), ("probability", np.float64), ("rank", np.int64)])


def annotations_to_scores(annotations: Iterable[Annotation], spectra: Sequence[Spectrum] | None = None) -> Scores:
    """Return the hits of some features as matchms `Scores` with three layers.

    `Annotation_score`, `Annotation_probability` and `Annotation_rank` (from 1) stand where a feature has a hit, and
    nothing elsewhere, to be filtered, sorted and exported as other scores are. (The JSON reader of matchms passes over
    spectra without peaks, so that candidates are lost there, and the numbers are not.)

    Parameters
    ----------
    annotations
        As `annotate` yields them.
    spectra
        The spectra of the features, in the same order, as queries. Without them the queries are spectra without peaks,
        with feature id, precursor m/z and what else is known.

    Returns
    -------
    Scores
        References are the candidates that are hits, each once, as spectra without peaks with `compound_name`, `smiles`,
        `inchikey`, `formula` and `parent_mass`; queries are the features.

    Raises
    ------
    SettingsError
        If there are not as many spectra as annotations.

    Examples
    --------
    >>> from matchms_fingerprint import Annotation, Candidate, Hit
    >>> from matchms_fingerprint.similarity import annotations_to_scores
    >>> alanine = Candidate("CC(N)C(=O)O", "QNAYBMKLOCPYGJ-UHFFFAOYSA-N", "C3H7NO2", 89.0477, ("alanine",))
    >>> hits = (Hit(rank=1, score=0.8, probability=0.6, candidate=alanine, adduct="[M+H]+", mass_error_ppm=1.0),)
    >>> scores = annotations_to_scores([Annotation("7", 90.055, 60.0, "positive", None, 5, "annotated", hits)])
    >>> scores.score_names
    ('Annotation_score', 'Annotation_probability', 'Annotation_rank')
    >>> scores.to_array("Annotation_probability").tolist()
    [[0.6]]
    """
    annotations = list(annotations)
    queries = [_feature_only(annotation) for annotation in annotations] if spectra is None else list(spectra)
    if len(queries) != len(annotations):
        raise SettingsError(f"{len(queries)} spectra were given for {len(annotations)} annotations; give one for each")
    rows: dict[str, int] = {}
    references: list[Spectrum] = []
    entries = []
    for column, annotation in enumerate(annotations):
        for hit in annotation.hits:
            key = hit.candidate.inchikey or hit.candidate.smiles
            if key not in rows:
                rows[key] = len(references)
                references.append(_structure_only(hit.candidate))
            entries.append((rows[key], column, (hit.score, hit.probability, hit.rank)))
    entries.sort(key=lambda entry: entry[:2])
    scores = Scores(references, queries)
    if entries:
        row, column_of, values = zip(*entries, strict=True)
        scores.scores.add_sparse_data(np.array(row), np.array(column_of), np.array(list(values), dtype=_FIELDS), LAYER)
    return scores


def _structure_only(candidate: Candidate) -> Spectrum:
    return _without_peaks(
        {
            "compound_name": compound_name(candidate),
            "smiles": candidate.smiles,
            "inchikey": candidate.inchikey,
            "formula": candidate.formula,
            "parent_mass": candidate.exact_mass,
        }
    )


def _feature_only(annotation: Annotation) -> Spectrum:
    known = {
        "feature_id": annotation.feature_id,
        "scans": annotation.scans or None,
        "precursor_mz": annotation.precursor_mz,
        "retention_time": annotation.retention_time_s,
        "ionmode": annotation.ion_mode,
        "adduct": annotation.adduct,
    }
    return _without_peaks({key: value for key, value in known.items() if value is not None})


def _without_peaks(metadata: dict[str, Any]) -> Spectrum:
    return Spectrum(np.empty(0), np.empty(0), metadata, metadata_harmonization=False)
