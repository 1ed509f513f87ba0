"""Contestants rank the candidates of each spectrum; what comes out is one value a spectrum, for every table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.candidate_lists import CandidateSource, is_formula_given
from matchms_fingerprint.evaluation.metrics import rank_of_truth
from matchms_fingerprint.evaluation.reliability import top_hits
from matchms_fingerprint.evaluation.retrieval import CandidateList, expected_at_random
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.kernels.types import FloatArray, WordArray
from matchms_fingerprint.models.calibration import softmax_scores

Advance = Callable[[str, int, int], None]
"""Called with the name of a stage, and how many of how many units of it are done."""


def tell_nobody(stage: str, done: int, total: int) -> None:
    """Take note of no progress."""


@dataclass(frozen=True)
class Ranking:
    """One way to rank candidates.

    Parameters
    ----------
    name
        Such as "model, cosine".
    predictions
        Whether the formula counts as given -> predicted fingerprints, shape (n_predicted, n_bits), float32.
    score
        Takes one prediction and the packed candidates, returns one score a candidate.
    takes_part
        The spectra that were predicted, shape (n_spectra,), bool; `n_predicted` of them are True.
    score_name, temperature
        Kind of the score and temperature of its softmax, where the probability of the top hit is wanted.
    """

    name: str
    predictions: Mapping[bool, NDArray[np.float32]]
    score: Callable[[FloatArray, WordArray], FloatArray]
    takes_part: NDArray[np.bool_]
    score_name: str = ""
    temperature: float | None = None

    @property
    def column(self) -> str:
        """Name for columns of tables, such as `model_cosine`."""
        return column_name(self.name)


def column_name(name: str) -> str:
    """Return a name without spaces and punctuation: `nearest neighbour, tanimoto` -> `nearest_neighbour_tanimoto`."""
    return "_".join("".join(c if c.isalnum() else " " for c in name).lower().split())


@dataclass(frozen=True)
class Outcome:
    """How the rankings did on one kind of candidate lists; arrays of shape (n_spectra,), float64.

    Parameters
    ----------
    n_candidates, n_correct
        Number of candidates, and how many of them are right.
    at_random
        What a random order is expected to give: hit@k and mrr.
    ranks
        Ranking -> rank of the truth, ties at their mean; infinite where it is not among the candidates, NaN where the
        ranking does not take part.
    ties
        Ranking -> number of wrong candidates with the score of the truth.
    top_tanimoto
        Ranking -> Tanimoto similarity of the top hit to the truth (mean over a tied top; 0 without candidates).
    confidence, right
        Ranking -> probability of the top hit, and whether it is right, for rankings with a temperature.
    """

    n_candidates: NDArray[np.float64]
    n_correct: NDArray[np.float64]
    at_random: dict[str, NDArray[np.float64]]
    ranks: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    ties: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    top_tanimoto: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    confidence: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    right: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def compete(
    source: CandidateSource,
    structure: NDArray[np.int64],
    truths: NDArray[np.uint64],
    rankings: Sequence[Ranking],
    advance: Advance = lambda *_: None,
) -> dict[str, Outcome]:
    """Let every ranking rank the candidates of every spectrum.

    The lists of a structure are made once, used for all its spectra and dropped, so memory does not grow with the
    library.

    Parameters
    ----------
    source
        Gives the lists of a structure.
    structure
        Structure of each spectrum, shape (n_spectra,).
    truths
        Packed fingerprint of each structure, shape (n_structures, n_words).
    rankings
        The rankings.
    advance
        Told about the progress.

    Returns
    -------
    dict
        Kind of list -> outcome, without the optional kinds that have no candidates at all.
    """
    outcomes = {kind: _empty_outcome(structure.size, rankings) for kind in source.kinds()}
    places = {ranking.name: np.cumsum(ranking.takes_part) - 1 for ranking in rankings}
    order = np.argsort(structure, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(structure[order])) + 1) if order.size else []
    done = 0
    for spectra in groups:
        label = int(structure[spectra[0]])
        for kind, found in source.lists(label).items():
            outcome = outcomes[kind]
            _describe_list(outcome, spectra, found)
            similarity = packed_similarity(truths[label], found.fingerprints)
            for ranking in rankings:
                mine = spectra[ranking.takes_part[spectra]]
                predicted = ranking.predictions[is_formula_given(kind)][places[ranking.name][mine]]
                _rank(outcome, ranking, mine, predicted, found, similarity)
        done += spectra.size
        advance("ranking candidates", done, structure.size)
    left_out = {kind for kind in source.optional() if not outcomes[kind].n_candidates.any()}
    return {kind: outcome for kind, outcome in outcomes.items() if kind not in left_out}


def _empty_outcome(n: int, rankings: Sequence[Ranking]) -> Outcome:
    outcome = Outcome(np.zeros(n), np.zeros(n), {name: np.zeros(n) for name in expected_at_random([])})
    for ranking in rankings:
        outcome.ranks[ranking.name] = np.full(n, np.nan)
        outcome.ties[ranking.name] = np.full(n, np.nan)
        outcome.top_tanimoto[ranking.name] = np.full(n, np.nan)
        if ranking.temperature is not None:
            outcome.confidence[ranking.name] = np.full(n, np.nan)
            outcome.right[ranking.name] = np.full(n, np.nan)
    return outcome


def _describe_list(outcome: Outcome, spectra: NDArray[np.int64], found: CandidateList) -> None:
    outcome.n_candidates[spectra] = found.correct.size
    outcome.n_correct[spectra] = found.correct.sum()
    for name, value in expected_at_random([found]).items():
        outcome.at_random[name][spectra] = value[0]


def _rank(
    outcome: Outcome,
    ranking: Ranking,
    spectra: NDArray[np.int64],
    predicted: NDArray[np.float32],
    found: CandidateList,
    similarity: FloatArray,
) -> None:
    for spectrum, p in zip(spectra.tolist(), predicted, strict=True):
        scores = ranking.score(p, found.fingerprints)
        outcome.ranks[ranking.name][spectrum] = rank_of_truth(scores, found.correct)
        outcome.ties[ranking.name][spectrum] = _ties_with_truth(scores, found.correct)
        top = similarity[scores == scores.max()].mean() if scores.size else 0.0
        outcome.top_tanimoto[ranking.name][spectrum] = top
        if ranking.temperature is not None:
            logits = softmax_scores(ranking.score_name, scores) / ranking.temperature
            confidence, right = top_hits([logits], [found.correct])
            outcome.confidence[ranking.name][spectrum] = confidence[0]
            outcome.right[ranking.name][spectrum] = right[0]


def _ties_with_truth(scores: FloatArray, correct: NDArray[np.bool_]) -> int:
    """Return how many wrong candidates have the score of the best right one."""
    return int((scores[~correct] == scores[correct].max()).sum()) if correct.any() else 0
