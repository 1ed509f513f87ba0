"""Scores of one predicted fingerprint against many packed ones.

The predicted fingerprint `p` holds probabilities, a candidate `c` holds bits. Every score needs no more of a candidate
than the number of its bits and the sum of some vector over them, so the kernel visits the set bits alone (about 50 of
4096 for a Morgan fingerprint) and never unpacks. It is serial: callers run it from threads and forked workers. To find
the best of very many candidates, see `topk` and `bit_index`, which give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from matchms_fingerprint.kernels.bits import popcounts, sums_and_counts
from matchms_fingerprint.kernels.sum_scores import SUM_SCORES
from matchms_fingerprint.kernels.types import FloatArray, WordArray

__all__ = [
    "SCORES",
    "bit_sums",
    "cosine_scores",
    "log_likelihood_scores",
    "popcounts",
    "tanimoto_scores",
    "vector_tanimoto_scores",
]


def bit_sums(values: FloatArray, packed: WordArray) -> FloatArray:
    """Sum a vector over the set bits of each fingerprint.

    Parameters
    ----------
    values
        ndarray of shape (n_bits,), float32 or float64.
    packed
        ndarray of shape (n, n_words), uint64, n_words = ceil(n_bits / 64); may be read-only.

    Returns
    -------
    ndarray of shape (n,), float64

    Raises
    ------
    FingerprintSpecError
        If the shapes do not fit.
    """
    return sums_and_counts(values, packed)[0]


def cosine_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Cosine of a predicted fingerprint with each candidate: p.c / (|p| |c|), 0 where either is all zero.

    Parameters
    ----------
    p
        ndarray of shape (n_bits,), probabilities.
    packed
        ndarray of shape (n, n_words), uint64.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    return _scores("cosine", p, packed)


def tanimoto_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Continuous Tanimoto: sum(pc) / (sum(p) + sum(c) - sum(pc)), 0 where either is all zero.

    For a `p` of zeros and ones this is the Tanimoto coefficient. Parameters and return value as in `cosine_scores`.
    """
    return _scores("tanimoto", p, packed)


def vector_tanimoto_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Tanimoto coefficient of real vectors: p.c / (p.p + c.c - p.c), 0 where either is all zero.

    Many small probabilities weigh less in it than in the continuous Tanimoto. For a `p` of zeros and ones it is the
    Tanimoto coefficient. Willett, Barnard & Downs, J. Chem. Inf. Comput. Sci. 1998, 38, 983. Parameters and return
    value as in `cosine_scores`.
    """
    return _scores("vector_tanimoto", p, packed)


def log_likelihood_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Bernoulli likelihood of each candidate, relative to the most likely fingerprint, in (0, 1].

    exp((LL(c) - LL(best)) / max(1, sum(p))), where LL is the log-likelihood of the bits with `p` clipped to
    [1e-4, 1 - 1e-4], and best has the bits with p > 1/2. The division by the expected number of bits makes the score
    comparable across queries. Parameters and return value as in `cosine_scores`.
    """
    return _scores("log_likelihood", p, packed)


def _scores(name: str, p: FloatArray, packed: WordArray) -> FloatArray:
    score = SUM_SCORES[name](p)
    return score.scores(*sums_and_counts(score.values, packed))


SCORES: dict[str, Callable[[FloatArray, WordArray], FloatArray]] = {
    "cosine": cosine_scores,
    "tanimoto": tanimoto_scores,
    "vector_tanimoto": vector_tanimoto_scores,
    "log_likelihood": log_likelihood_scores,
}
"""The scores by name; each takes `p` and the packed candidates."""
