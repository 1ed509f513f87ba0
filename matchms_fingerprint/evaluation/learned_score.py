"""The scorer that a network has learned to rank candidates with, as one more ranking beside those by its bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.predictions import BATCH
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.molecules import Molecules
from matchms_fingerprint.kernels.types import FloatArray, WordArray
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.scorers.registry import scorer_name
from matchms_fingerprint.models.scorers.scorer import Scorer


@dataclass(frozen=True)
class LearnedScore:
    """Scores candidates by a scorer with weights of its own.

    Parameters
    ----------
    network
        Whose scorer it is.
    scorer
        The scorer; it reads fingerprints of candidates, no graphs.
    """

    network: Network
    scorer: Scorer

    @classmethod
    def of_network(cls, network: Network) -> LearnedScore | None:
        """Return the score of a network; None where it has none, or one that reads graphs, which lists do not hold."""
        scorer = network.learned_scorer
        return None if scorer is None or scorer.needs_graphs else cls(network, scorer)

    @property
    def name(self) -> str:
        """Name of the scorer: "joint" or "cross"."""
        return scorer_name(self.scorer)

    def outputs(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return logits of bits and embedding of spectra, shape (n_spectra, n_bits + n_embedding), float32."""
        parts = [torch.cat(self.network.predict_alone(batch), dim=1).numpy() for batch in spectra.batches(BATCH)]
        return np.concatenate(parts)

    def score(self, outputs: FloatArray, packed: WordArray) -> FloatArray:
        """Return the score of each candidate, shape (n_candidates,), float64.

        Parameters
        ----------
        outputs
            Of one spectrum, from `outputs`, shape (n_bits + n_embedding,).
        packed
            Fingerprints of the candidates, shape (n_candidates, n_words), uint64.
        """
        both = torch.from_numpy(np.asarray(outputs, np.float32))[None]
        n_bits = both.shape[1] - self.network.n_embedding
        [scores] = self.scorer.score_lists(both[:, :n_bits], both[:, n_bits:], [Molecules(packed)])
        return scores.astype(np.float64)
