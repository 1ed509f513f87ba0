"""What a learned model has to beat: nearest neighbours, the mean fingerprint, the precursor mass alone.

All of them are predictors like a model, see `evaluation.predictor`.
"""

from matchms_fingerprint.evaluation.baselines.binned_cosine import BinnedCosine
from matchms_fingerprint.evaluation.baselines.embedding_cosine import EmbeddingCosine
from matchms_fingerprint.evaluation.baselines.mean import MeanFingerprint
from matchms_fingerprint.evaluation.baselines.nearest_neighbour import (
    BY_ALL,
    BY_MEAN,
    BY_RESTRICTION,
    SIMILARITIES,
    NearestNeighbourFingerprint,
    NeighbourPrediction,
    Neighbours,
)
from matchms_fingerprint.evaluation.baselines.neighbour_search import NeighbourSearch
from matchms_fingerprint.evaluation.baselines.peak_similarity import (
    ModifiedCosine,
    NeutralLossCosine,
    PeakCosine,
    SpectralEntropy,
)
from matchms_fingerprint.evaluation.baselines.precursor_mass import MassScale, PrecursorMassModel
from matchms_fingerprint.evaluation.baselines.restriction import RESTRICTIONS
from matchms_fingerprint.evaluation.baselines.similarity import SpectrumSimilarity
from matchms_fingerprint.evaluation.baselines.weights import WEIGHTS

__all__ = [
    "BY_ALL",
    "BY_MEAN",
    "BY_RESTRICTION",
    "RESTRICTIONS",
    "SIMILARITIES",
    "WEIGHTS",
    "BinnedCosine",
    "EmbeddingCosine",
    "MassScale",
    "MeanFingerprint",
    "ModifiedCosine",
    "NearestNeighbourFingerprint",
    "NeighbourPrediction",
    "NeighbourSearch",
    "Neighbours",
    "NeutralLossCosine",
    "PeakCosine",
    "PrecursorMassModel",
    "SpectralEntropy",
    "SpectrumSimilarity",
]
