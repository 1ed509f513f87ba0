"""Which loss to train with, for the candidates that will be ranked and for what is wanted of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.conflict import ConflictSummary

GOALS = ("hit_rate", "similar_structure", "both")

NEAR_DUPLICATES = 0.5
"""Conflict index from which on candidates count as near-duplicates.

From there on, a choice for similarity can cost more than half of the probability that is not on the two best
candidates. Tanimoto of Morgan bits gives 0.16 among structures drawn at random, 0.32 (quartiles 0.21, 0.69) among
candidates within 10 ppm and 0.44 (0.27, 1.0) among candidates of one formula, for 400 structures of MassBank and 1.1
million candidates.
"""


@dataclass(frozen=True)
class Recommendation:
    """A recommended loss.

    Parameters
    ----------
    losses
        Names in `models.losses.registry.LOSSES`, the first one to be tried first.
    score
        How to rank the candidates: one of `kernels.tanimoto.SCORES`, or "scorer" for the scorer of the loss.
    candidates
        "dissimilar", "near-duplicates" or "mixed".
    reason
        Why, in words.
    """

    losses: tuple[str, ...]
    score: str
    candidates: str
    reason: str


_LISTWISE = ("listwise_fingerprint", "listwise_embedding", "listwise_cross")
_TABLE: dict[tuple[str, str], tuple[tuple[str, ...], str, str]] = {
    ("dissimilar", "hit_rate"): (
        ("listwise_fingerprint", "bce"),
        "cosine",
        "any loss will do; listwise_fingerprint is the safe choice, bce if calibrated bits are wanted too",
    ),
    ("dissimilar", "similar_structure"): (
        ("bce", "iou"),
        "tanimoto",
        "the most probable candidate and the most similar one are mostly the same, and these give the best bits",
    ),
    ("near-duplicates", "hit_rate"): (
        _LISTWISE,
        "scorer",
        "the losses of bits prefer what is similar to many candidates over what is probable; train on the same kind of "
        "negatives as will be ranked later",
    ),
    ("near-duplicates", "similar_structure"): (
        ("iou", "cosine"),
        "tanimoto",
        "a contrastive loss would pay for its hits with similarity; the bit threshold of cosine needs tuning on "
        "validation data",
    ),
}
_COMBINED = "one model has to serve both; its weight sets how much each counts"
_CHANGING = (
    "a model that learned to tell some candidates apart knows nothing of others; calibrated bits and their likelihood "
    "hold for any library"
)


def recommend_loss(
    conflict: ConflictSummary | float, goal: str = "hit_rate", library_changes: bool = False
) -> Recommendation:
    """Recommend a loss (the table of De Waele et al. 2026, arXiv 2602.16507).

    Parameters
    ----------
    conflict
        What `evaluation.conflict.summarize_conflict` says of the candidates that will be ranked, or a conflict index.
        Candidates whose quartiles of the index lie on either side of `NEAR_DUPLICATES` are mixed.
    goal
        "hit_rate": the right structure first. "similar_structure": the first one similar to the right one, or good
        bits. "both".
    library_changes
        Whether other candidates than those known at training will be ranked.

    Raises
    ------
    SettingsError
        If the goal is unknown, or there is nothing to choose among in any list.
    """
    if goal not in GOALS:
        raise SettingsError(f"unknown goal {goal!r}; known are {', '.join(GOALS)}")
    if isinstance(conflict, ConflictSummary):
        low, middle, high = conflict.kappa_low, conflict.kappa, conflict.kappa_high
    else:
        low = middle = high = float(conflict)
    if not 0 <= low <= middle <= high <= 1:
        if math.isnan(middle):
            raise SettingsError(
                "no spectrum has several candidates in the library, so there is no conflict to measure; give a larger "
                "library, or wider candidates with --ppm"
            )
        raise SettingsError(
            f"the conflict index is {middle}; it must lie between 0 and 1, which needs lists of several candidates"
        )
    kind = _kind(low, high)
    measured = f"conflict index {middle:.2f}" + ("" if low == high else f", half of the lists {low:.2f} to {high:.2f}")
    losses: tuple[str, ...]
    if library_changes:
        losses, why = ("bce",), _CHANGING
        score = "tanimoto" if goal == "similar_structure" else "log_likelihood"
    elif goal == "both" or kind == "mixed":
        losses, score, why = ("combined",), "cosine", _COMBINED
    else:
        losses, score, why = _TABLE[kind, goal]
    return Recommendation(losses, score, kind, f"{kind} candidates ({measured}): {why}")


def _kind(low: float, high: float) -> str:
    near = np.array([low, high]) >= NEAR_DUPLICATES
    if near.all():
        return "near-duplicates"
    return "mixed" if near.any() else "dissimilar"
