"""What one item, an explained peak or an expected fragment, brings its candidate: tables of log-ratios and a network.

The tables tell how often such an item was found with true structures, and how often with decoys; each falls back on a
coarser one where training has seen little. What they say goes, with what else is known of the item, into a small
network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.fragment_items import TABLES
from matchms_fingerprint.errors import ModelError

PARENTS = {
    "near": "cost",
    "far": "near",
    "ion_formula": "cost",
    "loss_formula": "cost",
    "ion": "ion_formula",
    "loss": "loss_formula",
}
"""Where a table falls back on, in an order in which each comes after its parent."""

WIDEST = 6.0
"""Standard deviations; what is farther off counts as that."""

USUAL_LOG_NUMBER = 2.5

_PRIOR_ROOT, _PRIOR = 10.0, 2.0  # structures that the coarser answer counts for

Counts = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class ItemScores:
    """Tables and network for one kind of items.

    Parameters
    ----------
    keys
        Keys that each of `TABLES` knows, ascending, uint32.
    counts
        In how many true structures and how many decoys each was seen, shape (n_keys, 2). Decoys count as parts
        of one, so that both are the same in sum where nothing is learned.
    means, scales
        By which the inputs are brought to a common scale, shape (n_inputs,), float32; see `network_inputs`.
    weights, biases
        Of the layers, weights of shape (n_in, n_out), float32; between them a rectifier.
    exponent
        A sum over n items is divided by n to the power of this: items are not independent.
    """

    keys: tuple[NDArray[np.uint32], ...]
    counts: tuple[NDArray[np.floating[Any]], ...]
    means: NDArray[np.float32]
    scales: NDArray[np.float32]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    exponent: float

    def of_items(self, features: NDArray[np.float32], keys: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Return what each item brings its candidate, shape (n_items,)."""
        if not len(features):
            return np.empty(0)
        inputs = network_inputs(features, self.look_up(keys))
        values: NDArray[Any] = scaled(inputs, self.means, self.scales)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values @ weight + bias
            if i + 1 < len(self.weights):
                values = np.maximum(values, 0.0)
        return values[:, 0].astype(np.float64)

    def look_up(self, keys: NDArray[np.uint32]) -> list[Counts]:
        """Return how often each table saw the keys, shape of `keys` (n, len(TABLES))."""
        found = []
        for k, (known, counts) in enumerate(zip(self.keys, self.counts, strict=True)):
            place = np.minimum(np.searchsorted(known, keys[:, k]), known.size - 1)
            is_known = (known[place] == keys[:, k])[:, None] if known.size else np.zeros((len(keys), 1), bool)
            both = np.where(is_known, counts[place] if known.size else 0.0, 0.0) * np.ones((1, 2))
            found.append((both[:, 0].astype(np.float64), both[:, 1].astype(np.float64)))
        return found

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return all as arrays with names, for a file."""
        arrays: dict[str, NDArray[Any]] = {
            "means": self.means, "scales": self.scales, "exponent": np.array([self.exponent], np.float32)
        }  # fmt: skip
        for name, keys, counts in zip(TABLES, self.keys, self.counts, strict=True):
            arrays |= {f"keys.{name}": keys, f"counts.{name}": counts}
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            arrays |= {f"weight.{i}": weight, f"bias.{i}": bias}
        return arrays

    @classmethod
    def from_tensors(cls, arrays: Mapping[str, NDArray[Any]], n_features: int) -> ItemScores:
        """Make scores of what `tensors` gave.

        Parameters
        ----------
        arrays
            Arrays by their names.
        n_features
            What is known of an item.

        Raises
        ------
        ModelError
            If something is missing, or was made for other inputs.
        """
        n_layers = sum(name.startswith("weight.") for name in arrays)
        n_inputs = n_features + 2 * len(TABLES)
        try:
            scores = cls(
                keys=tuple(arrays[f"keys.{name}"] for name in TABLES),
                counts=tuple(arrays[f"counts.{name}"] for name in TABLES),
                means=arrays["means"],
                scales=arrays["scales"],
                weights=tuple(arrays[f"weight.{i}"] for i in range(n_layers)),
                biases=tuple(arrays[f"bias.{i}"] for i in range(n_layers)),
                exponent=float(arrays["exponent"][0]),
            )
        except KeyError as error:
            raise ModelError(f"fragment scores: {error.args[0]} is missing; fit them again") from None
        if scores.means.shape != (n_inputs,) or not n_layers or scores.weights[0].shape[0] != n_inputs:
            raise ModelError(f"fragment scores: made for other inputs than these {n_inputs}; fit them again")
        return scores


def share_of_items(n_items: NDArray[np.integer[Any]], exponent: float) -> NDArray[np.float64]:
    """Return the factor by which a sum over items counts, of the shape of their numbers."""
    shares: NDArray[np.float64] = np.exp(-exponent * (np.log(np.maximum(n_items, 1)) - USUAL_LOG_NUMBER))
    return shares


def log_ratios(counts: list[Counts]) -> NDArray[np.float64]:
    """Return the log-ratio of each table, drawn towards that of its parent where little was seen.

    Parameters
    ----------
    counts
        For each of `TABLES` how often true structures and decoys were seen, each of shape (n,).

    Returns
    -------
    ndarray of shape (n, len(TABLES))
        Natural logarithms.
    """
    by_name = dict(zip(TABLES, counts, strict=True))
    found: dict[str, NDArray[np.float64]] = {}
    for name in ("cost", *PARENTS):
        true, decoys = by_name[name]
        parent = found[PARENTS[name]] if name in PARENTS else np.zeros_like(true)
        expected = 1.0 / (1.0 + np.exp(-parent))
        prior = _PRIOR if name in PARENTS else _PRIOR_ROOT
        found[name] = np.log((true + prior * expected) / (decoys + prior * (1.0 - expected)))
    return np.stack([found[name] for name in TABLES], axis=1)


def network_inputs(features: NDArray[np.float32], counts: list[Counts]) -> NDArray[np.float32]:
    """Return features, log-ratios and how often was seen what, shape (n_items, n_features + 2 * len(TABLES))."""
    seen = np.stack([np.log1p(true + decoys) for true, decoys in counts], axis=1)
    return np.concatenate([features, log_ratios(counts), seen], axis=1, dtype=np.float32)


def scaled(inputs: NDArray[np.float32], means: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return inputs in standard deviations from their means, bounded."""
    values: NDArray[np.float32] = np.clip((inputs - means) / scales, -WIDEST, WIDEST).astype(np.float32)
    return values
