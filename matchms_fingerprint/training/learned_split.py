"""A split that is learned to be hard: what is tested is what a model of the rest predicts badly.

Bao & Barzilay, "Learning to split for automatic bias detection" (2022, arXiv 2204.13749). A *splitter* says of each
example whether it is trained on or tested. A *predictor* learns from the one part and is tested on the other. The
splitter then learns to leave in the test part what the predictor got wrong, and to hand back what it got right, while
two regularisers keep the share of the parts and the balance of the labels. Both are repeated until the gap between
held-out examples of the training part and the test part no longer grows. Khoo & Barzilay use it to show where models
of mass spectra do not generalise.

Here an example is a structure with a few of its spectra, so that no structure stands on both sides. A label is a
fingerprint, so two things differ from the paper: right means predicted at least as well as the median of the held-out
structures of the training part, and the balance of labels is kept bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.training.split_examples import Examples, dense_numbers, make_examples

SHARES = (0.8, 0.1, 0.1)
"""Shares of train, val and test."""

MIN_STRUCTURES = 50

_BATCHES = 40
"""Batches of an epoch of a predictor, where they then have 32 to 512 spectra."""
_STRUCTURES = 8192
"""Structures of which the splitter sees the balance in one step."""


@dataclass(frozen=True)
class LearnedSplitSettings:
    """How a split is learned.

    Parameters
    ----------
    rounds
        Most rounds of predictor and splitter.
    patience
        Stop after this many rounds without a larger gap.
    spectra_per_structure
        Spectra of a structure that are looked at, drawn at random.
    n_components
        Size that binned spectra and fingerprints are reduced to.
    n_hidden
        Size of the hidden layers of predictor and splitter.
    predictor_epochs
        Epochs of each predictor, which starts afresh in each round.
    splitter_steps
        Steps of the splitter in each round.
    learning_rate
        Of Adam, for both.
    min_bit_share
        Bits that fewer structures have, or lack, are not predicted.
    gap_weight, share_weight, balance_weight
        Weights of the three losses of the splitter.
    sharpness
        The balance is that of sigmoid(sharpness * logit): the nearer to the parts as they are cut, the larger.
    imbalance_penalty
        The best round is that with the highest gap - imbalance_penalty * balance.
    """

    rounds: int = 15
    patience: int = 4
    spectra_per_structure: int = 4
    n_components: int = 128
    n_hidden: int = 256
    predictor_epochs: int = 10
    splitter_steps: int = 100
    learning_rate: float = 1e-3
    min_bit_share: float = 0.02
    gap_weight: float = 1.0
    share_weight: float = 1.0
    balance_weight: float = 8.0
    sharpness: float = 3.0
    imbalance_penalty: float = 0.5


@dataclass(frozen=True)
class SplitRound:
    """What one round came to.

    Parameters
    ----------
    val_score, test_score
        Mean continuous Tanimoto of predicted and true bits, over the held-out structures of the training part and over
        those of the test part.
    balance
        Loss of balance: divergence of the bit frequencies of both parts from those of all, see `balance_loss`.
    """

    val_score: float
    test_score: float
    balance: float

    @property
    def gap(self) -> float:
        """How much worse the test part is predicted."""
        return self.val_score - self.test_score


@dataclass(frozen=True, eq=False)
class LearnedSplit:
    """A learned split.

    Parameters
    ----------
    part
        0 (train), 1 (val) or 2 (test) for each spectrum, shape (n_spectra,), int64.
    rounds
        The rounds in their order; the first is a random split.
    best
        The round that the split is from.
    """

    part: NDArray[np.int64]
    rounds: tuple[SplitRound, ...]
    best: int


def learn_split(
    data: LabelledSpectra,
    settings: LearnedSplitSettings | None = None,
    seed: int = 0,
    on_round: Callable[[SplitRound], None] | None = None,
) -> LearnedSplit:
    """Learn a split of about 80 / 10 / 10 of the spectra; all spectra of a structure are in one part.

    Val is drawn at random from the structures of the training part, as in the paper: it shows how well a model does
    where nothing is hard.

    Parameters
    ----------
    data
        Spectra and their structures.
    settings
        How to learn.
    seed
        Another seed gives another split; the same gives the same.
    on_round
        Called after each round.

    Raises
    ------
    SettingsError
        If there are fewer than `MIN_STRUCTURES` structures.
    """
    settings = settings or LearnedSplitSettings()
    n_structures = np.unique(data.structure).size
    if n_structures < MIN_STRUCTURES:
        raise SettingsError(
            f"{n_structures} structures are too few to learn a split from; give {MIN_STRUCTURES} or use another split"
        )
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        examples = make_examples(
            data, settings.spectra_per_structure, settings.n_components, settings.min_bit_share, rng
        )
        splitter = _Splitter(examples, settings)
        order = rng.permutation(len(examples.sizes)).astype(np.float64)  # the first split is a random one
        rounds: list[SplitRound] = []
        best, best_value, best_parts = 0, -np.inf, np.empty(0, np.int64)
        while len(rounds) < settings.rounds and len(rounds) - best <= settings.patience:
            parts = _cut(order, examples.sizes, rng)
            scores = _predict(examples, np.flatnonzero(parts == 0), settings, rng)
            balance = float(balance_loss(torch.from_numpy(parts < 2).float(), examples.bits))
            val, test = scores[parts == 1], scores[parts == 2]
            rounds.append(SplitRound(float(val.mean()), float(test.mean()), balance))
            if on_round is not None:
                on_round(rounds[-1])
            value = rounds[-1].gap - settings.imbalance_penalty * balance
            if value > best_value:
                best, best_value, best_parts = len(rounds) - 1, value, parts
            splitter.learn(np.flatnonzero(parts == 2), test >= np.median(val), rng)
            order = splitter.logits()
    return LearnedSplit(best_parts[dense_numbers(data.structure)], tuple(rounds), best)


def share_loss(trained: Tensor, sizes: Tensor, share: float) -> Tensor:
    """Return how far the share of the training part is from what it should be, as a Kullback-Leibler divergence.

    Parameters
    ----------
    trained
        Probability of each structure to be trained on, shape (n,).
    sizes
        Weight of each structure, shape (n,), sums to 1.
    share
        What the weighted mean of `trained` should be.
    """
    return bernoulli_divergence(torch.tensor(share), (trained * sizes).sum())


def balance_loss(trained: Tensor, bits: Tensor) -> Tensor:
    """Return how far the bit frequencies of the two parts are from those of all structures.

    The Kullback-Leibler divergence of the paper, of each bit in each part, summed and divided by the number of set bits
    of a structure.

    Parameters
    ----------
    trained
        Probability of each structure to be trained on, shape (n,).
    bits
        Their bits, shape (n, n_bits).
    """
    frequencies = bits.mean(dim=0)
    total = torch.zeros(())
    for part in (trained, 1.0 - trained):
        total = total + bernoulli_divergence(frequencies, part @ bits / part.sum().clamp(min=1e-6)).sum()
    return total / bits.sum(dim=1).mean().clamp(min=1.0)


def bernoulli_divergence(target: Tensor, actual: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of two probabilities, element by element; both are kept off 0 and 1."""
    p, q = target.clamp(1e-4, 1 - 1e-4), actual.clamp(1e-4, 1 - 1e-4)
    return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()


class _Splitter:
    """Says from its spectra and its fingerprint whether a structure is trained on (high logit) or tested (low)."""

    def __init__(self, examples: Examples, settings: LearnedSplitSettings) -> None:
        self.examples, self.settings = examples, settings
        self.sizes = torch.from_numpy(examples.sizes).float()
        self.network = nn.Sequential(
            nn.Linear(examples.structures.shape[1], settings.n_hidden // 2),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(settings.n_hidden // 2, 1),
        )
        self.optimizer = torch.optim.Adam(self.network.parameters(), settings.learning_rate, weight_decay=1e-4)

    def learn(self, tested: NDArray[np.int64], right: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Learn to hand back the tested structures that were predicted right."""
        self.network.train()
        settings, target = self.settings, torch.from_numpy(right).float()
        for _ in range(settings.splitter_steps):
            rows = np.arange(len(self.sizes))
            if rows.size > _STRUCTURES:
                rows = rng.choice(rows, _STRUCTURES, replace=False)
            logits = self.network(self.examples.structures[rows])[:, 0]
            sizes = self.sizes[rows] / self.sizes[rows].sum()
            chosen = rng.permutation(tested.size)[:_STRUCTURES]
            outcome = self.network(self.examples.structures[tested[chosen]])[:, 0]
            loss = settings.gap_weight * functional.binary_cross_entropy_with_logits(outcome, target[chosen])
            loss = loss + settings.share_weight * share_loss(torch.sigmoid(logits), sizes, 1.0 - SHARES[2])
            sharp = torch.sigmoid(settings.sharpness * logits)
            loss = loss + settings.balance_weight * balance_loss(sharp, self.examples.bits[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def logits(self) -> NDArray[np.float64]:
        """Return the logit of each structure, shape (n_structures,), float64."""
        self.network.eval()
        with torch.inference_mode():
            return self.network(self.examples.structures)[:, 0].double().numpy()


def _cut(order: NDArray[np.float64], sizes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return 0, 1 or 2 for each structure: the lowest in order are tested, val is drawn from the others."""
    parts = np.zeros(order.size, np.int64)
    ranked = np.argsort(order, kind="stable")
    tested = ranked[_first_share(sizes[ranked], SHARES[2])]
    parts[tested] = 2
    rest = rng.permutation(np.flatnonzero(parts == 0))
    parts[rest[_first_share(sizes[rest], SHARES[1])]] = 1
    return parts


def _first_share(sizes: NDArray[np.float64], share: float) -> slice:
    """Return the first of some structures that together come nearest to a share, at least one."""
    return slice(0, int(np.abs(np.cumsum(sizes) - share).argmin()) + 1)


def _predict(
    examples: Examples, trained: NDArray[np.int64], settings: LearnedSplitSettings, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Train a predictor on some structures; return the mean continuous Tanimoto of each structure."""
    bits, structure = examples.bits, examples.structure
    last = nn.Linear(settings.n_hidden, bits.shape[1])
    network = nn.Sequential(
        nn.Linear(examples.spectra.shape[1], settings.n_hidden),
        nn.GELU(),
        nn.Dropout(0.2),
        nn.Linear(settings.n_hidden, settings.n_hidden),
        nn.GELU(),
        last,
    )
    with torch.no_grad():
        last.bias.copy_(torch.logit(bits[trained].mean(dim=0).clamp(0.005, 0.995)))
    optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)
    rows = np.flatnonzero(np.isin(structure, trained))
    size = int(np.clip(rows.size // _BATCHES, 32, 512))
    for _ in range(settings.predictor_epochs):
        rows = rng.permutation(rows)
        for start in range(0, rows.size, size):
            batch = rows[start : start + size]
            loss = functional.binary_cross_entropy_with_logits(network(examples.spectra[batch]), bits[structure[batch]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    network.eval()
    scores = np.empty(structure.size)
    with torch.inference_mode():
        for start in range(0, structure.size, _STRUCTURES):
            part = slice(start, start + _STRUCTURES)
            p, y = torch.sigmoid(network(examples.spectra[part])), bits[structure[part]]
            both = (p * y).sum(dim=1)
            scores[part] = (both / (p.sum(dim=1) + y.sum(dim=1) - both).clamp(min=1e-6)).numpy()
    return np.bincount(structure, scores) / np.bincount(structure)
