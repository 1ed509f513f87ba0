"""What to answer, given probabilities: which candidate, and which bits.

Three rules choose a candidate from a predicted fingerprint. The posterior mode has the best hit rate, the expected
similarity the most similar answer, if the posterior is right; the raw similarity of prediction and candidate needs no
posterior. The bounds between the first two are derived in `regret_bounds`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.decisions import expected_similarity
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.kernels.types import FloatArray, WordArray
from matchms_fingerprint.models.calibration import softmax_scores


def posterior_of(scores: FloatArray) -> FloatArray:
    """Return the softmax of scores that are evidence (log-likelihoods, or scores over a temperature), shape (n,)."""
    if not len(scores):
        return np.empty(0)
    shares = np.exp(scores - np.max(scores))
    return shares / shares.sum()


def regret_bounds(posterior: FloatArray, similarity: FloatArray) -> tuple[float, float]:
    """Bound what the best choice for one aim loses for the other.

    With k = argmax of the posterior eta, s = argmax of the expected similarity, and similarities between distinct
    candidates from smin to smax: the expected similarity of s is at most eta_s + eta_k S_ks + (1 - eta_k - eta_s) smax,
    that of k at least eta_k + eta_s S_ks + (1 - eta_k - eta_s) smin, and the first is the larger one.

    Parameters
    ----------
    posterior
        Shape (n,).
    similarity
        Between the candidates, shape (n, n), symmetric, 1 on the diagonal.

    Returns
    -------
    tuple of float
        Bounds of the hit-rate regret of s, eta_k - eta_s, and of the similarity regret of k. Both are 0 where k is s.
    """
    k, s = int(np.argmax(posterior)), int(np.argmax(similarity @ posterior))
    if k == s:
        return 0.0, 0.0
    others = similarity[~np.eye(len(posterior), dtype=bool)]
    width, room = float(others.max() - others.min()), 1.0 - float(others.max())
    spread = (1.0 - posterior[k] - posterior[s]) * width
    hit_rate = spread / room if room > 0 else float(posterior[k] - posterior[s])
    return float(hit_rate), float(spread - (posterior[k] - posterior[s]) * room)


@dataclass(frozen=True)
class DecisionRule:
    """A scorer of candidates for `evaluation.retrieval.ranks`: `score(predicted, packed)`.

    Parameters
    ----------
    name
        "posterior_mode", "expected_similarity" or "raw_similarity".
    evidence
        Score that the posterior is made of, one of `kernels.tanimoto.SCORES`; for "raw_similarity" the score itself.
    temperature
        What it is divided by before the softmax, fitted on validation data (`training.calibrate.fit_temperature`).

    Raises
    ------
    SettingsError
        If the rule or the score is unknown, or the temperature is not positive.
    """

    name: str
    evidence: str = "log_likelihood"
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in _RULES:
            raise SettingsError(f"unknown decision rule {self.name!r}; known are {', '.join(_RULES)}")
        if self.evidence not in SCORES:
            raise SettingsError(f"unknown score {self.evidence!r}; known are {', '.join(SCORES)}")
        if not self.temperature > 0:
            raise SettingsError(f"the temperature is {self.temperature}; it must be positive")

    def score(self, predicted: FloatArray, packed: WordArray) -> FloatArray:
        """Return the score of each candidate, shape (n,), float64; the highest one is the answer.

        Parameters
        ----------
        predicted
            Probabilities of the bits, shape (n_bits,).
        packed
            Packed candidates, shape (n, n_words), uint64.
        """
        return _RULES[self.name](self, predicted, packed)

    def posterior(self, predicted: FloatArray, packed: WordArray) -> FloatArray:
        """Return the probability of each candidate, shape (n,)."""
        scores = SCORES[self.evidence](predicted, packed)
        return posterior_of(softmax_scores(self.evidence, scores) / self.temperature)


_RULES: dict[str, Callable[[DecisionRule, FloatArray, WordArray], FloatArray]] = {
    "posterior_mode": lambda rule, predicted, packed: rule.posterior(predicted, packed),
    "expected_similarity": lambda rule, predicted, packed: expected_similarity(
        rule.posterior(predicted, packed), packed
    ),
    "raw_similarity": lambda rule, predicted, packed: SCORES[rule.evidence](predicted, packed),
}
DECISION_RULES = tuple(_RULES)


def jaccard_bit_threshold(best_jaccard: float) -> float:
    """Return J / (1 + J), the probability above which a bit belongs to the fingerprint of the best expected Jaccard J.

    Adding a bit of probability p to the prediction adds p to the expected intersection and 1 - p to the expected
    union; that helps their ratio J where p > J (1 - p).
    """
    if not 0 <= best_jaccard <= 1:
        raise SettingsError(f"a Jaccard similarity of {best_jaccard}; it must lie between 0 and 1")
    return best_jaccard / (1.0 + best_jaccard)


def jaccard_bits(probabilities: NDArray[np.floating]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Choose the bits of the highest ratio of expected intersection to expected union, for each spectrum on its own.

    Needs calibrated probabilities and no validation data: each spectrum has the threshold J / (1 + J) of its own J,
    which Dinkelbach's iteration finds (1967).

    Parameters
    ----------
    probabilities
        Shape (n, n_bits).

    Returns
    -------
    tuple of ndarray
        Bits, shape (n, n_bits), uint8; and the J that each spectrum can expect, shape (n,), float64.
    """
    p = np.asarray(probabilities, np.float64)
    total, ratio = p.sum(axis=1), np.zeros(len(p))
    while True:
        kept = p > (ratio / (1.0 + ratio))[:, None]
        inside = (p * kept).sum(axis=1)
        better = inside / np.maximum(kept.sum(axis=1) + total - inside, np.finfo(np.float64).tiny)
        if (better <= ratio + 1e-15).all():
            return kept.astype(np.uint8), np.maximum(better, ratio)
        ratio = np.maximum(better, ratio)


def consistent_bit_threshold(
    probabilities: NDArray[np.float32], true: NDArray[np.uint8], max_steps: int = 50
) -> tuple[float, float]:
    """Find a threshold t = J / (1 + J) where J is the mean Tanimoto that t itself gives.

    To be called with validation data, never with test data. `metrics.best_bit_threshold` searches a grid instead, and
    does not need calibrated probabilities.

    Parameters
    ----------
    probabilities, true
        Predicted probabilities and true bits, shape (n, n_bits).
    max_steps
        Most steps of the search, which halves an interval.

    Returns
    -------
    tuple of float
        Threshold, and the mean Tanimoto that it gives.
    """
    low, high = 0.0, 0.5
    for _ in range(max_steps):
        middle = (low + high) / 2.0
        reached = float(tanimoto_of_bits(probabilities > middle, true).mean())
        if jaccard_bit_threshold(reached) > middle:
            low = middle
        else:
            high = middle
        if high - low < 1e-4:
            break
    threshold = (low + high) / 2.0
    return threshold, float(tanimoto_of_bits(probabilities > threshold, true).mean())
