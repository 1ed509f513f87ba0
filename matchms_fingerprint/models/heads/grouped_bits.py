"""Groups of bits that occur together, each with a hidden layer of its own: multi-task prediction of related bits.

Architecture 2 of Liu et al. ("Current and future deep learning algorithms for MS/MS-based small molecule structure
elucidation"), of which MetFID (Fan et al., Metabolites 2020) is an example: layers shared by all bits, then layers for
groups of related bits. The groups are found in the training structures, see `bit_groups.group_bits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.heads.bit_groups import group_bits
from matchms_fingerprint.models.heads.grouped_linear import GroupedLinear
from matchms_fingerprint.models.heads.head import Head


class GroupedBits(Head):
    """A hidden layer for each group of bits on the activated embedding, then a logit for each bit.

    Parameters
    ----------
    n_embedding, n_bits
        Sizes of input and output.
    groups
        Group of each bit, numbered from 0, length `n_bits`; `settings_from_data` finds them.
    n_hidden
        Hidden values of each group.
    dropout
        Dropout rate of the activated embedding; `hidden_dropout` that of the hidden values.

    Raises
    ------
    ModelError
        If there is not one group for each bit.
    """

    def __init__(
        self,
        n_embedding: int,
        n_bits: int,
        groups: Sequence[int],
        n_hidden: int = 32,
        dropout: float = 0.5,
        hidden_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(groups) != n_bits or min(groups) < 0:
            raise ModelError(f"{len(groups)} groups do not fit {n_bits} bits; there must be one for each, from 0 on")
        self.settings = {
            "groups": [int(group) for group in groups],
            "n_hidden": n_hidden,
            "dropout": dropout,
            "hidden_dropout": hidden_dropout,
        }
        self.n_groups = max(groups) + 1
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(n_embedding, self.n_groups * n_hidden)
        self.hidden_dropout = nn.Dropout(hidden_dropout)
        self.last = GroupedLinear(n_hidden, groups)

    @classmethod
    def settings_from_data(cls, bits: NDArray[np.uint8], settings: dict[str, Any]) -> dict[str, Any]:
        """Find the groups, unless they are given.

        Beside the arguments of the class, `settings` may hold `n_groups` (default 64) and `group_seed` (default 0).
        """
        chosen = dict(settings)
        n_groups, seed = chosen.pop("n_groups", min(64, bits.shape[1])), chosen.pop("group_seed", 0)
        if "groups" not in chosen:
            chosen["groups"] = group_bits(bits, n_groups, seed).tolist()
        return chosen

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits; see `Head.forward`."""
        hidden = functional.gelu(self.hidden(self.dropout(functional.gelu(embedding))))
        return self.last(self.hidden_dropout(hidden).unflatten(1, (self.n_groups, -1)))
