"""Cosine of predicted bits and candidates."""

from __future__ import annotations

from torch import Tensor

from matchms_fingerprint.models.losses.overlap import unit_probabilities
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.models.scorers.scorer import Scorer


class CosineScorer(Scorer):
    """p.c / (|p| |c|), 0 for a candidate without bits; the numbers of `kernels.tanimoto.cosine_scores`."""

    def __init__(self, n_embedding: int, n_bits: int) -> None:
        super().__init__()
        self.settings = {}

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """See `Scorer`."""
        norms = candidates.counts.clamp(min=1).to(logits.dtype).sqrt()
        return candidates.bit_sums(unit_probabilities(logits)) / norms
