"""What the precursor mass gives away on its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matchms_fingerprint.chem.adducts import get_adduct
from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.constants import PROTON_MASS
from matchms_fingerprint.evaluation.baselines.mean import MeanFingerprint
from matchms_fingerprint.evaluation.baselines.restriction import is_of_mode
from matchms_fingerprint.evaluation.predictor import ArrayPredictor
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra

_NOMINAL_STEP_DA = 1.0005
"""Mean distance of the nominal masses of organic compounds."""

_MASSES_AT_A_TIME = 256


class MassScale(NamedTuple):
    """A Gaussian neighbourhood in mass; a width may be infinite.

    Attributes
    ----------
    mass_da
        Standard deviation of the difference of masses, in Da.
    defect_da
        Standard deviation of the difference of mass defects: what the difference of masses is off the nearest multiple
        of 1.0005 Da. Homologues differ little in it.
    mass_ppm
        Standard deviation of the difference of masses, in ppm.
    strength
        How many structures the estimate of the next wider scale counts for.
    """

    mass_da: float
    defect_da: float
    mass_ppm: float
    strength: float


SCALES = (
    MassScale(20.0, np.inf, np.inf, 5.0),
    MassScale(50.0, 0.01, np.inf, 2.0),
    MassScale(np.inf, np.inf, 5.0, 0.2),
    MassScale(np.inf, np.inf, 1.0, 0.1),
)
"""From wide to narrow; chosen for the Tanimoto on the validation spectra of `fold_inchikey` and `fold_random`."""


class PrecursorMassModel(ArrayPredictor):
    """Predicts from precursor m/z, adduct and ion mode alone, without a peak.

    The neutral mass follows from m/z and adduct (one proton where the adduct is not known). The estimate starts with
    the mean fingerprint and is narrowed scale by scale: at each one, the training structures in the neighbourhood of
    the mass are averaged, and what is known from the wider scale counts as `strength` further structures. So a compound
    of the very same mass decides where there is one, and otherwise those of similar mass and mass defect do. What a
    model gains over this baseline it owes to the peaks.

    Parameters
    ----------
    data
        Labelled spectra.
    train
        The training spectra among them, shape (n_training_spectra,).
    scales
        Neighbourhoods from wide to narrow.
    other_mode_weight
        What a structure counts that was measured in the other ion mode only, 0 to 1.

    Raises
    ------
    SettingsError
        If there are no training spectra.
    """

    def __init__(
        self,
        data: LabelledSpectra,
        train: NDArray[np.int64],
        scales: tuple[MassScale, ...] = SCALES,
        other_mode_weight: float = 0.3,
    ) -> None:
        super().__init__(data.fingerprint.n_bits)
        self.mean = MeanFingerprint(data, train)
        self.scales = scales
        structures = np.unique(data.structure[train])
        self._masses = data.masses[structures]
        self._bits = csr_matrix(unpack_bits(data.fingerprints[structures], self.n_bits)).astype(np.float64)
        self._weights = {}
        for mode in (-1, 0, 1):
            of_mode = data.structure[train[is_of_mode(data.spectra.ion_mode[train], mode)]]
            self._weights[mode] = np.where(np.isin(structures, of_mode), 1.0, other_mode_weight)

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return what the precursors let expect, shape (n_spectra, n_bits), float32.

        A spectrum of unknown precursor m/z gets the mean fingerprint of its ion mode.
        """
        probabilities = self.mean.predict_probabilities(spectra)
        masses = neutral_masses(spectra)
        for mode in np.unique(spectra.ion_mode).tolist():
            rows = np.flatnonzero((spectra.ion_mode == mode) & np.isfinite(masses))
            distinct, place = np.unique(masses[rows], return_inverse=True)
            for start in range(0, distinct.size, _MASSES_AT_A_TIME):
                some = distinct[start : start + _MASSES_AT_A_TIME]
                here = (place >= start) & (place < start + some.size)
                prior = self.mean.means[np.searchsorted((-1, 0, 1), mode)]
                narrowed = self._narrow(some, self._weights[mode], prior)
                probabilities[rows[here]] = narrowed[place[here] - start]
        return probabilities

    def _narrow(
        self, masses: NDArray[np.float64], weights: NDArray[np.float64], prior: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        estimate = np.tile(prior.astype(np.float64), (masses.size, 1))
        apart = self._masses - masses[:, None]
        defect = apart - _NOMINAL_STEP_DA * np.rint(apart / _NOMINAL_STEP_DA)
        for scale in self.scales:
            ppm_da = 1e-6 * scale.mass_ppm * np.abs(masses[:, None])
            squares = (apart / scale.mass_da) ** 2 + (defect / scale.defect_da) ** 2 + (apart / ppm_da) ** 2
            kernel = np.exp(-squares / 2) * weights
            total = kernel.sum(axis=1, keepdims=True) + scale.strength
            estimate = (kernel @ self._bits + scale.strength * estimate) / total
        return estimate


def neutral_masses(spectra: SpectrumArrays) -> NDArray[np.float64]:
    """Return the mass of the molecule behind each precursor in Da, NaN where its m/z is not known.

    Where the adduct is not known, the molecule is taken to have lost (negative mode) or gained one proton.
    """
    signs = np.where(spectra.ion_mode < 0, -1.0, 1.0)
    masses = spectra.precursor_mz - signs * PROTON_MASS
    for index, name in enumerate(ADDUCTS[1:], start=1):
        rows = np.flatnonzero(spectra.adduct == index)
        adduct = get_adduct(name)
        masses[rows] = (spectra.precursor_mz[rows] * abs(adduct.charge) - adduct.mass_shift) / adduct.n_molecules
    return masses
