"""How much an explained peak speaks for a candidate: learned from true structures and decoys of equal mass.

First come tables of log-ratios, each falling back on a coarser one where training has seen little: how often a peak of
a true structure is explained in some way, against how often one of a decoy is. The coarsest asks for the cost of the
broken bonds and the hydrogens that moved; then which bonds broke, the fragment itself, and the neutral that was lost.
This is the statistical learning of MetFrag (Ruttkies et al. 2019, doi 10.1186/s12859-019-2954-7), where it asks for
fingerprints of fragments. What the tables say goes, with what else is known of the peak and the fragment, into a small
network, which was trained to tell the true structure among decoys, as CFM-ID learns from bonds and their
neighbourhood how likely they break (Allen et al. 2015, doi 10.1007/s11306-014-0676-4).

A candidate's score is a sum over the peaks that it explains, so nothing but the spectrum brings it points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.fragment_items import FEATURES, TABLES, Explanations
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

INPUTS = (*FEATURES, *(f"ratio_{name}" for name in TABLES), *(f"seen_{name}" for name in TABLES))
"""What the network reads."""

_PRIOR_ROOT, _PRIOR = 10.0, 2.0  # structures that the coarser answer counts for
WIDEST = 6.0  # standard deviations; what is farther off counts as that
USUAL_LOG_PEAKS = 2.5

Counts = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class FragmentScores:
    """Tables and network.

    Parameters
    ----------
    keys
        Keys that each of `TABLES` knows, ascending, uint32.
    counts
        In how many true structures and how many decoys each was seen, shape (n_keys, 2), float32. Decoys count as
        parts of one, so that both are the same in sum where nothing is learned.
    means, scales
        By which the `INPUTS` are brought to a common scale, shape (len(INPUTS),), float32.
    weights, biases
        Of the layers, weights of shape (n_in, n_out), float32; between them a rectifier.
    exponent
        A sum over n peaks is divided by n to the power of this: peaks are not independent.
    """

    keys: tuple[NDArray[np.uint32], ...]
    counts: tuple[NDArray[np.float32], ...]
    means: NDArray[np.float32]
    scales: NDArray[np.float32]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    exponent: float

    def of_items(self, explanations: Explanations) -> NDArray[np.float64]:
        """Return what each explained peak brings its candidate, shape (n_items,); no peak or a negative number: 0."""
        if not explanations.peaks.size:
            return np.empty(0)
        inputs = network_inputs(explanations.features, self.look_up(explanations.keys))
        values: NDArray[Any] = np.clip((inputs - self.means) / self.scales, -WIDEST, WIDEST)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values @ weight + bias
            if i + 1 < len(self.weights):
                values = np.maximum(values, 0.0)
        return values[:, 0].astype(np.float64)

    def of_candidates(self, explanations: Explanations, n_candidates: int, n_peaks: int) -> NDArray[np.float64]:
        """Return the score of each candidate, shape (n_candidates,)."""
        total = np.bincount(explanations.candidates, self.of_items(explanations), minlength=n_candidates)
        scores = np.asarray(total, np.float64) * share_of_peaks(n_peaks, self.exponent)
        return scores

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
    def from_tensors(cls, arrays: Mapping[str, NDArray[Any]]) -> FragmentScores:
        """Make scores of what `tensors` gave.

        Raises
        ------
        ModelError
            If something is missing, or was made for other inputs.
        """
        n_layers = sum(name.startswith("weight.") for name in arrays)
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
        if scores.means.shape != (len(INPUTS),) or not n_layers or scores.weights[0].shape[0] != len(INPUTS):
            raise ModelError(f"fragment scores: made for other inputs than these {len(INPUTS)}; fit them again")
        return scores


def share_of_peaks(n_peaks: int, exponent: float) -> float:
    """Return the factor by which the sum over the peaks of a spectrum counts."""
    return float(np.exp(-exponent * (np.log(max(1, n_peaks)) - USUAL_LOG_PEAKS)))


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
    """Return the values of `INPUTS`, shape (n_items, len(INPUTS)), float32."""
    seen = np.stack([np.log1p(true + decoys) for true, decoys in counts], axis=1)
    return np.concatenate([features, log_ratios(counts), seen], axis=1, dtype=np.float32)
