"""Cosine of predicted fingerprints with the fingerprints of padded candidate lists."""

from __future__ import annotations

import torch
from torch import Tensor

from matchms_fingerprint.models.losses.overlap import unit_probabilities


def fingerprint_cosines(logits: Tensor, candidates: Tensor) -> Tensor:
    """Return cos(p, c) of each prediction with each candidate of its list.

    Parameters
    ----------
    logits
        Shape (n, n_bits).
    candidates
        Bits of the candidates, shape (n, n_candidates, n_bits), of the floating type of the logits; a fingerprint
        without bits, as in the padding, has the score 0.

    Returns
    -------
    Tensor of shape (n, n_candidates)
    """
    units = candidates / candidates.norm(dim=2, keepdim=True).clamp(min=1.0)
    return torch.bmm(units, unit_probabilities(logits)[:, :, None]).squeeze(2)
