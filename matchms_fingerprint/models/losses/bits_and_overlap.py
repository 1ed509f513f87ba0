"""Cross-entropy and soft Tanimoto together: the loss of the default model."""

from __future__ import annotations

from torch import Tensor

from matchms_fingerprint.models.losses.cross_entropy import bce_loss
from matchms_fingerprint.models.losses.overlap import iou_loss

EXPECTED_BITS = 50.0
"""Scale of the cross-entropy: its sum over bits is divided by about the number of set bits of a molecule."""


def bce_iou_loss(logits: Tensor, bits: Tensor, iou_weight: float = 1.0) -> Tensor:
    """Return cross-entropy summed over bits / EXPECTED_BITS + iou_weight * soft Tanimoto distance.

    The cross-entropy keeps the probabilities calibrated, the other term improves the bits that are read off them.

    Parameters
    ----------
    logits, bits
        As in `bce_loss`.
    iou_weight
        Weight of `iou_loss`.

    Returns
    -------
    Tensor of shape (n,)
    """
    entropy = bce_loss(logits, bits) * (bits.shape[1] / EXPECTED_BITS)
    return entropy + iou_weight * iou_loss(logits, bits) if iou_weight else entropy
