"""What is asked: spectra as they are shown, and the structures that are looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.candidates.search import CandidateSlice
from matchms_fingerprint.chem import Adduct, common_adducts, get_adduct
from matchms_fingerprint.constants import ION_MODES
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays, join_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.features.mass_accuracy import MassAccuracy, estimate_accuracy
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.models import FingerprintModel

_BATCH = 256
_SAME_ION_PPM = 50.0


@dataclass(frozen=True)
class Queries:
    """Spectra with what a model says of them, and whose structure is looked for with each.

    Parameters
    ----------
    spectra
        As they are shown.
    rows
        The labelled spectrum in whose place each is shown, shape (n_queries,), int64.
    structure
        The structure that is looked for, shape (n_queries,), int64.
    fingerprints, embeddings
        What the model predicts, shapes (n_queries, n_bits) and (n_queries, n_embedding), float32.
    accuracies
        Of the fragment masses.
    adducts
        Of each query.
    """

    spectra: SpectrumArrays
    rows: NDArray[np.int64]
    structure: NDArray[np.int64]
    fingerprints: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    accuracies: list[MassAccuracy]
    adducts: list[Adduct]

    def __len__(self) -> int:
        return self.rows.size

    def take(self, chosen: NDArray[np.int64]) -> Queries:
        """Return the queries at some positions."""
        return Queries(
            spectra=self.spectra.take(chosen),
            rows=self.rows[chosen],
            structure=self.structure[chosen],
            fingerprints=self.fingerprints[chosen],
            embeddings=self.embeddings[chosen],
            accuracies=[self.accuracies[i] for i in chosen.tolist()],
            adducts=[self.adducts[i] for i in chosen.tolist()],
        )

    def query(self, i: int) -> Query:
        """Return query number `i` as evidence sees it."""
        return Query.of(
            self.spectra.take(np.array([i])),
            1 if self.adducts[i].charge > 0 else -1,
            self.accuracies[i],
            self.fingerprints[i],
            self.embeddings[i],
        )


def ask(
    model: FingerprintModel,
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    shown: SpectrumArrays | None = None,
    cache: Path | None = None,
    advance: Callable[[str, int, int], None] = lambda *_: None,
) -> Queries:
    """Let a model predict, and gather what evidence needs to know of each spectrum.

    Parameters
    ----------
    model
        The model.
    data
        Labelled spectra.
    rows
        Those whose structures are looked for.
    shown
        What is shown in their place, as controls do it; None shows them themselves.
    cache
        Folder where predictions are kept; None keeps nothing.
    advance
        Told about the progress.
    """
    spectra = data.spectra.take(rows) if shown is None else shown
    parts = []
    for done, batch in enumerate(spectra.batches(_BATCH)):
        parts.append(_predict(model, batch, cache))
        advance("predicting", done * _BATCH + len(batch), len(spectra))
    return Queries(
        spectra=spectra,
        rows=rows,
        structure=data.structure[rows],
        fingerprints=np.concatenate([fingerprints for fingerprints, _ in parts]),
        embeddings=np.concatenate([embeddings for _, embeddings in parts]),
        accuracies=estimate_accuracy(spectra),
        adducts=[adduct_of(data.spectra, int(row), float(data.masses[data.structure[row]])) for row in rows],
    )


def _predict(
    model: FingerprintModel, spectra: SpectrumArrays, cache: Path | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return fingerprints and embeddings of one batch, from the cache where they are there."""
    path = None
    if cache is not None:
        digest = hashlib.sha256(model.sha256.encode())
        for item in fields(spectra):
            digest.update(np.ascontiguousarray(getattr(spectra, item.name)).tobytes())
        path = cache / "predictions" / f"{digest.hexdigest()[:24]}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                return stored["fingerprints"], stored["embeddings"]
    outputs = list(model.network.outputs(spectra, _BATCH))
    fingerprints = np.concatenate([probabilities.numpy() for probabilities, _ in outputs])
    embeddings = np.concatenate([embedding.numpy() for _, embedding in outputs])
    if path is not None:
        with atomic_file(path) as partial, open(partial, "wb") as handle:
            np.savez(handle, fingerprints=fingerprints, embeddings=embeddings)
    return fingerprints, embeddings


def join_queries(parts: list[Queries]) -> Queries:
    """Join queries into one list, in their order."""
    return Queries(
        spectra=join_arrays([part.spectra for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        structure=np.concatenate([part.structure for part in parts]),
        fingerprints=np.concatenate([part.fingerprints for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        accuracies=[accuracy for part in parts for accuracy in part.accuracies],
        adducts=[adduct for part in parts for adduct in part.adducts],
    )


def adduct_of(spectra: SpectrumArrays, row: int, mass: float) -> Adduct:
    """Return the adduct of a spectrum, which counts as known.

    Where the arrays do not tell it, it is the common one that fits the precursor and the mass (Da) of the structure,
    else the protonated or deprotonated molecule.
    """
    if spectra.adduct[row]:
        return get_adduct(ADDUCTS[spectra.adduct[row]])
    common = common_adducts(ION_MODES[int(spectra.ion_mode[row] < 0)])
    mz = spectra.precursor_mz[row]
    for adduct in common:
        if abs(adduct.precursor_mz(mass) - mz) < mz * _SAME_ION_PPM * 1e-6:
            return adduct
    return common[0]


def candidates_of(found: CandidateSlice) -> Candidates:
    """Return the candidates of a structure as evidence sees them, without what depends on the query."""
    n = len(found)
    return Candidates(
        fingerprints=found.fingerprints,
        smiles=found.smiles,
        inchikeys=found.inchikeys,
        formulas=found.formulas,
        masses=found.exact_masses,
        charges=found.charges,
        adducts=(),
        adduct_of=np.zeros(n, np.int64),
        mass_errors_ppm=np.zeros(n),
        n_sources=np.asarray(found.n_sources, np.int64),
    )


def for_query(candidates: Candidates, adduct: Adduct, precursor_mz: float) -> Candidates:
    """Return candidates under an adduct, with their mass errors."""
    calculated = np.asarray(adduct.precursor_mz(candidates.masses))  # type: ignore[arg-type]  # plain arithmetic
    errors = 1e6 * (precursor_mz - calculated) / calculated
    return replace(candidates, adducts=(adduct,), mass_errors_ppm=errors)
