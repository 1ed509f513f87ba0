"""How sure a mean is: bootstrap intervals over structures, and paired tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

N_RESAMPLES = 1000
N_FLIPS = 9999
_FLIPS_AT_A_TIME = 1000


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return rounded values."""
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def format_interval(estimate: dict[str, float]) -> str:
    """Return the dictionary of an estimate as text, such as `0.279 [0.261, 0.297]`."""
    return f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


class StructureBootstrap:
    """Draws structures with replacement, each with all its spectra.

    Spectra of one structure are not independent, so they are drawn together. The draws are made once and serve for
    every column of values, which keeps the differences of columns paired.

    Parameters
    ----------
    groups
        Structure of each spectrum, shape (n,).
    n_resamples
        Number of bootstrap samples.
    seed
        Seed of the draws.

    Attributes
    ----------
    sizes
        Number of spectra of each structure, ascending by structure, shape (n_structures,), float64.
    """

    def __init__(self, groups: NDArray[Any], n_resamples: int = N_RESAMPLES, seed: int = 0) -> None:
        _, self._group = np.unique(groups, return_inverse=True)
        self.sizes = np.bincount(self._group).astype(np.float64)
        n = self.n_structures
        draws = np.random.default_rng(seed).integers(0, max(n, 1), (n_resamples, n))
        self._weights = np.array([np.bincount(draw, minlength=n) for draw in draws], np.float64).reshape(n_resamples, n)

    @property
    def n_spectra(self) -> int:
        """Number of spectra."""
        return int(self._group.size)

    @property
    def n_structures(self) -> int:
        """Number of structures."""
        return int(self.sizes.size)

    def over_spectra(self, values: NDArray[np.float64]) -> Estimate:
        """Estimate the mean over spectra; `values` of shape (n,)."""
        return self._estimate(self.structure_sums(values), self.sizes)

    def over_structures(self, values: NDArray[np.float64]) -> Estimate:
        """Estimate the mean over structures of the mean over their spectra; `values` of shape (n,)."""
        return self._estimate(self.structure_means(values), np.ones(self.n_structures))

    def structure_means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over the spectra of each structure, shape (n_structures,), ascending by structure."""
        return self.structure_sums(values) / self.sizes

    def structure_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum over the spectra of each structure, shape (n_structures,), ascending by structure."""
        return np.bincount(self._group, values.astype(np.float64), self.n_structures).astype(np.float64)

    def _estimate(self, sums: NDArray[np.float64], sizes: NDArray[np.float64]) -> Estimate:
        if not sums.size:
            return Estimate(float("nan"), float("nan"), float("nan"))
        means = (self._weights @ sums) / (self._weights @ sizes)
        low, high = np.quantile(means, [0.025, 0.975])
        return Estimate(float(sums.sum() / sizes.sum()), float(low), float(high))


def bootstrap_mean(
    values: NDArray[np.float64], groups: NDArray[Any], n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Estimate:
    """Estimate the mean over spectra with a bootstrap over structures.

    Parameters
    ----------
    values
        One value a spectrum, shape (n,).
    groups
        Structure of each spectrum, shape (n,).
    n_resamples
        Number of bootstrap samples.
    seed
        Seed of the draws.
    """
    return StructureBootstrap(groups, n_resamples, seed).over_spectra(values)


def sign_flip_p_values(differences: NDArray[np.float64], n_flips: int = N_FLIPS, seed: int = 0) -> NDArray[np.float64]:
    """Return two-sided p values of mean differences of zero, by random flips of the signs (Fisher 1935).

    Parameters
    ----------
    differences
        One row for each independent unit, here a structure, shape (n, n_columns); each column is tested on its own.
    n_flips
        Number of random sign patterns; the smallest p value is 1 / (n_flips + 1).
    seed
        Seed of the signs.

    Returns
    -------
    ndarray of shape (n_columns,), float64
        1 where all differences are zero.
    """
    total = differences.sum(axis=0)
    least = np.abs(total) * (1 - 1e-12)
    rng = np.random.default_rng(seed)
    as_high = np.zeros(differences.shape[1])
    for start in range(0, n_flips, _FLIPS_AT_A_TIME):
        flips = rng.integers(0, 2, (min(_FLIPS_AT_A_TIME, n_flips - start), len(differences)), np.int8)
        sums = np.abs(2.0 * (flips.astype(np.float64) @ differences) - total)
        as_high += (sums >= least).sum(axis=0)
    return (as_high + 1) / (n_flips + 1)


Columns = Mapping[str, NDArray[np.float64]]
"""Name of a measure -> one value a spectrum, shape (n_spectra,)."""


def summarize(values: Columns, bootstrap: StructureBootstrap, baseline: Columns | None = None) -> dict[str, Any]:
    """Return the means of some measures with their intervals, over spectra and over structures.

    Parameters
    ----------
    values
        The measures.
    bootstrap
        Draws of the structures of the spectra.
    baseline
        The same measures of the baseline, for paired differences.

    Returns
    -------
    dict
        Per measure its estimate over spectra; with a baseline `difference` and `p_value` (sign flips of whole
        structures), a dictionary over measures each; and `per_structure` with the same over structures, where the
        spectra of a structure are averaged first.
    """
    result: dict[str, Any] = {name: bootstrap.over_spectra(column).to_dict() for name, column in values.items()}
    averaged: dict[str, Any] = {name: bootstrap.over_structures(column).to_dict() for name, column in values.items()}
    if baseline is not None:
        differences = {name: column - baseline[name] for name, column in values.items()}
        sums = np.column_stack([bootstrap.structure_sums(column) for column in differences.values()])
        for target, estimate, units in (
            (result, bootstrap.over_spectra, sums),
            (averaged, bootstrap.over_structures, sums / bootstrap.sizes[:, None]),
        ):
            target["difference"] = {name: estimate(column).to_dict() for name, column in differences.items()}
            p_values = sign_flip_p_values(units)
            target["p_value"] = {name: round(float(p), 4) for name, p in zip(values, p_values, strict=True)}
    return result | {"per_structure": averaged}


def correlation_of_errors(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float | None]:
    """Return Pearson's and Spearman's correlation of two columns of values; None where one of them is constant.

    Two models that fail on the same spectra have a high one; a low one says that together they would do better.
    """
    return {
        "pearson": _pearson(one, other),
        "spearman": _pearson(rankdata(one), rankdata(other)),
    }


def _pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    if one.size < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return round(float(np.corrcoef(one, other)[0, 1]), 4)


def agreement(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float]:
    """Return the shares of spectra that both, one alone, the other alone and neither got right (values 0 or 1)."""
    return {
        "both": round(float((one * other).mean()), 4),
        "model_only": round(float((one * (1 - other)).mean()), 4),
        "baseline_only": round(float(((1 - one) * other).mean()), 4),
        "neither": round(float(((1 - one) * (1 - other)).mean()), 4),
    }
