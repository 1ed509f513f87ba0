"""What each evidence brings: alone, and when it is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable, group_of
from matchms_fingerprint.annotation.posterior.posterior import log_of
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable

ALL = "all evidence"

Shares = Callable[[EvidenceTable], NDArray[np.float64]]
"""Gives the share of each candidate."""

Fit = Callable[[Sequence[LabelledTable], tuple[str, ...], tuple[str, ...]], Shares]
"""Fits weights of cheap and of all columns on validation lists."""


def ablate(
    fit: Fit,
    validation: Sequence[LabelledTable],
    lists: Sequence[LabelledTable],
    cheap_columns: tuple[str, ...],
    columns: tuple[str, ...],
) -> dict[str, list[NDArray[np.float64]]]:
    """Rank by each group of evidence alone, without each, and by each column as it is.

    Parameters
    ----------
    fit
        Fits weights, on validation lists.
    validation, lists
        What is fitted on, and what is ranked.
    cheap_columns, columns
        The evidence that all candidates have, and all evidence.

    Returns
    -------
    dict
        Name of the ranking, `GROUP alone`, `without GROUP` or the column, and the scores of each list.
    """
    groups = list(dict.fromkeys(group_of(name) for name in columns))
    rankings: dict[str, list[NDArray[np.float64]]] = {}
    chosen = {f"{group} alone": [c for c in columns if group_of(c) == group] for group in groups}
    if len(groups) > 1:
        chosen |= {f"without {group}": [c for c in columns if group_of(c) != group] for group in groups}
    for name, some in chosen.items():
        shares = fit(validation, tuple(c for c in cheap_columns if c in some), tuple(some))
        rankings[name] = [log_of(shares(item.table)) if len(item) else np.empty(0) for item in lists]
    for column in columns:
        rankings[column] = [item.table.select((column,))[:, 0] for item in lists]
    return rankings


def best_single(rankings: dict[str, float]) -> str:
    """Return the name of the best evidence that stands alone, by a figure for each ranking."""
    single = {name: value for name, value in rankings.items() if not name.startswith("without ") and name != ALL}
    return max(single, key=lambda name: single[name])
