"""What every scorer has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matchms_fingerprint.features.molecules import Molecules
from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch, candidate_batch


class Scorer(nn.Module):
    """Base of what scores candidates for spectra.

    A subclass sets `settings` (the arguments that build it again beside `n_embedding` and `n_bits`, JSON-safe) and
    defines `pair_scores`, and `molecule_encoder` where it embeds structures. Scores are not divided by a temperature:
    that belongs to the loss, which learns it, see `models.losses.criterion.Criterion`.
    """

    settings: dict[str, Any]

    @property
    def molecule_encoder(self) -> MoleculeEncoder | None:
        """What embeds the candidates; None where their fingerprints are enough."""
        return None

    @property
    def needs_graphs(self) -> bool:
        """Whether candidates need atoms and bonds beside their fingerprints."""
        return self.molecule_encoder is not None and self.molecule_encoder.needs_graphs

    def prepare(self, molecules: Molecules, rows: NDArray[np.integer[Any]]) -> CandidateBatch:
        """Turn candidates into what `forward` takes; called outside of the training step, on any thread.

        Parameters
        ----------
        molecules
            Distinct structures.
        rows
            Candidates of each spectrum as positions among them, -1 in the padding, shape (n_spectra, n_candidates).
        """
        encoder = self.molecule_encoder
        return candidate_batch(molecules, rows, None if encoder is None else encoder.prepare(molecules))

    def forward(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """Score the candidates of each spectrum; higher is better.

        Parameters
        ----------
        logits
            Of the predicted bits, shape (n_spectra, n_bits).
        embedding
            Of the spectra, shape (n_spectra, n_embedding).
        candidates
            What `prepare` made.

        Returns
        -------
        Tensor of shape (n_spectra, n_candidates)
            Minus infinity where there is no candidate.
        """
        scores = self.pair_scores(logits, embedding, candidates)
        return torch.where(candidates.mask, scores, -torch.inf)

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """Return the scores of `forward`, with anything finite where there is no candidate."""
        raise TypeError(f"{type(self).__name__} does not define pair_scores()")

    @torch.inference_mode()
    def score_lists(
        self, logits: Tensor, embedding: Tensor, lists: Sequence[Molecules]
    ) -> list[NDArray[np.floating[Any]]]:
        """Score whole candidate lists, one of each spectrum, outside of a training.

        Candidates of equal fingerprints have the very same score, but where a scorer reads graphs.

        Parameters
        ----------
        logits, embedding
            As in `forward`.
        lists
            The candidates of each spectrum, with graphs where `needs_graphs` says so.

        Returns
        -------
        list of ndarray of shape (n_candidates,)
            In the order of the candidates; of the type of the logits.
        """
        was_training = self.training
        self.eval()
        scores = []
        for i, molecules in enumerate(lists):
            distinct, places = molecules.distinct()
            candidates = self.prepare(distinct, np.arange(len(distinct))[None]).to(logits.device)
            found = self.forward(logits[i : i + 1], embedding[i : i + 1], candidates)[0].cpu().numpy()
            scores.append(found[places])
        self.train(was_training)
        return scores
