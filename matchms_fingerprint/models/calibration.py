"""From scores to probabilities, with what the validation and training data say about them."""

from __future__ import annotations

import numpy as np

from matchms_fingerprint.kernels.types import FloatArray


def softmax_scores(score: str, values: FloatArray) -> FloatArray:
    """Return scores on the scale on which their differences are evidence.

    A likelihood multiplies, so its logarithm is what a softmax takes; cosine and Tanimoto stay as they are.

    Parameters
    ----------
    score
        Name of the score, one of `kernels.tanimoto.SCORES`.
    values
        Scores, shape (n,), float64.
    """
    return np.log(values) if score == "log_likelihood" else values


def log_adduct_priors(
    frequencies: dict[str, float], adducts: list[str], flattening: float = 1.0, floor: float = 1e-3
) -> dict[str, float]:
    """Return the logarithm of the prior probability of each adduct that a feature may have.

    Parameters
    ----------
    frequencies
        Share of each adduct among the training spectra of the ion mode.
    adducts
        Names of the adducts that compete.
    flattening
        Power applied to the shares: 1 takes them as they are, 0 makes all adducts equal.
    floor
        Share of an adduct that the training data do not have.

    Returns
    -------
    dict
        Adduct -> natural logarithm of its share among `adducts`.
    """
    shares = np.array([max(frequencies.get(name, 0.0), floor) for name in adducts]) ** flattening
    return dict(zip(adducts, np.log(shares / shares.sum()).tolist(), strict=True))
