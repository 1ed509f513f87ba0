"""Gives a trained network a memory, and teaches it when to trust it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models.losses.bits_and_overlap import bce_iou_loss
from matchms_fingerprint.models.losses.criterion import Criterion
from matchms_fingerprint.models.memory.gate import Gate
from matchms_fingerprint.models.memory.neighbours import Neighbours
from matchms_fingerprint.models.memory.remembering_network import RememberingNetwork
from matchms_fingerprint.models.memory.spectrum_memory import MOST_BYTES, SpectrumMemory, remember
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.training.datasets import structure_balanced_weights
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.ranking_batch import draw_candidates
from matchms_fingerprint.training.settings import TrainingSettings

N_GROUPS = 4
"""Compounds are hidden from the memory in this many groups, so that most of it stays while some are unknown."""


@dataclass(frozen=True)
class _Episodes:
    """Validation spectra, what the network says of them, and their neighbours in the memory."""

    rows: NDArray[np.int64]
    probabilities: NDArray[np.float16]
    neighbours: Neighbours


def make_memory(
    network: Network, data: LabelledSpectra, rows: NDArray[np.int64], settings: TrainingSettings
) -> SpectrumMemory:
    """Remember the spectra at `rows`.

    Raises
    ------
    SettingsError
        If the memory is larger than a model may carry.
    """
    spectra = data.spectra.take(rows)
    embedding = np.concatenate([unit.numpy() for _, unit in network.outputs(spectra)])
    memory = remember(spectra, data.structure[rows], data.fingerprints, embedding, settings.memory_peaks)
    if memory.n_bytes > MOST_BYTES:
        raise SettingsError(
            f"the memory of {len(memory)} spectra takes {memory.n_bytes / 2**20:.1f} MiB, more than "
            f"{MOST_BYTES / 2**20:.0f}; give it fewer peaks a spectrum (memory_peaks, now {settings.memory_peaks})"
        )
    return memory


def fit_gate(
    network: Network,
    data: LabelledSpectra,
    train: NDArray[np.int64],
    val: NDArray[np.int64],
    bit_frequencies: NDArray[np.float32],
    settings: TrainingSettings,
    negatives: Negatives | None = None,
) -> Gate:
    """Fit the gate on validation spectra, whose compounds are in the memory or are not.

    A network that was trained to rank candidates by their fingerprints gets a gate that was trained to do so too.

    Unknown compounds: the memory holds the training spectra without those of the compound. Known compounds: it also
    holds half of the validation spectra, and the other half is asked. The network has seen neither.

    Parameters
    ----------
    network
        Trained on `train`.
    data
        The data.
    train, val
        Rows of the training and the validation spectra.
    bit_frequencies
        Of the training structures, shape (n_bits,).
    settings
        `gate_steps`, `known_share`, the loss, `seed` and the cap of structures are used.
    negatives
        Wrong candidates of the structures of the data.
    """
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng([settings.seed, 7])
    parts = [(bits.numpy().astype(np.float16), unit.numpy()) for bits, unit in network.outputs(data.spectra.take(val))]
    probabilities, embedding = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    half = rng.random(val.size) < 0.5
    remembered = np.concatenate([train, val[half]])
    memory = make_memory(network, data, remembered, settings)
    gate = Gate(data.fingerprint.n_bits)
    gate.start_at(torch.from_numpy(bit_frequencies))
    remembering = RememberingNetwork(network, memory, gate)
    of_memory, is_val = data.structure[remembered], np.arange(remembered.size) >= train.size
    found = []
    for group in range(N_GROUPS):
        asked = np.flatnonzero(data.structure[val] % N_GROUPS == group)
        hidden = is_val | np.isin(of_memory, np.unique(data.structure[val[asked]]))
        found.append((asked, remembering.search.find(data.spectra.take(val[asked]), embedding[asked], hidden)))
    unknown = _join(found, val.size)
    known = remembering.search.find(data.spectra.take(val[~half]), embedding[~half])
    episodes = [
        _Episodes(val, probabilities, unknown),
        _Episodes(val[~half], probabilities[~half], known),
    ]
    _train_gate(remembering, data, episodes, settings, _GateLoss(network, data, settings, negatives), rng)
    return gate.eval()


class _GateLoss(torch.nn.Module):
    """That of the network, where it can be had from the predicted bits alone, and `bce_iou`."""

    def __init__(
        self, network: Network, data: LabelledSpectra, settings: TrainingSettings, negatives: Negatives | None
    ) -> None:
        super().__init__()
        self.data, self.settings, self.scorer = data, settings, network.scorer
        self.criterion = Criterion(settings.loss, settings.loss_settings)
        self.negatives = negatives if self.criterion.spec.scorer == "cosine" else None

    def forward(self, logits: Tensor, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        bits = torch.from_numpy(self.data.bits(rows)).float()
        loss = bce_iou_loss(logits, bits)
        if self.negatives is None or self.scorer is None:
            return loss.mean()
        candidates = draw_candidates(self.scorer, self.negatives, self.data, rows, self.settings, rng)
        scores = self.scorer(logits, logits, candidates)
        first = torch.zeros(len(rows), dtype=torch.int64)
        return (loss + self.criterion(logits, bits, scores, first, candidates.mask)).mean()


def _train_gate(
    remembering: RememberingNetwork,
    data: LabelledSpectra,
    episodes: list[_Episodes],
    settings: TrainingSettings,
    gate_loss: _GateLoss,
    rng: np.random.Generator,
) -> None:
    gate = remembering.gate.train()
    parameters = [*gate.parameters(), *gate_loss.criterion.parameters()]
    optimizer = torch.optim.AdamW(parameters, 4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=settings.gate_steps)
    shares = [1.0 - settings.known_share, settings.known_share]
    shares = [share if kind.rows.size else 0.0 for share, kind in zip(shares, episodes, strict=True)]
    weights = [structure_balanced_weights(data.structure[kind.rows], settings.structure_cap) for kind in episodes]
    for _ in range(settings.gate_steps):
        which = int(rng.random() * sum(shares) >= shares[0])
        kind = episodes[which]
        some = rng.choice(kind.rows.size, 128, p=weights[which])
        rows = kind.rows[some]
        logits, _ = remembering.mix(
            torch.from_numpy(kind.probabilities[some].astype(np.float32)),
            data.spectra.take(rows),
            kind.neighbours.compound[some],
            kind.neighbours.features[some],
        )
        loss = gate_loss(logits, rows, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _join(found: list[tuple[NDArray[np.int64], Neighbours]], n: int) -> Neighbours:
    """Put the neighbours of groups of spectra back in the order of the spectra."""
    first = found[0][1]
    compound = np.full((n, *first.compound.shape[1:]), -1, np.int64)
    features = np.zeros((n, *first.features.shape[1:]), np.float32)
    for rows, part in found:
        compound[rows], features[rows] = part.compound, part.features
    return Neighbours(compound, features)
