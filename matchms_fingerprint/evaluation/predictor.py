"""What models and baselines have in common: spectra in, probabilities of fingerprint bits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.metrics import best_bit_threshold
from matchms_fingerprint.features.arrays import SpectrumArrays, spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra

BATCH_SIZE = 2048


@runtime_checkable
class Predictor(Protocol):
    """Predicts fingerprints; `FingerprintModel` is one, and so is every baseline."""

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return the probability of each bit, shape (n_spectra, n_bits), float32."""

    def predict_fingerprints(self, spectra: Iterable[Spectrum], binary: bool = False) -> NDArray[Any]:
        """Return probabilities (float32) or bits (uint8), shape (n_spectra, n_bits)."""


class ArrayPredictor(ABC):
    """A predictor that reads arrays; what reads matchms spectra follows from that.

    Parameters
    ----------
    n_bits
        Length of the fingerprints.

    Attributes
    ----------
    bit_threshold
        Probability above which a bit counts as set; `choose_threshold` finds the best on validation data.
    """

    def __init__(self, n_bits: int) -> None:
        self.n_bits = n_bits
        self.bit_threshold = 0.5

    @abstractmethod
    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return the probability of each bit, shape (n_spectra, n_bits), float32."""

    def predict_fingerprints(self, spectra: Iterable[Spectrum], binary: bool = False) -> NDArray[Any]:
        """Predict the fingerprint of the compound behind each spectrum.

        Parameters
        ----------
        spectra
            matchms spectra. Their formula is not looked at: it counts as given only in arrays that hold it.
        binary
            Return bits instead of probabilities: those above `bit_threshold`.

        Returns
        -------
        ndarray of shape (n_spectra, n_bits)
            float32 probabilities, or uint8 bits.
        """
        remaining = iter(spectra)
        parts: list[NDArray[Any]] = [np.empty((0, self.n_bits), np.uint8 if binary else np.float32)]
        while batch := list(islice(remaining, BATCH_SIZE)):
            predicted = self.predict_probabilities(spectrum_arrays(batch))
            parts.append((predicted > self.bit_threshold).astype(np.uint8) if binary else predicted)
        return np.concatenate(parts)

    def choose_threshold(self, data: LabelledSpectra, rows: NDArray[np.int64]) -> float:
        """Set `bit_threshold` to what gives the highest mean Tanimoto on validation spectra, and return it.

        Parameters
        ----------
        data
            Labelled spectra.
        rows
            Those to choose it on; never those that the result is measured on.
        """
        self.bit_threshold, _ = best_bit_threshold(self.predict_probabilities(data.spectra.take(rows)), data.bits(rows))
        return self.bit_threshold
