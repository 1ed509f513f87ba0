"""Learns from spectra of known structures what explained peaks and expected fragments are worth.

First tables of log-ratios, then small networks. Decoys have the mass of the true structure, and are drawn as often as
they look like measured molecules to a classifier that sees no spectrum: what measured molecules look like is then of no
use. The networks never see tables that know the structure at hand: those of a scaffold are counted without its
structures, so that what they say of them is what they will say of new ones.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from matchms_fingerprint.annotation.evidence.expected_fragments import EXPECTED_FEATURES
from matchms_fingerprint.annotation.evidence.fragment_items import FEATURES, TABLES
from matchms_fingerprint.annotation.evidence.fragment_scores import KINDS, FragmentScores
from matchms_fingerprint.annotation.evidence.item_scores import (
    USUAL_LOG_NUMBER,
    Counts,
    ItemScores,
    network_inputs,
    scaled,
)
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.training.fragment_examples import FragmentExamples, Items, fragment_examples
from matchms_fingerprint.training.splits import murcko_scaffold

N_DECOYS = 20
HIDDEN = (64,)
EPOCHS = 8

LEARNED_WITH = (FEATURES, EXPECTED_FEATURES, TABLES, N_DECOYS, HIDDEN, EPOCHS)
"""What scores depend on beside the data: others are learned anew."""

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
    scaffolds = scaffold_numbers(data, examples)
    items = {kind: getattr(examples, kind) for kind in KINDS}
    inputs, scales = {}, {}
    for kind, each in items.items():
        read = network_inputs(each.features, counts_without_own(examples, each, scaffolds))
        scales[kind] = read.mean(axis=0), read.std(axis=0) + 1e-6
        inputs[kind] = scaled(read, *scales[kind])
    networks = train_networks(examples, inputs, seed)
    return FragmentScores(
        **{
            kind: ItemScores(
                *tables_of(examples, each), *scales[kind], *networks[kind].layers(), networks[kind].share()
            )
            for kind, each in items.items()
        }
    )


def example_weights(examples: FragmentExamples, items: Items) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which items are of true structures, and what each counts for.

    Each structure counts for one, whatever the number of its spectra; its decoys together as well.
    """
    _, which, n_spectra = np.unique(examples.structure, return_inverse=True, return_counts=True)
    of_spectrum = 1.0 / n_spectra[which]
    is_true = items.candidates == 0
    n_decoys = np.maximum(examples.n_candidates - 1, 1)
    share = np.where(is_true, 1.0, 1.0 / n_decoys[items.spectra])
    return is_true, of_spectrum[items.spectra] * share


def scaffold_numbers(data: LabelledSpectra, examples: FragmentExamples) -> NDArray[np.int64]:
    """Return the number of the scaffold of each spectrum; what has none is a group by itself."""
    structures, which = np.unique(examples.structure, return_inverse=True)
    scaffolds = [murcko_scaffold(data.smiles[i]) or data.inchikeys[i] for i in structures.tolist()]
    numbers: NDArray[np.int64] = np.unique(scaffolds, return_inverse=True)[1][which].astype(np.int64)
    return numbers


def counts_without_own(examples: FragmentExamples, items: Items, groups: NDArray[np.int64]) -> list[Counts]:
    """Count for each item how often each table saw its key in spectra of other groups."""
    is_true, weights = example_weights(examples, items)
    group = groups[items.spectra]
    found = []
    for k in range(len(TABLES)):
        _, key = np.unique(items.keys[:, k], return_inverse=True)
        _, pair = np.unique(key.astype(np.int64) * (int(groups.max(initial=0)) + 1) + group, return_inverse=True)
        both = []
        for kind in (is_true, ~is_true):
            everywhere, own = np.bincount(key, weights * kind), np.bincount(pair, weights * kind)
            both.append(np.maximum(everywhere[key] - own[pair], 0.0))
        found.append((both[0], both[1]))
    return found


def tables_of(
    examples: FragmentExamples, items: Items
) -> tuple[tuple[NDArray[np.uint32], ...], tuple[NDArray[np.float16], ...]]:
    """Return the keys of each table that were seen often enough, ascending, and how often."""
    is_true, weights = example_weights(examples, items)
    keys, counts = [], []
    for k in range(len(TABLES)):
        known, which = np.unique(items.keys[:, k], return_inverse=True)
        seen = np.stack([np.bincount(which, weights * kind, known.size) for kind in (is_true, ~is_true)], axis=1)
        often = seen.sum(axis=1) >= _LEAST_SEEN
        keys.append(known[often])
        counts.append(seen[often].astype(np.float16))
    return tuple(keys), tuple(counts)


class ItemNetwork(nn.Module):
    """Gives a number for each item of one kind; their sums are divided by a power of how many there are.

    Parameters
    ----------
    n_inputs
        What is read of each item.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for size in HIDDEN:
            layers += [nn.Linear(n_inputs, size), nn.ReLU(), nn.Dropout(_DROPOUT)]
            n_inputs = size
        self.of_item = nn.Sequential(*layers, nn.Linear(n_inputs, 1))
        self.exponent = nn.Parameter(torch.tensor(_FIRST_EXPONENT))

    def layers(self) -> tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.float32], ...]]:
        """Return the weights of the layers, each of shape (n_in, n_out), and their biases."""
        linear = [layer for layer in self.of_item if isinstance(layer, nn.Linear)]
        weights = tuple(layer.weight.detach().numpy().T.copy() for layer in linear)
        return weights, tuple(layer.bias.detach().numpy().copy() for layer in linear)

    def share(self) -> float:
        """Return the exponent."""
        return float(self.exponent.detach())


def train_networks(
    examples: FragmentExamples, inputs: dict[str, NDArray[np.float32]], seed: int = 0
) -> dict[str, ItemNetwork]:
    """Train networks to tell true structures from decoys, by the softmax over the candidates of each spectrum.

    Parameters
    ----------
    examples
        The examples.
    inputs
        What is read of each item of each of `KINDS`, brought to a common scale.
    seed
        Of the first weights and of the order of the spectra.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    networks = {kind: ItemNetwork(values.shape[1]) for kind, values in inputs.items()}
    trainable = np.flatnonzero(examples.n_candidates > 1)
    steps = max(1, -(-trainable.size // _BATCH))
    parameters = [parameter for network in networks.values() for parameter in network.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=EPOCHS * steps)
    loss_of = _ListLoss(examples, inputs)
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(trainable), steps):
            loss = loss_of(networks, np.sort(batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return networks


class _Sums:
    """The items of one kind, summed up for each candidate.

    Parameters
    ----------
    items
        The items.
    inputs
        What is read of each, shape (n_items, n_inputs), float32.
    n_spectra
        Number of spectra.
    """

    def __init__(self, items: Items, inputs: NDArray[np.float32], n_spectra: int) -> None:
        self.inputs, self.candidates = torch.from_numpy(inputs), items.candidates
        self.ends = np.searchsorted(items.spectra, np.arange(n_spectra + 1))

    def __call__(
        self, network: nn.Module, batch: NDArray[np.int64], width: int
    ) -> tuple[torch.Tensor, NDArray[np.int64]]:
        """Return the sums of the candidates of a batch, shape (n_spectra, width), and how many items each has."""
        starts, sizes = self.ends[batch], self.ends[batch + 1] - self.ends[batch]
        items = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        place = np.repeat(np.arange(batch.size), sizes) * width + self.candidates[items]
        values = network(self.inputs[torch.from_numpy(items)])[:, 0]
        sums = torch.zeros(batch.size * width).index_add(0, torch.from_numpy(place), values)
        numbers = np.bincount(place, minlength=batch.size * width)
        return sums.view(batch.size, width), numbers.reshape(batch.size, width)


class _ListLoss:
    """Cross-entropy of the true structure among the candidates of each spectrum; structures count the same."""

    def __init__(self, examples: FragmentExamples, inputs: dict[str, NDArray[np.float32]]) -> None:
        n_spectra = examples.structure.size
        self.sums = {kind: _Sums(getattr(examples, kind), values, n_spectra) for kind, values in inputs.items()}
        self.n_candidates, self.n_peaks = examples.n_candidates, examples.n_peaks
        _, which, counts = np.unique(examples.structure, return_inverse=True, return_counts=True)
        self.weights = 1.0 / counts[which]

    def __call__(self, networks: dict[str, ItemNetwork], batch: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean loss of the spectra of a batch."""
        width = int(self.n_candidates[batch].max())
        scores = torch.zeros(batch.size, width)
        for kind, network in networks.items():
            sums, numbers = self.sums[kind](network.of_item, batch, width)
            divided_by = self.n_peaks[batch][:, None] if kind == "explained" else numbers
            logs = torch.from_numpy(np.log(np.maximum(divided_by, 1)) - USUAL_LOG_NUMBER).float()
            scores = scores + sums * torch.exp(-network.exponent * logs)
        is_none = torch.from_numpy(np.arange(width) >= self.n_candidates[batch][:, None])
        losses = -torch.log_softmax(scores.masked_fill(is_none, -torch.inf), dim=1)[:, 0]
        weights = torch.from_numpy(self.weights[batch]).float()
        return (losses * weights).sum() / weights.sum()
