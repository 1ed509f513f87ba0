"""What every architecture has in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays


class Architecture(nn.Module):
    """Base of the networks that predict a fingerprint and an embedding.

    A subclass sets `config` (the arguments that build it again, JSON-safe) and `head`, whose last layer gives the bits,
    and defines `prepare` and `forward`.
    """

    config: dict[str, Any]
    head: nn.Sequential

    def prepare(self, spectra: SpectrumArrays) -> Any:
        """Turn spectra into what `forward` takes; called outside of the training step, on any thread."""
        raise TypeError(f"{type(self).__name__} does not define prepare()")

    def forward(self, prepared: Any) -> tuple[Tensor, Tensor]:
        """Predict a batch.

        Returns
        -------
        tuple of Tensor
            Logits of the bits, shape (n_spectra, n_bits), and embedding before normalisation, shape
            (n_spectra, n_embedding); both float32.
        """
        raise TypeError(f"{type(self).__name__} does not define forward()")

    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Take out what none of the training spectra has taught, such as an adduct that they do not have."""

    @torch.no_grad()
    def start_at(self, bit_frequencies: Tensor) -> None:
        """Begin training at the frequencies of the bits, shape (n_bits,), instead of at one half."""
        last = self.head[-1]
        if not isinstance(last, nn.Linear) or bit_frequencies.shape != last.bias.shape:
            raise ModelError(f"{bit_frequencies.numel()} bit frequencies do not fit the last layer, {last}")
        last.bias.copy_(torch.logit(bit_frequencies.clamp(1e-4, 1 - 1e-4)))
        last.weight.mul_(0.3)
