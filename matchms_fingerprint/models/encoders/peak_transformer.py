"""Transformer on the peaks of a spectrum, after DreaMS (Bushuiev et al. 2025).

Each peak is a token: Fourier features of its m/z and of its neutral loss, and its intensity. So is the precursor, and
so is each thing known of the measurement; a learned vector stands for what is not known. Attention has a bias from the
mass difference of each pair, which between precursor and peak is the neutral loss. The embedding is read from a token
of its own, which looks at the peaks as the precursor does. `training.pretrain` can teach it on spectra without
structures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.features.peak_tokens import N_SCALES, PeakTokens, PeakTokenSettings, peak_tokens
from matchms_fingerprint.models.encoders.attention import MassDifferenceBias, TransformerBlock, hide_keys
from matchms_fingerprint.models.encoders.encoder import Encoder

N_FIRST = 2
"""Tokens before the peaks: the summary and the precursor; both have the mass of the precursor."""

N_LAST = 4
"""Tokens behind the peaks, which have no mass: adduct, ion mode, analyser, collision energy."""

N_CLASSES = (len(ADDUCTS), 3, len(ANALYZERS))
"""Number of adducts, ion modes and analysers; the first of each is the unknown one."""

ENERGY_SCALES_EV = (10.0, 25.0, 60.0, 150.0)
"""A collision energy e becomes tanh(e / scale) for each of these."""

_SHORTEST_GROUP = 8


class PaddedPeaks(NamedTuple):
    """Spectra with about equally many peaks, padded to the longest of them.

    Parameters
    ----------
    places
        Where they stand in the batch, shape (n,), int64.
    fragment, loss
        Fourier features of m/z and neutral loss, shape (n, n_peaks, n_fourier), float32.
    scales
        Shape (n, n_peaks, N_SCALES), float32, see `features.peak_tokens.PeakTokens`.
    is_peak
        False for padding, shape (n, n_peaks), bool.
    precursor
        Fourier features of the precursor m/z, shape (n, n_fourier), float32; all zero where not known.
    classes
        Adduct, ion mode (0 unknown, 1 positive, 2 negative) and analyser, shape (n, 3), int64.
    energy
        Collision energy on several scales, shape (n, 4), float32; all zero where not known.
    """

    places: Tensor
    fragment: Tensor
    loss: Tensor
    scales: Tensor
    is_peak: Tensor
    precursor: Tensor
    classes: Tensor
    energy: Tensor


class PeakTransformer(Encoder):
    """Transformer with mass-difference bias, read from a summary token.

    Parameters
    ----------
    tokens
        Settings of the peaks, see `features.peak_tokens.PeakTokenSettings`; what is left out has its default.
    n_model, n_layers, n_heads, n_inner
        Width of a token, number of layers and heads, and width of the perceptrons in the layers.
    n_bias
        Width of the hidden layer between mass differences and attention bias.
    n_embedding
        Width of the embedding.
    dropout
        Dropout rate inside of the layers.
    """

    def __init__(
        self,
        tokens: dict[str, Any] | None = None,
        n_model: int = 192,
        n_layers: int = 4,
        n_heads: int = 8,
        n_inner: int = 512,
        n_bias: int = 32,
        n_embedding: int = 512,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.tokens = PeakTokenSettings.from_dict(tokens or {})
        self.settings = {
            "tokens": self.tokens.to_dict(),
            "n_model": n_model,
            "n_layers": n_layers,
            "n_heads": n_heads,
            "n_inner": n_inner,
            "n_bias": n_bias,
            "n_embedding": n_embedding,
            "dropout": dropout,
        }
        self.n_embedding, self.n_model = n_embedding, n_model
        n_fourier = self.tokens.n_fourier
        self.kinds = nn.Parameter(torch.randn(N_FIRST + N_LAST, n_model) * 0.3)
        self.peak = nn.Sequential(nn.Linear(2 * n_fourier + N_SCALES, n_inner), nn.GELU(), nn.Linear(n_inner, n_model))
        self.precursor = nn.Sequential(nn.Linear(n_fourier, n_inner), nn.GELU(), nn.Linear(n_inner, n_model))
        self.energy = nn.Linear(len(ENERGY_SCALES_EV), n_model)
        self.unknown_precursor = nn.Parameter(torch.randn(n_model) * 0.02)
        self.unknown_energy = nn.Parameter(torch.randn(n_model) * 0.02)
        self.classes = nn.ParameterList(torch.randn(n, n_model) * 0.02 for n in N_CLASSES)
        self.bias = MassDifferenceBias(n_fourier, n_bias, n_layers, n_heads)
        self.layers = nn.ModuleList(TransformerBlock(n_model, n_heads, n_inner, dropout) for _ in range(n_layers))
        self.norm = nn.LayerNorm(n_model)
        self.embedding = nn.Linear(n_model, n_embedding)

    def prepare(self, spectra: SpectrumArrays) -> list[PaddedPeaks]:
        """Turn spectra into what `forward` takes: groups of about equally many peaks, so that little is padded."""
        tokens = peak_tokens(spectra, self.tokens)
        classes, energy = class_indices(spectra), energy_features(spectra)
        return [
            PaddedPeaks(
                torch.from_numpy(places),
                *pad_peaks(tokens, places),
                torch.from_numpy(tokens.precursor[places]),
                torch.from_numpy(classes[places]),
                torch.from_numpy(energy[places]),
            )
            for places in length_groups(tokens.lengths)
        ]

    @torch.no_grad()
    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Give classes that no training spectrum has, such as an adduct, the vector of the unknown."""
        for table, column in zip(self.classes, class_indices(spectra).T, strict=True):
            unseen = np.setdiff1d(np.arange(1, len(table)), column)
            table[torch.from_numpy(unseen)] = table[0].clone()

    def forward(self, prepared: list[PaddedPeaks]) -> Tensor:
        """Embed a batch; see `Encoder.forward`."""
        summaries = torch.cat([self.contextualize(group, n_first=1)[:, 0] for group in prepared])
        places = torch.cat([group.places for group in prepared])
        return self.embedding(self.norm(summaries))[torch.argsort(places)]

    def contextualize(self, group: PaddedPeaks, n_first: int | None = None) -> Tensor:
        """Return the tokens of a group behind the last layer.

        Parameters
        ----------
        group
            Spectra.
        n_first
            How many tokens to return; the last layer is spared the others. None: all.

        Returns
        -------
        Tensor
            Shape (n, N_FIRST + n_peaks + N_LAST, n_model): summary, precursor, peaks, metadata. What stands in the
            places of padding means nothing.
        """
        peaks = self.peak(torch.cat([group.fragment, group.loss, group.scales], dim=-1))
        metadata = self.metadata_tokens(group)
        states = torch.cat([metadata[:, :N_FIRST], peaks, metadata[:, N_FIRST:]], dim=1)
        is_token = functional.pad(group.is_peak, (N_FIRST, N_LAST), value=True)
        masses = torch.cat([group.precursor[:, None].expand(-1, N_FIRST, -1), group.fragment], dim=1)
        bias = hide_keys(functional.pad(self.bias(masses), (0, N_LAST, 0, N_LAST)), is_token)
        for layer, bias_of_layer in zip(self.layers[:-1], bias, strict=False):
            states = layer(states, bias_of_layer)
        return self.layers[-1](states, bias[-1, :, :, :n_first])

    def metadata_tokens(self, group: PaddedPeaks) -> Tensor:
        """Return the tokens before the peaks and those behind them, shape (n, N_FIRST + N_LAST, n_model)."""
        knows_precursor = group.precursor.any(dim=1, keepdim=True)
        precursor = torch.where(knows_precursor, self.precursor(group.precursor), self.unknown_precursor)
        knows_energy = group.energy.any(dim=1, keepdim=True)
        energy = torch.where(knows_energy, self.energy(group.energy), self.unknown_energy)
        classes = [table[column] for table, column in zip(self.classes, group.classes.unbind(1), strict=True)]
        return torch.stack([torch.zeros_like(energy), precursor, *classes, energy], dim=1) + self.kinds


def class_indices(spectra: SpectrumArrays) -> NDArray[np.int64]:
    """Return adduct, ion mode (0 unknown, 1 positive, 2 negative) and analyser, shape (n_spectra, 3)."""
    mode = np.where(spectra.ion_mode < 0, 2, spectra.ion_mode)
    return np.column_stack([spectra.adduct, mode, spectra.analyzer]).astype(np.int64).reshape(-1, len(N_CLASSES))


def energy_features(spectra: SpectrumArrays) -> NDArray[np.float32]:
    """Return the collision energy on several scales, shape (n_spectra, 4), all zero where not known."""
    energy = np.where(spectra.collision_energy > 0, spectra.collision_energy, 0.0)
    return np.tanh(energy[:, None] / np.array(ENERGY_SCALES_EV)).astype(np.float32)


def length_groups(lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Sort spectra into groups by their number of peaks: up to 8, 11, 16, 22, 32, ...; always at least one group.

    Returns
    -------
    list of ndarray of int64
        Positions of the spectra of each group, ascending.
    """
    steps = np.ceil(2 * np.log2(np.maximum(lengths, _SHORTEST_GROUP) / _SHORTEST_GROUP))
    groups = [np.flatnonzero(steps == step) for step in np.unique(steps)]
    return groups or [np.empty(0, np.int64)]


def pad_peaks(tokens: PeakTokens, places: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return Fourier features of m/z and loss, scales, and which are peaks, of the spectra at `places`, padded."""
    lengths = tokens.lengths[places]
    columns = np.arange(lengths.max(initial=0))
    is_peak = columns < lengths[:, None]
    peaks = (tokens.offsets[places][:, None] + columns)[is_peak]

    def padded(values: NDArray[np.float32]) -> Tensor:
        out = np.zeros((*is_peak.shape, values.shape[1]), np.float32)
        out[is_peak] = values[peaks]
        return torch.from_numpy(out)

    return padded(tokens.fragment), padded(tokens.loss), padded(tokens.scales), torch.from_numpy(is_peak)
