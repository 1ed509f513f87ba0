"""What the model sees in a spectrum, as a line of text."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from matchms_fingerprint.models import FingerprintModel

logger = logging.getLogger("matchms")


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
    from matchms_fingerprint.models.predicted_substructures import predicted_substructures

    loaded = _load(model)
    found = predicted_substructures(loaded, loaded.predict_fingerprints([spectrum])[0], n_substructures)
    lines = [f"{meaning} ({probability:.2f})" for meaning, probability in found]
    if lines:
        spectrum.set("predicted_substructures", "; ".join(lines))
    return spectrum


@lru_cache(maxsize=2)
def _load(model: str) -> FingerprintModel:
    from matchms_fingerprint.models import load_model

    return load_model(model)
