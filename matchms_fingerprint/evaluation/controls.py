"""Controls that a retrieval figure must stand above, since the candidates alone give something away.

Measured molecules look different from the molecules of a database, so a ranking that never sees the spectrum can score
well (Gupta & Skinnider 2026).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.errors import LibraryError
from matchms_fingerprint.evaluation.predictor import ArrayPredictor, Predictor
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import bit_sums
from matchms_fingerprint.kernels.types import FloatArray, WordArray


class SpectrumBlind:
    """Ranks candidates by how much they look like measured molecules: logistic regression on fingerprint bits.

    Parameters
    ----------
    measured
        Packed fingerprints of the training structures, shape (n_structures, n_words), uint64.
    masses
        Their exact masses in Da, shape (n_structures,).
    known
        Packed fingerprints that are no decoys: those of all structures of the data, the held-out ones too.
    library
        Decoys of equal mass are drawn from it.
    n_decoys
        Decoys per measured structure.
    tolerance_ppm
        Mass window of the decoys.
    seed
        Seed of the draws.
    """

    def __init__(
        self,
        measured: NDArray[np.uint64],
        masses: NDArray[np.float64],
        known: NDArray[np.uint64],
        library: CandidateLibrary,
        n_decoys: int = 3,
        tolerance_ppm: float = 10.0,
        seed: int = 0,
    ) -> None:
        rng = np.random.default_rng(seed)
        not_decoys = {row.tobytes() for row in known}
        decoys = []
        for mass in masses:
            found = library.search(neutral_mass=float(mass), tolerance_ppm=tolerance_ppm).fingerprints
            drawn = rng.permutation(len(found))
            decoys += [row for row in found[drawn[:50]] if row.tobytes() not in not_decoys][:n_decoys]
        if not decoys:
            raise LibraryError(
                f"{library.path}: holds no decoys of the masses of the training structures; give a larger library"
            )
        n_bits = library.fingerprint.n_bits
        bits = vstack(
            [csr_matrix(unpack_bits(measured, n_bits)), csr_matrix(unpack_bits(np.array(decoys), n_bits))]
        ).astype(np.float32)
        labels = np.repeat([1, 0], [len(measured), len(decoys)])
        fitted = LogisticRegression(C=0.1, max_iter=200).fit(bits, labels)
        self.weights = fitted.coef_[0].astype(np.float64)

    def score(self, _: FloatArray, packed: WordArray) -> FloatArray:
        """Return the score of each candidate; the prediction is not looked at."""
        return bit_sums(self.weights, packed)


class ShuffledSpectra:
    """Shows a predictor, for each spectrum, that of another compound of about the same precursor m/z.

    See `foreign_spectra`. The predictor sees real spectra, with the metadata that belong to them; what it still gets
    right it owes to the precursor mass and to the candidates.

    Parameters
    ----------
    predictor
        A model or a baseline.
    data
        Labelled spectra; the other spectra are found among them.
    reach
        How many neighbours in precursor m/z to look at, on either side.
    """

    def __init__(self, predictor: Predictor, data: LabelledSpectra, reach: int = 500) -> None:
        self.predictor = predictor
        self.data = data
        self.reach = reach

    def shown(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which spectrum is shown in the place of each of `rows`, shape (n_rows,), int64."""
        spectra = self.data.spectra
        return foreign_spectra(spectra.precursor_mz, self.data.structure, spectra.ion_mode, rows, self.reach)

    def predict_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the predictor says of the other spectra, shape (n_rows, n_bits), float32."""
        return self.predictor.predict_probabilities(self.data.spectra.take(self.shown(rows)))


class ShuffledPeaks(ArrayPredictor):
    """Shows a predictor spectra that keep their metadata, with the peaks of others of the same ion mode.

    Unlike `ShuffledSpectra`, peaks and precursor have nothing to do with each other: this is what metadata alone give,
    to a predictor that expects peaks. Peaks are exchanged among the spectra of a call; one that is alone in its ion
    mode keeps its own.

    Parameters
    ----------
    predictor
        A model or a baseline.
    n_bits
        Length of its fingerprints.
    seed
        Seed of the exchange.
    """

    def __init__(self, predictor: Predictor, n_bits: int, seed: int = 0) -> None:
        super().__init__(n_bits)
        self.predictor = predictor
        self.seed = seed

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return what the predictor says once peaks are exchanged, shape (n_spectra, n_bits), float32."""
        return self.predictor.predict_probabilities(self.exchange(spectra))

    def exchange(self, spectra: SpectrumArrays) -> SpectrumArrays:
        """Return the spectra with their peaks exchanged."""
        rng = np.random.default_rng(self.seed)
        source = np.arange(len(spectra))
        for mode in np.unique(spectra.ion_mode):
            circle = rng.permutation(np.flatnonzero(spectra.ion_mode == mode))
            source[circle] = np.roll(circle, 1)
        peaks = spectra.take(source)
        return replace(
            spectra,
            mz=peaks.mz,
            intensity=peaks.intensity,
            offsets=peaks.offsets,
            # a formula that was found by the peaks goes with them
            formula=np.full(len(spectra), "", np.str_),
            formula_confidence=np.full(len(spectra), np.nan, np.float32),
        )


def foreign_spectra(
    precursor_mz: NDArray[np.float64],
    structure: NDArray[np.int64],
    ion_mode: NDArray[np.int8],
    rows: NDArray[np.int64],
    reach: int = 500,
) -> NDArray[np.int64]:
    """Find for each of `rows` the spectrum of another structure that is nearest in precursor m/z.

    A model that reads the spectrum does clearly worse on these; what remains is owed to the precursor mass and to the
    candidates.

    Parameters
    ----------
    precursor_mz, structure, ion_mode
        Of all spectra, shape (n_spectra,).
    rows
        Spectra to find another one for.
    reach
        How many neighbours on either side to look at.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        Position of the other spectrum, of the same ion mode; the spectrum itself where there is none in reach.
    """
    other = rows.copy()
    for mode in np.unique(ion_mode[rows]):
        ordered = np.flatnonzero(ion_mode == mode)
        ordered = ordered[np.argsort(precursor_mz[ordered], kind="stable")]
        place_of = np.full(precursor_mz.size, -1)
        place_of[ordered] = np.arange(ordered.size)
        for i in np.flatnonzero(ion_mode[rows] == mode):
            row, place = rows[i], place_of[rows[i]]
            near = ordered[max(0, place - reach) : place + reach + 1]
            near = near[structure[near] != structure[row]]
            if near.size:
                other[i] = near[np.abs(precursor_mz[near] - precursor_mz[row]).argmin()]
    return other
