"""Train networks that weigh the evidence on candidates so that the right ones of validation lists have most share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from matchms_fingerprint.annotation.posterior.candidate_network import CandidateNetwork
from matchms_fingerprint.annotation.posterior.conditional_logit import DESCRIPTORS
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.training.fit_conditional_logit import FlatLists, flatten

N_HIDDEN = 32
EPOCHS = 20

_BATCH, _LEARNING_RATE, _WEIGHT_DECAY, _DROPOUT = 64, 5e-3, 0.1, 0.2

Layers = tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]


@dataclass(frozen=True)
class NetworkLists:
    """Lists as the training reads them.

    Parameters
    ----------
    flat
        The lists.
    inputs
        From `CandidateNetwork.inputs`, shape (n_candidates, n_in), float32.
    start
        A network without layers, with the scales of these lists.
    """

    flat: FlatLists
    inputs: NDArray[np.float32]
    start: CandidateNetwork


def prepare_networks(lists: Sequence[LabelledTable], columns: tuple[str, ...], nearest: str = "") -> NetworkLists:
    """Prepare lists of at least one candidate each; parameters as of `flatten`."""
    flat, logit = flatten(lists, columns, nearest)
    values = np.concatenate([item.table.select(columns) for item in lists])
    known = np.isfinite(values)
    n_known = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, values, 0.0).sum(axis=0) / n_known
    spreads = np.sqrt((np.where(known, values - means, 0.0) ** 2).sum(axis=0) / n_known)
    start = CandidateNetwork(
        columns=columns,
        scales=logit.scales,
        value_means=means,
        value_spreads=np.maximum(spreads, 1e-9),
        means=logit.means,
        spreads=logit.spreads,
        nearest=nearest,
        layers=(),
        sharpness=np.zeros(1 + len(DESCRIPTORS)),
    )
    return NetworkLists(flat, np.concatenate([start.inputs(item.table) for item in lists]), start)


def train_networks(lists: NetworkLists, chosen: NDArray[np.bool_], n_networks: int, seed: int = 0) -> CandidateNetwork:
    """Train networks on some of the lists.

    Parameters
    ----------
    lists
        From `prepare_networks`.
    chosen
        The lists to train on, shape (n_lists,); those without the right structure say nothing.
    n_networks
        How many to train and average.
    seed
        Of weights and order; the first network has this one, the next the one after it.
    """
    layers = tuple(_train(lists, chosen, seed + member) for member in range(n_networks))
    return replace(lists.start, layers=layers)


def _train(lists: NetworkLists, chosen: NDArray[np.bool_], seed: int) -> Layers:
    flat = lists.flat
    starts, lengths = flat.starts, flat.lengths
    n_right = np.add.reduceat(flat.correct.astype(np.int64), starts)
    told = np.flatnonzero(chosen & (n_right > 0) & (n_right < lengths))
    order = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(lists.inputs.shape[1])
        optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
        n_batches = max(1, -(-told.size // _BATCH))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=EPOCHS * n_batches)
        network.train()
        for _ in range(EPOCHS):
            for batch in np.array_split(order.permutation(told), n_batches):
                if not batch.size:
                    continue
                rows = np.concatenate([np.arange(starts[i], starts[i] + lengths[i]) for i in batch])
                outputs = network(torch.from_numpy(lists.inputs[rows]))[:, 0]
                owner = torch.from_numpy(np.repeat(np.arange(batch.size), lengths[batch]))
                surprise = _surprise(outputs, owner, torch.from_numpy(flat.correct[rows]), batch.size)
                balance = torch.from_numpy(flat.balance[batch].astype(np.float32))
                loss = (surprise * balance).sum() / balance.sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    return tuple((layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in linear)


def _network(n_inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n_inputs, N_HIDDEN),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(N_HIDDEN, N_HIDDEN),
        nn.ReLU(),
        nn.Dropout(_DROPOUT),
        nn.Linear(N_HIDDEN, 1),
    )


def _surprise(outputs: Tensor, owner: Tensor, correct: Tensor, n: int) -> Tensor:
    """Return the negative logarithm of the softmax share of the right candidates of each list, shape (n,)."""
    highest = torch.full((n,), -torch.inf).scatter_reduce(0, owner, outputs.detach(), "amax")
    raised = torch.exp(outputs - highest[owner])
    total = torch.zeros(n).index_add(0, owner, raised)
    right = torch.zeros(n).index_add(0, owner, raised * correct)
    return torch.log(total) - torch.log(right + 1e-12)
