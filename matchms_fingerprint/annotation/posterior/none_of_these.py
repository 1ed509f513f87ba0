"""Whether the right structure is among the candidates at all: a logistic regression on the list as a whole.

A softmax gives even the best of wrong candidates its share. Whether it deserves it shows in how far it stands out, and
in evidence that means something by itself: the predicted fingerprint fits it, it explains the peaks. How often
structures are missing is no property of a spectrum but of the library, so it enters as a prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.errors import ModelError

LIST_FEATURES = (
    "top_log_odds",
    "margin",
    "effective_number",
    "log_candidates",
    "is_single",
    "negative",
    "nominal",
    "log_peaks",
)
"""What the list as a whole says; `top_` and `above_` of each column of evidence follow."""

_MOST_LOG_ODDS = 8.0
_MOST_SPREADS = 4.0


@dataclass(frozen=True)
class NoneOfThese:
    """Probability that none of the candidates is right.

    Parameters
    ----------
    columns
        The evidence that is looked at.
    means, spreads
        Of the features where it was fitted, shape (n_features,).
    weights
        Of the features in units of their spreads, shape (n_features,).
    intercept
        Log-odds of the average list when as many lists have the right structure as have not.
    """

    columns: tuple[str, ...]
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float

    def log_odds(self, table: EvidenceTable, shares: NDArray[np.float64]) -> float:
        """Return log P(list | none of these) / P(list | one of these).

        Parameters
        ----------
        table
            The evidence, of at least one candidate.
        shares
            Softmax over the candidates, shape (n_candidates,).
        """
        features = list_features(table, shares, self.columns)
        return float(self.intercept + standardized(features, self.means, self.spreads) @ self.weights)

    def probability(self, table: EvidenceTable, shares: NDArray[np.float64], missing_share: float) -> float:
        """Return the probability that none is right, where `missing_share` of all structures are missing."""
        if not len(table):
            return 1.0
        prior = np.log(missing_share) - np.log1p(-missing_share)
        return float(1.0 / (1.0 + np.exp(-(self.log_odds(table, shares) + prior))))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        arrays = {name: getattr(self, name).tolist() for name in ("means", "spreads", "weights")}
        return {"columns": list(self.columns), "intercept": self.intercept} | arrays

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> NoneOfThese:
        """Return what `to_dict` wrote.

        Raises
        ------
        ModelError
            If numbers are missing or do not fit each other.
        """
        try:
            means, spreads, weights = (np.array(content[name], float) for name in ("means", "spreads", "weights"))
            found = cls(tuple(content["columns"]), means, spreads, weights, float(content["intercept"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"not the part of a posterior on missing structures ({error}); fit it again") from None
        expected = (len(feature_names(found.columns)),)
        if any(values.shape != expected for values in (means, spreads, weights)):
            raise ModelError(f"the part of a posterior on missing structures needs {expected[0]} weights; fit it again")
        return found


def feature_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of what `list_features` returns."""
    return (*LIST_FEATURES, *(f"top_{name}" for name in columns), *(f"above_{name}" for name in columns))


def list_features(table: EvidenceTable, shares: NDArray[np.float64], columns: tuple[str, ...]) -> NDArray[np.float64]:
    """Return what tells lists with the right structure from others, shape (n_features,); NaN where it is not known.

    Parameters
    ----------
    table
        The evidence, of at least one candidate.
    shares
        Softmax over the candidates, shape (n_candidates,).
    columns
        The evidence of the top hit to look at: its value, and how far it is above the mean of the list.
    """
    best = int(np.argmax(shares))
    others = np.delete(shares, best)
    tiny = np.exp(-_MOST_LOG_ODDS)
    top, second = float(shares[best]), float(others.max()) if others.size else tiny
    positive = shares[shares > 0]
    of_list = [
        np.log(max(top, tiny)) - np.log(max(1.0 - top, tiny)),
        min(np.log(max(top, tiny)) - np.log(max(second, tiny)), _MOST_LOG_ODDS),
        float(-(positive * np.log(positive)).sum()),
        np.log(len(table)),
        float(len(table) == 1),
        float(table.query.ion_mode < 0),
        float(table.query.is_nominal),
        np.log1p(table.query.n_peaks),
    ]
    values = table.select(columns)
    values = np.where(np.isfinite(values), values, np.nan)
    known = ~np.isnan(values)
    means = np.where(known.any(axis=0), np.nansum(values, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)
    return np.concatenate([of_list, values[best], values[best] - means])


def standardized(
    features: NDArray[np.float64], means: NDArray[np.float64], spreads: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return features in units of their spreads, bounded, 0 where they are not known; of any shape (..., n)."""
    return np.nan_to_num(np.clip((features - means) / spreads, -_MOST_SPREADS, _MOST_SPREADS))
