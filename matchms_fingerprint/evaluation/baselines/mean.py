"""The mean fingerprint: what can be said without looking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines.restriction import is_of_mode
from matchms_fingerprint.evaluation.predictor import ArrayPredictor
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra

_ION_MODES = (-1, 0, 1)
_STRUCTURES_AT_A_TIME = 2048


class MeanFingerprint(ArrayPredictor):
    """Predicts the share of training structures that have each bit, measured in the ion mode of the spectrum.

    A structure counts once, however many spectra it has. A spectrum of unknown ion mode, or of one that no training
    spectrum has, gets the mean over all training structures.

    Parameters
    ----------
    data
        Labelled spectra.
    train
        The training spectra among them, shape (n_training_spectra,).

    Raises
    ------
    SettingsError
        If there are no training spectra.
    """

    def __init__(self, data: LabelledSpectra, train: NDArray[np.int64]) -> None:
        super().__init__(data.fingerprint.n_bits)
        require_training_spectra(train)
        modes, structure = data.spectra.ion_mode[train], data.structure[train]
        of_mode = [np.unique(structure[is_of_mode(modes, mode)]) for mode in _ION_MODES]
        everything = of_mode[_ION_MODES.index(0)]
        chosen = [structures if structures.size else everything for structures in of_mode]
        self.means = np.stack([mean_bits(data.fingerprints[structures], self.n_bits) for structures in chosen])

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return the mean fingerprint of the ion mode of each spectrum, shape (n_spectra, n_bits), float32."""
        means: NDArray[np.float32] = self.means[np.searchsorted(_ION_MODES, spectra.ion_mode)]
        return means


def mean_bits(packed: NDArray[np.uint64], n_bits: int) -> NDArray[np.float32]:
    """Return the mean of packed fingerprints, shape (n_bits,), float32."""
    total = np.zeros(n_bits, np.int64)
    for start in range(0, len(packed), _STRUCTURES_AT_A_TIME):
        total += unpack_bits(packed[start : start + _STRUCTURES_AT_A_TIME], n_bits).sum(axis=0, dtype=np.int64)
    return (total / max(1, len(packed))).astype(np.float32)


def require_training_spectra(train: NDArray[np.int64]) -> None:
    """Refuse an empty training set."""
    if not train.size:
        raise SettingsError("a baseline needs at least one training spectrum")
