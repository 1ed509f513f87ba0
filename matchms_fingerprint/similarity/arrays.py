"""Arrays as matchms hands them to a score, and as it wants them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matchms import Spectrum
from numpy.typing import ArrayLike, NDArray
from sparsestack import StackedSparseArray

from matchms_fingerprint.errors import SettingsError

ARRAY_TYPES = ("numpy", "sparse")


def check_request(
    references: Sequence[Spectrum], queries: Sequence[Spectrum], is_symmetric: bool, array_type: str = "numpy"
) -> None:
    """Raise `SettingsError` where a score is asked for what it cannot return."""
    if array_type not in ARRAY_TYPES:
        raise SettingsError(f"array_type {array_type!r} is not known; use one of {', '.join(ARRAY_TYPES)}")
    if is_symmetric and len(references) != len(queries):
        raise SettingsError(
            f"is_symmetric is set, but there are {len(references)} references and {len(queries)} queries; "
            "pass the same spectra as both"
        )


def pair_indices(idx_row: ArrayLike, idx_col: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions of the references and queries of all pairs, each of shape (n_pairs,).

    Raises
    ------
    SettingsError
        If the two do not go together.
    """
    rows, columns = np.asarray(idx_row), np.asarray(idx_col)
    if rows.ndim != 1 or rows.shape != columns.shape:
        raise SettingsError(
            f"idx_row and idx_col must be one-dimensional and of one length, not {rows.shape} and {columns.shape}"
        )
    return rows.astype(np.intp), columns.astype(np.intp)


def as_array_type(scores: NDArray[Any], array_type: str) -> NDArray[Any] | StackedSparseArray:
    """Return dense scores as they are ("numpy"), or those other than 0 as a stacked sparse array ("sparse")."""
    if array_type == "numpy":
        return scores
    rows, columns = np.nonzero(scores)
    sparse = StackedSparseArray(*scores.shape)
    sparse.add_sparse_data(rows, columns, scores[rows, columns], "")
    return sparse
