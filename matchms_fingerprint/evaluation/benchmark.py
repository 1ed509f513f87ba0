"""One model on one fold, beside the nearest neighbour and the controls, by the protocol of the benchmark.

Fingerprints: mean Tanimoto of the predicted bits over spectra, with bootstrap intervals over structures. Retrieval:
candidates within 10 ppm of the true mass, at most 3 spectra a structure, ties at their mean rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines import NearestNeighbourFingerprint
from matchms_fingerprint.evaluation.controls import SpectrumBlind, shuffled_within_window
from matchms_fingerprint.evaluation.metrics import bootstrap_mean, tanimoto_of_bits
from matchms_fingerprint.evaluation.retrieval import HITS, CandidateList, benchmark_rows, candidate_list, ranks
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.models.architecture import Architecture

_BATCH = 1024


def predict_rows(network: Architecture, data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the probabilities that a network gives for the spectra at `rows`, shape (n_rows, n_bits), float32."""
    network.eval()
    parts = [np.empty((0, data.fingerprint.n_bits), np.float32)]
    with torch.inference_mode():
        for start in range(0, rows.size, _BATCH):
            logits, _ = network(network.prepare(data.spectra.take(rows[start : start + _BATCH])))
            parts.append(torch.sigmoid(logits).cpu().numpy())
    return np.concatenate(parts)


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
    for start in range(0, rows.size, _BATCH):
        part = slice(start, start + _BATCH)
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


def copy_nearest(data: LabelledSpectra, train: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the bits of the nearest training spectrum of each spectrum, zeros where there is none."""
    nearest, _ = NearestNeighbourFingerprint(data.spectra.take(train)).nearest(data.spectra.take(rows))
    return data.bits(train[nearest]) * (nearest >= 0)[:, None].astype(np.uint8)


def compare_retrieval(
    network: Architecture,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
    library: CandidateLibrary,
    tolerance_ppm: float = 10.0,
) -> dict[str, Any]:
    """Rank candidates by the model's scores, by the nearest neighbour and by the controls.

    Returns
    -------
    dict
        Number of spectra, median number of candidates, share of spectra whose structure is among the candidates, and
        per ranking hit@1, @5, @20 with 95 % intervals, and the mean reciprocal rank.
    """
    n_peaks = np.diff(data.spectra.offsets)
    rows = benchmark_rows(np.flatnonzero(folds == fold), data.structure, n_peaks)
    train = np.flatnonzero(folds == "train")
    lists = [
        candidate_list(library, data.masses[i], data.inchikeys[i], tolerance_ppm) for i in data.structure[rows].tolist()
    ]
    predicted = predict_rows(network, data, rows)
    swapped = shuffled_within_window(data.spectra.precursor_mz[rows], data.structure[rows], data.spectra.ion_mode[rows])
    copied = copy_nearest(data, train, rows).astype(np.float32)
    measured = np.unique(data.structure[train])
    blind = SpectrumBlind(data.fingerprints[measured], data.masses[measured], library, tolerance_ppm=tolerance_ppm)
    rankings = {f"model, {name}": ranks(predicted, lists, score) for name, score in SCORES.items()}
    rankings["nearest neighbour, tanimoto"] = ranks(copied, lists, SCORES["tanimoto"])
    rankings["control: model on another spectrum, cosine"] = ranks(predicted[swapped], lists, SCORES["cosine"])
    rankings["control: spectrum-blind"] = ranks(predicted, lists, blind.score)
    rankings["random order"] = _random_ranks(lists)
    return {
        "n_spectra": int(rows.size),
        "n_structures": int(np.unique(data.structure[rows]).size),
        "median_candidates": float(np.median([item.correct.size for item in lists])),
        "covered": round(float(np.mean([item.correct.any() for item in lists])), 4),
        "rankings": {name: _summary(values, data.structure[rows]) for name, values in rankings.items()},
    }


def _random_ranks(lists: list[CandidateList], seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    drawn = [(item.correct, rng.random(item.correct.size)) for item in lists]
    return np.array([1.0 + (r > r[c].max()).sum() if c.any() else np.inf for c, r in drawn])


def _summary(values: NDArray[np.float64], structures: NDArray[np.int64]) -> dict[str, Any]:
    hits = {f"hit@{k}": bootstrap_mean((values <= k).astype(float), structures).to_dict() for k in HITS}
    return hits | {"mrr": round(float(np.mean(1.0 / values)), 4)}


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
    """
    for name in ("train", fold):
        if not (folds == name).any():
            raise SettingsError(f"no spectrum is in fold {name!r}; give other folds")
    probabilities = predict_rows(model.network, data, np.flatnonzero(folds == fold))
    result = {
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "fold": fold,
        "bit_threshold": model.bit_threshold,
        "fingerprint": compare_fingerprints(probabilities, model.bit_threshold, data, folds, fold),
    }
    if library is not None:
        result["retrieval"] = compare_retrieval(model.network, data, folds, fold, library)
    return result
