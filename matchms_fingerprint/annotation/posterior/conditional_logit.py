"""A conditional logit over the candidates of one query: the softmax of weighted evidence (McFadden 1974).

The evidence is standardised within the list, so that what all candidates share says nothing, and what is missing counts
as the mean of those that have it. No term looks at a candidate alone. Weights are positive, since more evidence never
speaks against a candidate; above the mean of the list they may be higher than below, and they may depend on what the
query is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.errors import ModelError

DESCRIPTORS = ("negative", "nominal", "log_peaks", "log_candidates", "nearest")
"""What weights may depend on: ion mode, unit masses, number of peaks and of candidates, nearest library spectrum."""

SIDES = 2
"""Weights of a column: of the standardised evidence, and of what is above the mean of the list."""

_MOST_SPREADS = 8.0
"""Evidence that is further from the mean of its list is taken to be this far."""

_USUAL_COUNTS = 3.0
"""The usual spread of a column counts like so many candidates: the spread of a short list says little."""


@dataclass(frozen=True)
class ConditionalLogit:
    """Weights of the evidence.

    Parameters
    ----------
    columns
        The evidence that is used.
    scales
        Usual spread of each column within a list, shape (n_columns,).
    log_weights
        Logarithm of the weights for the average query: of all columns, then of all columns above the mean, shape
        (SIDES * n_columns,).
    slopes
        How the logarithm of each weight changes with each descriptor, shape (SIDES * n_columns, len(DESCRIPTORS)).
    means, spreads
        Of the descriptors where the weights were fitted, shape (len(DESCRIPTORS),).
    nearest
        Column of which the highest value in the list tells how near the nearest library spectrum is; "" for none.
    """

    columns: tuple[str, ...]
    scales: NDArray[np.float64]
    log_weights: NDArray[np.float64]
    slopes: NDArray[np.float64]
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    nearest: str = ""

    def weights(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the weights for this query, shape (SIDES * n_columns,)."""
        described = (describe(table, self.nearest) - self.means) / self.spreads
        return np.exp(self.log_weights + self.slopes @ np.clip(described, -3.0, 3.0))

    def contributions(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return what each column adds to the logit of each candidate, shape (n_candidates, n_columns)."""
        weighted = terms(table.select(self.columns), self.scales) * self.weights(table)
        return np.asarray(weighted.reshape(len(table), SIDES, len(self.columns)).sum(axis=1))

    def logits(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the logit of each candidate, shape (n_candidates,)."""
        return self.contributions(table).sum(axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ConditionalLogit:
        """Return what `to_dict` wrote.

        Raises
        ------
        ModelError
            If numbers are missing or do not fit each other.
        """
        try:
            logit = cls(
                columns=tuple(content["columns"]),
                nearest=str(content["nearest"]),
                **{name: np.array(content[name], float) for name in _ARRAYS},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"not the weights of a posterior ({error}); fit it again") from None
        n, m = len(logit.columns), len(DESCRIPTORS)
        shapes = [getattr(logit, name).shape for name in _ARRAYS]
        if shapes != [(n,), (SIDES * n,), (SIDES * n, m), (m,), (m,)]:
            raise ModelError(f"weights of a posterior have shapes {shapes}, for {n} columns; fit it again")
        return logit


_ARRAYS = ("scales", "log_weights", "slopes", "means", "spreads")


def terms(values: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the weights are multiplied with, shape (n_candidates, SIDES * n_columns).

    Parameters
    ----------
    values
        Shape (n_candidates, n_columns); what is not finite is missing.
    scales
        Shape (n_columns,).
    """
    standardised = standardised_in_list(values, scales)
    return np.hstack([standardised, np.maximum(standardised, 0.0)])


def standardised_in_list(values: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return evidence relative to the mean of its list, in units of its spread there; 0 where it is missing.

    Parameters
    ----------
    values
        Shape (n_candidates, n_columns); what is not finite is missing.
    scales
        Usual spreads, shape (n_columns,), towards which those of short lists are drawn.
    """
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    centred = np.where(known, filled - filled.sum(axis=0) / np.maximum(counts, 1), 0.0)
    variances = ((centred / scales) ** 2).sum(axis=0)
    spreads = scales * np.sqrt((variances + _USUAL_COUNTS) / (counts + _USUAL_COUNTS))
    return np.clip(centred / spreads, -_MOST_SPREADS, _MOST_SPREADS)


def describe(table: EvidenceTable, nearest: str = "") -> NDArray[np.float64]:
    """Return the descriptors of a query, shape (len(DESCRIPTORS),); 0 for a nearest spectrum that is not known."""
    query = table.query
    near = table.select((nearest,))[:, 0]
    near = near[np.isfinite(near)]
    return np.array(
        [
            float(query.ion_mode < 0),
            float(query.is_nominal),
            np.log1p(query.n_peaks),
            np.log1p(len(table)),
            float(near.max()) if near.size else 0.0,
        ]
    )
