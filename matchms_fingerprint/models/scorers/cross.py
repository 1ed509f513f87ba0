"""A network that sees spectrum and candidate together.

The `listwise_cross` scorer of De Waele et al. (2026): a perceptron on [u; v; u*v]. Its first layer is the sum of three:
that of u is computed once a spectrum and that of v once a structure; only that of u*v is computed for each pair.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder
from matchms_fingerprint.models.molecules.registry import build_molecule_encoder
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.models.scorers.scorer import Scorer


class CrossScorer(Scorer):
    """MLP([u; v; u*v]), on fingerprints or embeddings.

    Parameters
    ----------
    n_embedding, n_bits
        Length of the embedding of spectra, and bits of the fingerprint.
    on
        "fingerprints": u are the predicted probabilities, v the bits of the candidate. "embeddings": u is the embedding
        of the spectrum, v that of the structure, both after a linear layer and normalised (LayerNorm).
    n_hidden
        Width of the hidden layer.
    n_joint
        Length of u and v on embeddings.
    molecules, molecule_settings
        Encoder of structures on embeddings, see `joint.JointScorer`.
    dropout
        Dropout rate of the hidden layer.

    Raises
    ------
    ModelError
        If `on` is something else.
    """

    def __init__(
        self,
        n_embedding: int,
        n_bits: int,
        on: str = "fingerprints",
        n_hidden: int = 128,
        n_joint: int = 256,
        molecules: str = "fingerprint",
        molecule_settings: dict[str, Any] | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.settings = {"on": on, "n_hidden": n_hidden, "dropout": dropout}
        self.first: _OnBits | _OnEmbeddings
        if on == "fingerprints":
            self.first = _OnBits(n_bits, n_hidden)
        elif on == "embeddings":
            encoder = build_molecule_encoder(molecules, {"n_embedding": n_joint, **(molecule_settings or {})}, n_bits)
            own = {name: value for name, value in encoder.settings.items() if name != "n_embedding"}
            self.settings |= {"n_joint": n_joint, "molecules": molecules, "molecule_settings": own}
            self.first = _OnEmbeddings(n_embedding, encoder, n_hidden)
        else:
            raise ModelError(f"a cross scorer on {on!r} is not known; choose fingerprints or embeddings")
        self.dropout = nn.Dropout(dropout)
        self.second = nn.Linear(n_hidden, n_hidden)
        self.last = nn.Linear(n_hidden, 1)

    @property
    def molecule_encoder(self) -> MoleculeEncoder | None:
        """The encoder of structures; None on fingerprints."""
        return self.first.molecules if isinstance(self.first, _OnEmbeddings) else None

    def pair_scores(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        """See `Scorer`."""
        hidden = self.dropout(functional.gelu(self.first(logits, embedding, candidates)))
        return self.last(self.dropout(functional.gelu(self.second(hidden)))).squeeze(-1)


class _OnBits(nn.Module):
    """The first layer on fingerprints, before its activation: shape (n_spectra, n_candidates, n_hidden)."""

    def __init__(self, n_bits: int, n_hidden: int) -> None:
        super().__init__()
        self.of_spectrum = nn.Linear(n_bits, n_hidden)
        self.of_structure = nn.EmbeddingBag(n_bits, n_hidden, mode="sum")
        self.of_product = nn.EmbeddingBag(n_bits, n_hidden, mode="sum")
        for layer in (self.of_spectrum, self.of_structure, self.of_product):
            nn.init.normal_(layer.weight, std=0.1)

    def forward(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        probabilities = torch.sigmoid(logits)
        structures = self.of_structure(candidates.bits, candidates.offsets[:-1])
        counts = candidates.counts.flatten()
        places, bits = candidates.pair_bits()
        spectrum = torch.div(places, max(1, candidates.rows.shape[1]), rounding_mode="floor")
        weights = probabilities.flatten().index_select(0, spectrum * probabilities.shape[1] + bits)
        products = self.of_product(bits, counts.cumsum(0) - counts, per_sample_weights=weights)
        of_pairs = products.unflatten(0, candidates.rows.shape) + candidates.of_candidates(structures)
        return of_pairs + self.of_spectrum(probabilities)[:, None, :]


class _OnEmbeddings(nn.Module):
    """The first layer on embeddings, before its activation: shape (n_spectra, n_candidates, n_hidden)."""

    def __init__(self, n_embedding: int, molecules: MoleculeEncoder, n_hidden: int) -> None:
        super().__init__()
        n_joint = molecules.n_embedding
        self.molecules = molecules
        self.u = nn.Sequential(nn.Linear(n_embedding, n_joint), nn.LayerNorm(n_joint))
        self.v = nn.LayerNorm(n_joint)
        self.of_spectrum = nn.Linear(n_joint, n_hidden)
        self.of_structure = nn.Linear(n_joint, n_hidden, bias=False)
        self.of_product = nn.Linear(n_joint, n_hidden, bias=False)

    def forward(self, logits: Tensor, embedding: Tensor, candidates: CandidateBatch) -> Tensor:
        u, v = self.u(embedding), self.v(self.molecules(candidates.molecules))
        products = self.of_product(u[:, None, :] * candidates.of_candidates(v))
        of_pairs = products + candidates.of_candidates(self.of_structure(v))
        return of_pairs + self.of_spectrum(u)[:, None, :]
