"""The posterior: the probability of each candidate, and that none of them is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.candidate_network import CandidateNetwork
from matchms_fingerprint.annotation.posterior.conditional_logit import ConditionalLogit
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.annotation.posterior.none_of_these import NoneOfThese
from matchms_fingerprint.annotation.ranking import softmax

Weigher = ConditionalLogit | CandidateNetwork
"""Gives the logits of candidates."""

SHORTLIST = 200
"""Candidates of a query for which costly evidence is computed."""


@dataclass(frozen=True)
class Judgement:
    """What the posterior says of one query.

    Parameters
    ----------
    shares
        Probability of each candidate if one of them is right, shape (n_candidates,).
    probability_none
        Probability that none is.
    logits
        Logarithm of the shares: what the ranking follows, shape (n_candidates,).
    """

    shares: NDArray[np.float64]
    probability_none: float
    logits: NDArray[np.float64]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each candidate, shape (n_candidates,); with `probability_none` they sum to 1."""
        return (1.0 - self.probability_none) * self.shares


@dataclass(frozen=True)
class Posterior:
    """Evidence to probabilities.

    Costly evidence is computed for the best candidates by the cheap evidence only. These share among them, by all
    evidence, what the cheap evidence gave them together; the others keep what they had.

    Parameters
    ----------
    cheap
        Weights of the cheap evidence, where nothing else is known.
    full
        Weights of all evidence, or networks that weigh it.
    none_of_these
        Tells lists without the right structure.
    missing_share
        How often the right structure is missing from the library, before anything is looked at.
    """

    cheap: ConditionalLogit
    full: Weigher
    none_of_these: NoneOfThese
    missing_share: float

    @property
    def columns(self) -> tuple[str, ...]:
        """All evidence that is looked at."""
        return self.full.columns

    @property
    def costly_columns(self) -> tuple[str, ...]:
        """The evidence that only a short list has."""
        return tuple(name for name in self.full.columns if name not in self.cheap.columns)

    def shortlist(self, table: EvidenceTable, size: int = SHORTLIST) -> NDArray[np.int64]:
        """Return the candidates of the highest cheap logits, best first, shape (min(n, size),), int64."""
        return np.argsort(-self.cheap.logits(table), kind="stable")[:size]

    def shares(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the probability of each candidate if one of them is right, shape (n_candidates,)."""
        return shares_of(self.cheap, self.full, table)

    def judge(self, table: EvidenceTable) -> Judgement:
        """Return the probabilities of a query; where there is no candidate, none is right for sure."""
        if not len(table):
            return Judgement(np.empty(0), 1.0, np.empty(0))
        shares = self.shares(table)
        none = self.none_of_these.probability(table, shares, self.missing_share)
        return Judgement(shares, none, log_of(shares))


def shares_of(cheap: Weigher, full: Weigher, table: EvidenceTable) -> NDArray[np.float64]:
    """Return the softmax over the candidates in two stages; see `Posterior`.

    Parameters
    ----------
    cheap, full
        Weights of the cheap and of all evidence.
    table
        The evidence, of at least one candidate.

    Returns
    -------
    ndarray of shape (n_candidates,), float64
        Sums to 1.
    """
    costly = tuple(name for name in full.columns if name not in cheap.columns)
    looked_at = table.has_any(costly)
    if not costly or looked_at.all():
        return softmax(full.logits(table))
    shares = softmax(cheap.logits(table))
    if looked_at.any():
        shares[looked_at] = shares[looked_at].sum() * softmax(full.logits(table.take(looked_at)))
    return shares


def log_of(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of shares, finite where they are 0."""
    return np.log(np.maximum(shares, np.finfo(np.float64).tiny))
