"""Embeddings whose cosine is the structural similarity of the molecules behind two spectra.

Architecture 4 of Liu et al. ("Current and future deep learning algorithms for MS/MS-based small molecule structure
elucidation"): both spectra go through the same network, and the similarity of what comes out is trained to be that of
the structures, as in MS2DeepScore (Huber et al., J. Cheminformatics 2021); GLEAMS (Bittremieux et al., Nature Methods
2022) trains such a network to bring spectra of one peptide together. Which pairs count how much is what
`training.pairs` says.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import SettingsError


class SiameseHead(nn.Module):
    """Projects embeddings of spectra to unit vectors; the cosine of two estimates their Tanimoto similarity.

    Parameters
    ----------
    n_embedding
        Length of the embedding of spectra.
    n_projection, n_hidden
        Widths of the projection and of the layer before it.
    dropout
        Dropout rate of the hidden layer.
    """

    def __init__(self, n_embedding: int, n_projection: int = 256, n_hidden: int = 512, dropout: float = 0.2) -> None:
        super().__init__()
        self.settings = {"n_projection": n_projection, "n_hidden": n_hidden, "dropout": dropout}
        self.n_projection = n_projection
        self.layers = nn.Sequential(
            nn.GELU(),
            nn.Linear(n_embedding, n_hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(n_hidden, n_projection),
        )

    def forward(self, embedding: Tensor) -> Tensor:
        """Return unit vectors, shape (n_spectra, n_projection), of embeddings of shape (n_spectra, n_embedding)."""
        return functional.normalize(self.layers(embedding), dim=1)


def siamese_loss(units: Tensor, similarity: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean square difference of cosines and structural similarities over all pairs of a batch.

    Parameters
    ----------
    units
        Unit vectors of the spectra, shape (n, n_projection).
    similarity
        Tanimoto similarity of their structures, shape (n, n).
    weights
        Weight of each pair, shape (n, n), as `training.pairs.balanced_pair_weights` makes them.

    Returns
    -------
    Tensor
        Scalar; 0, and without a gradient, where no pair has weight.

    Raises
    ------
    SettingsError
        If the shapes do not fit.
    """
    expected = (len(units), len(units))
    if similarity.shape != expected or weights.shape != expected:
        raise SettingsError(
            f"similarities of shape {tuple(similarity.shape)} and weights of shape {tuple(weights.shape)} do not fit "
            f"{len(units)} spectra; both must be of shape {expected}"
        )
    squares = (units @ units.T - similarity).square()
    return (squares * weights).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)
