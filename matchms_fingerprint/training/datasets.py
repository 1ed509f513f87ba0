"""The batches of a training run: drawn with structures balanced, disturbed, and made ready for the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning.fabric.utilities.apply_func import move_data_to_device
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.scorers.candidate_batch import CandidateBatch
from matchms_fingerprint.training.augment import augment, merge_pairs
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.ranking_batch import draw_candidates
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.synthetic import SyntheticSpectra


class DrawnBatches(Sampler[list[int]]):
    """Batches of spectra drawn with structures balanced; each epoch has draws of its own that follow from the seed."""

    def __init__(self, rows: NDArray[np.int64], weights: NDArray[np.float64], settings: TrainingSettings, epoch: int):
        self.rows, self.weights, self.settings, self.epoch = rows, weights, settings, epoch

    def __len__(self) -> int:
        return max(1, self.settings.spectra_per_epoch // self.settings.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng([self.settings.seed, self.epoch])
        draws = rng.choice(self.rows, len(self) * self.settings.batch_size, p=self.weights)
        yield from draws.reshape(len(self), -1).tolist()


@dataclass(frozen=True)
class Batch:
    """Some spectra as a training step takes them.

    Parameters
    ----------
    prepared
        What the network takes.
    bits
        True bits, shape (n_spectra, n_bits), float32.
    candidates
        The right structure of each spectrum first, then wrong ones; None for losses of bits.
    synthetic
        `prepared` and `bits` of simulated spectra that go along; None for none.
    """

    prepared: Any
    bits: Tensor
    candidates: CandidateBatch | None = None
    synthetic: tuple[Any, Tensor] | None = None

    def to(self, device: torch.device | str, **options: Any) -> Batch:
        """Return the batch on a device; Lightning calls it."""
        candidates = None if self.candidates is None else self.candidates.to(device, **options)
        prepared, synthetic = move_data_to_device((self.prepared, self.synthetic), device)
        return Batch(prepared, self.bits.to(device, **options), candidates, synthetic)


class PreparedBatches(Dataset[Batch]):
    """Turns drawn rows into batches; with partners to merge with, disturbed; with negatives, with candidates.

    With `synthetic`, simulated spectra go along in all but the last epochs.
    """

    def __init__(
        self,
        data: LabelledSpectra,
        network: Network,
        settings: TrainingSettings,
        epoch: int,
        partners: NDArray[np.int64] | None = None,
        negatives: Negatives | None = None,
        synthetic: SyntheticSpectra | None = None,
    ):
        self.data, self.network, self.settings, self.epoch, self.partners = data, network, settings, epoch, partners
        self.negatives, self.synthetic = negatives, synthetic

    def __getitem__(self, rows: list[int]) -> Batch:
        where = np.asarray(rows, np.int64)
        spectra = self.data.spectra.take(where)
        if self.partners is not None:
            rng = np.random.default_rng([self.settings.seed, self.epoch, *where[:4].tolist()])
            merged = rng.random(where.size) < self.settings.augmentation.merge
            partner = self.data.spectra.take(self.partners[rng.integers(0, 4, where.size), where])
            spectra = augment(merge_pairs(spectra, partner, merged), self.settings.augmentation, rng)
        bits = torch.from_numpy(self.data.bits(where)).float()
        return Batch(self.network.prepare(spectra), bits, self._candidates(where), self._synthetic(where))

    def _synthetic(self, rows: NDArray[np.int64]) -> tuple[Any, Tensor] | None:
        n = round(self.settings.synthetic_share * rows.size)
        if self.synthetic is None or n == 0 or self.epoch >= self.settings.epochs - self.settings.real_epochs:
            return None
        rng = np.random.default_rng([self.settings.seed, self.epoch, 2, *rows[:4].tolist()])
        spectra, bits = self.synthetic.draw(n, rng)
        disturbed = augment(spectra, self.settings.augmentation, rng)
        return self.network.prepare(disturbed), torch.from_numpy(bits).float()

    def _candidates(self, rows: NDArray[np.int64]) -> CandidateBatch | None:
        scorer = self.network.scorer
        if self.negatives is None or scorer is None:
            return None
        rng = np.random.default_rng([self.settings.seed, self.epoch, 1, *rows[:4].tolist()])
        return draw_candidates(scorer, self.negatives, self.data, rows, self.settings, rng)


def merge_partners(data: LabelledSpectra, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose with which spectra each of `rows` may be merged: four of `rows` of its structure and ion mode.

    Returns
    -------
    ndarray of shape (4, n_spectra), int64
        A spectrum that has no other partner is its own; -1 for spectra that are not among `rows`.
    """
    drawn = np.random.default_rng(0).permutation(rows)
    order = drawn[np.lexsort((data.spectra.ion_mode[drawn], data.structure[drawn]))]
    keys = data.structure[order] * 4 + data.spectra.ion_mode[order]
    _, starts, sizes = np.unique(keys, return_index=True, return_counts=True)
    group_start, group_size = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    place = np.arange(order.size) - group_start
    partners = np.full((4, len(data)), -1, np.int64)
    for step in range(4):
        partners[step, order] = order[group_start + (place + step + 1) % group_size]
    return partners


def structure_balanced_weights(structure: NDArray[np.int64], cap: int) -> NDArray[np.float64]:
    """Return the probability with which each spectrum is drawn, so that a structure counts as at most `cap` spectra.

    Parameters
    ----------
    structure
        Structure of each spectrum, shape (n_spectra,).
    cap
        A compound with hundreds of spectra is drawn as often as one with `cap`.

    Returns
    -------
    ndarray of shape (n_spectra,), float64, sums to 1
    """
    _, inverse, counts = np.unique(structure, return_inverse=True, return_counts=True)
    weights = (np.minimum(counts, cap) / counts)[inverse]
    return weights / weights.sum()
