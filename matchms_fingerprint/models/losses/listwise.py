"""Softmax cross-entropy over a candidate list."""

from __future__ import annotations

import torch
from torch import Tensor

from matchms_fingerprint.models.losses.ranking_lists import ranking_lists


def listwise_loss(
    scores: Tensor,
    correct: Tensor,
    mask: Tensor | None = None,
    temperature: Tensor | float = 0.07,
    prior: Tensor | None = None,
) -> Tensor:
    """Return the negative logarithm of the softmax share of the right candidates.

    The contrastive loss of van den Oord et al. ("Representation learning with contrastive predictive coding", 2018)
    over the candidates of a spectrum. With a temperature of 1 a cosine softmax over hundreds of candidates is nearly
    flat; 0.07 is where CLIP begins (Radford et al., ICML 2021).

    Parameters
    ----------
    scores, correct, mask, temperature, prior
        As in `ranking_lists.ranking_lists`. Several right candidates share: the sum of their shares counts.

    Returns
    -------
    Tensor of shape (n,)
        0, and without a gradient, where a list has no right candidate or nothing else.
    """
    lists = ranking_lists(scores, correct, mask, temperature, prior)
    known = lists.informative[:, None]
    lowest = torch.full_like(lists.scores, -torch.inf)
    # a list that tells nothing becomes one of zeros, since the gradient of logsumexp over nothing is NaN
    among = torch.where(lists.correct | lists.wrong, lists.scores, lowest)
    right = torch.where(lists.correct, lists.scores, lowest)
    zeros = torch.zeros_like(lists.scores)
    all_of_them = torch.logsumexp(torch.where(known, among, zeros), dim=1)
    right_ones = torch.logsumexp(torch.where(known, right, zeros), dim=1)
    return torch.where(lists.informative, all_of_them - right_ones, 0.0)
