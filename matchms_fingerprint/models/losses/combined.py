"""Retrieval and similarity in one: the listwise loss of fingerprints beside the soft Tanimoto."""

from __future__ import annotations

from torch import Tensor

from matchms_fingerprint.models.losses.listwise import listwise_loss
from matchms_fingerprint.models.losses.overlap import iou_loss


def combined_loss(
    logits: Tensor,
    bits: Tensor,
    scores: Tensor,
    correct: Tensor,
    mask: Tensor | None = None,
    temperature: Tensor | float = 0.07,
    prior: Tensor | None = None,
    weight: float = 0.5,
) -> Tensor:
    """Return weight * listwise loss + (1 - weight) * soft Tanimoto distance.

    Parameters
    ----------
    logits, bits
        As in `iou_loss`.
    scores, correct, mask, temperature, prior
        As in `listwise_loss`.
    weight
        From 0 (similarity alone) to 1 (retrieval alone).

    Returns
    -------
    Tensor of shape (n,)
    """
    ranking = listwise_loss(scores, correct, mask, temperature, prior)
    return weight * ranking + (1.0 - weight) * iou_loss(logits, bits)
