"""matchms scores, and what else speaks matchms: thin adapters over models, kernels and annotations."""

from matchms_fingerprint.similarity.add_structure_annotation import add_structure_annotation
from matchms_fingerprint.similarity.annotation_scores import annotations_to_scores
from matchms_fingerprint.similarity.embedding import EmbeddingSimilarity
from matchms_fingerprint.similarity.embedding_network import embedding_network
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
    "add_structure_annotation",
    "annotations_to_scores",
    "embedding_network",
    "register_with_matchms",
]
