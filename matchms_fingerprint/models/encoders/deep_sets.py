"""A spectrum as a set of peaks: each peak through the same perceptron, then sums over the peaks.

Zaheer et al. 2017, "Deep Sets": every function of a set that does not depend on the order of its elements can be
written as rho(sum of phi(element)). Peaks come in as Fourier features of m/z and of neutral loss, as in the DeepSets
baseline of MassSpecGym (Bushuiev et al. 2024). Beside the sum, weighted by intensity, stands one in which the network
itself weighs the peaks (attention pooling, as in Lee et al. 2019, "Set Transformer"). The peaks of a batch lie one
after the other and are never padded, so that the cost follows their number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.binned import N_METADATA, metadata_features
from matchms_fingerprint.features.peak_tokens import N_SCALES, PeakTokenSettings, peak_tokens
from matchms_fingerprint.models.encoders.encoder import Encoder

ROOT_INTENSITY = 1
"""Column of `PeakTokens.scales` that weighs the peaks in the sum."""


class FlatPeaks(NamedTuple):
    """A prepared batch.

    Parameters
    ----------
    peaks
        Fourier features and scales of all peaks, shape (n_peaks, 2 * n_fourier + N_SCALES), float32.
    weights
        Square root of the relative intensity, shape (n_peaks,), float32.
    rows
        Spectrum of each peak, shape (n_peaks,), int64.
    metadata
        Shape (n_spectra, N_METADATA), float32.
    """

    peaks: Tensor
    weights: Tensor
    rows: Tensor
    metadata: Tensor


class DeepSets(Encoder):
    """Perceptron of each peak, two weighted sums over the peaks, residual blocks, embedding.

    Parameters
    ----------
    tokens
        Settings of the peaks, see `features.peak_tokens.PeakTokenSettings`; what is left out has its default.
    n_peak
        Width of the vector of a peak.
    n_peak_blocks
        Number of residual blocks that a peak goes through by itself.
    n_pools
        Number of attention-weighted sums; each takes its share of the vector of a peak.
    n_hidden, n_blocks, n_embedding
        Width and number of the residual blocks behind the sums, and width of the embedding.
    dropout
        Dropout rate of the hidden layers behind the sums; `peak_dropout` that of whole peaks in the sums.
    """

    def __init__(
        self,
        tokens: dict[str, Any] | None = None,
        n_peak: int = 512,
        n_peak_blocks: int = 1,
        n_pools: int = 8,
        n_hidden: int = 1024,
        n_blocks: int = 2,
        n_embedding: int = 512,
        dropout: float = 0.4,
        peak_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if n_peak % n_pools:
            raise ModelError(f"n_peak is {n_peak}; it must be a multiple of n_pools, {n_pools}")
        self.tokens = PeakTokenSettings.from_dict(tokens or {})
        self.settings = {
            "tokens": self.tokens.to_dict(),
            "n_peak": n_peak,
            "n_peak_blocks": n_peak_blocks,
            "n_pools": n_pools,
            "n_hidden": n_hidden,
            "n_blocks": n_blocks,
            "n_embedding": n_embedding,
            "dropout": dropout,
            "peak_dropout": peak_dropout,
        }
        self.n_embedding, self.n_pools, self.peak_dropout = n_embedding, n_pools, peak_dropout
        self.peak = nn.Linear(2 * self.tokens.n_fourier + N_SCALES, n_peak)
        self.conditions = nn.Linear(N_METADATA, n_peak)
        self.peak_blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(n_peak), nn.GELU(), nn.Linear(n_peak, n_peak)) for _ in range(n_peak_blocks)
        )
        self.peak_output = nn.Sequential(nn.LayerNorm(n_peak), nn.GELU())
        self.attention = nn.Linear(n_peak, n_pools)
        self.metadata = nn.Linear(N_METADATA, n_peak)
        self.input = nn.Sequential(
            nn.LayerNorm(3 * n_peak), nn.Linear(3 * n_peak, n_hidden), nn.GELU(), nn.Dropout(dropout)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(n_hidden), nn.Linear(n_hidden, n_hidden), nn.GELU(), nn.Dropout(dropout))
            for _ in range(n_blocks)
        )
        self.embedding = nn.Linear(n_hidden, n_embedding)

    def prepare(self, spectra: SpectrumArrays) -> FlatPeaks:
        """Turn spectra into what `forward` takes."""
        tokens = peak_tokens(spectra, self.tokens)
        scales = torch.from_numpy(tokens.scales)
        peaks = torch.cat([torch.from_numpy(tokens.fragment), torch.from_numpy(tokens.loss), scales], dim=1)
        rows = torch.repeat_interleave(torch.from_numpy(tokens.lengths))
        return FlatPeaks(peaks, scales[:, ROOT_INTENSITY], rows, torch.from_numpy(metadata_features(spectra)))

    @torch.no_grad()
    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Set to 0 the weights of metadata that no training spectrum has; they still are as they were drawn."""
        seen = metadata_features(spectra).any(axis=0)
        for layer in (self.metadata, self.conditions):
            layer.weight[:, torch.from_numpy(~seen)] = 0.0

    def forward(self, prepared: FlatPeaks) -> Tensor:
        """Embed a batch; see `Encoder.forward`."""
        peaks, weights, rows, metadata = prepared
        n = len(metadata)
        hidden = self.peak(peaks) + self.conditions(metadata)[rows]
        for block in self.peak_blocks:
            hidden = hidden + block(hidden)
        hidden = self.peak_output(hidden)
        if self.training and self.peak_dropout > 0:
            weights = weights * (torch.rand_like(weights) >= self.peak_dropout)
        summed = sum_of_sets(hidden * weights[:, None], rows, n)
        shares = softmax_of_sets(self.attention(hidden) + torch.log(weights.clamp(min=1e-6))[:, None], rows, n)
        heads = hidden.unflatten(1, (self.n_pools, -1)) * shares[:, :, None]
        pooled = sum_of_sets(heads.flatten(1), rows, n)
        vectors = self.input(torch.cat([summed, pooled, self.metadata(metadata)], dim=1))
        for block in self.blocks:
            vectors = vectors + block(vectors)
        return self.embedding(vectors)


def sum_of_sets(values: Tensor, rows: Tensor, n_sets: int) -> Tensor:
    """Sum the elements of each set.

    Parameters
    ----------
    values
        Shape (n_elements, width).
    rows
        Set of each element, shape (n_elements,), int64.
    n_sets
        Number of sets.

    Returns
    -------
    Tensor
        Shape (n_sets, width); 0 for an empty set.
    """
    return values.new_zeros(n_sets, values.shape[1]).index_add(0, rows, values)


def softmax_of_sets(scores: Tensor, rows: Tensor, n_sets: int) -> Tensor:
    """Return the softmax over the elements of each set; parameters as of `sum_of_sets`, shape (n_elements, width)."""
    with torch.no_grad():
        highest = scores.new_full((n_sets, scores.shape[1]), -torch.inf)
        highest = highest.scatter_reduce(0, rows[:, None].expand_as(scores), scores, "amax")
    powers = torch.exp(scores - highest[rows])
    return powers / sum_of_sets(powers, rows, n_sets)[rows]
