"""Residual multi-layer perceptron on binned peaks.

The input layer is an embedding bag: each binned fragment or loss has a learned vector, and a spectrum is the weighted
sum of the vectors of its peaks, so the cost follows the number of peaks and not of bins. Multi-task prediction of all
bits from shared layers follows architecture 2 of Liu et al. ("Current and future deep learning algorithms for
MS/MS-based small molecule structure elucidation"); the perceptron itself is close to the fingerprint model of
MassSpecGym (Bushuiev et al. 2024).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.binned import (
    N_METADATA,
    BinnedSettings,
    binned_rows,
    frequent_bins,
    metadata_features,
)
from matchms_fingerprint.models.encoders.encoder import Encoder


class BinnedMLP(Encoder):
    """Embedding bag of binned peaks, residual blocks, embedding.

    Parameters
    ----------
    features
        Settings of the binned features, see `features.binned.BinnedSettings`.
    n_input, n_hidden, n_embedding
        Widths of the peak vectors, the residual blocks and the embedding.
    n_blocks
        Number of residual blocks.
    dropout
        Dropout rate of the hidden layers; `feature_dropout` that of the binned peaks.
    """

    def __init__(
        self,
        features: dict[str, Any],
        n_input: int = 512,
        n_hidden: int = 1024,
        n_embedding: int = 512,
        n_blocks: int = 2,
        dropout: float = 0.5,
        feature_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.features = BinnedSettings.from_dict(features)
        self.settings = {
            "features": self.features.to_dict(),
            "n_input": n_input,
            "n_hidden": n_hidden,
            "n_embedding": n_embedding,
            "n_blocks": n_blocks,
            "dropout": dropout,
            "feature_dropout": feature_dropout,
        }
        self.n_embedding = n_embedding
        self.feature_dropout = feature_dropout
        self.peaks = nn.EmbeddingBag(self.features.n_features, n_input, mode="sum")
        nn.init.normal_(self.peaks.weight, std=0.05)
        self.metadata = nn.Linear(N_METADATA, n_input)
        self.input = nn.Sequential(
            nn.LayerNorm(n_input), nn.GELU(), nn.Linear(n_input, n_hidden), nn.GELU(), nn.Dropout(dropout)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(n_hidden), nn.Linear(n_hidden, n_hidden), nn.GELU(), nn.Dropout(dropout))
            for _ in range(n_blocks)
        )
        self.embedding = nn.Linear(n_hidden, n_embedding)

    @classmethod
    def settings_from_data(
        cls, spectra: SpectrumArrays, structure: NDArray[np.int64], settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Choose the fine bins that are features: those of most training structures.

        Beside the arguments of the class, `settings` may hold `n_fine_fragments` and `n_fine_losses`.
        """
        chosen = dict(settings)
        n_fragments, n_losses = chosen.pop("n_fine_fragments", 4000), chosen.pop("n_fine_losses", 2000)
        given = BinnedSettings.from_dict(chosen.pop("features", {}))
        fragments = np.where(spectra.intensity >= 0.01, spectra.mz, np.nan)
        losses = spectra.precursor_mz[spectra.rows] - fragments
        losses[~(losses > 0.5)] = np.nan
        of_peaks, width = structure[spectra.rows], given.fine_width_da
        bins = {
            "fine_fragments": list(frequent_bins(fragments, of_peaks, width, n_fragments)),
            "fine_losses": list(frequent_bins(losses, of_peaks, width, n_losses)),
        }
        return {"features": given.to_dict() | bins, **chosen}

    def prepare(self, spectra: SpectrumArrays) -> tuple[Tensor, ...]:
        """Turn spectra into what `forward` takes: indices, weights, row offsets and metadata."""
        rows = binned_rows(spectra, self.features)
        return (
            torch.from_numpy(rows.indices),
            torch.from_numpy(rows.weights),
            torch.from_numpy(rows.offsets[:-1]),
            torch.from_numpy(rows.metadata),
        )

    @torch.no_grad()
    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Set to 0 the weights of metadata that no training spectrum has; they still are as they were drawn."""
        seen = metadata_features(spectra).any(axis=0)
        self.metadata.weight[:, torch.from_numpy(~seen)] = 0.0

    def forward(self, prepared: tuple[Tensor, ...]) -> Tensor:
        """Embed a batch; see `Encoder.forward`."""
        return self.read(self.sum_of_bins(prepared))

    def sum_of_bins(self, prepared: tuple[Tensor, ...]) -> Tensor:
        """Return the sum of the vectors of bins and metadata, shape (n_spectra, n_input)."""
        indices, weights, offsets, metadata = prepared
        if self.training:
            weights = functional.dropout(weights, self.feature_dropout)
        return self.peaks(indices, offsets, per_sample_weights=weights) + self.metadata(metadata)

    def read(self, summed: Tensor) -> Tensor:
        """Turn such a sum into the embedding."""
        hidden = self.input(summed)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.embedding(hidden)
