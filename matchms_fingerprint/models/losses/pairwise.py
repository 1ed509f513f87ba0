"""Softplus of the margins between right and wrong candidates."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from matchms_fingerprint.models.losses.ranking_lists import ranking_lists


def pairwise_loss(
    scores: Tensor,
    correct: Tensor,
    mask: Tensor | None = None,
    temperature: Tensor | float = 0.07,
    prior: Tensor | None = None,
) -> Tensor:
    """Return the mean of softplus((s- - s+) / T) over the negatives (Burges et al., "Learning to rank", ICML 2005).

    Parameters
    ----------
    scores, correct, mask, temperature, prior
        As in `ranking_lists.ranking_lists`. With several right candidates, the mean over all pairs of a right and a
        wrong one.

    Returns
    -------
    Tensor of shape (n,)
        0, and without a gradient, where a list has no right candidate or nothing else.
    """
    lists = ranking_lists(scores, correct, mask, temperature, prior)
    most = int(lists.correct.sum(dim=1).max()) if lists.correct.numel() else 0
    if most == 0:
        return 0.0 * lists.scores.sum(dim=1)
    is_right, places = lists.correct.to(torch.uint8).sort(dim=1, descending=True, stable=True)
    is_right, places = is_right[:, :most].bool(), places[:, :most]
    margins = lists.scores[:, None, :] - lists.scores.gather(1, places)[:, :, None]
    pairs = is_right[:, :, None] & lists.wrong[:, None, :]
    total = torch.where(pairs, functional.softplus(margins), 0.0).sum(dim=(1, 2))
    return total / pairs.sum(dim=(1, 2)).clamp(min=1)
