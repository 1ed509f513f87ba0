"""One model on one fold, beside the nearest neighbour.

Mean Tanimoto of the predicted bits over all spectra of the fold, with bootstrap intervals over structures; and, with a
library, retrieval (`evaluation.ranking`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import LibraryError, SettingsError
from matchms_fingerprint.evaluation.embedding import describe_embedding
from matchms_fingerprint.evaluation.metrics import bootstrap_mean, tanimoto_of_bits
from matchms_fingerprint.evaluation.predictions import BATCH, copy_nearest, predict_rows
from matchms_fingerprint.evaluation.ranking import compare_retrieval
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models import FingerprintModel


def compare_fingerprints(
    probabilities: NDArray[np.float32],
    bit_threshold: float,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
) -> dict[str, Any]:
    """Compare predicted bits with those copied from the nearest training spectrum, on all spectra of a fold.

    Parameters
    ----------
    probabilities
        Predictions for the spectra of the fold, in their order, shape (n_spectra, n_bits).
    bit_threshold
        Probability from which on a bit counts as set.
    data, folds, fold
        The data, the fold of each spectrum, and the fold to measure.

    Returns
    -------
    dict
        Per group of spectra (all, positive, negative): number of spectra and structures, and mean Tanimoto with a 95 %
        interval of the model, of the nearest neighbour, and of their paired difference.
    """
    rows, train = np.flatnonzero(folds == fold), np.flatnonzero(folds == "train")
    copied = copy_nearest(data, train, rows)
    model, neighbour = np.empty(rows.size), np.empty(rows.size)
    for start in range(0, rows.size, BATCH):
        part = slice(start, start + BATCH)
        bits = data.bits(rows[part])
        model[part] = tanimoto_of_bits(probabilities[part] > bit_threshold, bits)
        neighbour[part] = tanimoto_of_bits(copied[part], bits)
    result = {}
    for group, mode in (("all", 0), ("positive", 1), ("negative", -1)):
        chosen = (data.spectra.ion_mode[rows] == mode) | (mode == 0)
        if not chosen.any():
            continue
        structures = data.structure[rows][chosen]
        result[group] = {
            "n_spectra": int(chosen.sum()),
            "n_structures": int(np.unique(structures).size),
            "model": bootstrap_mean(model[chosen], structures).to_dict(),
            "nearest_neighbour": bootstrap_mean(neighbour[chosen], structures).to_dict(),
            "difference": bootstrap_mean((model - neighbour)[chosen], structures).to_dict(),
        }
    return result


def check_fingerprint(library: CandidateLibrary, fingerprint: FingerprintSpec) -> None:
    """Raise `LibraryError` unless the library holds this fingerprint."""
    if library.fingerprint != fingerprint:
        raise LibraryError(
            f"{library.path}: holds the fingerprint {library.fingerprint}, the model predicts {fingerprint}; build the "
            f"library again with --fingerprint {fingerprint}"
        )


def evaluate_model(
    model: FingerprintModel,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str = "test",
    library: CandidateLibrary | None = None,
) -> dict[str, Any]:
    """Measure a model on one fold.

    Raises
    ------
    SettingsError
        If the fold, or `train` for the nearest neighbour, holds no spectrum.
    LibraryError
        If the library holds another fingerprint than the model predicts.
    """
    if library is not None:
        check_fingerprint(library, model.fingerprint)
    for name in ("train", fold):
        if not (folds == name).any():
            raise SettingsError(f"no spectrum is in fold {name!r}; give other folds")
    rows = np.flatnonzero(folds == fold)
    probabilities = predict_rows(model.network, data, rows)
    result = {
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "fold": fold,
        "bit_threshold": model.bit_threshold,
        "fingerprint": compare_fingerprints(probabilities, model.bit_threshold, data, folds, fold),
        "embedding": describe_embedding(model.network, data, rows),
    }
    if library is not None:
        result["retrieval"] = compare_retrieval(model.network, data, folds, fold, library, model.temperatures)
    return result
