"""Scores of one predicted fingerprint against many packed ones.

The predicted fingerprint `p` holds probabilities, a candidate `c` holds bits. Every score needs no more of a candidate
than the number of its bits and the sum of some vector over them, so the kernel visits the set bits alone (about 50 of
4096 for a Morgan fingerprint) and never unpacks. It is serial: callers run it from threads and forked workers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import float64, int64, njit, types, uint64, void

from matchms_fingerprint.errors import FingerprintSpecError
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

_PACKED = types.Array(uint64, 2, "C", readonly=True)  # memory-mapped arrays are read-only
_LOWEST, _HIGHEST = 1e-4, 1 - 1e-4  # a probability of 0 or 1 would make one wrong bit decide everything
_SMALLEST_LOG = -700.0  # exp of less is 0, and a score of 0 would vanish from matchms' sparse scores

_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_SHIFT = np.uint64(58)
_ONE = np.uint64(1)
_ZERO = np.uint64(0)


def _bit_of_product() -> IntArray:
    """Return the table from the top 6 bits of (1 << i) * _DE_BRUIJN to i; the constant makes them unique."""
    table = np.zeros(64, dtype=np.int64)
    for i in range(64):
        table[((int(_DE_BRUIJN) << i) & 0xFFFFFFFFFFFFFFFF) >> 58] = i
    return table


_BIT_OF_PRODUCT = _bit_of_product()


@njit(void(float64[::1], _PACKED, float64[::1], int64[::1]), cache=True, nogil=True, fastmath=False)
def _sum_over_set_bits(
    values: FloatArray, packed: WordArray, sums: FloatArray, counts: IntArray
) -> None:  # pragma: no cover - compiled
    for row in range(packed.shape[0]):
        total = 0.0
        count = 0
        for w in range(packed.shape[1]):
            word = packed[row, w]
            while word != _ZERO:
                rest = word & (word - _ONE)
                # word - rest is the lowest set bit alone; the product tells its index (trailing-zero count)
                total += values[64 * w + _BIT_OF_PRODUCT[((word - rest) * _DE_BRUIJN) >> _SHIFT]]
                count += 1
                word = rest
        sums[row] = total
        counts[row] = count


def _sums_and_counts(values: FloatArray, packed: WordArray) -> tuple[FloatArray, IntArray]:
    packed = np.ascontiguousarray(packed, dtype=np.uint64)
    values = np.asarray(values)
    if packed.ndim != 2 or values.ndim != 1 or packed.shape[1] != -(-len(values) // 64):
        raise FingerprintSpecError(
            f"a fingerprint of shape {values.shape} does not fit packed ones of shape {packed.shape}; "
            "they must be of one specification"
        )
    padded = np.zeros(64 * packed.shape[1], dtype=np.float64)
    padded[: len(values)] = values
    sums = np.empty(len(packed), dtype=np.float64)
    counts = np.empty(len(packed), dtype=np.int64)
    _sum_over_set_bits(padded, packed, sums, counts)
    return sums, counts


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
    return _sums_and_counts(values, packed)[0]


def popcounts(packed: WordArray) -> IntArray:
    """Count the set bits of each fingerprint.

    Parameters
    ----------
    packed
        ndarray of shape (n, n_words), uint64.

    Returns
    -------
    ndarray of shape (n,), int64
    """
    return np.bitwise_count(packed).sum(axis=1, dtype=np.int64)


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
    sums, counts = _sums_and_counts(p, packed)
    norm = np.sqrt(np.sum(np.square(p, dtype=np.float64)))
    return _ratio(sums, norm * np.sqrt(counts))


def tanimoto_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Continuous Tanimoto: sum(pc) / (sum(p) + sum(c) - sum(pc)), 0 where either is all zero.

    For a `p` of zeros and ones this is the Tanimoto coefficient. Parameters and return value as in `cosine_scores`.
    """
    sums, counts = _sums_and_counts(p, packed)
    return _ratio(sums, np.sum(p, dtype=np.float64) + counts - sums)


def log_likelihood_scores(p: FloatArray, packed: WordArray) -> FloatArray:
    """Bernoulli likelihood of each candidate, relative to the most likely fingerprint, in (0, 1].

    exp((LL(c) - LL(best)) / max(1, sum(p))), where LL is the log-likelihood of the bits with `p` clipped to
    [1e-4, 1 - 1e-4], and best has the bits with p > 1/2. The division by the expected number of bits makes the score
    comparable across queries. Parameters and return value as in `cosine_scores`.
    """
    clipped = np.clip(np.asarray(p, dtype=np.float64), _LOWEST, _HIGHEST)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    best = log_odds[clipped > 0.5].sum()
    exponent = (bit_sums(log_odds, packed) - best) / max(1.0, float(np.sum(p, dtype=np.float64)))
    # rounding of the two sums can leave the best one a hair above 0
    return np.exp(np.clip(exponent, _SMALLEST_LOG, 0.0))


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


SCORES: dict[str, Callable[[FloatArray, WordArray], FloatArray]] = {
    "cosine": cosine_scores,
    "tanimoto": tanimoto_scores,
    "log_likelihood": log_likelihood_scores,
}
"""The scores by name; each takes `p` and the packed candidates."""
