"""matchms scores: thin adapters over models and kernels."""

from matchms_fingerprint.similarity.embedding import EmbeddingSimilarity
from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)
from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy
from matchms_fingerprint.similarity.fingerprint_retrieval import FingerprintRetrieval
from matchms_fingerprint.similarity.registration import register_with_matchms

__all__ = [
    "EmbeddingSimilarity",
    "FastCosineGreedy",
    "FastModifiedCosineGreedy",
    "FastNeutralLossesCosine",
    "FastSpectralEntropy",
    "FingerprintRetrieval",
    "register_with_matchms",
]
