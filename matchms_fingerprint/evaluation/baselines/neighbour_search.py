"""The nearest of many training spectra under a restriction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.baselines.restriction import Condition, conditions, is_of_mode
from matchms_fingerprint.evaluation.baselines.similarity import Found, SpectrumSimilarity
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.types import IntArray

_MOST_PLACES = 1 << 22
"""How many neighbours of all queries of a batch are held at a time."""


class NeighbourSearch:
    """Finds the most similar training spectra of the same ion mode that a restriction allows.

    A spectrum of unknown ion mode is compared to those of either mode. Training spectra are indexed when a query first
    needs them, once for each ion mode and condition.

    Parameters
    ----------
    spectra
        Training spectra.
    structure
        Structure of each, shape (n_training_spectra,).
    formulas
        Formula of the structure of each.
    similarity
        How to compare.
    restriction
        One of `restriction.RESTRICTIONS`.
    """

    def __init__(
        self,
        spectra: SpectrumArrays,
        structure: NDArray[np.int64],
        formulas: Sequence[str],
        similarity: SpectrumSimilarity,
        restriction: str = "all",
    ) -> None:
        self.spectra = spectra
        self.structure = structure
        self.similarity = similarity
        self.restriction = restriction
        self._members: dict[Condition, NDArray[np.int64]] = {
            condition: np.array(positions, np.int64)
            for condition, positions in _positions(conditions(restriction, spectra, formulas)).items()
        }
        self._indices: dict[tuple[int, Condition], tuple[NDArray[np.int64], Any]] = {}

    def find(self, queries: SpectrumArrays, k: int) -> Found:
        """Find the k most similar training spectra of each query.

        Returns
        -------
        tuple of ndarray
            Positions in the training spectra, best first, -1 where there are no more, and similarities; both of shape
            (n_queries, k). Of equally similar ones, the first in the training spectra is better.
        """
        found, similarities = np.full((len(queries), k), -1, np.int64), np.zeros((len(queries), k))
        wanted = list(zip(queries.ion_mode.tolist(), conditions(self.restriction, queries), strict=True))
        for group, positions in _positions(wanted).items():
            if group[1] is None or group[1] not in self._members:
                continue
            rows = np.array(positions, np.int64)
            members, index = self._indexed(*group)
            if members.size:
                best, similarities[rows] = self.similarity.top(index, queries.take(rows), k)
                found[rows] = np.where(best >= 0, members[best], -1)
        return found, similarities

    def find_structures(self, queries: SpectrumArrays, k: int) -> Found:
        """Find the most similar training spectrum of each of the k most similar structures; results as of `find`."""
        found, similarities = np.full((len(queries), k), -1, np.int64), np.zeros((len(queries), k))
        may_have_more = np.ones(len(queries), bool)
        open_rows, depth = np.arange(len(queries)), 4 * k
        while open_rows.size:
            size = max(1, _MOST_PLACES // depth)
            parts = [open_rows[start : start + size] for start in range(0, open_rows.size, size)]
            for part in parts:
                positions, values = self.find(queries.take(part), depth)
                is_kept = self._first_of_structure(positions)
                place = np.cumsum(is_kept, axis=1) - 1
                row, column = np.nonzero(is_kept & (place < k))
                to = part[row], place[row, column]
                found[to], similarities[to] = positions[row, column], values[row, column]
                may_have_more[part] = (place[:, -1] < k - 1) & (positions[:, -1] >= 0)
            open_rows = open_rows[may_have_more[open_rows]]
            depth *= 4
        return found, similarities

    def _indexed(self, ion_mode: int, condition: Condition) -> tuple[NDArray[np.int64], Any]:
        if (ion_mode, condition) not in self._indices:
            members = self._members[condition]
            members = members[is_of_mode(self.spectra.ion_mode[members], ion_mode)]
            index = self.similarity.index(self.spectra.take(members)) if members.size else None
            self._indices[ion_mode, condition] = members, index
        return self._indices[ion_mode, condition]

    def _first_of_structure(self, positions: IntArray) -> NDArray[np.bool_]:
        """Tell which neighbours are the first of their structure in their row."""
        structure = np.where(positions >= 0, self.structure[positions], -1)
        order = np.argsort(structure, axis=1, kind="stable")
        ordered = np.take_along_axis(structure, order, axis=1)
        is_new = np.ones(positions.shape, bool)
        is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        result = np.empty_like(is_new)
        np.put_along_axis(result, order, is_new & (ordered >= 0), axis=1)
        return result


def _positions(values: Sequence[Any]) -> dict[Any, list[int]]:
    """Return where each value stands."""
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    return places
