"""Numba kernels: arrays in, arrays out; neither matchms nor torch."""

from matchms_fingerprint.kernels.binning import Bins, SparseRows, bin_peaks, bin_peaks_dense
from matchms_fingerprint.kernels.bit_index import BitIndex
from matchms_fingerprint.kernels.formula import decompose_mass, decompose_masses
from matchms_fingerprint.kernels.formula_elements import FormulaRules
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.kernels.peak_search import TopHits, find_top, score_listed, score_matrix, score_sparse
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable, cosine_table
from matchms_fingerprint.kernels.peak_tiles import Limits
from matchms_fingerprint.kernels.spectral_entropy import entropy_table
from matchms_fingerprint.kernels.subformula import explained_by, neutral_losses, subformulae
from matchms_fingerprint.kernels.tanimoto import (
    SCORES,
    bit_sums,
    cosine_scores,
    log_likelihood_scores,
    popcounts,
    tanimoto_scores,
    vector_tanimoto_scores,
)
from matchms_fingerprint.kernels.topk import TopBits, top_k_packed

__all__ = [
    "SCORES",
    "Bins",
    "BitIndex",
    "FormulaRules",
    "Limits",
    "Matching",
    "PeakTable",
    "SparseRows",
    "TopBits",
    "TopHits",
    "bin_peaks",
    "bin_peaks_dense",
    "bit_sums",
    "cosine_scores",
    "cosine_table",
    "decompose_mass",
    "decompose_masses",
    "entropy_table",
    "explained_by",
    "find_top",
    "log_likelihood_scores",
    "neutral_losses",
    "packed_similarity",
    "popcounts",
    "score_listed",
    "score_matrix",
    "score_sparse",
    "subformulae",
    "tanimoto_scores",
    "top_k_packed",
    "vector_tanimoto_scores",
]
