"""Which bits to set so that the Tanimoto similarity to the truth is as high as the probabilities promise."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.types import FloatArray


def expected_tanimoto(probabilities: FloatArray) -> FloatArray:
    """Return for each predicted fingerprint the highest Tanimoto similarity that any choice of bits promises.

    Of the bits S that are set, expected hits over expected union, sum_S p / (|S| + sum_rest p), is highest for
    S = {p > J / (1 + J)} with J that very value (Dinkelbach, "On nonlinear fractional programming", Management Science
    1967, 13, 492). It takes the bits as independent, which they are not, so the truth may lie to either side.

    Parameters
    ----------
    probabilities
        Of the bits, shape (n, n_bits).

    Returns
    -------
    ndarray of shape (n,), float64
        0 where nothing is likely at all.
    """
    return _expected_tanimoto(np.ascontiguousarray(probabilities, np.float32))


@njit(cache=True, nogil=True)
def _expected_tanimoto(probabilities):  # type: ignore[no-untyped-def]
    n, n_bits = probabilities.shape
    result = np.zeros(n, np.float64)
    for i in range(n):
        total = 0.0
        for j in range(n_bits):
            total += probabilities[i, j]
        highest, before = 0.0, -1.0
        while highest > before:  # grows with each step, and there are finitely many sets
            before = highest
            threshold = highest / (1.0 + highest)
            n_set, hits = 0, 0.0
            for j in range(n_bits):
                if probabilities[i, j] > threshold:
                    n_set += 1
                    hits += probabilities[i, j]
            if n_set > 0:
                highest = max(highest, hits / (n_set + total - hits))
        result[i] = highest
    return result
