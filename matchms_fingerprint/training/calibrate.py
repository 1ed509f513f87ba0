"""Softmax temperatures: how much a difference in score is worth, fitted on the validation fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from matchms_fingerprint.kernels.types import FloatArray

DEFAULT_TEMPERATURE = 0.05
"""Where there is nothing to fit on."""


def fit_temperature(scores: Sequence[FloatArray], correct: Sequence[NDArray[np.bool_]]) -> float:
    """Fit the temperature with which the softmax over candidates gives the right one the highest likelihood.

    Parameters
    ----------
    scores
        Per spectrum the scores of its candidates, shape (n_candidates,).
    correct
        Per spectrum which candidates are right; spectra without a right one, or with a single candidate, say nothing.

    Returns
    -------
    float
        Temperature between 0.001 and 10; `DEFAULT_TEMPERATURE` where fewer than 20 spectra say something.
    """
    informative = [(s, c) for s, c in zip(scores, correct, strict=True) if c.any() and s.size > 1]
    if len(informative) < 20:
        return DEFAULT_TEMPERATURE

    def negative_log_likelihood(log_temperature: float) -> float:
        temperature = np.exp(log_temperature)
        losses = [logsumexp(s / temperature) - logsumexp(s[c] / temperature) for s, c in informative]
        return float(np.mean(losses))

    result = minimize_scalar(negative_log_likelihood, bounds=(np.log(1e-3), np.log(10.0)), method="bounded")
    return float(np.exp(result.x))
