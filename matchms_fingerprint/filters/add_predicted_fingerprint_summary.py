"""What the model sees in a spectrum, as a line of text."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from matchms_fingerprint.models import FingerprintModel

logger = logging.getLogger("matchms")

_SMALLEST_FREQUENCY = 1e-3  # one that rests on a few training structures should not outweigh all others


def add_predicted_fingerprint_summary(
    spectrum_in: Spectrum, model: str = "default", n_substructures: int = 5, clone: bool | None = True
) -> Spectrum | None:
    """Add the most telling substructures that the model predicts, such as `COC(C)=O (0.97); c1ccccc1 (0.94)`.

    Listed are bits that the model predicts as set, each as the substructure that it most often stands for ("bit 123"
    where the model does not say), with its probability. Bits that nearly every molecule has say nothing: they are
    ranked by the information that the prediction adds to the bit's frequency among the training structures
    (Kullback-Leibler divergence; Kullback and Leibler, Ann. Math. Stat. 1951, 22, 79). This is text alone: arrays in
    the metadata break hashing and MGF export.

    Parameters
    ----------
    spectrum_in
        Input spectrum.
    model
        Name of a shipped model, or the folder of a model bundle; it stays in memory for the following spectra.
    n_substructures
        How many substructures are written at most.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with `predicted_substructures` (text), or unchanged where it has no peaks or no bit is predicted;
        None for None.

    Raises
    ------
    SettingsError
        If `n_substructures` is below 1.
    ModelError
        If the model cannot be loaded.
    """
    if n_substructures < 1:
        raise SettingsError(f"add_predicted_fingerprint_summary: n_substructures is {n_substructures}; give 1 or more")
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    if not (spectrum.peaks.intensities > 0).any():
        logger.info("No predicted substructures were added: the spectrum has no peaks.")
        return spectrum
    loaded = _load(model)
    lines: dict[str, str] = {}
    probabilities = loaded.predict_fingerprints([spectrum])[0].astype(np.float64)
    for bit in _most_telling(probabilities, loaded.bit_threshold, loaded.bit_frequencies).tolist():
        meaning = loaded.bit_meanings.get(bit, f"bit {bit}")
        lines.setdefault(meaning, f"{meaning} ({probabilities[bit]:.2f})")
        if len(lines) == n_substructures:
            break
    if lines:
        spectrum.set("predicted_substructures", "; ".join(lines.values()))
    return spectrum


@lru_cache(maxsize=2)
def _load(model: str) -> FingerprintModel:
    from matchms_fingerprint.models import load_model

    return load_model(model)


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
