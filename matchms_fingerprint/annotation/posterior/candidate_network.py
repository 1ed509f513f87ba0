"""A small network that weighs the evidence on each candidate: the softmax of its outputs over the list.

It sees of each candidate, per column of evidence, how it stands in its list (standardised, behind the best, by rank)
and the value itself, and what the query is. Several networks, trained from different random numbers, are averaged.
Candidates are judged one by one by the same network, so that their order does not matter (as in ListNet, Cao et al.
2007, doi 10.1145/1273496.1273513).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.conditional_logit import DESCRIPTORS, describe, standardised_in_list
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.errors import ModelError

VIEWS = 4
"""Of each column: standardised, behind the best, rank, and the value itself."""

_FARTHEST = 8.0
_FARTHEST_VALUE = 5.0
_FARTHEST_DESCRIPTOR = 3.0
_ARRAYS = ("scales", "value_means", "value_spreads", "means", "spreads", "sharpness")


@dataclass(frozen=True)
class CandidateNetwork:
    """Networks and what brings evidence to their scale.

    Parameters
    ----------
    columns
        The evidence that is used.
    scales
        Usual spread of each column within a list, shape (n_columns,).
    value_means, value_spreads
        Of each column over all candidates, shape (n_columns,).
    means, spreads
        Of the descriptors of queries, shape (len(DESCRIPTORS),).
    nearest
        Column of which the highest value in the list tells how near the nearest library spectrum is; "" for none.
    layers
        Of each network weights, shape (n_in, n_out), and biases, shape (n_out,); between them a rectifier.
    sharpness
        Logarithm of the factor of the outputs for the average query, and how it changes with each descriptor, shape
        (1 + len(DESCRIPTORS),).
    """

    columns: tuple[str, ...]
    scales: NDArray[np.float64]
    value_means: NDArray[np.float64]
    value_spreads: NDArray[np.float64]
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    nearest: str
    layers: tuple[tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...], ...]
    sharpness: NDArray[np.float64]

    def described(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the standardised descriptors of the query, shape (len(DESCRIPTORS),)."""
        values = (describe(table, self.nearest) - self.means) / self.spreads
        return np.clip(values, -_FARTHEST_DESCRIPTOR, _FARTHEST_DESCRIPTOR)

    def inputs(self, table: EvidenceTable) -> NDArray[np.float32]:
        """Return what the networks read, shape (n_candidates, VIEWS * n_columns + len(DESCRIPTORS)), float32."""
        values = table.select(self.columns)
        views = in_list(values, self.scales)
        own = np.clip((values - self.value_means) / self.value_spreads, -_FARTHEST_VALUE, _FARTHEST_VALUE)
        described = np.tile(self.described(table), (len(table), 1))
        return np.hstack([views, np.nan_to_num(own), described]).astype(np.float32)

    def outputs(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the mean output of the networks for each candidate, shape (n_candidates,)."""
        inputs = self.inputs(table)
        return np.mean([run_layers(inputs, layers) for layers in self.layers], axis=0).astype(np.float64)

    def logits(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the logit of each candidate, shape (n_candidates,)."""
        return self.outputs(table) * np.exp(self.sharpness[0] + self.described(table) @ self.sharpness[1:])

    def to_dict(self) -> dict[str, Any]:
        """Return what stands beside the `tensors`."""
        return {"columns": list(self.columns), "nearest": self.nearest, "n_networks": len(self.layers)}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return all numbers with names, for a file."""
        found: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        for member, layers in enumerate(self.layers):
            for depth, (weights, biases) in enumerate(layers):
                found |= {f"{member}.{depth}.weights": weights, f"{member}.{depth}.biases": biases}
        return found

    @classmethod
    def from_tensors(
        cls, columns: tuple[str, ...], nearest: str, tensors: Mapping[str, NDArray[Any]]
    ) -> CandidateNetwork:
        """Return what `tensors` gave.

        Raises
        ------
        ModelError
            If numbers are missing or do not fit each other.
        """
        keys = sorted({tuple(name.split(".")[:2]) for name in tensors if name.endswith(".weights")})
        try:
            arrays = {name: tensors[name] for name in _ARRAYS}
            members = [
                tuple((tensors[f"{m}.{d}.weights"], tensors[f"{m}.{d}.biases"]) for m, d in keys if m == member)
                for member in sorted({m for m, _ in keys})
            ]
        except KeyError as error:
            raise ModelError(f"the network of a posterior lacks {error.args[0]}; fit it again") from None
        n = len(columns)
        if arrays["scales"].shape != (n,) or not members:
            raise ModelError(f"the network of a posterior does not fit its {n} columns; fit it again")
        if members[0][0][0].shape[0] != VIEWS * n + len(DESCRIPTORS):
            raise ModelError(f"the network of a posterior does not read {n} columns; fit it again")
        return cls(columns=columns, nearest=nearest, layers=tuple(members), **arrays)


def in_list(values: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how candidates stand in their list: standardised, behind the best, and by rank.

    Parameters
    ----------
    values
        Shape (n_candidates, n_columns); what is not finite is missing.
    scales
        Usual spreads, shape (n_columns,).

    Returns
    -------
    ndarray of shape (n_candidates, 3 * n_columns), float64
        0 where evidence is missing, but for ranks, where all others are ahead.
    """
    known = np.isfinite(values)
    lowered = np.where(known, values, -np.inf)
    best = lowered.max(axis=0, initial=-np.inf)
    behind = np.where(known, np.where(known, values, 0.0) - np.where(np.isfinite(best), best, 0.0), 0.0) / scales
    ordered = np.sort(lowered, axis=0)
    ahead = np.empty_like(lowered)
    for column in range(values.shape[1]):
        place = np.searchsorted(ordered[:, column], lowered[:, column], side="right")
        ahead[:, column] = len(values) - place
    return np.hstack([standardised_in_list(values, scales), np.clip(behind, -_FARTHEST, 0.0), np.log1p(ahead)])


def run_layers(
    inputs: NDArray[np.float32], layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
) -> NDArray[np.float32]:
    """Return the output of one network, shape (n,), float32."""
    values = inputs
    for depth, (weights, biases) in enumerate(layers):
        values = values @ weights + biases
        if depth + 1 < len(layers):
            values = np.maximum(values, 0.0)
    return values[:, 0]
