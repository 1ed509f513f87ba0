"""From the scores of a feature's candidates to the order of its hits; arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# isomers differ in the last digits of their computed masses; that must not order them
_MASS_ERROR_DECIMALS = 3


def softmax(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Share of each candidate: exp(score / temperature) over the sum of them all.

    Parameters
    ----------
    scores
        ndarray of shape (n,), float64, n > 0.
    temperature
        Above 0; the higher, the more even the shares.

    Returns
    -------
    ndarray of shape (n,), float64
        Sums to 1. Computed relative to the best score, so that no exponent overflows.
    """
    weights = np.exp((scores - scores.max()) / temperature)
    shares: np.ndarray = weights / weights.sum()
    return shares


def best_first(scores: np.ndarray, mass_errors_ppm: np.ndarray, inchikeys: Sequence[str], top_k: int) -> np.ndarray:
    """Return the indices of the best candidates.

    Higher scores come first; equal ones are ordered by the smaller absolute mass error (to a thousandth of a ppm), then
    by InChIKey, so that the same input always gives the same ranking.

    Parameters
    ----------
    scores
        ndarray of shape (n,), float64.
    mass_errors_ppm
        ndarray of shape (n,), float64, parts per million.
    inchikeys
        n keys; only those of candidates that can be among the best are looked at.
    top_k
        How many to return at most.

    Returns
    -------
    ndarray of shape (min(n, top_k),), int64
    """
    contenders = _contenders(scores, top_k)
    order = np.lexsort(
        (
            np.array([inchikeys[index] for index in contenders], dtype=str),
            np.abs(mass_errors_ppm[contenders]).round(_MASS_ERROR_DECIMALS),
            -scores[contenders],
        )
    )
    best: np.ndarray = contenders[order][:top_k]
    return best


def first_of_each(rows: np.ndarray, mass_errors_ppm: np.ndarray) -> np.ndarray:
    """Return the indices that keep each library row once, with its smallest absolute mass error.

    A candidate is found twice where two adducts stand for nearly the same mass. Of equal errors the first is kept.

    Parameters
    ----------
    rows
        ndarray of shape (n,), int64: the candidate's row in the library.
    mass_errors_ppm
        ndarray of shape (n,), float64, parts per million.

    Returns
    -------
    ndarray of shape (n_distinct,), int64
        Ascending.
    """
    order = np.lexsort((np.abs(mass_errors_ppm), rows))
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = rows[order][1:] != rows[order][:-1]
    return np.sort(order[is_first])


def _contenders(scores: np.ndarray, top_k: int) -> np.ndarray:
    """Return the indices of all scores that are not below the k-th best: sorting a whole mass window costs more."""
    n = len(scores)
    if top_k >= n:
        return np.arange(n)
    kth_best = np.partition(scores, n - top_k)[n - top_k]
    return np.flatnonzero(scores >= kth_best)
