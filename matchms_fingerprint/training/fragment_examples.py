"""What fragments say of measured spectra, those of the true structures and of decoys of equal mass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from matchms_fingerprint.annotation.evidence.expected_fragments import EXPECTED_FEATURES, Expectations, expect
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
class Items:
    """Explained peaks, or expected fragments, of several candidates of several spectra.

    Parameters
    ----------
    spectra, candidates
        Spectrum of each, and candidate of this spectrum, shape (n_items,), int64; spectra ascend.
    features, keys
        See `Explanations` and `Expectations`.
    """

    spectra: NDArray[np.int64]
    candidates: NDArray[np.int64]
    features: NDArray[np.float32]
    keys: NDArray[np.uint32]

    @classmethod
    def of(cls, found: Sequence[Explanations] | Sequence[Expectations], n_features: int) -> Items:
        """Return those of all spectra, given for one spectrum after the other."""
        sizes = np.array([each.candidates.size for each in found], np.int64)
        return cls(
            spectra=np.repeat(np.arange(len(found)), sizes),
            candidates=np.concatenate([np.empty(0, np.int64), *(each.candidates for each in found)]),
            features=np.concatenate([np.empty((0, n_features), np.float32), *(each.features for each in found)]),
            keys=np.concatenate([np.empty((0, len(TABLES)), np.uint32), *(each.keys for each in found)]),
        )


@dataclass(frozen=True, eq=False)
class FragmentExamples:
    """Spectra with their candidates, the true structure first, and what the fragments of each say.

    Parameters
    ----------
    structure
        Number of the true structure of each spectrum, shape (n_spectra,), int64.
    n_candidates, n_peaks
        Of each spectrum, shape (n_spectra,), int64; peaks that were to be explained.
    explained, expected
        The peaks that candidates explain, and the fragments that they should give.
    """

    structure: NDArray[np.int64]
    n_candidates: NDArray[np.int64]
    n_peaks: NDArray[np.int64]
    explained: Items
    expected: Items


def fragment_examples(
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    library: CandidateLibrary,
    n_decoys: int,
    seed: int = 0,
    progress: bool = False,
) -> FragmentExamples:
    """Explain some spectra by their structures and by decoys.

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
    found = list(_items(data, chosen, decoys, progress))
    return FragmentExamples(
        structure=data.structure[chosen],
        n_candidates=np.array([n for *_, n, _ in found], np.int64),
        n_peaks=np.array([n for *_, n in found], np.int64),
        explained=Items.of([each for each, *_ in found], len(FEATURES)),
        expected=Items.of([each for _, each, *_ in found], len(EXPECTED_FEATURES)),
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


def _items(
    data: LabelledSpectra, chosen: NDArray[np.int64], decoys: Mapping[int, list[str]], progress: bool
) -> Iterator[tuple[Explanations, Expectations, int, int]]:
    """Yield what fragments say of each spectrum, and how many candidates and peaks it has."""
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
        carriers = [charge_carriers(get_adduct(_adduct_of(one)))] * len(molecules)
        yield explain(peaks, molecules, carriers), expect(peaks, molecules, carriers), len(molecules), peaks.mz.size


def _adduct_of(spectrum: SpectrumArrays) -> str:
    return ADDUCTS[int(spectrum.adduct[0])]
