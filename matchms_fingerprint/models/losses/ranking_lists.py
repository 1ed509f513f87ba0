"""Candidate lists as the losses of rankings see them: padded, with a mask, and who is correct."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from matchms_fingerprint.errors import SettingsError


@dataclass(frozen=True)
class RankingLists:
    """Scores of padded candidate lists, made safe.

    Parameters
    ----------
    scores
        Shape (n, n_candidates); 0 where there is no candidate.
    correct, wrong
        Whether a candidate is right or wrong, shape (n, n_candidates), bool; neither in the padding.
    informative
        Whether a list has both a right and a wrong candidate, shape (n,), bool.
    """

    scores: Tensor
    correct: Tensor
    wrong: Tensor
    informative: Tensor


def ranking_lists(
    scores: Tensor, correct: Tensor, mask: Tensor | None, temperature: Tensor | float, prior: Tensor | None
) -> RankingLists:
    """Divide scores by the temperature, add the prior, and tell right, wrong and padding apart.

    Parameters
    ----------
    scores
        Scores of the candidates, shape (n, n_candidates); what stands in the padding, even NaN, does not matter.
    correct
        Position of the right candidate, shape (n,), int64, -1 where there is none; or which candidates are right,
        shape (n, n_candidates), bool.
    mask
        Where there is a candidate, shape (n, n_candidates), bool; None: everywhere.
    temperature
        What the scores are divided by.
    prior
        Logarithm of how likely a candidate is without the spectrum, up to a constant a list, shape (n, n_candidates);
        a model trained beside it need not learn it (Menon et al., "Long-tail learning via logit adjustment", ICLR
        2021).

    Raises
    ------
    SettingsError
        If the shapes do not fit, or the mask is not of bool.
    """
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if mask.dtype != torch.bool or mask.shape != scores.shape:
        raise SettingsError(
            f"the mask of candidates is {mask.dtype} of shape {tuple(mask.shape)}; "
            f"scores of shape {tuple(scores.shape)} need torch.bool of the same shape"
        )
    right = _as_mask(correct, scores) & mask
    wrong = mask & ~right
    scaled = torch.where(mask, scores, 0.0) / temperature
    if prior is not None:
        if prior.shape != scores.shape:
            raise SettingsError(f"a prior of shape {tuple(prior.shape)} does not fit scores of {tuple(scores.shape)}")
        scaled = scaled + torch.where(mask, prior, 0.0)
    return RankingLists(scaled, right, wrong, right.any(dim=1) & wrong.any(dim=1))


def _as_mask(correct: Tensor, scores: Tensor) -> Tensor:
    if correct.dtype == torch.bool and correct.shape == scores.shape:
        return correct
    if correct.dtype == torch.int64 and correct.shape == scores.shape[:1]:
        return correct[:, None] == torch.arange(scores.shape[1], device=scores.device)
    raise SettingsError(
        f"`correct` is {correct.dtype} of shape {tuple(correct.shape)}; scores of shape {tuple(scores.shape)} need "
        "torch.int64 positions, one a list, or torch.bool of the same shape"
    )
