"""Perceptron on fingerprints: the cheap encoder of structures.

As on the molecule side of JESTR (Kalia et al., Bioinformatics 2025) and of the joint embeddings of De Waele et al.
(2026), but the input layer is an embedding bag, so that the cost follows the number of set bits.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.molecules import Molecules, set_bits
from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder


class FingerprintEncoder(MoleculeEncoder):
    """Sum of learned vectors of the set bits, residual blocks, embedding.

    Parameters
    ----------
    n_bits
        Bits of the fingerprint.
    n_embedding, n_hidden
        Widths of the embedding and of the layers before it.
    n_blocks
        Number of residual blocks.
    dropout
        Dropout rate of the hidden layers.
    """

    needs_graphs: ClassVar[bool] = False

    def __init__(
        self, n_bits: int, n_embedding: int = 256, n_hidden: int = 512, n_blocks: int = 1, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.settings = {"n_embedding": n_embedding, "n_hidden": n_hidden, "n_blocks": n_blocks, "dropout": dropout}
        self.n_bits, self.n_embedding = n_bits, n_embedding
        self.bits = nn.EmbeddingBag(n_bits, n_hidden, mode="sum")
        nn.init.normal_(self.bits.weight, std=0.1)
        self.input = nn.Sequential(nn.LayerNorm(n_hidden), nn.GELU(), nn.Dropout(dropout))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(n_hidden), nn.Linear(n_hidden, n_hidden), nn.GELU(), nn.Dropout(dropout))
            for _ in range(n_blocks)
        )
        self.embedding = nn.Linear(n_hidden, n_embedding)

    def prepare(self, molecules: Molecules) -> tuple[Tensor, Tensor]:
        """Turn structures into what `forward` takes: set bits, and where each structure begins.

        Raises
        ------
        ModelError
            If the fingerprints have another length.
        """
        if molecules.fingerprints.shape[1] != -(-self.n_bits // 64):
            raise ModelError(
                f"packed fingerprints of shape {molecules.fingerprints.shape} do not have the {self.n_bits} bits "
                "of this encoder; compute them as its model says"
            )
        bits, offsets = set_bits(molecules.fingerprints)
        return torch.from_numpy(bits), torch.from_numpy(offsets[:-1])

    def forward(self, prepared: tuple[Tensor, Tensor]) -> Tensor:
        """Embed a batch; see `MoleculeEncoder.forward`."""
        hidden = self.input(self.bits(*prepared))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.embedding(hidden)
