"""Retrieval: the model ranks candidates, beside the nearest neighbour and the controls.

Protocol: candidates within 10 ppm of the true mass, or of the true formula, which then counts as given; at most 3
spectra a structure, none with fewer than 3 peaks; right is who has the first InChIKey block of the truth; ties count at
their mean rank. Intervals and differences are bootstrapped over structures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.controls import SpectrumBlind, foreign_spectra
from matchms_fingerprint.evaluation.metrics import bootstrap_mean
from matchms_fingerprint.evaluation.predictions import copy_nearest, predict_rows, predict_spectra
from matchms_fingerprint.evaluation.reliability import reliability, top_hits
from matchms_fingerprint.evaluation.retrieval import (
    CandidateList,
    benchmark_rows,
    candidate_list,
    expected_at_random,
    hits_of_ranks,
    ranks,
)
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.calibration import softmax_scores
from matchms_fingerprint.models.network import Network

BASELINE = "nearest neighbour, tanimoto"
Values = dict[str, NDArray[np.float64]]


def compare_retrieval(
    network: Network,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
    library: CandidateLibrary,
    temperatures: dict[str, float],
) -> dict[str, Any]:
    """Rank the candidates of a fold by the model's scores, by the nearest neighbour and by the controls.

    Returns
    -------
    dict
        For "mass" and "formula" candidates: number of spectra and structures, median number of candidates, share of
        spectra whose structure is among them; per ranking hit@1, @5, @20 with 95 % intervals, the mean reciprocal rank,
        and the paired difference of the hits to the nearest neighbour. For "mass" also the reliability of the
        probabilities of the cosine score.
    """
    rows = benchmark_rows(np.flatnonzero(folds == fold), data.structure, np.diff(data.spectra.offsets))
    train = np.flatnonzero(folds == "train")
    predictions = {
        "model": predict_rows(network, data, rows),
        "nearest": copy_nearest(data, train, rows).astype(np.float32),
        "foreign": predict_rows(network, data, _foreign(data, rows)),
        "no peaks": predict_spectra(network, _without_peaks(data.spectra.take(rows))),
    }
    measured = np.unique(data.structure[train])
    blind = SpectrumBlind(data.fingerprints[measured], data.masses[measured], data.fingerprints, library)
    structures = data.structure[rows]
    result = {}
    for kind in ("mass", "formula"):
        lists = [
            candidate_list(library, data.masses[i], data.inchikeys[i], data.formulas[i] if kind == "formula" else None)
            for i in structures.tolist()
        ]
        values = _values(predictions, lists, blind)
        result[kind] = {
            "n_spectra": int(rows.size),
            "n_structures": int(np.unique(structures).size),
            "median_candidates": float(np.median([item.correct.size for item in lists])),
            "covered": round(float(np.mean([item.correct.any() for item in lists])), 4),
            "rankings": {name: _summary(found, values[BASELINE], structures) for name, found in values.items()},
        }
        if kind == "mass":
            result[kind]["reliability"] = _reliability(predictions["model"], lists, temperatures["cosine"])
    return result


def _values(
    predictions: dict[str, NDArray[np.float32]], lists: list[CandidateList], blind: SpectrumBlind
) -> dict[str, Values]:
    cosine = SCORES["cosine"]
    found = {f"model, {name}": ranks(predictions["model"], lists, score) for name, score in SCORES.items()}
    found[BASELINE] = ranks(predictions["nearest"], lists, SCORES["tanimoto"])
    found["control: model on another spectrum of about this mass, cosine"] = ranks(
        predictions["foreign"], lists, cosine
    )
    found["control: model without the peaks, cosine"] = ranks(predictions["no peaks"], lists, cosine)
    found["control: spectrum-blind"] = ranks(predictions["model"], lists, blind.score)
    values = {name: hits_of_ranks(rank) for name, rank in found.items()}
    return values | {"random order, expected": expected_at_random(lists)}


def _foreign(data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return foreign_spectra(data.spectra.precursor_mz, data.structure, data.spectra.ion_mode, rows)


def _without_peaks(spectra: SpectrumArrays) -> SpectrumArrays:
    nothing = np.empty(0)
    return replace(
        spectra, mz=nothing, intensity=nothing.astype(np.float32), offsets=np.zeros(len(spectra) + 1, np.int64)
    )


def _reliability(
    predicted: NDArray[np.float32], lists: list[CandidateList], temperature: float, score: str = "cosine"
) -> dict[str, Any]:
    logits = [
        softmax_scores(score, SCORES[score](p, item.fingerprints)) / temperature
        for p, item in zip(predicted, lists, strict=True)
    ]
    return reliability(*top_hits(logits, [item.correct for item in lists]))


def _summary(values: Values, baseline: Values, structures: NDArray[np.int64]) -> dict[str, Any]:
    hits = [name for name in values if name != "mrr"]
    summary: dict[str, Any] = {name: bootstrap_mean(values[name], structures).to_dict() for name in hits}
    summary["mrr"] = round(float(values["mrr"].mean()), 4)
    summary["difference"] = {name: bootstrap_mean(values[name] - baseline[name], structures).to_dict() for name in hits}
    return summary
