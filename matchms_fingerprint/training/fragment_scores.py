"""Learns from spectra of known structures what an explained peak is worth: tables of log-ratios, then a small network.

Decoys have the mass of the true structure, and are drawn as often as they look like measured molecules to a classifier
that sees no spectrum: what measured molecules look like is then of no use. The network never sees tables that know the
structure at hand: those of a scaffold are counted without its structures, so that what they say of them is what they
will say of new ones.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from matchms_fingerprint.annotation.evidence.fragment_scores import (
    TABLES,
    USUAL_LOG_PEAKS,
    WIDEST,
    Counts,
    FragmentScores,
    network_inputs,
)
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.training.fragment_examples import FragmentExamples, fragment_examples
from matchms_fingerprint.training.splits import murcko_scaffold

N_DECOYS = 10
HIDDEN = (32,)
EPOCHS = 6

_BATCH, _LEARNING_RATE, _WEIGHT_DECAY, _DROPOUT = 64, 3e-3, 1e-2, 0.2
_LEAST_SEEN = 0.3  # structures; keys seen less often say next to nothing, and are not kept
_FIRST_EXPONENT = 0.5


def fit_fragment_scores(
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    library: CandidateLibrary,
    seed: int = 0,
    n_decoys: int = N_DECOYS,
    progress: bool = False,
) -> FragmentScores:
    """Learn the scores of fragments.

    Parameters
    ----------
    data
        Labelled spectra.
    rows
        Spectra to learn from: those of `train`.
    library
        Where decoys come from.
    seed
        Of all that is drawn.
    n_decoys
        Most decoys of each structure.
    progress
        Show a progress bar on stderr.

    Raises
    ------
    LibraryError
        If the library has another fingerprint than the data, or no decoys.
    """
    examples = fragment_examples(data, rows, library, n_decoys, seed, progress)
    is_true, weights = example_weights(examples)
    inputs = network_inputs(examples.features, counts_without_own(examples, scaffold_numbers(data, examples)))
    means, scales = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    inputs = np.clip((inputs - means) / scales, -WIDEST, WIDEST).astype(np.float32)
    layers, biases, exponent = train_network(examples, inputs, seed)
    keys, counts = zip(*(_count(examples.keys[:, k], is_true, weights) for k in range(len(TABLES))), strict=True)
    return FragmentScores(keys, counts, means, scales, layers, biases, exponent)


def example_weights(examples: FragmentExamples) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which explained peaks are of true structures, and what each counts for.

    Each structure counts for one, whatever the number of its spectra; its decoys together as well.
    """
    _, which, n_spectra = np.unique(examples.structure, return_inverse=True, return_counts=True)
    of_spectrum = 1.0 / n_spectra[which]
    is_true = examples.candidates == 0
    n_decoys = np.maximum(examples.n_candidates - 1, 1)
    share = np.where(is_true, 1.0, 1.0 / n_decoys[examples.spectra])
    return is_true, of_spectrum[examples.spectra] * share


def scaffold_numbers(data: LabelledSpectra, examples: FragmentExamples) -> NDArray[np.int64]:
    """Return the number of the scaffold of each spectrum; what has none is a group by itself."""
    structures, which = np.unique(examples.structure, return_inverse=True)
    scaffolds = [murcko_scaffold(data.smiles[i]) or data.inchikeys[i] for i in structures.tolist()]
    numbers: NDArray[np.int64] = np.unique(scaffolds, return_inverse=True)[1][which].astype(np.int64)
    return numbers


def counts_without_own(examples: FragmentExamples, groups: NDArray[np.int64]) -> list[Counts]:
    """Count for each explained peak how often each table saw its key in spectra of other groups."""
    is_true, weights = example_weights(examples)
    group = groups[examples.spectra]
    found = []
    for k in range(len(TABLES)):
        _, key = np.unique(examples.keys[:, k], return_inverse=True)
        _, pair = np.unique(key.astype(np.int64) * (int(groups.max(initial=0)) + 1) + group, return_inverse=True)
        both = []
        for kind in (is_true, ~is_true):
            everywhere, own = np.bincount(key, weights * kind), np.bincount(pair, weights * kind)
            both.append(np.maximum(everywhere[key] - own[pair], 0.0))
        found.append((both[0], both[1]))
    return found


def _count(
    keys: NDArray[np.uint32], is_true: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.uint32], NDArray[np.float16]]:
    """Return the keys of a table that were seen often enough, ascending, and how often."""
    known, which = np.unique(keys, return_inverse=True)
    counts = np.stack([np.bincount(which, weights * kind, known.size) for kind in (is_true, ~is_true)], axis=1)
    often = counts.sum(axis=1) >= _LEAST_SEEN
    return known[often], counts[often].astype(np.float16)


def train_network(
    examples: FragmentExamples,
    inputs: NDArray[np.float32],
    seed: int = 0,
) -> tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.float32], ...], float]:
    """Train a network to tell true structures from decoys, by the softmax over the candidates of each spectrum.

    Parameters
    ----------
    examples
        The examples.
    inputs
        What the network reads of each explained peak, brought to a common scale.
    seed
        Of the first weights and of the order of the spectra.

    Returns
    -------
    tuple
        Weights of the layers, their biases, and the exponent; see `FragmentScores`.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network, exponent = _network(inputs.shape[1]), nn.Parameter(torch.tensor(_FIRST_EXPONENT))
    trainable = np.flatnonzero(examples.n_candidates > 1)
    steps = max(1, -(-trainable.size // _BATCH))
    optimizer = torch.optim.AdamW([*network.parameters(), exponent], lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=EPOCHS * steps)
    loss_of = _ListLoss(examples, inputs)
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(trainable), steps):
            loss = loss_of(network, exponent, np.sort(batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    weights = tuple(layer.weight.detach().numpy().T.copy() for layer in layers)
    return weights, tuple(layer.bias.detach().numpy().copy() for layer in layers), float(exponent.detach())


def _network(n_inputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in HIDDEN:
        layers += [nn.Linear(n_inputs, size), nn.ReLU(), nn.Dropout(_DROPOUT)]
        n_inputs = size
    return nn.Sequential(*layers, nn.Linear(n_inputs, 1))


class _ListLoss:
    """Cross-entropy of the true structure among the candidates of each spectrum; structures count the same."""

    def __init__(self, examples: FragmentExamples, inputs: NDArray[np.float32]) -> None:
        self.inputs = torch.from_numpy(inputs)
        self.ends = np.searchsorted(examples.spectra, np.arange(examples.structure.size + 1))
        self.candidates = examples.candidates
        self.n_candidates = examples.n_candidates
        self.log_peaks = np.log(np.maximum(examples.n_peaks, 1)) - USUAL_LOG_PEAKS
        _, which, n_spectra = np.unique(examples.structure, return_inverse=True, return_counts=True)
        self.weights = 1.0 / n_spectra[which]

    def __call__(self, network: nn.Module, exponent: torch.Tensor, batch: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean loss of the spectra of a batch."""
        starts, sizes = self.ends[batch], self.ends[batch + 1] - self.ends[batch]
        items = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        width = int(self.n_candidates[batch].max())
        place = np.repeat(np.arange(batch.size), sizes) * width + self.candidates[items]
        values = network(self.inputs[torch.from_numpy(items)])[:, 0]
        scores = torch.zeros(batch.size * width).index_add(0, torch.from_numpy(place), values).view(batch.size, width)
        scores = scores * torch.exp(-exponent * torch.from_numpy(self.log_peaks[batch]).float())[:, None]
        is_none = torch.from_numpy(np.arange(width) >= self.n_candidates[batch][:, None])
        losses = -torch.log_softmax(scores.masked_fill(is_none, -torch.inf), dim=1)[:, 0]
        weights = torch.from_numpy(self.weights[batch]).float()
        return (losses * weights).sum() / weights.sum()
