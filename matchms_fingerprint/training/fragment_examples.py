"""Explained peaks of measured spectra, by the true structures and by decoys of equal mass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from matchms_fingerprint.annotation.evidence.fragment_items import (
    FEATURES,
    TABLES,
    Explanations,
    charge_carriers,
    explain,
    peak_list,
)
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem import get_adduct
from matchms_fingerprint.chem.fragments import read_fragments
from matchms_fingerprint.errors import LibraryError
from matchms_fingerprint.evaluation.controls import SpectrumBlind
from matchms_fingerprint.evaluation.retrieval import benchmark_rows
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.features.mass_accuracy import estimate_accuracy
from matchms_fingerprint.kernels.tanimoto import bit_sums

SPECTRA_PER_STRUCTURE = 3
TOLERANCE_PPM = 10.0
"""Mass window of the decoys."""

_FOR_BLIND = 2500  # structures that the classifier is fitted on


@dataclass(frozen=True, eq=False)
class FragmentExamples:
    """Spectra with their candidates, the true structure first, and the peaks that each explains.

    Parameters
    ----------
    structure
        Number of the true structure of each spectrum, shape (n_spectra,), int64.
    n_candidates, n_peaks
        Of each spectrum, shape (n_spectra,), int64; peaks that were to be explained.
    spectra, candidates
        Spectrum of each explained peak, and candidate of this spectrum, shape (n_items,), int64; spectra ascend.
    features, keys
        See `Explanations`.
    """

    structure: NDArray[np.int64]
    n_candidates: NDArray[np.int64]
    n_peaks: NDArray[np.int64]
    spectra: NDArray[np.int64]
    candidates: NDArray[np.int64]
    features: NDArray[np.float32]
    keys: NDArray[np.uint32]


def fragment_examples(
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    library: CandidateLibrary,
    n_decoys: int,
    seed: int = 0,
    progress: bool = False,
) -> FragmentExamples:
    """Explain the peaks of some spectra by their structures and by decoys.

    At most `SPECTRA_PER_STRUCTURE` of each structure are taken, of known adduct.

    Parameters
    ----------
    data
        Labelled spectra.
    rows
        Spectra to choose from; only these, and their structures, are looked at.
    library
        Decoys come from it; no structure of the data is a decoy, of whatever fold.
    n_decoys
        Most decoys of each structure.
    seed
        Of all that is drawn.
    progress
        Show a progress bar on stderr.

    Raises
    ------
    LibraryError
        If the library has another fingerprint than the data, or no decoys.
    """
    if library.fingerprint != data.fingerprint:
        raise LibraryError(f"{library.path}: holds the fingerprint {library.fingerprint}, the data {data.fingerprint}")
    spectra = data.spectra
    usable = rows[(spectra.adduct[rows] > 0) & (spectra.ion_mode[rows] != 0) & (spectra.precursor_mz[rows] > 0)]
    chosen = benchmark_rows(usable, data.structure, np.diff(spectra.offsets), SPECTRA_PER_STRUCTURE, seed)
    chosen = chosen[np.argsort(data.structure[chosen], kind="stable")]
    decoys = draw_decoys(data, np.unique(data.structure[chosen]), library, n_decoys, seed)
    if not any(decoys.values()):
        raise LibraryError(f"{library.path}: holds no decoys of the masses of the training structures")
    found = list(_explained(data, chosen, decoys, progress))
    sizes = np.array([each.peaks.size for each, _, _ in found], np.int64)
    nothing = [np.empty((0, len(FEATURES)), np.float32), np.empty((0, len(TABLES)), np.uint32)]
    return FragmentExamples(
        structure=data.structure[chosen],
        n_candidates=np.array([n for _, n, _ in found], np.int64),
        n_peaks=np.array([n for _, _, n in found], np.int64),
        spectra=np.repeat(np.arange(len(found)), sizes),
        candidates=np.concatenate([np.empty(0, np.int64), *(each.candidates for each, _, _ in found)]),
        features=np.concatenate([nothing[0], *(each.features for each, _, _ in found)]),
        keys=np.concatenate([nothing[1], *(each.keys for each, _, _ in found)]),
    )


def draw_decoys(
    data: LabelledSpectra, structures: NDArray[np.int64], library: CandidateLibrary, n: int, seed: int
) -> dict[int, list[str]]:
    """Draw structures of equal mass from a library, those that look measured more often.

    The odds are those of a classifier that sees no spectrum, `SpectrumBlind`, so that it could not tell the decoys from
    the true structures.

    Returns
    -------
    dict of int to list of str
        SMILES of the decoys of each structure, at most `n`; without replacement.
    """
    rng = np.random.default_rng(seed)
    sample = rng.permutation(structures)[:_FOR_BLIND]
    blind = SpectrumBlind(
        data.fingerprints[sample],
        data.masses[sample],
        data.fingerprints,
        library,
        tolerance_ppm=TOLERANCE_PPM,
        seed=seed,
    )
    known = {key[:14] for key in data.inchikeys}
    drawn = {}
    for structure in structures.tolist():
        found = library.search(neutral_mass=float(data.masses[structure]), tolerance_ppm=TOLERANCE_PPM)
        wrong = np.flatnonzero([key[:14] not in known for key in found.inchikeys])
        keys = bit_sums(blind.weights, found.fingerprints[wrong]) + rng.gumbel(size=wrong.size)
        smiles = found.smiles
        drawn[structure] = [smiles[i] for i in wrong[np.argsort(-keys, kind="stable")[:n]].tolist()]
    return drawn


def _explained(
    data: LabelledSpectra, chosen: NDArray[np.int64], decoys: Mapping[int, list[str]], progress: bool
) -> Iterator[tuple[Explanations, int, int]]:
    """Yield what explains each spectrum, with its numbers of candidates and of peaks; rows of a structure follow."""
    spectra = data.spectra.take(chosen)
    structures = data.structure[chosen].tolist()
    accuracies = estimate_accuracy(spectra)
    numbers = range(len(structures))
    console = Console(stderr=True)
    latest = -1
    for i in track(numbers, "fragments", console=console, transient=True) if progress else numbers:
        if structures[i] != latest:
            latest = structures[i]
            molecules = [read_fragments(smiles) for smiles in (data.smiles[latest], *decoys[latest])]
        one = spectra.take(np.array([i]))
        peaks = peak_list(
            one.mz,
            one.intensity.astype(np.float64),
            float(one.precursor_mz[0]),
            int(one.ion_mode[0]),
            accuracies[i],
            float(one.collision_energy[0]),
        )
        carriers = charge_carriers(get_adduct(_adduct_of(one)))
        yield explain(peaks, molecules, [carriers] * len(molecules)), len(molecules), peaks.mz.size


def _adduct_of(spectrum: SpectrumArrays) -> str:
    return ADDUCTS[int(spectrum.adduct[0])]
