"""Transformer on the sub-formulas of the peaks, in the spirit of MIST.

Goldman et al. 2023, "Annotating metabolite mass spectra with domain-inspired chemical formula transformers": each peak
is a token made of its sub-formula and its neutral loss, attention has a term from the formula difference of each pair,
and the embedding is read at the precursor. Counts of atoms are unfolded into sines and cosines. Different from MIST,
the formula may be enumerated, both ion modes and all adducts are served, and a peak without a sub-formula is seen by
its m/z.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.binned import N_METADATA, metadata_features
from matchms_fingerprint.features.formula_candidates import N_ELEMENTS
from matchms_fingerprint.features.formula_tokens import N_SUMMARY, FormulaPeaks, formula_peaks, summary_features
from matchms_fingerprint.features.peak_tokens import N_SCALES, PeakTokens, PeakTokenSettings, peak_tokens
from matchms_fingerprint.features.precursor_formulas import complete_formulas
from matchms_fingerprint.models.encoders.attention import TransformerBlock, hide_keys
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.encoders.peak_transformer import length_groups

COUNT_WAVELENGTHS = (2.0, 3.0, 6.0, 12.0, 30.0, 80.0, 240.0)
"""Wavelengths in atoms of the sines and cosines of counts."""

MAX_COUNT = 255
"""Higher counts of an element look like this one."""

ERROR_PPM = 10.0
"""Unit of the errors of sub-formulas."""


class PaddedFormulas(NamedTuple):
    """Spectra with about equally many peaks, padded to the longest of them; token 0 is the precursor.

    Parameters
    ----------
    places
        Where they stand in the batch, shape (n,), int64.
    atoms, losses
        Atoms of each token and of what it lost, shape (n, n_tokens, N_ELEMENTS), int64.
    fragment, loss
        Fourier features of m/z and neutral loss, shape (n, n_tokens, n_fourier), float32.
    scales
        `features.peak_tokens.PeakTokens.scales`, error of the sub-formula, whether there is one; shape
        (n, n_tokens, N_SCALES + 2), float32. All but the last are 0 for the precursor.
    is_token
        False for padding, shape (n, n_tokens), bool.
    metadata
        What is known of the measurement and of the formula, shape (n, N_METADATA + N_SUMMARY), float32.
    """

    places: Tensor
    atoms: Tensor
    losses: Tensor
    fragment: Tensor
    loss: Tensor
    scales: Tensor
    is_token: Tensor
    metadata: Tensor


class FormulaDifferenceBias(nn.Module):
    """Attention bias from the difference of each pair of tokens in formula and in m/z.

    For each layer and head a sum over elements of a learned periodic function of the difference in atoms, and over
    wavelengths of one of the difference in m/z. By the addition theorems such a sum is a product of two vectors, one of
    each token, so that no features of pairs have to be made. As the softmax multiplies what is added, terms of several
    elements together can mean "C and O, one each, and no other".

    Parameters
    ----------
    n_frequencies
        Number of sines (and of cosines) of a token.
    n_layers, n_heads
        Attention layers and heads that want a bias.
    """

    def __init__(self, n_frequencies: int, n_layers: int, n_heads: int) -> None:
        super().__init__()
        self.n_layers, self.n_heads = n_layers, n_heads
        self.even = nn.Parameter(torch.randn(n_layers * n_heads, n_frequencies) * 0.02)
        self.odd = nn.Parameter(torch.randn(n_layers * n_heads, n_frequencies) * 0.02)

    def forward(self, sines: Tensor, cosines: Tensor) -> Tensor:
        """Return the bias, shape (n_layers, n_spectra, n_heads, n_tokens, n_tokens).

        Parameters
        ----------
        sines, cosines
            Of counts and m/z, shape (n_spectra, n_tokens, n_frequencies); both 0 where a token has none.
        """
        n, length, _ = sines.shape
        sine, cosine = sines[:, :, None], cosines[:, :, None]
        # even cos(a - b) + odd sin(a - b), a of the query, b of the key
        left = torch.cat([self.even * cosine + self.odd * sine, self.even * sine - self.odd * cosine], dim=-1)
        right = torch.cat([cosines, sines], dim=-1)
        bias = left.flatten(1, 2) @ right.transpose(1, 2)
        return bias.view(n, length, self.n_layers, self.n_heads, length).permute(2, 0, 3, 1, 4)


class FormulaTransformer(Encoder):
    """Transformer on sub-formulas, read at the precursor.

    Parameters
    ----------
    max_peaks
        Of a spectrum with more peaks the strongest so many are kept.
    n_wavelengths
        Wavelengths of the Fourier features of m/z and neutral loss.
    n_model, n_layers, n_heads, n_inner
        Width of a token, number of layers and heads, and width of the perceptrons.
    n_embedding
        Width of the embedding.
    dropout
        Dropout rate inside of the layers.
    """

    unfolded: Tensor

    def __init__(
        self,
        max_peaks: int = 40,
        n_wavelengths: int = 24,
        n_model: int = 192,
        n_layers: int = 3,
        n_heads: int = 8,
        n_inner: int = 384,
        n_embedding: int = 512,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.settings = {
            "max_peaks": max_peaks,
            "n_wavelengths": n_wavelengths,
            "n_model": n_model,
            "n_layers": n_layers,
            "n_heads": n_heads,
            "n_inner": n_inner,
            "n_embedding": n_embedding,
            "dropout": dropout,
        }
        self.n_embedding = n_embedding
        self.tokens = PeakTokenSettings(max_peaks, n_wavelengths=n_wavelengths)
        self.register_buffer("unfolded", unfolded_counts(), persistent=False)
        n_counts = N_ELEMENTS * len(COUNT_WAVELENGTHS)
        n_input = 4 * n_counts + 4 * n_wavelengths + N_SCALES + 2
        self.input = nn.Sequential(nn.Linear(n_input, n_model), nn.GELU(), nn.Linear(n_model, n_model))
        self.precursor = nn.Linear(N_METADATA + N_SUMMARY, n_model)
        self.bias = FormulaDifferenceBias(n_counts + n_wavelengths, n_layers, n_heads)
        self.layers = nn.ModuleList(TransformerBlock(n_model, n_heads, n_inner, dropout) for _ in range(n_layers))
        self.norm = nn.LayerNorm(n_model)
        self.embedding = nn.Linear(n_model, n_embedding)

    @classmethod
    def complete(cls, spectra: SpectrumArrays) -> SpectrumArrays:
        """Enumerate the formulas that are not given; see `Encoder.complete`."""
        return complete_formulas(spectra)

    def prepare(self, spectra: SpectrumArrays) -> list[PaddedFormulas]:
        """Turn spectra into what `forward` takes: groups of about equally many peaks, so that little is padded."""
        found = formula_peaks(spectra, self.tokens.max_peaks)
        tokens = peak_tokens(found.spectra, self.tokens)
        metadata = torch.from_numpy(np.concatenate([metadata_features(spectra), summary_features(found)], axis=1))
        columns = _columns(found, tokens)
        groups = []
        for places in length_groups(tokens.lengths):
            padded = [torch.from_numpy(_pad(places, tokens.offsets, *column)) for column in columns]
            where = torch.from_numpy(places)
            groups.append(PaddedFormulas._make([where, *padded, metadata[where]]))
        return groups

    @torch.no_grad()
    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Set to 0 the weights of metadata that no training spectrum has; they still are as they were drawn."""
        seen = metadata_features(spectra).any(axis=0)
        self.precursor.weight[:, :N_METADATA][:, torch.from_numpy(~seen)] = 0.0

    def forward(self, prepared: list[PaddedFormulas]) -> Tensor:
        """Embed a batch; see `Encoder.forward`."""
        embedded = self.embedding(self.norm(torch.cat([self._read(group) for group in prepared])))
        return embedded[torch.argsort(torch.cat([group.places for group in prepared]))]

    def _read(self, group: PaddedFormulas) -> Tensor:
        """Return the precursor token of each spectrum behind the last layer, shape (n, n_model)."""
        if not len(group.places):
            return group.metadata.new_zeros(0, self.embedding.in_features)
        has_formula = group.scales[..., -1:]
        sines, cosines = self._unfold(group.atoms, has_formula)
        unfolded = [sines, cosines, *self._unfold(group.losses, has_formula)]
        states = self.input(torch.cat([*unfolded, group.fragment, group.loss, group.scales], dim=-1))
        first = states[:, :1] + self.precursor(group.metadata)[:, None]
        states = torch.cat([first, states[:, 1:]], dim=1)
        mass_sines, mass_cosines = group.fragment.chunk(2, dim=-1)
        bias = self.bias(torch.cat([sines, mass_sines], dim=-1), torch.cat([cosines, mass_cosines], dim=-1))
        bias = hide_keys(bias, group.is_token)
        for layer, bias_of_layer in zip(self.layers[:-1], bias, strict=False):
            states = layer(states, bias_of_layer)
        return self.layers[-1](states, bias[-1, :, :, :1])[:, 0]

    def _unfold(self, counts: Tensor, has_formula: Tensor) -> tuple[Tensor, Tensor]:
        """Return sines and cosines of counts, shape (n, n_tokens, n_counts) each; 0 where there is no formula."""
        waves = self.unfolded[counts].unflatten(-1, (2, -1)) * has_formula[..., None, None]
        return waves[..., 0, :].flatten(2), waves[..., 1, :].flatten(2)


def unfolded_counts() -> Tensor:
    """Return sines and cosines of 0 to `MAX_COUNT` atoms, shape (MAX_COUNT + 1, 2 * len(COUNT_WAVELENGTHS))."""
    phase = 2 * np.pi * np.arange(MAX_COUNT + 1)[:, None] / np.array(COUNT_WAVELENGTHS)
    return torch.from_numpy(np.concatenate([np.sin(phase), np.cos(phase)], axis=1).astype(np.float32))


def _columns(found: FormulaPeaks, tokens: PeakTokens) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the columns of `PaddedFormulas` between `places` and `metadata`: those of precursors, those of peaks."""
    ions = found.ions
    errors = (found.errors_ppm / ERROR_PPM)[:, None]
    explained = found.is_explained[:, None]
    scales = np.concatenate([tokens.scales, errors, explained], axis=1, dtype=np.float32)
    of_precursors = np.zeros((len(tokens), scales.shape[1]), np.float32)
    of_precursors[:, -1] = ions.is_known
    return [
        (np.minimum(ions.atoms, MAX_COUNT), np.minimum(found.atoms, MAX_COUNT)),
        (np.zeros_like(ions.atoms), np.minimum(found.losses, MAX_COUNT)),
        (tokens.precursor, tokens.fragment),
        (np.zeros_like(tokens.precursor), tokens.loss),
        (of_precursors, scales),
        (np.ones(len(tokens), bool), np.ones(len(explained), bool)),
    ]


def _pad(
    places: NDArray[np.int64], offsets: NDArray[np.int64], first: NDArray[Any], peaks: NDArray[Any]
) -> NDArray[Any]:
    """Put the row of each precursor before those of its peaks, and zeros behind; shape (n, n_tokens, ...)."""
    lengths = np.diff(offsets)[places]
    columns = np.arange(lengths.max(initial=0))
    is_peak = columns < lengths[:, None]
    padded = np.zeros((places.size, 1 + columns.size, *peaks.shape[1:]), peaks.dtype)
    padded[:, 0] = first[places]
    padded[:, 1:][is_peak] = peaks[(offsets[places][:, None] + columns)[is_peak]]
    return padded
