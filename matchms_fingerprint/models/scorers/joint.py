"""Cosine of spectra and structures in an embedding that they share.

Architecture 5 of Liu et al. ("Current and future deep learning algorithms for MS/MS-based small molecule structure
elucidation"); JESTR (Kalia et al., Bioinformatics 2025) and the `listwise_embedding` loss of De Waele et al. (2026) are
of this kind.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder
from matchms_fingerprint.models.molecules.registry import build_molecule_encoder
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.models.scorers.scorer import Scorer


class JointScorer(Scorer):
    """cos(W1 e, W2 c) of the embedding of a spectrum and that of a structure.

    Unit vectors of spectra (`embed_spectra`) and structures (`embed_molecules`) live in one space, so that one index
    finds spectra and structures alike.

    Parameters
    ----------
    n_embedding, n_bits
        Length of the embedding of spectra, and bits of the fingerprint.
    n_joint
        Length of the shared embedding.
    molecules
        Encoder of structures, by its name in `models.molecules.registry`.
    molecule_settings
        Its settings but `n_embedding`.
    """

    def __init__(
        self,
        n_embedding: int,
        n_bits: int,
        n_joint: int = 256,
        molecules: str = "fingerprint",
        molecule_settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        given = {"n_embedding": n_joint, **(molecule_settings or {})}
        encoder = build_molecule_encoder(molecules, given, n_bits)
        own = {name: value for name, value in encoder.settings.items() if name != "n_embedding"}
        self.settings = {"n_joint": n_joint, "molecules": molecules, "molecule_settings": own}
        self.molecules = encoder
        self.of_spectrum = nn.Linear(n_embedding, n_joint)

    @property
    def molecule_encoder(self) -> MoleculeEncoder:
        """The encoder of structures."""
        return self.molecules

    def embed_spectra(self, embedding: Tensor) -> Tensor:
        """Return unit vectors of spectra, shape (n_spectra, n_joint), from their embeddings."""
        return functional.normalize(self.of_spectrum(embedding), dim=1)

    def embed_molecules(self, prepared: Any) -> Tensor:
        """Return unit vectors of structures, shape (n_molecules, n_joint), from what their encoder prepared."""
        return functional.normalize(self.molecules(prepared), dim=1)

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """See `Scorer`."""
        structures = candidates.of_candidates(self.embed_molecules(candidates.molecules))
        return torch.bmm(structures, self.embed_spectra(embedding)[:, :, None]).squeeze(2)
