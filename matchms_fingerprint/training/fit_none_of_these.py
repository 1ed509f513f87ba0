"""Fit what tells lists without the right structure: the same lists with it and without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from matchms_fingerprint.annotation.posterior.none_of_these import NoneOfThese, standardized

RIDGE = 0.01
"""Penalty of the squared weights, of the mean loss of a list."""


def fit_none_of_these(
    features: NDArray[np.float64],
    is_missing: NDArray[np.bool_],
    weights: NDArray[np.float64],
    columns: tuple[str, ...],
    ridge: float = RIDGE,
) -> NoneOfThese:
    """Fit a logistic regression with a ridge, the two kinds of lists weighted alike.

    Parameters
    ----------
    features
        From `none_of_these.list_features`, shape (n_lists, n_features); NaN where not known.
    is_missing
        Which lists lack the right structure, shape (n_lists,).
    weights
        How much each list counts, shape (n_lists,).
    columns
        The evidence that the features are made of.
    ridge
        Penalty of the squared weights.
    """
    known = ~np.isnan(features)
    n_known = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, features, 0.0).sum(axis=0) / n_known
    spreads = np.sqrt((np.where(known, features - means, 0.0) ** 2).sum(axis=0) / n_known)
    spreads = np.maximum(spreads, 1e-6)
    x = standardized(features, means, spreads)
    balanced = np.where(is_missing, weights / weights[is_missing].sum(), weights / weights[~is_missing].sum()) / 2.0

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = x @ parameters[:-1] + parameters[-1]
        surprise = np.logaddexp(0.0, np.where(is_missing, -log_odds, log_odds))
        pull = balanced * (expit(log_odds) - is_missing)
        gradient = np.append(x.T @ pull + 2.0 * ridge * parameters[:-1], pull.sum())
        return float(balanced @ surprise + ridge * (parameters[:-1] ** 2).sum()), gradient

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return NoneOfThese(columns, means, spreads, found[:-1], float(found[-1]))
