"""Whether the probabilities of a posterior hold, for structures that the library has and for those that it lacks.

All figures are for a run in which a given share of structures is missing from the library: each list counts once as it
is and once without its right structure, in these shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from matchms_fingerprint.annotation.posterior.false_discoveries import expected_false, threshold_for
from matchms_fingerprint.annotation.posterior.posterior import Judgement
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.reliability import reliability, risk_coverage

RATES = (0.05, 0.1, 0.2, 0.3, 0.5)
"""False discovery rates that are asked for."""

THRESHOLDS = tuple(np.round(np.linspace(0.0, 0.95, 20), 2).tolist())

_COPIES = 20


@dataclass(frozen=True)
class TopHits:
    """The most probable candidate of each list; arrays of shape (n_lists,), float64.

    Parameters
    ----------
    share
        Its probability if one of the candidates is right.
    none
        Probability that none is.
    right
        1 where it is right, a fraction where it is tied.
    """

    share: NDArray[np.float64]
    none: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability of the hit."""
        return self.share * (1.0 - self.none)

    def take(self, chosen: NDArray[np.bool_]) -> TopHits:
        """Return the hits where a mask is True."""
        return TopHits(self.share[chosen], self.none[chosen], self.right[chosen])


def top_hits_of(judgements: Sequence[Judgement], lists: Sequence[LabelledTable]) -> TopHits:
    """Return the top hits of lists; one without candidates has a hit of probability 0."""
    share, right = np.zeros(len(lists)), np.zeros(len(lists))
    for i, (judged, item) in enumerate(zip(judgements, lists, strict=True)):
        if judged.shares.size:
            share[i] = judged.shares.max()
            right[i] = item.correct[judged.shares == share[i]].mean()
    return TopHits(share, np.array([judged.probability_none for judged in judgements]), right)


def mixed(known: TopHits, removed: TopHits, missing_share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities and whether they are right of a run in which some structures are missing.

    Each list is there twenty times, in `missing_share` of them without its right structure.
    """
    n_missing = max(1, round(_COPIES * missing_share))
    n_there = _COPIES - n_missing
    probability = np.concatenate([*[known.probability] * n_there, *[removed.probability] * n_missing])
    return probability, np.concatenate([*[known.right] * n_there, *[np.zeros(removed.right.size)] * n_missing])


def describe_confidence(known: TopHits, removed: TopHits, missing_share: float) -> dict[str, Any]:
    """Return the figures on the confidence of a posterior.

    Parameters
    ----------
    known, removed
        Top hits of lists with the right structure, and of the same lists without.
    missing_share
        How many structures are taken to be missing.

    Returns
    -------
    dict
        `reliability` and `risk_coverage` of the run; `reliability_if_there` of the shares in lists with the right
        structure; `none`: mean probability of none for both kinds of lists, and how well it tells them apart, also of
        those known ones of which the top hit is right; `fdr`: per rate that is asked for, the threshold and what is
        expected and true above it; `thresholds`: true and
        spurious hits over the threshold; `best_f1`.
    """
    probability, right = mixed(known, removed, missing_share)
    described = reliability(probability, right)
    for one in described["bins"]:
        one["n"] = round(one["n"] / _COPIES)
    curves = threshold_curves(known, removed, missing_share)
    return {
        "missing_share": missing_share,
        "reliability": described,
        "risk_coverage": risk_coverage(probability, right),
        "reliability_if_there": reliability(known.share, known.right),
        "none": {
            "mean_known": round(float(known.none.mean()), 4),
            "mean_removed": round(float(removed.none.mean()), 4),
            "auroc": area_under_roc(known.none, removed.none),
            "auroc_where_top_is_right": area_under_roc(known.none[known.right == 1.0], removed.none),
        },
        "fdr": false_discoveries(probability, right),
        "thresholds": curves,
        "best_f1": max(curves, key=lambda one: one["f1"]),
    }


def area_under_roc(low: NDArray[np.float64], high: NDArray[np.float64]) -> float | None:
    """Return how often a value of the one is below one of the other, ties as half; None where either is empty."""
    if not low.size or not high.size:
        return None
    ranks = rankdata(np.concatenate([low, high]))
    above = ranks[low.size :].sum() - high.size * (high.size + 1) / 2
    return round(float(above / (low.size * high.size)), 4)


def false_discoveries(probability: NDArray[np.float64], right: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Compare the false discovery rates that probabilities promise with the true ones.

    Returns
    -------
    list of dict
        Per rate: the threshold, the share of spectra that is kept, and the expected and true share of false ones.
    """
    rows = []
    for rate in RATES:
        threshold = threshold_for(probability, rate)
        n, false = expected_false(probability, threshold)
        kept = probability >= threshold
        rows.append(
            {
                "asked": rate,
                "threshold": round(threshold, 4) if n else None,
                "kept": round(n / max(1, probability.size), 4),
                "expected": round(false / n, 4) if n else None,
                "true": round(float(1.0 - right[kept].mean()), 4) if n else None,
            }
        )
    return rows


def threshold_curves(
    known: TopHits, removed: TopHits, missing_share: float, thresholds: Sequence[float] = THRESHOLDS
) -> list[dict[str, float]]:
    """Say for each threshold how many hits are true and how many spurious.

    Returns
    -------
    list of dict
        Per threshold the `true` hits (share of the lists with the right structure), the `spurious` ones among these,
        the `spurious_removed` (share of the lists without), and precision, recall and F1 of the run.
    """
    rows = []
    for threshold in thresholds:
        kept, kept_removed = known.probability >= threshold, removed.probability >= threshold
        true = float((known.right * kept).mean())
        spurious = float(((1.0 - known.right) * kept).mean())
        of_removed = float(kept_removed.mean()) if kept_removed.size else 0.0
        all_kept = (1 - missing_share) * (true + spurious) + missing_share * of_removed
        precision = (1 - missing_share) * true / all_kept if all_kept else 1.0
        f1 = 2 * precision * true / (precision + true) if precision + true else 0.0
        values = {"true": true, "spurious": spurious, "spurious_removed": of_removed}
        values |= {"precision": precision, "recall": true, "f1": f1}
        rows.append({"threshold": threshold} | {name: round(value, 4) for name, value in values.items()})
    return rows
