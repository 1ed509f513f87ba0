"""What decides, for each spectrum, how far to trust its neighbours and how far the network.

The fingerprint is a mixture: the network's probabilities and the bits of the nearest compounds, weighted by attention
over what is known of each neighbour, with the network as one of those attended to. Around it stands a small calibration
that may sharpen the mixture, go back to the network, or to the frequencies of bits. It is in the spirit of
nearest-neighbour language models (Khandelwal et al., "Generalization through memorization", ICLR 2020), with the
weights learned from spectra whose compound is in the memory, and from spectra whose compound is not.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from matchms_fingerprint.models.memory.neighbours import N_FEATURES

N_OF_SPECTRUM = 7
_SMALLEST = 1e-4
_TOP_BITS = ((0, 10), (10, 40), (40, 80))
_SUMMARY = (0, 1, 3, N_FEATURES)


class Gate(nn.Module):
    """Mixes the prediction of the network with the bits of its neighbours.

    Parameters
    ----------
    n_bits
        Length of the fingerprint.
    n_hidden
        Width of its layers.
    """

    def __init__(self, n_bits: int, n_hidden: int = 48) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"n_bits": n_bits, "n_hidden": n_hidden}
        n_summary = N_OF_SPECTRUM + len(_SUMMARY)
        self.of_neighbour = nn.Sequential(
            nn.Linear(N_FEATURES + 2 + N_OF_SPECTRUM, n_hidden),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(n_hidden, n_hidden),
            nn.GELU(),
            nn.Linear(n_hidden, 1),
        )
        self.of_network = nn.Sequential(nn.Linear(n_summary, n_hidden), nn.GELU(), nn.Linear(n_hidden, 1))
        last = nn.Linear(n_hidden, 4)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.calibration = nn.Sequential(nn.Linear(n_summary + 1, n_hidden), nn.GELU(), last)
        self.prior: Tensor
        self.register_buffer("prior", torch.zeros(n_bits))

    @torch.no_grad()
    def start_at(self, bit_frequencies: Tensor) -> None:
        """Take up the frequencies of the bits, shape (n_bits,)."""
        self.prior.copy_(torch.logit(bit_frequencies.clamp(_SMALLEST, 1 - _SMALLEST)))

    def forward(
        self, probabilities: Tensor, described: Tensor, features: Tensor, bits: Tensor, there: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mix.

        Parameters
        ----------
        probabilities
            Of the network, shape (n_spectra, n_bits).
        described
            What is known of each spectrum, from `describe`, shape (n_spectra, N_OF_SPECTRUM).
        features
            Of each neighbour, from `NeighbourSearch`, shape (n_spectra, n_compounds, N_FEATURES).
        bits
            Of each neighbour, shape (n_spectra, n_compounds, n_bits), float32.
        there
            Which neighbours exist, shape (n_spectra, n_compounds), bool.

        Returns
        -------
        logits : Tensor of shape (n_spectra, n_bits)
        attention : Tensor of shape (n_spectra, 1 + n_compounds)
            Weights that sum to 1: of the network first, then of each neighbour.
        """
        features = torch.cat([features, _agreement(probabilities, bits)], dim=2)
        features = torch.where(there[:, :, None], features, 0.0)
        wide = described[:, None].expand(-1, features.shape[1], -1)
        of_neighbours = self.of_neighbour(torch.cat([features, wide], dim=2))[..., 0].masked_fill(~there, -1e9)
        summary = torch.cat([described, features[:, :, list(_SUMMARY)].amax(dim=1)], dim=1)
        attention = torch.softmax(torch.cat([self.of_network(summary), of_neighbours], dim=1), dim=1)
        copied = torch.bmm(attention[:, None, 1:], bits)[:, 0]
        mixed = _logit(attention[:, :1] * probabilities + copied)
        scale = self.calibration(torch.cat([summary, attention[:, :1]], dim=1))
        logits = (1 + scale[:, :1]) * mixed + scale[:, 1:2] * _logit(probabilities) + scale[:, 2:3]
        return logits + scale[:, 3:] * self.prior, attention


def describe(probabilities: Tensor, n_peaks: Tensor, ion_mode: Tensor, precursor_mz: Tensor) -> Tensor:
    """Return what the gate sees of each spectrum, shape (n_spectra, N_OF_SPECTRUM).

    Number of peaks, polarity, precursor m/z, how sure the network is of its most likely bits, and of how many.
    """
    top = probabilities.topk(min(_TOP_BITS[-1][1], probabilities.shape[1]), dim=1).values
    means = [top[:, start:stop].mean(dim=1) if start < top.shape[1] else top[:, -1] for start, stop in _TOP_BITS]
    mass = torch.nan_to_num(precursor_mz.float(), nan=0.0) / 500
    rest = [torch.log1p(n_peaks.float()) / 3, (ion_mode == 1).float(), mass]
    return torch.stack([*rest, *means, probabilities.sum(dim=1) / 50], dim=1)


def _agreement(probabilities: Tensor, bits: Tensor) -> Tensor:
    """Return continuous Tanimoto and cosine of the prediction and each neighbour, shape (n, n_compounds, 2)."""
    both = torch.bmm(bits, probabilities[:, :, None])[:, :, 0]
    counts = bits.sum(dim=2)
    tanimoto = both / (probabilities.sum(dim=1, keepdim=True) + counts - both).clamp(min=1e-6)
    cosine = both / (probabilities.norm(dim=1, keepdim=True) * counts.sqrt()).clamp(min=1e-6)
    return torch.stack([tanimoto, cosine], dim=2)


def _logit(probabilities: Tensor) -> Tensor:
    return torch.logit(probabilities.clamp(_SMALLEST, 1 - _SMALLEST))
