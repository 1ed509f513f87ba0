"""A network: an encoder, the head upon it, and what ranks candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError, SettingsError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.molecules import Molecules
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

    @property
    def learned_scorer(self) -> Scorer | None:
        """What ranks candidates with weights of its own, such as a joint embedding; None where bits alone do."""
        has_weights = self.scorer is not None and any(True for _ in self.scorer.parameters())
        return self.scorer if has_weights else None

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

    @torch.inference_mode()
    def predict_alone(self, spectra: SpectrumArrays) -> tuple[Tensor, Tensor]:
        """Return what `forward` does of encoder and head alone, in evaluation mode: without a memory, if there is one.

        This is what a scorer was trained with.
        """
        self.eval()
        embedding = self.encoder(self.encoder.prepare(spectra))
        return self.head(embedding), embedding

    @torch.inference_mode()
    def score_candidates(self, spectra: SpectrumArrays, lists: Sequence[Molecules]) -> list[NDArray[np.float32]]:
        """Score whole candidate lists with the learned scorer, in evaluation mode; a memory has no say in it.

        Parameters
        ----------
        spectra
            The spectra; they are predicted together.
        lists
            The candidates of each spectrum, with graphs where `learned_scorer.needs_graphs` says so.

        Returns
        -------
        list of ndarray of shape (n_candidates,), float32
            One a spectrum, in the order of its candidates; higher is better.

        Raises
        ------
        ModelError
            If the network has no learned scorer.
        SettingsError
            If there is not one list for each spectrum.
        """
        scorer = self.learned_scorer
        if scorer is None:
            raise ModelError(
                "this network has no scorer with weights; rank by its fingerprint, or train one with a loss such as "
                "listwise_embedding"
            )
        if len(lists) != len(spectra):
            raise SettingsError(f"{len(lists)} lists of candidates for {len(spectra)} spectra; give one for each")
        if not lists:
            return []
        logits, embedding = self.predict_alone(spectra)
        return scorer.score_lists(logits, embedding, lists)
