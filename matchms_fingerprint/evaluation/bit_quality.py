"""How well each bit of a fingerprint is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_POSITIVES = 20


def average_precision(scores: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> float:
    """Return the average precision of a ranking: the mean precision at each right one, equal scores taken together.

    Parameters
    ----------
    scores
        Higher is more surely right, shape (n,).
    positive
        What is right, shape (n,).

    Returns
    -------
    float
        NaN where nothing is right.
    """
    n_positive = int(positive.sum())
    if not n_positive:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    found = np.cumsum(positive[order])[last]
    gained = np.diff(found, prepend=0)
    return float((gained * found / (last + 1)).sum() / n_positive)


def average_precisions(
    probabilities: NDArray[np.float32], bits: NDArray[np.uint8], min_positives: int = MIN_POSITIVES
) -> NDArray[np.float64]:
    """Return the average precision of each bit over the spectra.

    Parameters
    ----------
    probabilities, bits
        Predicted probabilities and true bits, shape (n_spectra, n_bits).
    min_positives
        Bits that fewer spectra have get NaN.

    Returns
    -------
    ndarray of shape (n_bits,), float64
    """
    found = np.full(bits.shape[1], np.nan)
    for bit in np.flatnonzero(bits.sum(axis=0, dtype=np.int64) >= max(1, min_positives)):
        found[bit] = average_precision(probabilities[:, bit], bits[:, bit] > 0)
    return found


def skill(precisions: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision on a scale from 0, what guessing has, to 1.

    A bit that half of all spectra have is at 0.5 by guessing, so average precisions of different bits do not compare.

    Parameters
    ----------
    precisions, shares
        Average precision of each bit, and the share of spectra that have it, shape (n_bits,).
    """
    room = 1 - shares
    return np.divide(precisions - shares, room, out=np.full_like(precisions, np.nan), where=room > 0)


def describe_bits(
    predictions: Mapping[str, NDArray[np.float32]],
    bits: NDArray[np.uint8],
    structures: NDArray[np.int64],
    min_positives: int = MIN_POSITIVES,
) -> dict[str, NDArray[Any]]:
    """Describe the bits that enough spectra have, but not all of them, one row a bit.

    A bit that all have is right whatever is predicted.

    Parameters
    ----------
    predictions
        Name -> probabilities, shape (n_spectra, n_bits).
    bits
        True bits, shape (n_spectra, n_bits).
    structures
        Structure of each spectrum, shape (n_spectra,).
    min_positives
        Least number of spectra that have the bit.

    Returns
    -------
    dict
        Columns: bit, n_spectra and n_structures that have it, share of spectra, and for each name average precision
        and skill.
    """
    counts = bits.sum(axis=0, dtype=np.int64)
    kept = np.flatnonzero((counts >= max(1, min_positives)) & (counts < len(bits)))
    _, first = np.unique(structures, return_index=True)
    share = counts[kept] / max(1, len(bits))
    columns: dict[str, NDArray[Any]] = {
        "bit": kept,
        "n_spectra": counts[kept],
        "n_structures": bits[first].sum(axis=0, dtype=np.int64)[kept],
        "share": share,
    }
    for name, probabilities in predictions.items():
        precisions = average_precisions(probabilities, bits, min_positives)[kept]
        columns[f"average_precision_{name}"] = precisions
        columns[f"skill_{name}"] = skill(precisions, share)
    return columns
