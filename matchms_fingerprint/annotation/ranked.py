"""What was made of the candidates of one feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.records import ExplainedPeak, Share


def _no_peaks(_: int) -> tuple[ExplainedPeak, ...]:
    """Explain nothing."""
    return ()


@dataclass(frozen=True)
class Ranked:
    """Candidates with their order, their probabilities, and what these were made from.

    Parameters
    ----------
    logits
        What the order follows, shape (n_candidates,), float64.
    probabilities
        Of each candidate, shape (n_candidates,), float64.
    scores
        Score of predicted fingerprint and candidate, shape (n_candidates,), float64.
    evidence
        Gives the evidence on a candidate by its names.
    expected
        Expected Tanimoto similarity to the right structure, for the candidates for which it was computed.
    probability_none
        Probability that none of them is right; None where nothing tells it.
    peaks
        Gives the peaks that a candidate explains.
    classes, substructures
        What the candidates have in common.
    """

    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    evidence: Callable[[int], dict[str, float]]
    expected: Mapping[int, float] = field(default_factory=dict)
    probability_none: float | None = None
    peaks: Callable[[int], tuple[ExplainedPeak, ...]] = _no_peaks
    classes: tuple[Share, ...] = ()
    substructures: tuple[Share, ...] = ()
