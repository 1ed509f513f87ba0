"""A fingerprint that unfolds: predicted at 256 bits, then refined to twice as many bits until it has all of them.

After MIST (Goldman et al., Nature Machine Intelligence 2023): each step predicts the finer fingerprint from the coarser
one and multiplies it by a gate that sees the embedding; the coarse predictions have losses of their own. The true
coarse fingerprints are foldings of the true one: bit b goes to bit b mod n.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.heads.head import Head


class Unfolding(Head):
    """Gated refinement of a folded fingerprint, in steps that double its length.

    Parameters
    ----------
    n_embedding, n_bits
        Sizes of input and output.
    n_coarse
        Bits of the coarsest prediction; `n_bits` must be 2, 4, 8, ... times as many.
    n_rank
        Width through which a coarse prediction passes on its way to the finer one; None, as in the paper, for a full
        matrix. With 4096 bits and an embedding of 512 the head has 15 million parameters, with a width of 128 it has
        6 million.
    dropout
        Dropout rate of the activated embedding.
    auxiliary_weight
        Weight of the losses of the coarse predictions beside the loss of the fingerprint.

    Raises
    ------
    ModelError
        If doubling does not lead from `n_coarse` to `n_bits`.
    """

    last: nn.Linear

    def __init__(
        self,
        n_embedding: int,
        n_bits: int,
        n_coarse: int = 256,
        n_rank: int | None = None,
        dropout: float = 0.5,
        auxiliary_weight: float = 0.5,
    ) -> None:
        super().__init__()
        self.settings = {
            "n_coarse": n_coarse,
            "n_rank": n_rank,
            "dropout": dropout,
            "auxiliary_weight": auxiliary_weight,
        }
        self.auxiliary_weight = auxiliary_weight
        sizes = _doubled(n_coarse, n_bits)
        self.dropout = nn.Dropout(dropout)
        self.coarsest = nn.Linear(n_embedding, n_coarse)
        self.gates = nn.ModuleList(nn.Linear(n_embedding, size) for size in sizes[1:-1])
        self.refine = nn.ModuleList(
            nn.Sequential(_narrow(coarse, n_rank), nn.Linear(n_rank or coarse, fine))
            for coarse, fine in pairwise(sizes[:-1])
        )
        self.last_gate = nn.Linear(n_embedding, n_bits)
        self.narrow = _narrow(sizes[-2], n_rank)
        self.last = nn.Linear(n_rank or sizes[-2], n_bits)

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits; see `Head.forward`."""
        activated = self.dropout(functional.gelu(embedding))
        coarse = self._coarse_logits(activated)[-1]
        return _logit_of_product(self.last_gate(activated), self.last(self.narrow(torch.sigmoid(coarse))))

    def auxiliary_loss(self, embedding: Tensor, bits: Tensor) -> Tensor | None:
        """Return the cross-entropy of the coarse predictions, mean over them and times `auxiliary_weight`.

        The cross-entropy of a spectrum is the sum over the coarse bits divided by how many of them are set in the mean
        of the batch, so that fingerprints of all lengths weigh alike. See `Head.auxiliary_loss`.
        """
        if self.auxiliary_weight == 0:
            return None
        losses = []
        for logits in self._coarse_logits(self.dropout(functional.gelu(embedding))):
            folded = fold(bits, logits.shape[1])
            entropy = functional.binary_cross_entropy_with_logits(logits, folded, reduction="sum")
            losses.append(entropy / folded.sum().clamp(min=1.0))
        return self.auxiliary_weight * torch.stack(losses).mean()

    @torch.no_grad()
    def start_at(self, bit_frequencies: Tensor) -> None:
        """Begin training at the frequencies of the bits; see `Head.start_at`.

        Gate and refined prediction begin at the square root each. Of the folded bits, frequencies are known but for
        the bits that occur together; they begin as if all were independent.
        """
        if bit_frequencies.shape != self.last.bias.shape:
            raise ModelError(f"{bit_frequencies.numel()} bit frequencies do not fit the last layer, {self.last}")
        for layer in self.modules():
            if isinstance(layer, nn.Linear) and layer.bias is not None:
                frequencies = _folded_frequencies(bit_frequencies, layer.out_features)
                layer.bias.copy_(torch.logit(frequencies if layer is self.coarsest else frequencies.sqrt()))
                layer.weight.mul_(0.3)

    def _coarse_logits(self, activated: Tensor) -> list[Tensor]:
        """Return the logits of all predictions but the finest, the coarsest first."""
        logits = [self.coarsest(activated)]
        for gate, refine in zip(self.gates, self.refine, strict=True):
            logits.append(_logit_of_product(gate(activated), refine(torch.sigmoid(logits[-1]))))
        return logits


def fold(bits: Tensor, n: int) -> Tensor:
    """Fold bits to `n`: bit b goes to b mod n, which is set if any of those that go there is.

    Parameters
    ----------
    bits
        Shape (n_spectra, n_bits), `n_bits` a multiple of `n`.

    Returns
    -------
    Tensor of shape (n_spectra, n)
    """
    return bits.unflatten(1, (-1, n)).amax(dim=1)


def _logit_of_product(gate: Tensor, refined: Tensor) -> Tensor:
    """Return the logit of sigmoid(gate) * sigmoid(refined), exact also where one of them is nearly 0 or 1."""
    return -torch.logaddexp(torch.logaddexp(-gate, -refined), -gate - refined)


def _folded_frequencies(frequencies: Tensor, n: int) -> Tensor:
    absent = 1 - frequencies.clamp(1e-4, 1 - 1e-4)
    return (1 - absent.unflatten(0, (-1, n)).prod(dim=0)).clamp(1e-4, 1 - 1e-4)


def _narrow(n_coarse: int, n_rank: int | None) -> nn.Module:
    return nn.Identity() if n_rank is None else nn.Linear(n_coarse, n_rank, bias=False)


def _doubled(n_coarse: int, n_bits: int) -> list[int]:
    sizes = [n_coarse]
    while 0 < sizes[-1] < n_bits:
        sizes.append(2 * sizes[-1])
    if sizes[-1] != n_bits or len(sizes) == 1:
        raise ModelError(f"{n_coarse} bits do not unfold to {n_bits}; choose n_coarse as {n_bits} / 2, / 4, / 8, ...")
    return sizes
