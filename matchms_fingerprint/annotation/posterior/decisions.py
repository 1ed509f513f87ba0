"""What to answer, given the probabilities of the candidates: the most probable one, or the most similar to them all."""

from __future__ import annotations

import numpy as np

from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

COVERED = 0.999
MOST_COMPARED = 500
"""Candidates that hold `COVERED` of the probability are compared with each other, at most so many."""

_BLOCK = 1024


def expected_similarity(posterior: FloatArray, packed: WordArray) -> FloatArray:
    """Return the similarity of each candidate to the true one, as expected under a posterior.

    Parameters
    ----------
    posterior
        Probability of each candidate, shape (n,).
    packed
        Their packed fingerprints, shape (n, n_words), uint64; a candidate is similar to itself by 1.

    Returns
    -------
    ndarray of shape (n,), float64
        Of Tanimoto similarity.
    """
    expected = np.empty(len(packed))
    for start in range(0, len(packed), _BLOCK):
        block = packed_similarity(packed[start : start + _BLOCK], packed)
        rows = np.arange(len(block))
        block[rows, start + rows] = 1.0
        expected[start : start + _BLOCK] = block @ posterior
    return expected


def contenders(posterior: FloatArray, at_least: int = 1) -> IntArray:
    """Return the most probable candidates that hold `COVERED` of the probability of them all, best first.

    Parameters
    ----------
    posterior
        Probability of each candidate, shape (n,).
    at_least
        How many to return at least, where there are so many; never more than `MOST_COMPARED` beyond that.
    """
    order = np.argsort(-posterior, kind="stable")
    held = np.cumsum(posterior[order])
    needed = int(np.searchsorted(held, COVERED * held[-1])) + 1 if held.size else 0
    return order[: max(at_least, min(needed, MOST_COMPARED))]


def likely_similarity(posterior: FloatArray, packed: WordArray, at_least: int = 1) -> tuple[IntArray, FloatArray]:
    """Return the expected similarity of the candidates that matter, in bounded time however many there are.

    Parameters
    ----------
    posterior
        Probability of each candidate, shape (n,).
    packed
        Their packed fingerprints, shape (n, n_words), uint64.
    at_least
        See `contenders`.

    Returns
    -------
    tuple of ndarray
        The contenders, and their expected similarity; what the others hold counts as dissimilar.
    """
    rows = contenders(posterior, at_least)
    return rows, expected_similarity(posterior[rows], packed[rows])
