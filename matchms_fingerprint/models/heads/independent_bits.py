"""All bits from one layer: multi-task prediction with everything before it shared.

Architecture 2 of Liu et al. ("Current and future deep learning algorithms for MS/MS-based small molecule structure
elucidation").
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.models.heads.head import Head


class IndependentBits(Head):
    """One logit per bit, linear in the activated embedding.

    Parameters
    ----------
    n_embedding, n_bits
        Sizes of input and output.
    dropout
        Dropout rate of the activated embedding.
    """

    def __init__(self, n_embedding: int, n_bits: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.settings = {"dropout": dropout}
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(n_embedding, n_bits)

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits; see `Head.forward`."""
        return self.last(self.dropout(functional.gelu(embedding)))
