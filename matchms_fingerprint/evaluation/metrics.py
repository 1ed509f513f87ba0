"""Measures of predicted fingerprints and of rankings, one value a spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.kernels import BitIndex
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray


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


def cosine_of_probabilities(probabilities: NDArray[np.float32], true: NDArray[Any]) -> NDArray[np.float64]:
    """Return the cosine of predicted probabilities and true bits, row by row.

    Parameters
    ----------
    probabilities, true
        Probabilities and bits, shape (n, n_bits).

    Returns
    -------
    ndarray of shape (n,), float64
        0 where either is all zero.
    """
    bits = np.asarray(true, np.float32)
    products = np.einsum("ij,ij->i", probabilities, bits, dtype=np.float64)
    squares = np.einsum("ij,ij->i", probabilities, probabilities, dtype=np.float64)
    norms = np.sqrt(squares * bits.sum(axis=1, dtype=np.float64))
    return np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)


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


def highest_tanimoto(asked: WordArray, trained: WordArray) -> tuple[FloatArray, IntArray]:
    """Find for each fingerprint the most similar one among others.

    Parameters
    ----------
    asked, trained
        Packed fingerprints, shape (n, n_words) and (m, n_words), uint64.

    Returns
    -------
    similarity : ndarray of shape (n,), float64
        Highest Tanimoto similarity; 0 where the fingerprint is empty.
    nearest : ndarray of shape (n,), int64
        Row of `trained` that has it, the first of equals; -1 for none.
    """
    found = BitIndex(trained).top_k(asked, 1, "tanimoto")
    return found.scores[:, 0], found.indices[:, 0]
