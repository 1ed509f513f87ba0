"""Self-attention between the tokens of a spectrum, with a term that each pair of tokens adds.

Scores of dot-product attention (Vaswani et al. 2017) plus a bias per head and pair; for peaks the bias is a learned
function of their mass difference, after DreaMS (Bushuiev et al. 2025) and Graphormer (Ying et al. 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError


class BiasedSelfAttention(nn.Module):
    """Multi-head self-attention with an additive bias.

    Parameters
    ----------
    n_model
        Width of a token.
    n_heads
        Number of heads; divides `n_model`.
    """

    def __init__(self, n_model: int, n_heads: int) -> None:
        super().__init__()
        if n_model % n_heads:
            raise ModelError(f"tokens of width {n_model} cannot be shared among {n_heads} heads; give a divisor")
        self.n_heads = n_heads
        self.query = nn.Linear(n_model, n_model)
        self.key_and_value = nn.Linear(n_model, 2 * n_model)
        self.output = nn.Linear(n_model, n_model)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Let the first tokens look at all.

        Parameters
        ----------
        tokens
            Shape (n_spectra, n_tokens, n_model).
        bias
            Added to the scores of queries (third axis) and keys (last axis), shape (n_spectra, n_heads, n_queries,
            n_tokens); minus infinity for a key that must not be seen, see `hide_keys`.

        Returns
        -------
        Tensor
            What the first `n_queries` tokens saw, shape (n_spectra, n_queries, n_model).
        """
        n, length, width = tokens.shape
        n_queries = bias.shape[2]
        queries = self.query(tokens[:, :n_queries]).view(n, n_queries, self.n_heads, -1).transpose(1, 2)
        keys, values = self.key_and_value(tokens).view(n, length, 2, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        return self.output(mixed.transpose(1, 2).reshape(n, n_queries, width))


class TransformerBlock(nn.Module):
    """Attention and a perceptron, each on normalised tokens and added to them.

    Parameters
    ----------
    n_model, n_heads
        Width of a token and number of heads.
    n_inner
        Width of the perceptron's hidden layer.
    dropout
        Dropout rate of what is added.
    """

    def __init__(self, n_model: int, n_heads: int, n_inner: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(n_model)
        self.attention = BiasedSelfAttention(n_model, n_heads)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(n_model), nn.Linear(n_model, n_inner), nn.GELU(), nn.Linear(n_inner, n_model)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Return the first tokens, renewed; parameters and shapes as of `BiasedSelfAttention.forward`."""
        tokens = tokens[:, : bias.shape[2]] + self.dropout(self.attention(self.attention_norm(tokens), bias))
        return tokens + self.dropout(self.perceptron(tokens))


class MassDifferenceBias(nn.Module):
    """Attention bias from the mass difference of each pair of tokens.

    A small perceptron on the Fourier features of the difference; one pass gives the bias of all layers and heads. The
    features follow from those of the two masses by the addition theorems, so that nothing is lost to float32. For a
    token without a mass, whose features are all zero, they are all zero too: such pairs share one learned bias.

    Parameters
    ----------
    n_fourier
        Number of Fourier features of a mass, sines first.
    n_hidden
        Width of the hidden layer.
    n_layers, n_heads
        Attention layers and heads that want a bias.
    """

    def __init__(self, n_fourier: int, n_hidden: int, n_layers: int, n_heads: int) -> None:
        super().__init__()
        self.n_layers, self.n_heads = n_layers, n_heads
        self.hidden = nn.Linear(n_fourier, n_hidden)
        self.output = nn.Linear(n_hidden, n_layers * n_heads)

    def forward(self, fourier: Tensor) -> Tensor:
        """Return the bias, shape (n_layers, n_spectra, n_heads, n_tokens, n_tokens).

        Parameters
        ----------
        fourier
            Fourier features of the mass of each token, shape (n_spectra, n_tokens, n_fourier).
        """
        n, length, _ = fourier.shape
        bias = self.output(functional.gelu(self.hidden(fourier_of_differences(fourier))))
        return bias.view(n, length, length, self.n_layers, self.n_heads).permute(3, 0, 4, 1, 2)


def fourier_of_differences(fourier: Tensor) -> Tensor:
    """Return the Fourier features of all differences of masses, from those of the masses.

    Parameters
    ----------
    fourier
        Sines, then cosines, shape (n_spectra, n_tokens, n_fourier).

    Returns
    -------
    Tensor
        Those of mass i minus mass j, shape (n_spectra, n_tokens, n_tokens, n_fourier).
    """
    sines, cosines = fourier.chunk(2, dim=-1)
    sines_i, cosines_i, sines_j, cosines_j = sines[:, :, None], cosines[:, :, None], sines[:, None], cosines[:, None]
    return torch.cat([sines_i * cosines_j - cosines_i * sines_j, cosines_i * cosines_j + sines_i * sines_j], dim=-1)


def hide_keys(bias: Tensor, is_token: Tensor) -> Tensor:
    """Set the bias to minus infinity where the key is padding, for every query, so that nothing sees padding.

    Parameters
    ----------
    bias
        Shape (..., n_spectra, n_heads, n_queries, n_tokens), keys last.
    is_token
        False for padding, shape (n_spectra, n_tokens), bool. Each spectrum needs a token: attention to none is NaN.
    """
    return bias.masked_fill(~is_token[:, None, None, :], -torch.inf)
