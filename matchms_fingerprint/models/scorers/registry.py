"""Scorers by name."""

from __future__ import annotations

from typing import Any

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.scorers.cosine import CosineScorer
from matchms_fingerprint.models.scorers.cross import CrossScorer
from matchms_fingerprint.models.scorers.joint import JointScorer
from matchms_fingerprint.models.scorers.log_likelihood import LogLikelihoodScorer
from matchms_fingerprint.models.scorers.scorer import Scorer
from matchms_fingerprint.models.scorers.tanimoto import TanimotoScorer, VectorTanimotoScorer

SCORERS: dict[str, type[Scorer]] = {
    "cosine": CosineScorer,
    "tanimoto": TanimotoScorer,
    "vector_tanimoto": VectorTanimotoScorer,
    "log_likelihood": LogLikelihoodScorer,
    "joint": JointScorer,
    "cross": CrossScorer,
}


def build_scorer(name: str, settings: dict[str, Any], n_embedding: int, n_bits: int) -> Scorer:
    """Build a scorer; one with weights is untrained.

    Parameters
    ----------
    name
        One of `SCORERS`.
    settings
        Its settings.
    n_embedding, n_bits
        Length of the embedding of spectra, and bits of the fingerprint.

    Raises
    ------
    ModelError
        If the scorer or one of its settings is not known.
    """
    if name not in SCORERS:
        raise ModelError(f"unknown scorer {name!r}; known are {', '.join(SCORERS)}")
    try:
        return SCORERS[name](**settings | {"n_embedding": n_embedding, "n_bits": n_bits})
    except TypeError as error:
        raise ModelError(f"settings do not fit the scorer {name!r}: {error}") from None


def scorer_name(scorer: Scorer) -> str:
    """Return the name that builds a scorer again, with its `settings`."""
    return next(name for name, kind in SCORERS.items() if kind is type(scorer))
