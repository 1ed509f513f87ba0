"""What `predict` and `embed` have in common: a vector for each feature, into a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from matchms_fingerprint.io.sources import detect_format

if TYPE_CHECKING:
    from matchms_fingerprint.annotation.features import Feature
    from matchms_fingerprint.models import FingerprintModel

PREDICTED = "predicted"
FEATURE_COLUMNS = {
    "feature_id": pa.string(),
    "scans": pa.string(),
    "precursor_mz": pa.float64(),
    "retention_time_s": pa.float64(),
    "ion_mode": pa.string(),
    "adduct": pa.string(),
    "n_peaks": pa.int64(),
    "status": pa.string(),
}
"""What stands beside each vector. `status` is "predicted", or the reason why there is no vector."""


def write_vectors(
    name: str,
    file: Path,
    output: Path,
    overwrite: bool,
    ion_mode: str | None,
    per_feature: str,
    min_peaks: int,
    model: str,
    batch_size: int,
    quiet: bool,
    binary: bool = False,
) -> None:
    """Write the fingerprint or embedding of each feature of `file`; the parameters are the options of the command.

    Parameters
    ----------
    name
        "fingerprint" or "embedding".
    """
    detect_format(file)  # before the seconds that the imports below take
    from matchms_fingerprint.annotation.annotator import batches
    from matchms_fingerprint.annotation.features import read_features
    from matchms_fingerprint.annotation.results import made_from
    from matchms_fingerprint.annotation.settings import AnnotationSettings
    from matchms_fingerprint.cli.summary import show_statuses
    from matchms_fingerprint.cli.terminal import count_blocks, feature_progress, open_terminal
    from matchms_fingerprint.io import ReadReport, iter_features
    from matchms_fingerprint.io.array_files import Vectors, check_array_path, open_array_file
    from matchms_fingerprint.models import load_model

    check_array_path(output, overwrite)
    console = open_terminal(quiet)
    loaded = load_model(model)
    console.print(f"Model: {loaded.name} {loaded.version}")
    settings = AnnotationSettings(
        ion_mode=ion_mode, per_feature=per_feature, min_peaks=min_peaks, batch_size=batch_size
    )
    report = ReadReport()
    features = read_features(iter_features(file, per_feature, ion_mode, report), settings)
    empty = _vectors_of(loaded, [], name, binary)
    provenance = made_from(file, loaded) | {
        "fingerprint": str(loaded.fingerprint),
        "settings": {"ion_mode": ion_mode, "per_feature": per_feature, "min_peaks": min_peaks},
    }
    vectors = Vectors(name, empty.shape[1], empty.dtype, FEATURE_COLUMNS, provenance)
    statuses: Counter[str] = Counter()
    with (
        open_array_file(output, vectors) as write,
        feature_progress(console, "predicting", count_blocks(file)) as advance,
    ):
        for batch in batches(features, batch_size):
            missing = np.array([bool(feature.status) for feature in batch])
            write([_cells(feature) for feature in batch], _vectors_of(loaded, batch, name, binary), missing)
            for feature in batch:
                statuses[feature.status or PREDICTED] += 1
                advance(report)
    show_statuses(console, statuses, PREDICTED)
    console.print(f"Read {report.summary()}.")
    console.print(f"Wrote {output}", soft_wrap=True, style="bold")


def _cells(feature: Feature) -> list[Any]:
    """Return the values of `FEATURE_COLUMNS`."""
    known = [getattr(feature, column) for column in FEATURE_COLUMNS if column != "status"]
    return [*known, feature.status or PREDICTED]


def _vectors_of(model: FingerprintModel, features: Sequence[Feature], name: str, binary: bool) -> np.ndarray:
    """Return an array of shape (n_features, width); the rows of features with a status are zeros."""
    ready = [index for index, feature in enumerate(features) if not feature.status]
    spectra = [features[index].spectrum for index in ready]
    found = model.embed(spectra) if name == "embedding" else model.predict_fingerprints(spectra, binary=binary)
    vectors = np.zeros((len(features), found.shape[1]), found.dtype)
    vectors[ready] = found
    return vectors
