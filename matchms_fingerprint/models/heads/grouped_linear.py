"""One linear layer for each group of outputs, all of them as one batched product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class GroupedLinear(nn.Module):
    """Each output is linear in the hidden values of its own group.

    Parameters
    ----------
    n_hidden
        Hidden values of each group.
    groups
        Group of each output, numbered from 0, length `out_features`.
    """

    place: Tensor

    def __init__(self, n_hidden: int, groups: Sequence[int]) -> None:
        super().__init__()
        group = torch.as_tensor(groups, dtype=torch.int64)
        sizes = torch.bincount(group)
        order = torch.argsort(group, stable=True)
        first = torch.cumsum(sizes, 0) - sizes
        slot = torch.empty_like(group)
        slot[order] = torch.arange(group.numel()) - first[group[order]]
        self.out_features, self.width = group.numel(), int(sizes.max())
        self.register_buffer("place", group * self.width + slot, persistent=False)
        bound = n_hidden**-0.5
        self.weight = nn.Parameter(torch.empty(sizes.numel(), n_hidden, self.width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(self.out_features).uniform_(-bound, bound))

    def forward(self, hidden: Tensor) -> Tensor:
        """Return outputs, shape (n, out_features), of hidden values of shape (n, n_groups, n_hidden).

        Groups are filled up to the size of the largest, so that they form one product.
        """
        outputs = torch.bmm(hidden.transpose(0, 1), self.weight)
        return outputs.transpose(0, 1).flatten(1).index_select(1, self.place) + self.bias

    def extra_repr(self) -> str:
        """Describe the layer."""
        n_groups, n_hidden, width = self.weight.shape
        return f"{n_groups} groups of {n_hidden} -> {width} at most, out_features={self.out_features}"
