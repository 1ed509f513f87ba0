"""Bits from an embedding that is trained to mirror the similarity of structures too; see `models.siamese`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from matchms_fingerprint.models.heads.independent_bits import IndependentBits
from matchms_fingerprint.models.siamese import balanced_pair_weights, siamese_loss, tanimoto_of_pairs

_FULL_FROM = 8


class SiameseBits(IndependentBits):
    """One logit per bit, and a further loss: the cosine of two embeddings is to be the Tanimoto of the structures.

    What `FingerprintModel.embed` returns is what the loss looks at, so there is no layer for it that a bundle would
    have to hold.

    Parameters
    ----------
    n_embedding, n_bits
        Sizes of input and output.
    dropout
        Dropout rate of the activated embedding.
    weight
        Of the further loss beside that of the bits.
    """

    def __init__(self, n_embedding: int, n_bits: int, dropout: float = 0.5, weight: float = 10.0) -> None:
        super().__init__(n_embedding, n_bits, dropout)
        self.settings = {"dropout": dropout, "weight": weight}
        self.weight = weight

    def auxiliary_loss(self, embedding: Tensor, bits: Tensor) -> Tensor:
        """Return the weighted Siamese loss over all pairs of the batch; see `Head.auxiliary_loss`."""
        similarity = tanimoto_of_pairs(bits)
        weights = balanced_pair_weights(similarity.cpu().numpy(), full_from=_FULL_FROM)
        units = functional.normalize(embedding, dim=1)
        return self.weight * siamese_loss(units, similarity, torch.from_numpy(weights).to(units))
