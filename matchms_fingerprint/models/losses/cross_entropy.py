"""Cross-entropy of bits, and its focal variant."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def bce_loss(logits: Tensor, bits: Tensor) -> Tensor:
    """Return the cross-entropy, mean over bits.

    Parameters
    ----------
    logits
        Shape (n, n_bits).
    bits
        True bits, 0 or 1, of the same shape and floating type.

    Returns
    -------
    Tensor of shape (n,)
    """
    return functional.binary_cross_entropy_with_logits(logits, bits, reduction="none").mean(dim=1)


def focal_loss(logits: Tensor, bits: Tensor, gamma: float = 2.0) -> Tensor:
    """Return the focal loss, mean over bits: cross-entropy times (1 - p_t)^gamma.

    p_t is the probability that the model gives to the true value of a bit, so that bits which are predicted well
    already count less (Lin et al., "Focal loss for dense object detection", ICCV 2017).

    Parameters
    ----------
    logits, bits
        As in `bce_loss`.
    gamma
        0 is cross-entropy; 2 to 5 are usual.

    Returns
    -------
    Tensor of shape (n,)
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, bits, reduction="none")
    towards_truth = logits * (2.0 * bits - 1.0)
    return (torch.exp(gamma * functional.logsigmoid(-towards_truth)) * entropy).mean(dim=1)
