"""How high candidates rank by some scores: hit rates, similarity of the top hit, isomers among each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.isomers import isomer_ranks, number_tied
from matchms_fingerprint.evaluation.estimates import Columns, StructureBootstrap
from matchms_fingerprint.evaluation.metrics import rank_of_truth
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.retrieval import hits_of_ranks

Scores = Sequence[NDArray[np.float64]]
"""Per list, a score for each candidate, higher is better, shape (n_candidates,)."""


def measures(lists: Sequence[LabelledTable], scores: Scores) -> Columns:
    """Return hit@k, reciprocal rank and Tanimoto similarity of the top hit of each list.

    Scores that are missing count as lower than all others.
    """
    ranks, similarity = np.full(len(lists), np.inf), np.zeros(len(lists))
    for i, (item, values) in enumerate(zip(lists, scores, strict=True)):
        if not len(item):
            continue
        known = np.where(np.isfinite(values), values, -np.inf)
        ranks[i] = rank_of_truth(known, item.correct)
        similarity[i] = item.similarity[known == known.max()].mean()
    return hits_of_ranks(ranks) | {"top_tanimoto": similarity}


def has_isomers(lists: Sequence[LabelledTable]) -> NDArray[np.bool_]:
    """Tell in which lists the right candidate has rivals of its formula, shape (n_lists,)."""
    found = []
    for item in lists:
        same = np.isin(item.formula, item.formula[item.correct])
        found.append(bool(item.correct.any() and (same & ~item.correct).any()))
    return np.array(found, dtype=np.bool_)


def describe_isomers(lists: Sequence[LabelledTable], scores: Scores, structures: NDArray[np.int64]) -> dict[str, Any]:
    """Say how often the right structure is the first of its formula.

    Parameters
    ----------
    lists
        Lists in which it has rivals; see `has_isomers`.
    scores
        What ranks them.
    structures
        Structure of each list, for the intervals.

    Returns
    -------
    dict
        `hit@1` among the isomers with its interval, ties at their mean rank counting as missed; `tied`: how often the
        right structure has the score of another isomer; `at_random`; `n_lists`, `median_isomers`.
    """
    first, tied, at_random, sizes = [], [], [], []
    for item, values in zip(lists, scores, strict=True):
        members = np.isin(item.formula, item.formula[item.correct])
        known = np.where(np.isfinite(values), values, np.nan_to_num(values, nan=-1e9, neginf=-1e9))[members]
        right = item.correct[members]
        ranks = isomer_ranks(known, ["same"] * known.size)
        first.append(float(ranks[right].min() == 1.0))
        tied.append(float((number_tied(known)[right] > right.sum()).any()))
        sizes.append(known.size)
        at_random.append(right.sum() / known.size)
    if not first:
        return {"n_lists": 0}
    bootstrap = StructureBootstrap(structures)
    return {
        "n_lists": len(first),
        "median_isomers": float(np.median(sizes)),
        "hit@1": bootstrap.over_spectra(np.array(first)).to_dict(),
        "tied": round(float(np.mean(tied)), 4),
        "at_random": round(float(np.mean(at_random)), 4),
    }
