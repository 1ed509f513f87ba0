"""Measure a posterior on held-out spectra: what each evidence brings, whether probabilities hold, what noise does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.posterior import Judgement, Posterior
from matchms_fingerprint.evaluation.breakdown import break_down, groupings
from matchms_fingerprint.evaluation.competition import column_name
from matchms_fingerprint.evaluation.estimates import Columns, StructureBootstrap, summarize
from matchms_fingerprint.evaluation.posterior.ablation import ALL, best_single
from matchms_fingerprint.evaluation.posterior.confidence import (
    TopHits,
    describe_confidence,
    mixed,
    threshold_curves,
    top_hits_of,
)
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.posterior.rankings import Scores, describe_isomers, has_isomers, measures
from matchms_fingerprint.evaluation.posterior.rivals import Rivals
from matchms_fingerprint.evaluation.reliability import reliability
from matchms_fingerprint.evaluation.result_table import ResultTable

MIN_LISTS = 20
"""Groups of fewer spectra get no calibration error."""


@dataclass(frozen=True)
class Judged:
    """Lists with what a posterior says of them, as they are and without their right structures.

    Parameters
    ----------
    lists
        The lists.
    judgements, removed
        Of each list as it is, and without its right structure.
    """

    lists: list[LabelledTable]
    judgements: list[Judgement]
    removed: list[Judgement]

    @classmethod
    def of(cls, posterior: Posterior, lists: Sequence[LabelledTable]) -> Judged:
        """Judge lists."""
        return cls(
            list(lists),
            [posterior.judge(item.table) for item in lists],
            [posterior.judge(item.without_truth().table) for item in lists],
        )

    @property
    def structures(self) -> NDArray[np.int64]:
        """Structure of each list, shape (n_lists,)."""
        return np.array([item.structure for item in self.lists], np.int64)

    def logits(self) -> list[NDArray[np.float64]]:
        """Return what ranks the candidates of each list."""
        return [judged.logits for judged in self.judgements]

    def hits(self) -> tuple[TopHits, TopHits]:
        """Return the top hits with the right structures, and without: there of the lists that hold others."""
        removed = [item.without_truth() for item in self.lists]
        without = top_hits_of(self.removed, removed)
        return top_hits_of(self.judgements, self.lists), without.take(np.array([len(item) > 0 for item in removed]))


def summarize_posterior(
    judged: Judged,
    rankings: Mapping[str, Scores],
    controls: Mapping[str, Sequence[LabelledTable]],
    posterior: Posterior,
    rivals: Rivals,
    baseline: str,
) -> tuple[dict[str, Any], dict[str, Columns]]:
    """Return the table of rankings.

    Parameters
    ----------
    judged
        The lists of the fold.
    rankings
        From `ablation.ablate`.
    controls
        Name -> evidence of the same lists where something else was shown, in any selection.
    posterior
        What ranks by all evidence.
    rivals
        Baselines and the spectrum-blind ranking.
    baseline
        Name of the ranking of `rivals` that all are compared with.

    Returns
    -------
    tuple
        Per ranking what `estimates.summarize` says; and the measures of each list by ranking.
    """
    bootstrap = StructureBootstrap(judged.structures)
    columns = {ALL: measures(judged.lists, judged.logits())}
    columns |= {name: measures(judged.lists, scores) for name, scores in {**rankings, **rivals.rankings}.items()}
    rows = {name: summarize(values, bootstrap, columns[baseline]) for name, values in columns.items()}
    place = {item.row: i for i, item in enumerate(judged.lists)}
    for name, lists in controls.items():
        mine = np.array([place[item.row] for item in lists], np.int64)
        values = measures(lists, [posterior.judge(item.table).logits for item in lists])
        rival = {key: column[mine] for key, column in columns[baseline].items()}
        rows[name] = summarize(values, StructureBootstrap(judged.structures[mine]), rival)
    hits = {name: float(values["hit@1"].mean()) for name, values in columns.items() if name in rankings}
    single = best_single(hits)
    top = float(columns[ALL]["hit@1"].mean())
    nearest = float(columns[baseline]["hit@1"].mean())
    summary = {
        "n_spectra": bootstrap.n_spectra,
        "n_structures": bootstrap.n_structures,
        "median_candidates": float(np.median([len(item) for item in judged.lists])),
        "covered": round(float(np.mean([item.correct.any() for item in judged.lists])), 4),
        "baseline": baseline,
        "best_single": single,
        "times_best_single": round(top / max(hits[single], 1e-9), 3),
        "times_baseline": round(top / max(nearest, 1e-9), 3),
        "rankings": rows,
    }
    return summary, columns


def describe_rules(judged: Judged, rivals: Rivals) -> dict[str, Any]:
    """Compare the two rules: the most probable candidate, and that of the highest expected similarity."""
    bootstrap = StructureBootstrap(judged.structures)
    answers: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    probable = [int(one.shares.argmax()) if one.shares.size else -1 for one in judged.judgements]
    for name, chosen in (("most probable", probable), ("highest expected similarity", rivals.most_similar.tolist())):
        right = [float(item.correct[i]) if i >= 0 else 0.0 for item, i in zip(judged.lists, chosen, strict=True)]
        similar = [float(item.similarity[i]) if i >= 0 else 0.0 for item, i in zip(judged.lists, chosen, strict=True)]
        answers[name] = np.array(right), np.array(similar)
    return {
        name: {
            "right": bootstrap.over_spectra(right).to_dict(),
            "tanimoto": bootstrap.over_spectra(similar).to_dict(),
        }
        for name, (right, similar) in answers.items()
    } | {"expected_tanimoto": round(float(rivals.expected.mean()), 4)}


def describe_groups(
    judged: Judged, table: ResultTable, columns: Mapping[str, Columns], baseline: str, missing_share: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return hit@1 of posterior and baseline in groups of spectra, and the calibration error in each of them."""
    everywhere = np.ones(len(judged.lists), bool)
    pair = {"model": columns[ALL]["hit@1"], "baseline": columns[baseline]["hit@1"]}
    known = top_hits_of(judged.judgements, judged.lists)
    removed = top_hits_of(judged.removed, [item.without_truth() for item in judged.lists])
    errors: dict[str, Any] = {}
    for name, (labels, groups) in groupings(table).items():
        errors[name] = {}
        for group in groups:
            chosen = labels == group
            if chosen.sum() >= MIN_LISTS:
                probability, right = mixed(known.take(chosen), removed.take(chosen), missing_share)
                errors[name][group] = {
                    "n_spectra": int(chosen.sum()),
                    "ece": reliability(probability, right)["ece"],
                    "confidence": round(float(probability.mean()), 4),
                    "accuracy": round(float(right.mean()), 4),
                }
    return break_down(table, {"hit@1": (pair, everywhere)}), errors


def describe_isomer_groups(judged: Judged, rankings: Mapping[str, Scores]) -> dict[str, Any]:
    """Return how posterior and other rankings order the isomers of the right structure."""
    chosen = np.flatnonzero(has_isomers(judged.lists))
    lists, structures = [judged.lists[i] for i in chosen.tolist()], judged.structures[chosen]
    every = {ALL: judged.logits(), **rankings}
    return {
        name: describe_isomers(lists, [scores[i] for i in chosen.tolist()], structures)
        for name, scores in every.items()
    }


def describe_dilution(
    posterior: Posterior, diluted: Mapping[float, Sequence[LabelledTable]], threshold: float
) -> list[dict[str, Any]]:
    """Say what becomes of true and spurious hits as spectra are diluted, at a threshold that was chosen before.

    Parameters
    ----------
    posterior
        The posterior.
    diluted
        Noise level (0: none) -> evidence on the same lists.
    threshold
        Least probability of a hit.
    """
    rows = []
    for level, lists in sorted(diluted.items()):
        judged = Judged.of(posterior, lists)
        known, removed = judged.hits()
        curve = threshold_curves(known, removed, posterior.missing_share, (threshold,))[0]
        rows.append(
            {
                "noise_level": level,
                "n_spectra": len(judged.lists),
                "median_peaks": float(np.median([item.table.query.n_peaks for item in judged.lists])),
                "hit@1": round(float(known.right.mean()), 4),
                "probability_none": round(float(known.none.mean()), 4),
            }
            | curve
        )
    return rows


def confidence_of(judged: Judged, missing_share: float) -> dict[str, Any]:
    """Return what `describe_confidence` says of judged lists."""
    return describe_confidence(*judged.hits(), missing_share)


def table_of_lists(
    judged: Judged, described: Mapping[str, NDArray[Any]], columns: Mapping[str, Columns], rivals: Rivals
) -> ResultTable:
    """Return one row a spectrum: what it is, what the posterior says, and where the rankings have the right one."""
    known = top_hits_of(judged.judgements, judged.lists)
    removed = top_hits_of(judged.removed, [item.without_truth() for item in judged.lists])
    found: dict[str, NDArray[Any]] = dict(described)
    found |= {
        "n_candidates": np.array([len(item) for item in judged.lists], np.int64),
        "n_correct": np.array([int(item.correct.sum()) for item in judged.lists], np.int64),
        "probability": known.probability,
        "probability_none": known.none,
        "top_right": known.right,
        "probability_removed": removed.probability,
        "probability_none_removed": removed.none,
        "expected_similarity": rivals.expected,
    }
    for name, values in columns.items():
        reciprocal = values["mrr"]
        ranks = np.divide(1.0, reciprocal, out=np.full(reciprocal.size, np.nan), where=reciprocal > 0)
        found[f"rank_{column_name(name)}"] = ranks
    return ResultTable(found)
