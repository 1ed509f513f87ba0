"""Retrieval: the model ranks candidates, beside the nearest neighbour and the controls.

Protocol: candidates within 10 ppm of the true mass, or of the true formula, which then counts as given, and of both
those of one source alone; at most 3 spectra a structure, none with fewer than 3 peaks; right is who has the first
InChIKey block of the truth; ties count at their mean rank. Intervals and differences are bootstrapped over structures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.baseline_choice import build_baseline
from matchms_fingerprint.evaluation.candidate_lists import LibraryCandidates
from matchms_fingerprint.evaluation.competition import Outcome, compete
from matchms_fingerprint.evaluation.contestants import (
    Contestant,
    blind_ranking,
    control_rankings,
    learned_rankings,
    predict_both_ways,
)
from matchms_fingerprint.evaluation.estimates import Columns, StructureBootstrap, summarize
from matchms_fingerprint.evaluation.learned_score import LearnedScore
from matchms_fingerprint.evaluation.predictions import predict_spectra
from matchms_fingerprint.evaluation.reliability import reliability, risk_coverage
from matchms_fingerprint.evaluation.retrieval import HITS, benchmark_rows, hits_of_ranks
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.network import Network

RANDOM_ORDER = "random order, expected"


def compare_retrieval(
    network: Network,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
    library: CandidateLibrary,
    temperatures: dict[str, float],
) -> dict[str, Any]:
    """Rank the candidates of a fold by the model's scores, by the nearest neighbour and by the controls.

    Returns
    -------
    dict
        What `summarize_retrieval` returns.
    """
    rows = benchmark_rows(np.flatnonzero(folds == fold), data.structure, np.diff(data.spectra.offsets))
    train = np.flatnonzero(folds == "train")
    everywhere = np.ones(rows.size, bool)
    model = Contestant(
        "model",
        lambda s: predict_spectra(network, s),
        scores=tuple(SCORES),
        temperatures=temperatures,
        learned=LearnedScore.of_network(network),
    )
    nearest = build_baseline("nearest", data, train, np.empty(0, np.int64))
    rankings = [
        *model.rankings(predict_both_ways(model, data, rows, True)),
        *learned_rankings(model, data, rows, True),
        *nearest.rankings(predict_both_ways(nearest, data, rows, True)),
        *control_rankings(model, data, rows, everywhere, True),
        blind_ranking(data, train, library, everywhere),
    ]
    source = LibraryCandidates(library, data)
    outcomes = compete(source, data.structure[rows], data.fingerprints, rankings)
    return summarize_retrieval(
        outcomes, source.kinds(), data.structure[rows], nearest.ranking_name(), [model.ranking_name()]
    )


def summarize_retrieval(
    outcomes: Mapping[str, Outcome],
    kinds: Mapping[str, str],
    structures: NDArray[Any],
    baseline: str,
    with_confidence: Sequence[str],
    chosen: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Summarize a competition.

    Parameters
    ----------
    outcomes, kinds
        Outcome of each kind of list, and what it is in words.
    structures
        Structure of each spectrum, shape (n_spectra,).
    baseline
        Name of the ranking that all others are compared with.
    with_confidence
        Names of rankings of which the reliability is described, on the kind `mass` alone, for which temperatures are
        fitted; and the coverage of risk on all kinds.
    chosen
        Spectra of the benchmark, shape (n_spectra,), bool; None stands for all.

    Returns
    -------
    dict
        For each kind: number of spectra and structures, median number of candidates, share of spectra whose structure
        is among them; `rankings`: per ranking what `estimates.summarize` says of hit@1, @5, @20, the reciprocal rank
        and the Tanimoto similarity of the top hit, with differences to the baseline; and its `tie_bounds`.
    """
    chosen = np.ones(structures.size, bool) if chosen is None else chosen
    bootstrap = StructureBootstrap(structures[chosen])
    result: dict[str, Any] = {}
    for kind, outcome in outcomes.items():
        columns: dict[str, Columns] = {name: measures_of(outcome, name, chosen) for name in outcome.ranks}
        rival = columns[baseline]
        rankings = {name: summarize(values, bootstrap, rival) for name, values in columns.items()}
        for name, values in rankings.items():
            values["tie_bounds"] = tie_bounds(outcome.ranks[name][chosen], outcome.ties[name][chosen])
        expected = {name: values[chosen] for name, values in outcome.at_random.items()}
        rankings[RANDOM_ORDER] = summarize(expected, bootstrap, {name: rival[name] for name in expected})
        result[kind] = {
            "description": kinds[kind],
            "n_spectra": bootstrap.n_spectra,
            "n_structures": bootstrap.n_structures,
            "median_candidates": float(np.median(outcome.n_candidates[chosen])),
            "covered": round(float((outcome.n_correct[chosen] > 0).mean()), 4),
            "baseline": baseline,
            "rankings": rankings,
        }
        for name in with_confidence:
            if name in outcome.confidence:
                pair = outcome.confidence[name][chosen], outcome.right[name][chosen]
                result[kind]["risk_coverage"] = risk_coverage(*pair)
                if kind == "mass":
                    result[kind]["reliability"] = reliability(*pair)
    return result


def measures_of(outcome: Outcome, ranking: str, chosen: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Return hit@k, reciprocal rank and Tanimoto similarity of the top hit of the chosen spectra."""
    return hits_of_ranks(outcome.ranks[ranking][chosen]) | {"top_tanimoto": outcome.top_tanimoto[ranking][chosen]}


def tie_bounds(ranks: NDArray[np.float64], ties: NDArray[np.float64]) -> dict[str, list[float]]:
    """Return the lowest and highest hit@k that any order among equal scores can give.

    Parameters
    ----------
    ranks
        Rank of the truth of each spectrum, ties at their mean.
    ties
        Number of wrong candidates with the score of the truth.
    """
    return {f"hit@{k}": [round(float((ranks + shift * ties / 2 <= k).mean()), 4) for shift in (1, -1)] for k in HITS}
