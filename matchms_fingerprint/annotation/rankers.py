"""What ranks the candidates of a feature; the predicted fingerprint alone is the simplest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from matchms_fingerprint.annotation.evidence.evidence import Query
from matchms_fingerprint.annotation.pool import CandidatePool
from matchms_fingerprint.annotation.ranked import Ranked
from matchms_fingerprint.annotation.ranking import softmax
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.models.calibration import softmax_scores


class BatchRanker(Protocol):
    """Ranks the candidates of the features of one batch."""

    def rank(self, place: int, pool: CandidatePool) -> Ranked:
        """Rank the candidates, of which there is one at least, of the query at `place` of the batch."""


class Ranker(Protocol):
    """Makes rankers of batches."""

    def begin(self, queries: Sequence[Query]) -> BatchRanker:
        """Do what is done for many spectra at a time."""

    def describe(self) -> dict[str, Any]:
        """Return all that decides the ranking, JSON-safe."""


class FingerprintRanker:
    """Ranks by the predicted fingerprint alone.

    The ranking follows score / temperature, on the scale of `softmax_scores`, plus the logarithm of the prior of the
    adduct where several compete.

    Parameters
    ----------
    model
        The model, with the temperatures that were fitted for it.
    score
        One of `kernels.tanimoto.SCORES`.
    """

    def __init__(self, model: FingerprintModel, score: str) -> None:
        self.score = score
        self.temperature = model.temperatures[score]

    def begin(self, queries: Sequence[Query]) -> FingerprintBatch:
        """Return the ranker of a batch."""
        return FingerprintBatch(self, queries)

    def describe(self) -> dict[str, Any]:
        """Return all that decides the ranking."""
        return {"kind": "fingerprint", "score": self.score, "temperature": self.temperature}


class FingerprintBatch:
    """Ranks the candidates of the features of one batch by their fingerprints."""

    def __init__(self, ranker: FingerprintRanker, queries: Sequence[Query]) -> None:
        self.ranker, self.queries = ranker, queries

    def rank(self, place: int, pool: CandidatePool) -> Ranked:
        """Rank the candidates of one feature."""
        name = self.ranker.score
        scores = pool.scores(SCORES[name], self.queries[place].fingerprint)
        logits = softmax_scores(name, scores) / self.ranker.temperature + pool.log_priors
        return Ranked(np.asarray(logits), softmax(logits), scores, lambda index: {name: float(scores[index])})
