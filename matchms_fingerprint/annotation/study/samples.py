"""Samples as vectors: the mean of the embeddings of their features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.annotator import batches
from matchms_fingerprint.annotation.features import Feature
from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.io.feature_rows import row_id_of
from matchms_fingerprint.io.quant_table import QuantTable
from matchms_fingerprint.models import FingerprintModel

USED = "used"
NOT_IN_TABLE = "not_in_table"
FEWEST_SAMPLES = 3
"""Points that make a map."""


@dataclass(frozen=True, eq=False)
class StudySamples:
    """The samples of a study.

    Parameters
    ----------
    names
        As the quantification table has them.
    embeddings
        Unit vectors, shape (n_samples, n_embedding), float64; zeros for a sample without features.
    n_features
        Features with a spectrum that were found in each sample, shape (n_samples,), int64.
    statuses
        How many features were "used", are "not_in_table", or could not be embedded, by the reason.
    """

    names: tuple[str, ...]
    embeddings: NDArray[np.float64]
    n_features: NDArray[np.int64]
    statuses: Mapping[str, int]


def sample_embeddings(
    embeddings: NDArray[np.floating], intensities: NDArray[np.floating], power: float = 0.5
) -> NDArray[np.float64]:
    """Average the embeddings of the features of each sample, weighted by their intensities.

    Parameters
    ----------
    embeddings
        Of the features, shape (n_features, n_embedding), as `model.embed` gives them.
    intensities
        Of each feature in each sample, shape (n_features, n_samples); 0 or NaN where it was not found.
    power
        Of the intensities, above 0; below 1, so that a few large features do not speak for the whole sample.

    Returns
    -------
    ndarray of shape (n_samples, n_embedding), float64
        Unit vectors; zeros for a sample without features.

    Raises
    ------
    SettingsError
        If the numbers of features differ, or an intensity is negative.
    """
    x = np.asarray(embeddings, np.float64)
    weights = np.nan_to_num(np.asarray(intensities, np.float64))
    if x.ndim != 2 or weights.ndim != 2 or len(x) != len(weights):
        raise SettingsError(
            f"embeddings of shape {x.shape} and intensities of shape {weights.shape}: give one row a feature in both"
        )
    if (weights < 0).any():
        raise SettingsError("some intensities are negative; give peak areas or heights")
    sums = (weights**power).T @ x
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)


def check_samples(quant: QuantTable) -> None:
    """Raise `InputFileError` unless a quantification table has intensities of three samples or more."""
    n = len(quant.samples)
    if n < FEWEST_SAMPLES:
        found = f"has {n} columns" if n else "has no column"
        raise InputFileError(
            f"{quant.path}: {found} with the area or height of a sample, a study needs {FEWEST_SAMPLES} or more; export"
            " the aligned feature list of all samples, with the peak areas of each raw file"
        )


def embed_samples(
    features: Iterable[Feature],
    model: FingerprintModel,
    quant: QuantTable,
    batch_size: int = 256,
    on_feature: Callable[[], None] = lambda: None,
) -> StudySamples:
    """Embed the features of a feature list, and average them for each sample.

    Parameters
    ----------
    features
        As `annotation.features.read_features` judges them; those with a status are counted and not used.
    model
        What embeds.
    quant
        Intensities of the features in the samples. A feature is found in it by row id and m/z, else by m/z and
        retention time; a row counts once.
    batch_size
        Features that are embedded together.
    on_feature
        Called after each feature.

    Raises
    ------
    InputFileError
        If the table has fewer than three samples, or none of the features.
    """
    check_samples(quant)
    statuses: Counter[str] = Counter({USED: 0})
    places: dict[int, None] = {}
    vectors: list[NDArray[np.float32]] = []
    for batch in batches(features, batch_size):
        ready = []
        for feature in batch:
            place = _place_of(feature, quant)
            is_used = not feature.status and place is not None and place not in places
            if is_used and place is not None and feature.spectrum is not None:
                places[place] = None
                ready.append(feature.spectrum)
            statuses[USED if is_used else feature.status or NOT_IN_TABLE] += 1
            on_feature()
        if ready:
            vectors.append(model.embed(ready))
    if not places:
        raise InputFileError(_nothing_to_use(statuses, quant))
    intensities = quant.intensities[list(places)]
    return StudySamples(
        names=quant.samples,
        embeddings=sample_embeddings(np.concatenate(vectors), intensities),
        n_features=(intensities > 0).sum(axis=0),
        statuses=dict(statuses),
    )


def _place_of(feature: Feature, quant: QuantTable) -> int | None:
    return quant.find(row_id_of(feature.feature_id), feature.precursor_mz, feature.retention_time_s)


def _nothing_to_use(statuses: Mapping[str, int], quant: QuantTable) -> str:
    reasons = ", ".join(f"{name} ({count})" for name, count in statuses.items() if count)
    if statuses.get(NOT_IN_TABLE):
        return f"{quant.path}: holds none of the features of the spectra: {reasons}; give the table of the same export"
    remedy = "; give the ion mode (--ion-mode)" if statuses.get("unknown_ion_mode") else ""
    return f"none of the features can be embedded: {reasons or 'there are none'}{remedy}"
