"""Numba kernels: arrays in, arrays out; neither matchms nor torch."""

from matchms_fingerprint.kernels.tanimoto import (
    SCORES,
    bit_sums,
    cosine_scores,
    log_likelihood_scores,
    popcounts,
    tanimoto_scores,
)

__all__ = [
    "SCORES",
    "bit_sums",
    "cosine_scores",
    "log_likelihood_scores",
    "popcounts",
    "tanimoto_scores",
]
