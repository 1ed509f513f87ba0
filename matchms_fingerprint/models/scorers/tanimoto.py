"""Tanimoto of predicted bits and candidates: continuous ("intersection over union"), and of real vectors."""

from __future__ import annotations

import torch
from torch import Tensor

from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.models.scorers.scorer import Scorer


class TanimotoScorer(Scorer):
    """sum(pc) / (sum(p) + sum(c) - sum(pc)); the numbers of `kernels.tanimoto.tanimoto_scores`."""

    def __init__(self, n_embedding: int, n_bits: int) -> None:
        super().__init__()
        self.settings = {}

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """See `Scorer`."""
        probabilities = torch.sigmoid(logits)
        both = candidates.bit_sums(probabilities)
        either = self.total(probabilities) + candidates.counts - both
        return both / either.clamp(min=torch.finfo(logits.dtype).tiny)

    def total(self, probabilities: Tensor) -> Tensor:
        """Return what stands for the size of each prediction, shape (n_spectra, 1)."""
        return probabilities.sum(dim=1, keepdim=True)


class VectorTanimotoScorer(TanimotoScorer):
    """p.c / (p.p + c.c - p.c); the numbers of `kernels.tanimoto.vector_tanimoto_scores`."""

    def total(self, probabilities: Tensor) -> Tensor:
        """Return the squared length of each prediction, shape (n_spectra, 1)."""
        return probabilities.square().sum(dim=1, keepdim=True)
