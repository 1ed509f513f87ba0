"""Cosine of learned embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.baselines.similarity import Found, SpectrumSimilarity
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.kernels.sparse_search import top_of_rows
from matchms_fingerprint.models.fingerprint_model import FingerprintModel
from matchms_fingerprint.models.network import Network

Embed = Callable[[SpectrumArrays], NDArray[Any]]

_SPECTRA_AT_A_TIME = 512
_QUERIES_AT_A_TIME = 256


class EmbeddingCosine(SpectrumSimilarity):
    """Cosine of the embeddings that a model gives; every reference has one, however dissimilar.

    Parameters
    ----------
    model
        A trained model, a network, or a function from a batch of spectra to embeddings of shape
        (n_spectra, n_embedding).
    """

    name: ClassVar[str] = "embedding"

    def __init__(self, model: FingerprintModel | Network | Embed) -> None:
        network = model.network if isinstance(model, FingerprintModel) else model
        self._embed: Embed = _of_network(network) if isinstance(network, Network) else network

    def index(self, references: SpectrumArrays) -> NDArray[np.float32]:
        """Embed references; unit vectors, shape (n_references, n_embedding), float32."""
        return self._unit_rows(references)

    def top(self, index: NDArray[np.float32], queries: SpectrumArrays, k: int) -> Found:
        """Find the k references of the highest cosine, a block of queries at a time."""
        vectors = self._unit_rows(queries)
        positions, scores = np.full((len(queries), k), -1, np.int64), np.zeros((len(queries), k))
        for start in range(0, len(queries), _QUERIES_AT_A_TIME):
            some = slice(start, start + _QUERIES_AT_A_TIME)
            positions[some], scores[some] = top_of_rows(vectors[some] @ index.T, k)
        return positions, scores

    def _unit_rows(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        batches = spectra.batches(_SPECTRA_AT_A_TIME)
        vectors = np.concatenate([np.asarray(self._embed(batch), np.float64) for batch in batches])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(np.float32)


def _of_network(network: Network) -> Embed:
    @torch.inference_mode()
    def embed(spectra: SpectrumArrays) -> NDArray[Any]:
        network.eval()
        embedding: NDArray[Any] = network(network.prepare(spectra))[1].float().cpu().numpy()
        return embedding

    return embed
