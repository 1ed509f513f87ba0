"""Spectra of known structures that queries are compared with: the memory of a model, the library of a user, or both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem import get_adduct
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra, read_labelled_spectra
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.kernels import Limits, Matching, PeakTable, cosine_table, find_top
from matchms_fingerprint.kernels.neighbour_groups import group_neighbours
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.models.memory.remembering_network import RememberingNetwork
from matchms_fingerprint.models.memory.spectrum_memory import LEAST_INTENSITY, SpectrumMemory, remember

SIMILARITIES = ("cosine", "modified cosine", "embedding")
"""By which neighbours are found; cosines are of square roots of intensities."""

LIBRARY_PEAKS = 64
COMPOUNDS = 32
TOLERANCES_DA = (0.02, 0.1, 0.4)
"""Peaks match within the first of these that is not below the accuracy of the query."""

_SPECTRA_PER_LIST = 64
_IMPORTANCE = np.ones(len(SIMILARITIES))
_INTENSITY_POWER = 0.5
_ANY = Limits(minimum_score=0.0, minimum_matches=1, precursor_tolerance=-1.0)


@dataclass(frozen=True)
class NearestCompounds:
    """Compounds of the reference spectra that are nearest to each of several spectra.

    Parameters
    ----------
    compound
        Positions in `ReferenceSpectra.fingerprints`, best first, shape (n_spectra, COMPOUNDS), int64; -1 where there
        are no more.
    similarity
        That of its most similar spectrum by each of `SIMILARITIES`, 0 where none is among the nearest by it, shape
        (n_spectra, COMPOUNDS, 3), float64.
    """

    compound: NDArray[np.int64]
    similarity: NDArray[np.float64]


class ReferenceSpectra:
    """Reference spectra with the fingerprints and masses of their compounds.

    Parameters
    ----------
    memory
        The spectra.
    masses
        Exact mass of each compound in Da, NaN where it is not known, shape (n_compounds,), float64.
    """

    def __init__(self, memory: SpectrumMemory, masses: NDArray[np.float64]) -> None:
        self.memory = memory
        self.masses = masses

    @classmethod
    def of_model(cls, model: FingerprintModel) -> ReferenceSpectra | None:
        """Return the training spectra that a model remembers, or None if it has no memory."""
        network = model.network
        if not isinstance(network, RememberingNetwork):
            return None
        return cls(network.memory, _masses_of(network.memory))

    @classmethod
    def read(cls, path: str | Path, model: FingerprintModel) -> ReferenceSpectra:
        """Read a library of spectra with SMILES or InChI, in any format that `load_spectra` reads.

        Parameters
        ----------
        path
            Spectrum file.
        model
            Embeds the spectra; its fingerprint is computed of the structures.

        Raises
        ------
        InputFileError
            If no spectrum has a usable structure.
        """
        return cls.of_labelled(read_labelled_spectra(path, model.fingerprint), model)

    @classmethod
    def of_labelled(cls, data: LabelledSpectra, model: FingerprintModel) -> ReferenceSpectra:
        """Take up spectra that were read before."""
        embedding = np.concatenate([part.numpy() for _, part in model.network.outputs(data.spectra)])
        memory = remember(data.spectra, data.structure, data.fingerprints, embedding, LIBRARY_PEAKS)
        return cls(memory, data.masses[np.unique(data.structure)])

    def __len__(self) -> int:
        return len(self.memory)

    @property
    def fingerprints(self) -> NDArray[np.uint64]:
        """Packed fingerprint of each compound, shape (n_compounds, n_words), uint64."""
        return self.memory.fingerprints.view(np.uint64)

    def joined(self, other: ReferenceSpectra) -> ReferenceSpectra:
        """Return these spectra and others, of the same model.

        Raises
        ------
        SettingsError
            If fingerprints or embeddings are of different lengths.
        """
        one, two = self.memory, other.memory
        for name in ("fingerprints", "embedding"):
            if getattr(one, name).shape[1] != getattr(two, name).shape[1]:
                raise SettingsError(f"the {name} of two sets of reference spectra differ in length; use one model")
        moved = replace(
            two,
            compound=two.compound + np.int32(one.n_compounds),
            entry_of=two.entry_of + np.int32(len(one.embedding)),
        )
        parts = {f.name: np.concatenate([getattr(one, f.name), getattr(moved, f.name)]) for f in fields(SpectrumMemory)}
        return ReferenceSpectra(SpectrumMemory(**parts), np.concatenate([self.masses, other.masses]))

    def nearest(
        self, spectra: SpectrumArrays, embedding: NDArray[np.float32], accuracy_da: NDArray[np.float64]
    ) -> NearestCompounds:
        """Find the compounds whose spectra are most similar to each of several spectra.

        Parameters
        ----------
        spectra
            Queries; compared with references of the same ion mode.
        embedding
            Their embeddings by the model of the references, shape (n_spectra, n_embedding), at length 1.
        accuracy_da
            How accurate the peaks of each are, shape (n_spectra,); see `TOLERANCES_DA`.
        """
        found = NearestCompounds(
            np.full((len(spectra), COMPOUNDS), -1, np.int64),
            np.zeros((len(spectra), COMPOUNDS, len(SIMILARITIES))),
        )
        level = np.minimum(np.searchsorted(TOLERANCES_DA, accuracy_da), len(TOLERANCES_DA) - 1)
        for mode, side in self._sides.items():
            for number, tolerance in enumerate(TOLERANCES_DA):
                asked = np.flatnonzero((spectra.ion_mode == mode) & (level == number))
                if asked.size:
                    groups, similarity = side.nearest(spectra.take(asked), embedding[asked], tolerance)
                    found.compound[asked], found.similarity[asked] = groups, similarity
        return found

    @cached_property
    def _sides(self) -> dict[int, _IonMode]:
        modes = np.unique(self.memory.ion_mode).tolist()
        return {mode: _IonMode(self.memory, np.flatnonzero(self.memory.ion_mode == mode)) for mode in modes}


class _IonMode:
    """The reference spectra of one ion mode, prepared for each tolerance once.

    Parameters
    ----------
    memory
        All spectra.
    rows
        Those of the ion mode, shape (n,).
    """

    def __init__(self, memory: SpectrumMemory, rows: NDArray[np.int64]) -> None:
        self._compound = memory.compound[rows].astype(np.int64)
        counts = memory.n_peaks[rows].astype(np.int64)
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        peaks = np.repeat(memory.starts[rows] - self._starts[:-1], counts) + np.arange(self._starts[-1])
        self._mz, self._intensity = memory.mz[peaks], memory.relative_intensity()[peaks]
        self._precursor_mz = memory.precursor_mz[rows]
        self._tables: dict[float, PeakTable] = {}
        entries, self._spectrum_of_entry = np.unique(memory.entry_of[rows], return_index=True)
        self._embedding = np.ascontiguousarray(memory.embedding[entries].astype(np.float32).T)

    def nearest(
        self, spectra: SpectrumArrays, embedding: NDArray[np.float32], tolerance_da: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the two parts of `NearestCompounds`."""
        if tolerance_da not in self._tables:
            self._tables[tolerance_da] = _table(
                self._starts, self._mz, self._intensity, self._precursor_mz, tolerance_da
            )
        references = self._tables[tolerance_da]
        kept = strongest_peaks(spectra, max(1, spectra.mz.size), LEAST_INTENSITY)
        queries = _table(kept.offsets, kept.mz, kept.intensity, kept.precursor_mz, tolerance_da)
        shape = (len(spectra), len(SIMILARITIES), _SPECTRA_PER_LIST)
        nearest, similarity = np.full(shape, -1, np.int64), np.zeros(shape)
        for i, matching in enumerate(_matchings(tolerance_da)):
            hits = find_top(references, queries, _SPECTRA_PER_LIST, matching, _ANY)
            nearest[:, i], similarity[:, i] = hits.references, hits.scores
        self._by_embedding(embedding, nearest[:, 2], similarity[:, 2])
        groups, _, highest = group_neighbours(nearest, similarity, self._compound, _IMPORTANCE, COMPOUNDS)
        return groups.astype(np.int64, copy=False), highest.astype(np.float64, copy=False)

    def _by_embedding(
        self, embedding: NDArray[np.float32], nearest: NDArray[np.int64], similarity: NDArray[np.float64]
    ) -> None:
        """Write one spectrum of each of the nearest entries, best first."""
        cosine = embedding @ self._embedding
        k = min(_SPECTRA_PER_LIST, cosine.shape[1])
        best = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosine, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        nearest[:, :k] = self._spectrum_of_entry[np.take_along_axis(best, order, axis=1)]
        similarity[:, :k] = np.take_along_axis(values, order, axis=1)


def _matchings(tolerance_da: float) -> Iterator[Matching]:
    """Yield what matches by cosine and by modified cosine."""
    for losses in (False, True):
        yield Matching(fragments=True, losses=losses, tolerance_da=tolerance_da)


def _table(
    starts: NDArray[np.int64],
    mz: NDArray[Any],
    intensity: NDArray[Any],
    precursor_mz: NDArray[Any],
    tolerance_da: float,
) -> PeakTable:
    """Prepare peaks; a precursor m/z that is not known counts as 0, where no loss matches."""
    precursor = np.where(np.isfinite(precursor_mz), precursor_mz, 0.0).astype(np.float64)
    peaks = (np.ascontiguousarray(mz, np.float64), np.ascontiguousarray(intensity, np.float64))
    matching = Matching(tolerance_da=tolerance_da)
    table: PeakTable = cosine_table(starts, *peaks, precursor, matching, 0.0, _INTENSITY_POWER)
    return table


def _masses_of(memory: SpectrumMemory) -> NDArray[np.float64]:
    """Return the mass of each compound, from the precursors of those of its spectra whose adduct is known."""
    masses = np.full(memory.n_compounds, np.nan)
    for number, name in enumerate(ADDUCTS[1:], start=1):
        rows = np.flatnonzero((memory.adduct == number) & np.isfinite(memory.precursor_mz))
        # further adducts only fill in what the more frequent ones before them left open
        rows = rows[np.isnan(masses[memory.compound[rows]])]
        adduct = get_adduct(name)
        precursors = memory.precursor_mz[rows].astype(np.float64)
        masses[memory.compound[rows]] = (precursors * abs(adduct.charge) - adduct.mass_shift) / adduct.n_molecules
    return masses
