"""From the logits of a feature's candidates to the order of its hits; arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# rounding noise must not order what has the same error to the other side
_MASS_ERROR_DECIMALS = 3


def softmax(logits: np.ndarray) -> np.ndarray:
    """Share of each candidate: exp(logit) over the sum of them all.

    Parameters
    ----------
    logits
        ndarray of shape (n,), float64, n > 0.

    Returns
    -------
    ndarray of shape (n,), float64
        Sums to 1. Computed relative to the highest logit, so that no exponent overflows.
    """
    weights = np.exp(logits - logits.max())
    shares: np.ndarray = weights / weights.sum()
    return shares


def best_first(
    logits: np.ndarray, mass_errors_ppm: np.ndarray, keys_of: Callable[[np.ndarray], Sequence[str]], top_k: int
) -> np.ndarray:
    """Return the indices of the best candidates.

    Higher logits come first; equal ones are ordered by the smaller absolute mass error (to a thousandth of a ppm), then
    by InChIKey, so that the same input always gives the same ranking.

    Parameters
    ----------
    logits
        ndarray of shape (n,), float64.
    mass_errors_ppm
        ndarray of shape (n,), float64, parts per million.
    keys_of
        Returns the InChIKeys of the candidates at some indices; asked only where they decide, and only for candidates
        that can be among the best.
    top_k
        How many to return at most.

    Returns
    -------
    ndarray of shape (min(n, top_k),), int64
    """
    contenders = _contenders(logits, top_k)
    by_logit = -logits[contenders]
    by_error = np.abs(mass_errors_ppm[contenders]).round(_MASS_ERROR_DECIMALS)
    order = np.lexsort((by_error, by_logit))
    is_tied = (np.diff(by_logit[order]) == 0) & (np.diff(by_error[order]) == 0)
    if is_tied.any():
        order = np.lexsort((np.array(keys_of(contenders), dtype=str), by_error, by_logit))
    best: np.ndarray = contenders[order][:top_k]
    return best


def each_once(
    masses: np.ndarray, places: np.ndarray, log_priors: np.ndarray, mass_errors_ppm: np.ndarray
) -> np.ndarray:
    """Return the indices that keep each candidate once, under its likeliest adduct.

    A candidate is found twice where two adducts stand for nearly the same mass. Its score is the same under both, so
    that the higher prior is the higher logit. Of equal priors the smaller absolute mass error is kept, of equal errors
    the first.

    Parameters
    ----------
    masses, places
        Exact mass, and place among the candidates of that mass (`place_among_equals`); together they tell candidates
        apart. ndarrays of shape (n,), float64 and int64.
    log_priors
        Logarithm of the prior of the adduct, ndarray of shape (n,), float64.
    mass_errors_ppm
        ndarray of shape (n,), float64, parts per million.

    Returns
    -------
    ndarray of shape (n_distinct,), int64
        Ascending.
    """
    order = np.lexsort((np.abs(mass_errors_ppm), -log_priors, places, masses))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(masses[order]) != 0) | (np.diff(places[order]) != 0)
    return np.sort(order[is_first])


def place_among_equals(masses: np.ndarray) -> np.ndarray:
    """Return for each of n ascending masses how many equal ones stand before it, ndarray of shape (n,), int64."""
    return np.arange(len(masses)) - np.searchsorted(masses, masses, side="left")


def _contenders(logits: np.ndarray, top_k: int) -> np.ndarray:
    """Return the indices of all logits that are not below the k-th best: sorting a whole mass window costs more."""
    n = len(logits)
    if top_k >= n:
        return np.arange(n)
    kth_best = np.partition(logits, n - top_k)[n - top_k]
    return np.flatnonzero(logits >= kth_best)
