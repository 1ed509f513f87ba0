"""What every kind of evidence takes and gives: a spectrum and its candidates in, one row of numbers a candidate out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem import Adduct
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.mass_accuracy import MassAccuracy
from matchms_fingerprint.io.isotope_peaks import IsotopePeaks


@dataclass(frozen=True)
class Query:
    """A spectrum, as evidence sees it.

    Parameters
    ----------
    mz
        Peaks, sorted, shape (n_peaks,), float64, Da.
    intensity
        Relative to the base peak, shape (n_peaks,), float64.
    precursor_mz
        m/z of the precursor ion.
    ion_mode
        1 or -1.
    accuracy
        How far a peak may lie from what it stands for.
    spectrum
        The same spectrum as arrays with its metadata, one row.
    fingerprint
        Predicted probabilities of the bits, shape (n_bits,), float32.
    embedding
        Shape (n_embedding,), float32, at length 1.
    isotope_peaks
        MS1 peaks about the precursor; None where the file has none.
    """

    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]
    precursor_mz: float
    ion_mode: int
    accuracy: MassAccuracy
    spectrum: SpectrumArrays
    fingerprint: NDArray[np.float32]
    embedding: NDArray[np.float32]
    isotope_peaks: IsotopePeaks | None = None

    @classmethod
    def of(
        cls,
        spectrum: SpectrumArrays,
        ion_mode: int,
        accuracy: MassAccuracy,
        fingerprint: NDArray[np.float32],
        embedding: NDArray[np.float32],
        isotope_peaks: IsotopePeaks | None = None,
    ) -> Query:
        """Make a query of arrays with one row."""
        return cls(
            mz=spectrum.mz,
            intensity=spectrum.intensity.astype(np.float64),
            precursor_mz=float(spectrum.precursor_mz[0]),
            ion_mode=ion_mode,
            accuracy=accuracy,
            spectrum=spectrum,
            fingerprint=fingerprint,
            embedding=embedding,
            isotope_peaks=isotope_peaks,
        )


@dataclass(frozen=True)
class Candidates:
    """The candidates of one spectrum.

    Parameters
    ----------
    fingerprints
        Packed, shape (n, n_words), uint64.
    smiles, inchikeys, formulas
        Of each, length n.
    masses
        Exact masses of the neutral structures in Da, shape (n,), float64.
    charges
        Permanent charges, shape (n,), int8.
    adducts, adduct_of
        The adducts that compete, and under which of them each candidate fits, shape (n,), int64.
    mass_errors_ppm
        (measured - calculated) precursor m/z over the calculated one, shape (n,), float64.
    n_sources
        Number of sources that hold each structure, shape (n,), int64.
    """

    fingerprints: NDArray[np.uint64]
    smiles: list[str]
    inchikeys: list[str]
    formulas: list[str]
    masses: NDArray[np.float64]
    charges: NDArray[np.int8]
    adducts: tuple[Adduct, ...]
    adduct_of: NDArray[np.int64]
    mass_errors_ppm: NDArray[np.float64]
    n_sources: NDArray[np.int64]

    def __len__(self) -> int:
        return self.masses.size

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        """Return the candidates at `rows`, in that order."""
        return Candidates(
            fingerprints=self.fingerprints[rows],
            smiles=[self.smiles[i] for i in rows],
            inchikeys=[self.inchikeys[i] for i in rows],
            formulas=[self.formulas[i] for i in rows],
            masses=self.masses[rows],
            charges=self.charges[rows],
            adducts=self.adducts,
            adduct_of=self.adduct_of[rows],
            mass_errors_ppm=self.mass_errors_ppm[rows],
            n_sources=self.n_sources[rows],
        )


class Evidence(Protocol):
    """One kind of evidence."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its numbers, such as `fingerprint_cosine`."""

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """Return the numbers of each candidate, shape (n_candidates, n_columns); higher is better, NaN is missing."""
