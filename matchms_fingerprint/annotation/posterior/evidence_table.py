"""All evidence on the candidates of one query, as one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Query
from matchms_fingerprint.errors import SettingsError


@dataclass(frozen=True)
class QueryDescription:
    """What is known of a query before any candidate is looked at.

    Parameters
    ----------
    ion_mode
        1 or -1.
    n_peaks
        Number of peaks.
    is_nominal
        Whether fragment masses are known to the unit only.
    precursor_mz
        m/z of the precursor.
    """

    ion_mode: int
    n_peaks: int
    is_nominal: bool
    precursor_mz: float

    @classmethod
    def of(cls, query: Query) -> QueryDescription:
        """Describe a query."""
        return cls(query.ion_mode, query.mz.size, query.accuracy.is_nominal, query.precursor_mz)


@dataclass(frozen=True)
class EvidenceTable:
    """Evidence on the candidates of one query.

    Parameters
    ----------
    columns
        Names of the evidence; what stands before the first underscore is its group, such as `fragments`.
    values
        Higher speaks for the candidate, NaN is missing, shape (n_candidates, n_columns), float64.
    query
        The query.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    query: QueryDescription

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.columns):
            raise SettingsError(
                f"evidence of shape {self.values.shape} does not fit its {len(self.columns)} columns "
                f"({', '.join(self.columns)})"
            )

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> EvidenceTable:
        """Return the candidates at some positions, or where a mask is True."""
        return EvidenceTable(self.columns, self.values[rows], self.query)

    def select(self, columns: tuple[str, ...]) -> NDArray[np.float64]:
        """Return some columns, shape (n_candidates, len(columns)); NaN where the table has no such column."""
        place = {name: i for i, name in enumerate(self.columns)}
        selected = np.full((len(self), len(columns)), np.nan)
        for i, name in enumerate(columns):
            if name in place:
                selected[:, i] = self.values[:, place[name]]
        return selected

    def has_any(self, columns: tuple[str, ...]) -> NDArray[np.bool_]:
        """Tell which candidates have evidence in any of some columns, shape (n_candidates,)."""
        return np.asarray(np.isfinite(self.select(columns)).any(axis=1), dtype=np.bool_)


def group_of(column: str) -> str:
    """Return the group of a column: `fragments` of `fragments_log_ratio`."""
    return column.split("_", 1)[0]
