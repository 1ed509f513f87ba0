"""How much each of several neighbours counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError

WEIGHTS = ("uniform", "similarity", "softmax", "rank")


def neighbour_weights(
    similarities: NDArray[np.float64], is_found: NDArray[np.bool_], weights: str, temperature: float = 0.1
) -> NDArray[np.float64]:
    """Return the weights of neighbours; those of a spectrum sum to 1, or to 0 where it has none.

    Parameters
    ----------
    similarities
        Best first, shape (n_spectra, k).
    is_found
        Which places hold a neighbour, shape (n_spectra, k).
    weights
        All the same (`uniform`); in proportion to the `similarity`, one below 0 counting as 0; to
        exp(similarity / temperature) (`softmax`); or to 1, 1/2, 1/3, ... (`rank`).
    temperature
        Of the softmax.

    Raises
    ------
    SettingsError
        If there are no such weights.
    """
    if weights == "uniform":
        raw = np.ones_like(similarities)
    elif weights == "similarity":
        raw = np.maximum(similarities, 0.0)
        # neighbours none of which is similar count the same
        raw[(raw * is_found).sum(axis=1) == 0] = 1.0
    elif weights == "softmax":
        highest = np.max(similarities, axis=1, where=is_found, initial=-np.inf, keepdims=True)
        raw = np.exp(np.minimum(similarities - np.where(np.isfinite(highest), highest, 0.0), 0.0) / temperature)
    elif weights == "rank":
        raw = np.broadcast_to(1.0 / np.arange(1, similarities.shape[1] + 1), similarities.shape)
    else:
        raise SettingsError(f"weights {weights!r} are none of {', '.join(WEIGHTS)}")
    raw = raw * is_found
    total = raw.sum(axis=1, keepdims=True)
    return np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)
