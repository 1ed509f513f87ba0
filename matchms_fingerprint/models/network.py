"""A network: an encoder, the head upon it, and what ranks candidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.heads.head import Head
from matchms_fingerprint.models.scorers.scorer import Scorer


class Network(nn.Module):
    """Predicts fingerprints and embeds spectra.

    Parameters
    ----------
    encoder
        From spectra to embeddings.
    head
        From embeddings to bits.
    scorer
        Ranks candidates where the network was trained to; None where it was trained on bits alone.
    """

    def __init__(self, encoder: Encoder, head: Head, scorer: Scorer | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.scorer = scorer

    @property
    def n_embedding(self) -> int:
        """Length of an embedding."""
        return self.encoder.n_embedding

    def prepare(self, spectra: SpectrumArrays) -> Any:
        """Turn spectra into what `forward` takes; called outside of the training step, on any thread."""
        return self.encoder.prepare(spectra)

    def forward(self, prepared: Any) -> tuple[Tensor, Tensor]:
        """Predict a batch.

        Returns
        -------
        tuple of Tensor
            Logits of the bits, shape (n_spectra, n_bits), and embedding before normalisation, shape
            (n_spectra, n_embedding); both float32.
        """
        embedding = self.encoder(prepared)
        return self.head(embedding), embedding

    @torch.inference_mode()
    def outputs(self, spectra: SpectrumArrays, batch_size: int = 1024) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield probabilities of bits and embeddings at length 1 of many spectra, in evaluation mode.

        Yields
        ------
        tuple of Tensor
            Of a batch: shapes (n_spectra, n_bits) and (n_spectra, n_embedding), on the CPU.
        """
        self.eval()
        for batch in spectra.batches(batch_size):
            logits, embedding = self(self.prepare(batch))
            yield torch.sigmoid(logits).cpu(), functional.normalize(embedding, dim=1).cpu()
