"""What a scorer says that a model has learned beside its fingerprint, such as a joint embedding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Evidence, Query
from matchms_fingerprint.features.molecule_graphs import graphs_of
from matchms_fingerprint.features.molecules import Molecules
from matchms_fingerprint.models import FingerprintModel


class LearnedScoreEvidence:
    """Scores of the scorer that a model was trained with to rank candidates.

    `fingerprint_joint` is the cosine of spectrum and candidate in the embedding that they share, as in JESTR (Kalia et
    al., Bioinformatics 2025); `fingerprint_cross` is what a network says that sees both. The model predicts the
    spectrum once more for it, since the scorer wants its embedding as it is before it has length 1.

    Parameters
    ----------
    model
        A model with such a scorer.
    """

    def __init__(self, model: FingerprintModel) -> None:
        self.columns: tuple[str, ...] = (f"fingerprint_{model.scorer}",)
        self._network = model.network

    @classmethod
    def of_model(cls, model: FingerprintModel) -> tuple[Evidence, ...]:
        """Return the evidence, nothing for a model without a scorer that it has learned."""
        return () if model.scorer is None else (cls(model),)

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`."""
        scorer = self._network.learned_scorer
        graphs = graphs_of(candidates.smiles) if scorer is not None and scorer.needs_graphs else None
        molecules = Molecules(candidates.fingerprints, graphs)
        [scores] = self._network.score_candidates(query.spectrum, [molecules])
        return scores.astype(np.float64)[:, None]
