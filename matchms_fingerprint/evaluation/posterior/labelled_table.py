"""Evidence on the candidates of spectra of which the structure is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable


@dataclass(frozen=True)
class LabelledTable:
    """Evidence on the candidates of one spectrum, and which of them are right.

    Parameters
    ----------
    table
        The evidence.
    correct
        Whether the first InChIKey block is that of the true structure, shape (n_candidates,), bool.
    formula
        Number of the formula of each candidate, equal where formulas are, shape (n_candidates,), int64.
    similarity
        Tanimoto similarity of each candidate to the true structure, shape (n_candidates,), float32.
    row, structure
        The spectrum, and its structure, in the labelled spectra.
    """

    table: EvidenceTable
    correct: NDArray[np.bool_]
    formula: NDArray[np.int64]
    similarity: NDArray[np.float32]
    row: int
    structure: int

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> LabelledTable:
        """Return the candidates at some positions, or where a mask is True."""
        return replace(
            self,
            table=self.table.take(rows),
            correct=self.correct[rows],
            formula=self.formula[rows],
            similarity=self.similarity[rows],
        )

    def without_truth(self) -> LabelledTable:
        """Return the list as it is where the library does not hold the right structure."""
        return self.take(~self.correct)


def balanced_weights(lists: Sequence[LabelledTable]) -> NDArray[np.float64]:
    """Return a weight for each list such that all structures count alike, shape (n_lists,), of mean 1."""
    if not lists:
        return np.empty(0)
    _, place, counts = np.unique([item.structure for item in lists], return_inverse=True, return_counts=True)
    weights = 1.0 / counts[place]
    return np.asarray(weights * weights.size / weights.sum())
