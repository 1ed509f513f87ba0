"""Scores that depend on two numbers of a candidate: a sum over its set bits, and how many bits it has.

Cosine, Tanimoto, Dice and the Bernoulli log-likelihood of a predicted fingerprint are all of this kind; what is summed
differs. For a given number of bits each grows with the sum. So one search serves them all: turn the score that a
candidate must reach into the sum that it needs (`least_sums`), and pass over those that cannot have it. That is the
bound of Swamidass and Baldi (J. Chem. Inf. Model. 2007, 47, 302) for any score and for probabilities as well as bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from matchms_fingerprint.kernels.types import FloatArray, IntArray

_LOWEST, _HIGHEST = 1e-4, 1 - 1e-4  # a probability of 0 or 1 would make one wrong bit decide everything
_SMALLEST_LOG = -700.0  # exp of less is 0, and a score of 0 would vanish from matchms' sparse scores
_SLACK = 1e-9  # rounding errors of the sums are below 1e-12 of the sum of all values


@dataclass(frozen=True, eq=False)
class SumScore(ABC):
    """A score of candidates against one predicted fingerprint.

    Parameters
    ----------
    values
        What is summed over the set bits of a candidate, shape (n_bits,), float64.
    edges
        Values that part the bits into those that decide, those that may matter, and the many that hardly do;
        descending. They affect the speed of a search alone.
    """

    values: FloatArray
    edges: tuple[float, ...]
    lowest: ClassVar[float] = 0.0

    @abstractmethod
    def scores(self, sums: FloatArray, counts: IntArray) -> FloatArray:
        """Return the scores of candidates with these sums and numbers of bits, shape (n,), float64."""

    @abstractmethod
    def least_sums(self, score: float, counts: IntArray) -> FloatArray:
        """Return the sum that a candidate with so many bits needs at least for a score, shape (n,), float64.

        The score must be above `lowest`, which every candidate reaches.
        """

    @property
    def slack(self) -> float:
        """What rounding can do to a sum at most, on the safe side."""
        return _SLACK * float(np.abs(self.values).sum())

    def highest_sums(self, most_bits: int) -> FloatArray:
        """Return the highest sum that candidates with 0, 1, ... `most_bits` bits can have, float64."""
        highest = np.zeros(most_bits + 1)
        descending = np.sort(self.values)[::-1][:most_bits]
        highest[1 : descending.size + 1] = np.cumsum(descending)
        highest[descending.size + 1 :] = highest[descending.size]
        return highest


@dataclass(frozen=True, eq=False)
class CosineScore(SumScore):
    """p.c / (|p| |c|), 0 where either is all zero."""

    norm: float

    def scores(self, sums: FloatArray, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return _ratio(sums, self.norm * np.sqrt(counts))

    def least_sums(self, score: float, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return score * self.norm * np.sqrt(counts)


@dataclass(frozen=True, eq=False)
class TanimotoScore(SumScore):
    """sum(pc) / (total + sum(c) - sum(pc)), 0 where either is all zero; the total is sum(p), or sum(pp) of vectors."""

    total: float

    def scores(self, sums: FloatArray, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return _ratio(sums, self.total + counts - sums)

    def least_sums(self, score: float, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return score / (1 + score) * (self.total + counts)


@dataclass(frozen=True, eq=False)
class DiceScore(SumScore):
    """2 sum(pc) / (sum(p) + sum(c)), 0 where either is all zero."""

    total: float

    def scores(self, sums: FloatArray, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return _ratio(2 * sums, self.total + counts)

    def least_sums(self, score: float, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return score / 2 * (self.total + counts)


@dataclass(frozen=True, eq=False)
class LogLikelihoodScore(SumScore):
    """exp((sum of the log-odds of the set bits - the highest such sum) / scale), in (0, 1]."""

    best: float
    scale: float
    lowest: ClassVar[float] = float(np.exp(_SMALLEST_LOG)) * (1 + _SLACK)

    def scores(self, sums: FloatArray, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        # rounding of the two sums can leave the best one a hair above 0
        return np.exp(np.clip((sums - self.best) / self.scale, _SMALLEST_LOG, 0.0))

    def least_sums(self, score: float, counts: IntArray) -> FloatArray:
        """See `SumScore`."""
        return np.full(len(counts), self.best + self.scale * np.log(score))


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _cosine(p: FloatArray) -> CosineScore:
    norm = float(np.sqrt(np.sum(np.square(p, dtype=np.float64))))
    return CosineScore(np.asarray(p, np.float64), (0.3, 0.01), norm)


def _tanimoto(p: FloatArray) -> TanimotoScore:
    return TanimotoScore(np.asarray(p, np.float64), (0.3, 0.01), float(np.sum(p, dtype=np.float64)))


def _vector_tanimoto(p: FloatArray) -> TanimotoScore:
    return TanimotoScore(np.asarray(p, np.float64), (0.3, 0.01), float(np.sum(np.square(p, dtype=np.float64))))


def _dice(p: FloatArray) -> DiceScore:
    return DiceScore(np.asarray(p, np.float64), (0.3, 0.01), float(np.sum(p, dtype=np.float64)))


def _log_likelihood(p: FloatArray) -> LogLikelihoodScore:
    clipped = np.clip(np.asarray(p, dtype=np.float64), _LOWEST, _HIGHEST)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    best = float(log_odds[clipped > 0.5].sum())
    scale = max(1.0, float(np.sum(p, dtype=np.float64)))
    edges = tuple(float(np.log(edge / (1 - edge))) for edge in (0.5, 0.05, 0.001))
    return LogLikelihoodScore(log_odds, edges, best, scale)


SUM_SCORES: dict[str, Callable[[FloatArray], SumScore]] = {
    "cosine": _cosine,
    "tanimoto": _tanimoto,
    "vector_tanimoto": _vector_tanimoto,
    "dice": _dice,
    "log_likelihood": _log_likelihood,
}
"""Makers of scores by name; each takes a predicted fingerprint, ndarray of shape (n_bits,)."""
