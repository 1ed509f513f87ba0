"""Whether probabilities mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from matchms_fingerprint.kernels.types import FloatArray

BIN_EDGES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Edges of the bins of confidence."""


def reliability(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> dict[str, Any]:
    """Compare the probability of the top hit with how often it is right.

    Parameters
    ----------
    confidence
        Probability of the top hit, shape (n_spectra,).
    right
        1 where it is the right structure, else 0, shape (n_spectra,).

    Returns
    -------
    dict
        `bins`: per bin of confidence its bounds, number of spectra, mean confidence and accuracy. `ece`: expected
        calibration error, the mean absolute difference of the two, weighted by the number of spectra (Guo et al. 2017).
    """
    place = np.clip(np.searchsorted(BIN_EDGES, confidence, side="right") - 1, 0, len(BIN_EDGES) - 2)
    bins = []
    error = 0.0
    for i in range(len(BIN_EDGES) - 1):
        inside = place == i
        if not inside.any():
            continue
        mean, accuracy = float(confidence[inside].mean()), float(right[inside].mean())
        error += abs(mean - accuracy) * inside.mean()
        bins.append(
            {
                "from": BIN_EDGES[i],
                "to": BIN_EDGES[i + 1],
                "n": int(inside.sum()),
                "confidence": round(mean, 3),
                "accuracy": round(accuracy, 3),
            }
        )
    return {"bins": bins, "ece": round(float(error), 4)}


def top_hits(
    logits: list[FloatArray], correct: list[NDArray[np.bool_]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of the top hit of each spectrum, and the chance that it is right where the top is tied.

    Parameters
    ----------
    logits
        Per spectrum, scores divided by the temperature, shape (n_candidates,).
    correct
        Per spectrum, which candidates are right.
    """
    confidence, right = [], []
    for values, truth in zip(logits, correct, strict=True):
        if not values.size:
            confidence.append(0.0)
            right.append(0.0)
            continue
        shares = softmax(values)
        best = shares == shares.max()
        confidence.append(float(shares.max()))
        right.append(float(truth[best].mean()))
    return np.array(confidence), np.array(right)


def risk_coverage(confidence: NDArray[np.float64], right: NDArray[np.float64], n_points: int = 20) -> dict[str, Any]:
    """Say how often the top hits are right when only the most confident ones are kept (El-Yaniv & Wiener 2010).

    Parameters
    ----------
    confidence
        Probability of the top hit, shape (n_spectra,).
    right
        1 where it is the right structure, else 0, shape (n_spectra,).
    n_points
        Number of points of the curve, at equal steps of coverage.

    Returns
    -------
    dict
        `curve`: coverage, lowest confidence that is kept, and accuracy of the kept (equal confidences share their mean
        accuracy). `area_under_risk`: mean of 1 - accuracy over all coverages; `best_possible`: what it would be were
        all right ones more confident than all wrong ones.
    """
    n = confidence.size
    if not n:
        return {"curve": [], "area_under_risk": None, "best_possible": None}
    order = np.argsort(-confidence, kind="stable")
    _, tied = np.unique(-confidence[order], return_inverse=True)
    expected = (np.bincount(tied, right[order]) / np.bincount(tied))[tied]
    accuracy = np.cumsum(expected) / np.arange(1, n + 1)
    ideal = np.cumsum(np.sort(right)[::-1]) / np.arange(1, n + 1)
    kept = np.unique(np.maximum(1, np.rint(np.linspace(0, 1, n_points + 1)[1:] * n).astype(int)))
    return {
        "curve": [
            {
                "coverage": round(float(k / n), 4),
                "confidence": round(float(confidence[order[k - 1]]), 4),
                "accuracy": round(float(accuracy[k - 1]), 4),
            }
            for k in kept.tolist()
        ],
        "area_under_risk": round(float((1 - accuracy).mean()), 4),
        "best_possible": round(float((1 - ideal).mean()), 4),
    }
