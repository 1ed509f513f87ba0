"""A predicted fingerprint in words: the substructures behind its most telling bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.models.fingerprint_model import FingerprintModel

_SMALLEST_FREQUENCY = 1e-3  # one that rests on a few training structures should not outweigh all others


def predicted_substructures(
    model: FingerprintModel, probabilities: NDArray[np.float32], most: int
) -> list[tuple[str, float]]:
    """Return the substructures that a model sees in a spectrum, each with its probability, the most telling first.

    Parameters
    ----------
    model
        The model, with what its bits stand for.
    probabilities
        What it predicted, shape (n_bits,), float32.
    most
        How many to return at most.

    Returns
    -------
    list of tuple
        SMILES (or "bit 17" where the meaning is not known) and probability; each substructure once.
    """
    found: dict[str, float] = {}
    p = probabilities.astype(np.float64)
    for bit in _most_telling(p, model.bit_threshold, model.bit_frequencies).tolist():
        found.setdefault(model.bit_meanings.get(bit, f"bit {bit}"), float(p[bit]))
        if len(found) == most:
            break
    return list(found.items())


def _most_telling(
    probabilities: NDArray[np.float64], threshold: float, frequencies: NDArray[np.float32] | None
) -> NDArray[np.intp]:
    """Return the predicted bits, those first whose probability says most beyond their frequency."""
    if frequencies is None:
        bits = np.flatnonzero(probabilities > threshold)
        return bits[np.argsort(-probabilities[bits], kind="stable")]
    f = frequencies.astype(np.float64).clip(_SMALLEST_FREQUENCY, 1 - _SMALLEST_FREQUENCY)
    p = probabilities.clip(1e-9, 1 - 1e-9)
    information = p * np.log(p / f) + (1 - p) * np.log((1 - p) / (1 - f))
    bits = np.flatnonzero((probabilities > threshold) & (probabilities > f))
    return bits[np.argsort(-information[bits], kind="stable")]
