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
