"""Which candidates compete for a spectrum, and how high the right one ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.metrics import rank_of_truth
from matchms_fingerprint.kernels.types import FloatArray, WordArray

HITS = (1, 5, 20)


@dataclass(frozen=True)
class CandidateList:
    """Candidates of one spectrum.

    Parameters
    ----------
    fingerprints
        Packed, shape (n_candidates, n_words), uint64.
    correct
        Whether the first InChIKey block is that of the true structure, shape (n_candidates,), bool.
    """

    fingerprints: NDArray[np.uint64]
    correct: NDArray[np.bool_]


def benchmark_rows(
    rows: NDArray[np.int64],
    structure: NDArray[np.int64],
    n_peaks: NDArray[np.int64],
    per_structure: int = 3,
    seed: int = 0,
    min_peaks: int = 3,
) -> NDArray[np.int64]:
    """Choose the spectra of a retrieval benchmark: at most a few a structure, none with too few peaks.

    Parameters
    ----------
    rows
        Spectra to choose from.
    structure, n_peaks
        Structure and number of peaks of each of all spectra.
    per_structure
        Most spectra a structure, so that no compound dominates.
    seed
        Seed of the draw.
    min_peaks
        Spectra with fewer are left out.
    """
    drawn = np.random.default_rng(seed).permutation(rows[n_peaks[rows] >= min_peaks])
    order = np.argsort(structure[drawn], kind="stable")
    _, starts, sizes = np.unique(structure[drawn][order], return_index=True, return_counts=True)
    place = np.arange(drawn.size) - np.repeat(starts, sizes)
    return np.sort(drawn[order[place < per_structure]])


def candidate_list(
    library: CandidateLibrary,
    exact_mass: float,
    inchikey: str,
    formula: str | None = None,
    tolerance_ppm: float = 10.0,
) -> CandidateList:
    """Return the candidates within a mass window around the mass of the true structure, or those of its formula."""
    if formula is not None:
        found = library.search(formula=formula)
    else:
        found = library.search(neutral_mass=exact_mass, tolerance_ppm=tolerance_ppm)
    correct = np.array([key[:14] == inchikey[:14] for key in found.inchikeys], bool)
    return CandidateList(found.fingerprints, correct)


def expected_at_random(lists: list[CandidateList]) -> dict[str, NDArray[np.float64]]:
    """Return what a random order is expected to give for each spectrum: hit@k of `HITS`, and the reciprocal rank.

    The best of m right ones among n is at rank r with probability C(n - r, m - 1) / C(n, m).
    """
    expected: dict[str, list[float]] = {name: [] for name in (*(f"hit@{k}" for k in HITS), "mrr")}
    for item in lists:
        n, m = item.correct.size, int(item.correct.sum())
        at_rank = [comb(n - r, m - 1) / comb(n, m) for r in range(1, n - m + 2)] if m else []
        for k in HITS:
            expected[f"hit@{k}"].append(sum(at_rank[:k]))
        expected["mrr"].append(sum(p / r for r, p in enumerate(at_rank, start=1)))
    return {name: np.array(values) for name, values in expected.items()}


def hits_of_ranks(ranks: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return hit@k of `HITS` (0 or 1) and the reciprocal rank of each spectrum."""
    return {f"hit@{k}": (ranks <= k).astype(float) for k in HITS} | {"mrr": 1.0 / ranks}


def ranks(
    predictions: NDArray[np.float32],
    lists: list[CandidateList],
    score: Callable[[FloatArray, WordArray], FloatArray],
) -> NDArray[np.float64]:
    """Return the rank of the true structure for each prediction, ties at their mean rank, shape (n_spectra,)."""
    return np.array(
        [
            rank_of_truth(score(predicted, candidates.fingerprints), candidates.correct)
            for predicted, candidates in zip(predictions, lists, strict=True)
        ]
    )
