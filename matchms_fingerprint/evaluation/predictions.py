"""What the model and the nearest neighbour say of some spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.baselines import NearestNeighbourFingerprint
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.network import Network

BATCH = 1024


def predict_rows(network: Network, data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the probabilities that a network gives for the spectra at `rows`, shape (n_rows, n_bits), float32."""
    return predict_spectra(network, data.spectra.take(rows))


def predict_spectra(network: Network, spectra: SpectrumArrays) -> NDArray[np.float32]:
    """Return the probabilities that a network gives for spectra, shape (n_spectra, n_bits), float32."""
    return np.concatenate([probabilities.numpy() for probabilities, _ in network.outputs(spectra, BATCH)])


def copy_nearest(data: LabelledSpectra, train: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the bits of the nearest training spectrum of each spectrum.

    A spectrum that has no peak in common with any gets the bits that more than half of the training structures have.
    """
    nearest = NearestNeighbourFingerprint(data, train)
    return (nearest.predict_probabilities(data.spectra.take(rows)) > nearest.bit_threshold).astype(np.uint8)
