"""The compounds of a memory that are nearest to spectra, and how near they are in which way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.kernels import Limits, Matching, PeakTable, cosine_table, find_top
from matchms_fingerprint.kernels.neighbour_groups import group_neighbours
from matchms_fingerprint.kernels.peak_table import take_spectra
from matchms_fingerprint.models.memory.spectrum_memory import LEAST_INTENSITY, SpectrumMemory

TOLERANCE_DA = 0.02
INTENSITY_POWER = 0.5
SPECTRA_PER_LIST = 64
COMPOUNDS = 24
MATCHINGS = (
    Matching(fragments=True, losses=False, tolerance_da=TOLERANCE_DA),
    Matching(fragments=True, losses=True, tolerance_da=TOLERANCE_DA),
    Matching(fragments=False, losses=True, tolerance_da=TOLERANCE_DA),
)
"""Cosine, modified cosine and neutral losses; the embedding is the fourth similarity."""

IMPORTANCE = np.array([1.0, 1.0, 0.3, 1.0])
N_FEATURES = 10
_SAME_DA = 0.01
_NEAR_DA = 20.0
_ANY = Limits(minimum_score=0.0, minimum_matches=1, precursor_tolerance=-1.0)


@dataclass(frozen=True)
class Neighbours:
    """Compounds of the memory that are nearest to each spectrum.

    Parameters
    ----------
    compound
        Positions in `SpectrumMemory.fingerprints`, shape (n_spectra, n_compounds), int64; -1 where there is none.
    features
        How near each is, shape (n_spectra, n_compounds, N_FEATURES), float32: cosine, modified cosine, cosine of
        neutral losses and of embeddings of its most similar spectra; logarithms of the numbers of matching peaks of the
        first two; whether one of them has the same adduct, or the same precursor m/z; nearness of precursor m/z; share
        of spectra of the compound among the neighbours by cosine.
    """

    compound: NDArray[np.int64]
    features: NDArray[np.float32]


class NeighbourSearch:
    """Finds the nearest compounds of a memory.

    Parameters
    ----------
    memory
        The memory; its peaks are prepared once per ion mode.
    """

    def __init__(self, memory: SpectrumMemory) -> None:
        self.memory = memory

    @cached_property
    def _tables(self) -> dict[int, tuple[NDArray[np.int64], PeakTable]]:
        """Rows of each ion mode and their peaks, weighted."""
        memory, starts, intensity = self.memory, self.memory.starts, self.memory.relative_intensity()
        tables = {}
        for mode in np.unique(memory.ion_mode).tolist():
            rows = np.flatnonzero(memory.ion_mode == mode)
            counts = memory.n_peaks[rows].astype(np.int64)
            first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
            peaks = np.repeat(starts[rows] - first[:-1], counts) + np.arange(first[-1])
            tables[mode] = rows, _table(first, memory.mz[peaks], intensity[peaks], memory.precursor_mz[rows])
        return tables

    def find(
        self,
        spectra: SpectrumArrays,
        embedding: NDArray[np.float32],
        hidden: NDArray[np.bool_] | None = None,
    ) -> Neighbours:
        """Find the nearest compounds of each spectrum.

        Parameters
        ----------
        spectra
            Query spectra.
        embedding
            Their embeddings, shape (n_spectra, n_embedding), at length 1.
        hidden
            Spectra of the memory that are not to be found, shape (n_memory,); None for none.

        Returns
        -------
        Neighbours
            A spectrum of unknown ion mode is compared to spectra of unknown ion mode.
        """
        compound = np.full((len(spectra), COMPOUNDS), -1, np.int64)
        features = np.zeros((len(spectra), COMPOUNDS, N_FEATURES), np.float32)
        for mode, (rows, table) in self._tables.items():
            asked = np.flatnonzero(spectra.ion_mode == mode)
            if hidden is not None:
                kept = np.flatnonzero(~hidden[rows])
                rows, table = rows[kept], take_spectra(table, kept)
            if asked.size and rows.size:
                some = spectra.take(asked)
                lists, matches = self._lists(some, table, embedding[asked], rows)
                compound[asked], features[asked] = self._group(some, rows, lists, matches)
        return Neighbours(compound, features)

    def _lists(
        self, spectra: SpectrumArrays, table: PeakTable, embedding: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[tuple[NDArray[np.int64], NDArray[np.float64]], NDArray[np.int64]]:
        """Return the nearest spectra by each similarity: positions in `rows`, similarities, numbers of matches."""
        kept = strongest_peaks(spectra, max(1, spectra.mz.size), LEAST_INTENSITY)
        queries = _table(kept.offsets, kept.mz, kept.intensity, kept.precursor_mz)
        shape = (len(spectra), 4, SPECTRA_PER_LIST)
        references, similarities = np.full(shape, -1, np.int64), np.zeros(shape)
        matches = np.zeros(shape, np.int64)
        for i, matching in enumerate(MATCHINGS):
            hits = find_top(table, queries, SPECTRA_PER_LIST, matching, _ANY)
            references[:, i], similarities[:, i], matches[:, i] = hits.references, hits.scores, hits.matches
        self._nearest_embeddings(embedding, rows, references[:, 3], similarities[:, 3])
        return (references, similarities), matches

    def _nearest_embeddings(
        self,
        embedding: NDArray[np.float32],
        rows: NDArray[np.int64],
        references: NDArray[np.int64],
        similarities: NDArray[np.float64],
    ) -> None:
        """Write one spectrum of each of the nearest entries by embedding, best first."""
        entries, first = np.unique(self.memory.entry_of[rows], return_index=True)
        cosine = embedding @ self.memory.embedding[entries].astype(np.float32).T
        k = min(SPECTRA_PER_LIST, entries.size)
        best = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosine, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        references[:, :k] = first[np.take_along_axis(best, order, axis=1)]
        similarities[:, :k] = np.take_along_axis(values, order, axis=1)

    def _group(
        self,
        spectra: SpectrumArrays,
        rows: NDArray[np.int64],
        lists: tuple[NDArray[np.int64], NDArray[np.float64]],
        matches: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Bring the nearest spectra together by compound, and describe how near each compound is."""
        references, similarities = lists
        compound = self.memory.compound[rows].astype(np.int64)
        found = group_neighbours(references, similarities, compound, IMPORTANCE, COMPOUNDS)
        groups, best = (part.astype(np.int64, copy=False) for part in found[:2])
        highest = found[2]
        there = best >= 0
        nearest = rows[np.maximum(best, 0)]
        shift = np.abs(self.memory.precursor_mz[nearest] - spectra.precursor_mz[:, None, None])
        shift = np.where(there & np.isfinite(shift), shift, np.inf).min(axis=2)
        same_adduct = (there & (self.memory.adduct[nearest] == spectra.adduct[:, None, None])).any(axis=2)
        of_list = np.where(references[:, 0] >= 0, compound[references[:, 0]], -1)
        share = (of_list[:, None, :] == groups[:, :, None]).sum(axis=2) / SPECTRA_PER_LIST
        features = np.concatenate(
            [
                highest,
                np.log1p(_matches_of(best, references, matches)),
                np.stack([same_adduct, shift < _SAME_DA, np.exp(-shift / _NEAR_DA), share], axis=2),
            ],
            axis=2,
        )
        features[groups < 0] = 0.0
        return groups, features.astype(np.float32)


def _matches_of(
    best: NDArray[np.int64], references: NDArray[np.int64], matches: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the numbers of matching peaks of the best spectra by cosine and by modified cosine."""
    counts = np.zeros((*best.shape[:2], 2))
    for similarity in range(2):
        found = best[:, :, similarity, None] == references[:, similarity][:, None, :]
        found &= best[:, :, similarity, None] >= 0
        counts[:, :, similarity] = (found * matches[:, similarity][:, None, :]).sum(axis=2)
    return counts


def _table(
    starts: NDArray[np.int64], mz: NDArray[Any], intensity: NDArray[Any], precursor_mz: NDArray[Any]
) -> PeakTable:
    """Prepare peaks for all similarities; a precursor m/z that is not known counts as 0, where no loss matches."""
    precursor = np.where(np.isfinite(precursor_mz), precursor_mz, 0.0).astype(np.float64)
    weights = np.ascontiguousarray(intensity, np.float64)
    table: PeakTable = cosine_table(
        starts, np.ascontiguousarray(mz, np.float64), weights, precursor, MATCHINGS[0], 0.0, INTENSITY_POWER
    )
    return table
