"""What every head has in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.heads.grouped_linear import GroupedLinear


class Head(nn.Module):
    """Base of the layers that turn an embedding into logits of fingerprint bits.

    A subclass sets `settings` (the arguments that build it again beside `n_embedding` and `n_bits`, JSON-safe) and
    `last` (the layer whose bias is the logit of each bit), and defines `forward`.
    """

    settings: dict[str, Any]
    last: nn.Linear | GroupedLinear

    @classmethod
    def settings_from_data(cls, bits: NDArray[np.uint8], settings: dict[str, Any]) -> dict[str, Any]:
        """Complete settings with what follows from the training structures, such as which bits belong together.

        Parameters
        ----------
        bits
            Bits of the distinct training structures, shape (n_structures, n_bits).
        settings
            What the user chose.
        """
        return settings

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits of the bits, shape (n_spectra, n_bits), from embeddings of shape (n_spectra, n_embedding)."""
        raise TypeError(f"{type(self).__name__} does not define forward()")

    def auxiliary_loss(self, embedding: Tensor, bits: Tensor) -> Tensor | None:
        """Return a further loss of this kind of head, mean over spectra; None where there is none.

        Parameters
        ----------
        embedding
            Shape (n_spectra, n_embedding).
        bits
            True bits, shape (n_spectra, n_bits), float32.
        """
        return None

    @torch.no_grad()
    def start_at(self, bit_frequencies: Tensor) -> None:
        """Begin training at the frequencies of the bits, shape (n_bits,), instead of at one half."""
        if bit_frequencies.shape != self.last.bias.shape:
            raise ModelError(f"{bit_frequencies.numel()} bit frequencies do not fit the last layer, {self.last}")
        self.last.bias.copy_(torch.logit(bit_frequencies.clamp(1e-4, 1 - 1e-4)))
        self.last.weight.mul_(0.3)
