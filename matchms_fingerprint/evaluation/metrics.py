"""Measures of predicted fingerprints and of rankings, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.kernels.types import FloatArray


def tanimoto_of_bits(predicted: NDArray[Any], true: NDArray[Any]) -> NDArray[np.float64]:
    """Return the Tanimoto similarity of predicted and true bits, row by row.

    Parameters
    ----------
    predicted, true
        Bits, shape (n, n_bits).

    Returns
    -------
    ndarray of shape (n,), float64
        0 where both are empty.
    """
    both = np.logical_and(predicted, true).sum(axis=1)
    either = np.logical_or(predicted, true).sum(axis=1)
    return both / np.maximum(either, 1)


def best_bit_threshold(
    probabilities: NDArray[np.float32], true: NDArray[np.uint8], thresholds: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """Choose the probability from which on a bit counts as set, for the highest mean Tanimoto.

    To be called with validation data, never with test data.

    Parameters
    ----------
    probabilities, true
        Predicted probabilities and true bits, shape (n, n_bits).
    thresholds
        Values to try; default 0.05 to 0.60 in steps of 0.01.

    Returns
    -------
    tuple of float
        Threshold and the mean Tanimoto that it gives.
    """
    if thresholds is None:
        thresholds = np.round(np.arange(0.05, 0.605, 0.01), 2)
    means = [
        np.mean(
            np.concatenate(
                [
                    tanimoto_of_bits(probabilities[i : i + 1000] > threshold, true[i : i + 1000])
                    for i in range(0, len(true), 1000)
                ]
            )
        )
        for threshold in thresholds
    ]
    best = int(np.argmax(means))
    return float(thresholds[best]), float(means[best])


def rank_of_truth(scores: FloatArray, correct: NDArray[np.bool_]) -> float:
    """Return the rank of the best correct candidate, ties at their mean rank; infinite where none is correct.

    Parameters
    ----------
    scores
        Score of each candidate, higher is better, shape (n,).
    correct
        Whether a candidate is right, shape (n,).
    """
    if not correct.any():
        return float("inf")
    best = scores[correct].max()
    wrong = scores[~correct]
    return 1.0 + float((wrong > best).sum()) + float((wrong == best).sum()) / 2.0


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return rounded values."""
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def format_interval(estimate: dict[str, float]) -> str:
    """Return the dictionary of an estimate as text, such as `0.279 [0.261, 0.297]`."""
    return f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def bootstrap_mean(
    values: NDArray[np.float64], groups: NDArray[Any], n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """Estimate the mean over spectra with a bootstrap over structures.

    Spectra of one structure are not independent; so structures are drawn, with all their spectra.

    Parameters
    ----------
    values
        One value a spectrum, shape (n,).
    groups
        Structure of each spectrum, shape (n,).
    n_resamples
        Number of bootstrap samples.
    seed
        Seed of the draws.
    """
    if not values.size:
        return Estimate(float("nan"), float("nan"), float("nan"))
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, values)
    sizes = np.bincount(group).astype(np.float64)
    draws = np.random.default_rng(seed).integers(0, sums.size, (n_resamples, sums.size))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))
