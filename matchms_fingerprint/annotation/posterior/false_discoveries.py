"""How many annotations of a run are false, as far as their probabilities tell.

Where probabilities are calibrated, the expected number of false ones among some is the sum of 1 - p (Käll et al.,
J. Proteome Res. 7 (2008) 40).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-12  # of a mean of probabilities


def expected_false(probabilities: NDArray[np.float64], min_probability: float = 0.0) -> tuple[int, float]:
    """Return how many annotations are at least this probable, and how many of them are expected to be false.

    Parameters
    ----------
    probabilities
        Probability of the annotation of each feature of a run, shape (n_features,).
    min_probability
        Threshold.
    """
    kept = probabilities[probabilities >= min_probability]
    return int(kept.size), float((1.0 - kept).sum())


def q_values(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each annotation the lowest false discovery rate of a threshold that keeps it.

    Parameters
    ----------
    probabilities
        Probability of the annotation of each feature of a run, shape (n_features,).

    Returns
    -------
    ndarray of shape (n_features,), float64
        Equal probabilities have equal q-values; a lower probability never has a lower one.
    """
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    rates = np.cumsum(1.0 - ordered) / np.arange(1, ordered.size + 1)
    # equal probabilities are kept or left together
    last_of_equals = np.searchsorted(-ordered, -ordered, side="right") - 1
    found = np.empty(ordered.size)
    found[order] = rates[last_of_equals] if ordered.size else rates
    return found


def threshold_for(probabilities: NDArray[np.float64], rate: float) -> float:
    """Return the lowest probability at which the expected false discovery rate is at most `rate`; inf for none."""
    kept = probabilities[q_values(probabilities) <= rate + _ROUNDING]
    return float(kept.min()) if kept.size else float("inf")
