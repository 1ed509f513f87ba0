"""The candidates of one formula among each other: a spectrum tells isomers apart, or it does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_DECIMALS = 9


def number_tied(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many candidates, itself included, the evidence cannot tell from each one, shape (n,), int64.

    Logits that are equal to nine decimals are equal.
    """
    _, place, counts = np.unique(np.round(logits, _DECIMALS), return_inverse=True, return_counts=True)
    return counts[place]


def isomer_ranks(logits: NDArray[np.float64], formulas: Sequence[str]) -> NDArray[np.float64]:
    """Return the rank of each candidate among those of its formula, ties at their mean rank.

    Parameters
    ----------
    logits
        Shape (n,).
    formulas
        Of each candidate.

    Returns
    -------
    ndarray of shape (n,), float64
        1 for the best of its formula.
    """
    rounded, ranks = np.round(logits, _DECIMALS), np.empty(len(logits))
    _, group = np.unique(np.array(formulas, dtype=str), return_inverse=True)
    for number in range(int(group.max(initial=-1)) + 1):
        members = np.flatnonzero(group == number)
        ordered = np.sort(rounded[members])
        above = members.size - np.searchsorted(ordered, rounded[members], side="right")
        equal = members.size - above - np.searchsorted(ordered, rounded[members], side="left")
        ranks[members] = above + (equal + 1) / 2
    return ranks
