"""A network: an encoder, the head upon it, and what ranks candidates."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

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
