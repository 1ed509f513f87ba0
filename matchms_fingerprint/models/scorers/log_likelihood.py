"""Bernoulli likelihood of candidates under predicted bits."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.models.scorers.scorer import Scorer

_HIGHEST_LOG_ODDS = math.log((1 - 1e-4) / 1e-4)  # of a probability of 1 - 1e-4; the kernel clips there too
_SMALLEST_LOG = -700.0


class LogLikelihoodScorer(Scorer):
    """exp((LL(c) - LL(best)) / max(1, sum(p))); the numbers of `kernels.tanimoto.log_likelihood_scores`.

    Parameters
    ----------
    n_embedding, n_bits
        Not needed, as for every scorer of bits.
    logarithm
        Return the logarithm, in which candidates are ranked alike: the softmax over candidates of the logarithm at the
        temperature 1 / sum(p) is their posterior probability, so that is what a listwise loss should see.
    """

    def __init__(self, n_embedding: int, n_bits: int, logarithm: bool = False) -> None:
        super().__init__()
        self.settings = {"logarithm": logarithm}
        self.logarithm = logarithm

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """See `Scorer`."""
        log_odds = logits.clamp(-_HIGHEST_LOG_ODDS, _HIGHEST_LOG_ODDS)
        best = log_odds.clamp(min=0.0).sum(dim=1, keepdim=True)
        scale = torch.sigmoid(logits).sum(dim=1, keepdim=True).clamp(min=1.0)
        relative = (candidates.bit_sums(log_odds) - best) / scale
        return relative if self.logarithm else torch.exp(relative.clamp(_SMALLEST_LOG, 0.0))
