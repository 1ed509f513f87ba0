"""The batches of a training run: drawn with structures balanced, disturbed, and made ready for the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.training.augment import augment, merge_pairs
from matchms_fingerprint.training.settings import TrainingSettings


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


class PreparedBatches(Dataset[tuple[Any, Tensor]]):
    """Turns drawn rows into what the network takes and the true bits; with partners to merge with, disturbed."""

    def __init__(
        self,
        data: LabelledSpectra,
        network: Network,
        settings: TrainingSettings,
        epoch: int,
        partners: NDArray[np.int64] | None = None,
    ):
        self.data, self.network, self.settings, self.epoch, self.partners = data, network, settings, epoch, partners

    def __getitem__(self, rows: list[int]) -> tuple[Any, Tensor]:
        where = np.asarray(rows, np.int64)
        spectra = self.data.spectra.take(where)
        if self.partners is not None:
            rng = np.random.default_rng([self.settings.seed, self.epoch, *where[:4].tolist()])
            merged = rng.random(where.size) < self.settings.augmentation.merge
            partner = self.data.spectra.take(self.partners[rng.integers(0, 4, where.size), where])
            spectra = augment(merge_pairs(spectra, partner, merged), self.settings.augmentation, rng)
        return self.network.prepare(spectra), torch.from_numpy(self.data.bits(where)).float()


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
