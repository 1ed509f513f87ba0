"""Losses that compare the predicted fingerprint with the true one as a whole: cosine and soft Tanimoto."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def unit_probabilities(logits: Tensor) -> Tensor:
    """Return the probabilities divided by their norm, shape (n, n_bits).

    They are first scaled to a largest value of 1, so that probabilities which vanish in single precision keep their
    direction, and no gradient is divided by 0.
    """
    logarithms = functional.logsigmoid(logits)
    scaled = torch.exp(logarithms - logarithms.detach().amax(dim=1, keepdim=True))
    return scaled / scaled.norm(dim=1, keepdim=True)


def cosine_loss(logits: Tensor, bits: Tensor) -> Tensor:
    """Return 1 - cos(p, y) of the probabilities p and the true bits y.

    Parameters
    ----------
    logits
        Shape (n, n_bits).
    bits
        True bits, 0 or 1, of the same shape and floating type.

    Returns
    -------
    Tensor of shape (n,)
        1 where no bit is true.
    """
    norms = bits.norm(dim=1).clamp(min=1.0)
    return 1.0 - (unit_probabilities(logits) * bits).sum(dim=1) / norms


def iou_loss(logits: Tensor, bits: Tensor) -> Tensor:
    """Return 1 - sum(py) / (sum(p) + sum(y) - sum(py)), the soft Tanimoto distance ("intersection over union").

    It is computed as what differs over the union, so that it does not lose its digits near 0 (Rahman & Wang,
    "Optimizing intersection-over-union in deep neural networks for image segmentation", ISVC 2016).

    Parameters
    ----------
    logits, bits
        As in `cosine_loss`.

    Returns
    -------
    Tensor of shape (n,)
        1 where no bit is true.
    """
    probabilities = torch.sigmoid(logits)
    too_much = (probabilities * (1.0 - bits)).sum(dim=1)
    too_little = (torch.sigmoid(-logits) * bits).sum(dim=1)
    n_true = bits.sum(dim=1)
    union = torch.where(n_true > 0, n_true + too_much, 1.0)
    return torch.where(n_true > 0, (too_much + too_little) / union, 1.0)
