"""The binned perceptron with formula words: what peaks may be made of beside where they lie.

Sub-formulas as in MIST (Goldman et al. 2023, see `formula_transformer`), but without attention: each fragment formula
and each neutral-loss formula that occurs in several training structures has a learned vector, and so has each count of
each element. Their weighted sum joins that of the bins of `binned_mlp`. It costs little more than that, and on spectra
without sub-formulas, such as those of unit mass, it is that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.formula_candidates import N_ELEMENTS
from matchms_fingerprint.features.formula_tokens import N_SUMMARY, PrecursorIons, formula_peaks, summary_features
from matchms_fingerprint.features.formula_words import FormulaWordSettings, formula_words, frequent_words
from matchms_fingerprint.features.precursor_formulas import complete_formulas
from matchms_fingerprint.models.encoders.binned_mlp import BinnedMLP

COUNT_STEPS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48])
"""Counts of an element that the molecule's formula is compared with."""

N_MOLECULE = N_ELEMENTS * (1 + COUNT_STEPS.size)


class FormulaBag(BinnedMLP):
    """Embedding bags of bins and of formula words, residual blocks, embedding.

    Parameters
    ----------
    features
        Settings of the binned features, see `features.binned.BinnedSettings`.
    words
        The vocabulary, see `features.formula_words.FormulaWordSettings`.
    word_dropout
        Dropout rate of the words.
    formula_dropout
        Share of training spectra whose words and formula are hidden, so that the bins learn to do without.
    sizes
        As of `BinnedMLP`: n_input, n_hidden, n_embedding, n_blocks, dropout, feature_dropout.
    """

    def __init__(
        self,
        features: dict[str, Any],
        words: dict[str, Any],
        word_dropout: float = 0.3,
        formula_dropout: float = 0.1,
        **sizes: Any,
    ) -> None:
        super().__init__(features, **sizes)
        self.vocabulary = FormulaWordSettings.from_dict(words)
        own = {"words": self.vocabulary.to_dict(), "word_dropout": word_dropout, "formula_dropout": formula_dropout}
        self.settings = self.settings | own
        self.word_dropout, self.formula_dropout = word_dropout, formula_dropout
        n_input = self.metadata.out_features
        self.words = nn.EmbeddingBag(self.vocabulary.n_words, n_input, mode="sum")
        nn.init.normal_(self.words.weight, std=0.05)
        self.molecule = nn.Linear(N_MOLECULE + N_SUMMARY, n_input, bias=False)

    @classmethod
    def complete(cls, spectra: SpectrumArrays) -> SpectrumArrays:
        """Enumerate the formulas that are not given; see `Encoder.complete`."""
        return complete_formulas(spectra)

    @classmethod
    def settings_from_data(
        cls, spectra: SpectrumArrays, structure: NDArray[np.int64], settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Choose bins and words: those of most training structures.

        Beside the arguments of the class, `settings` may hold `n_fragment_words` and `n_loss_words`, and those that
        `BinnedMLP.settings_from_data` takes.
        """
        chosen = dict(settings)
        n_fragments, n_losses = chosen.pop("n_fragment_words", 6000), chosen.pop("n_loss_words", 4000)
        given = FormulaWordSettings.from_dict(chosen.pop("words", {}))
        fragments, losses = frequent_words(spectra, structure, n_fragments, n_losses, given.max_peaks)
        words = {"fragments": list(fragments), "losses": list(losses)}
        return super().settings_from_data(spectra, structure, chosen) | {"words": given.to_dict() | words}

    def prepare(self, spectra: SpectrumArrays) -> tuple[Tensor, ...]:
        """Turn spectra into what `forward` takes: that of `BinnedMLP`, words, weights, offsets, and the molecule."""
        found = formula_peaks(spectra, self.vocabulary.max_peaks)
        words = formula_words(found, self.vocabulary)
        molecule = np.concatenate([molecule_features(found.ions), summary_features(found)], axis=1)
        return (
            *super().prepare(spectra),
            torch.from_numpy(words.indices),
            torch.from_numpy(words.weights),
            torch.from_numpy(words.offsets[:-1]),
            torch.from_numpy(molecule),
        )

    def forward(self, prepared: tuple[Tensor, ...]) -> Tensor:
        """Embed a batch; see `Encoder.forward`."""
        words, word_weights, word_offsets, molecule = prepared[4:]
        if self.training:
            word_weights = functional.dropout(word_weights, self.word_dropout)
        read = self.words(words, word_offsets, per_sample_weights=word_weights) + self.molecule(molecule)
        if self.training:
            read = read * (torch.rand(len(read), 1, device=read.device) >= self.formula_dropout)
        return self.read(self.sum_of_bins(prepared[:4]) + read)


def molecule_features(ions: PrecursorIons) -> NDArray[np.float32]:
    """Unfold the formula of each molecule, shape (n_spectra, N_MOLECULE), float32; all 0 where it is not known.

    For each element its count in units of 20, and whether it reaches each of `COUNT_STEPS`; both times the confidence.
    """
    counts = ions.molecules
    steps = (counts[:, :, None] >= COUNT_STEPS).reshape(-1, N_ELEMENTS * COUNT_STEPS.size)
    return (np.concatenate([counts / 20.0, steps], axis=1) * ions.confidence[:, None]).astype(np.float32)
