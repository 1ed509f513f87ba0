"""Queries and candidates for tests of evidence, made from SMILES."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.chem import FingerprintSpec, fingerprints, get_adduct, standardize
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.mass_accuracy import MassAccuracy
from matchms_fingerprint.features.molecule_graphs import read_smiles
from tests.builders import TINY_FINGERPRINT, make_spectrum

ACCURATE = MassAccuracy(5.0, 0.0006, "given")
NOMINAL = MassAccuracy(0.0, 0.4, "given")


def make_query(
    mz: Sequence[float],
    intensity: Sequence[float] | None = None,
    precursor_mz: float = 195.0877,
    accuracy: MassAccuracy = ACCURATE,
    fingerprint: NDArray[np.float32] | None = None,
    embedding: NDArray[np.float32] | None = None,
    adduct: str = "[M+H]+",
) -> Query:
    """Return a query with some peaks."""
    positive = adduct.endswith("+")
    spectrum = make_spectrum(
        list(mz),
        None if intensity is None else list(intensity),
        precursor_mz=precursor_mz,
        adduct=adduct,
        ionmode="positive" if positive else "negative",
        charge=1 if positive else -1,
    )
    arrays = spectrum_arrays([spectrum])
    return Query(
        mz=arrays.mz,
        intensity=arrays.intensity.astype(np.float64),
        precursor_mz=precursor_mz,
        ion_mode=1 if positive else -1,
        accuracy=accuracy,
        spectrum=arrays,
        fingerprint=np.full(256, 0.1, np.float32) if fingerprint is None else fingerprint,
        embedding=np.ones(1, np.float32) if embedding is None else embedding,
    )


def make_candidates(smiles: Sequence[str], precursor_mz: float = 195.0877, adduct: str = "[M+H]+") -> Candidates:
    """Return candidates with all that is computed of a structure, under one adduct."""
    structures = [standardize(text) for text in smiles]
    known = get_adduct(adduct)
    masses = np.array([s.exact_mass for s in structures])
    calculated = np.array([known.precursor_mz(mass) for mass in masses])
    return Candidates(
        fingerprints=fingerprints((read_smiles(s.smiles) for s in structures), FingerprintSpec.parse(TINY_FINGERPRINT)),
        smiles=[s.smiles for s in structures],
        inchikeys=[s.inchikey for s in structures],
        formulas=[s.formula for s in structures],
        masses=masses,
        charges=np.zeros(len(structures), np.int8),
        adducts=(known,),
        adduct_of=np.zeros(len(structures), np.int64),
        mass_errors_ppm=1e6 * (precursor_mz - calculated) / calculated,
        n_sources=np.ones(len(structures), np.int64),
    )
