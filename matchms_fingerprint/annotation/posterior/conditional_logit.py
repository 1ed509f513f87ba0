"""A conditional logit over the candidates of one query: the softmax of weighted evidence (McFadden 1974).

The evidence is centred within the list, so that what all candidates share says nothing, and what is missing counts as
the mean of those that have it. No term looks at a candidate alone. Weights are positive, since more evidence never
speaks against a candidate; they may depend on what the query is.
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

_MOST_SCALES = 8.0
"""Evidence that is further from the mean of its list is taken to be this far."""


@dataclass(frozen=True)
class ConditionalLogit:
    """Weights of the evidence.

    Parameters
    ----------
    columns
        The evidence that is used.
    scales
        Unit of each column: its usual spread within a list, shape (n_columns,).
    log_weights
        Logarithm of the weight of each column for the average query, shape (n_columns,).
    slopes
        How the logarithm of each weight changes with each descriptor, shape (n_columns, len(DESCRIPTORS)).
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
        """Return the weight of each column for this query, shape (n_columns,)."""
        described = (describe(table, self.nearest) - self.means) / self.spreads
        return np.exp(self.log_weights + self.slopes @ np.clip(described, -3.0, 3.0))

    def contributions(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return what each column adds to the logit of each candidate, shape (n_candidates, n_columns)."""
        return centred(table.select(self.columns), self.scales) * self.weights(table)

    def logits(self, table: EvidenceTable) -> NDArray[np.float64]:
        """Return the logit of each candidate, shape (n_candidates,); their mean is near 0."""
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
        if shapes != [(n,), (n,), (n, m), (m,), (m,)]:
            raise ModelError(f"weights of a posterior have shapes {shapes}, for {n} columns; fit it again")
        return logit


_ARRAYS = ("scales", "log_weights", "slopes", "means", "spreads")


def centred(values: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return evidence relative to the mean of its list, in units of `scales`; 0 where it is missing.

    Parameters
    ----------
    values
        Shape (n_candidates, n_columns); what is not finite is missing.
    scales
        Shape (n_columns,).
    """
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    means = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, np.clip((filled - means) / scales, -_MOST_SCALES, _MOST_SCALES), 0.0)


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
