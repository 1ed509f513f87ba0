"""Isotope patterns of groups of atoms, one peak a nominal mass: how much is there, how heavy, how spread out.

A pattern is an array of shape (3, 2 * MOST_OFFSET + 1). Column `MOST_OFFSET + k` stands for all isotopologues k units
heavier than the one made of the most common isotope of each element. Row 0 is their share; rows 1 and 2 are the share
times the mean, and times the mean square, of how far their masses (Da) lie from k. Two groups of atoms together have
the convolution of their patterns (Kubinyi, Anal. Chim. Acta 247, 107 (1991), doi 10.1016/S0003-2670(00)83059-7;
masses as in Boecker et al., Bioinformatics 25, 218 (2009), doi 10.1093/bioinformatics/btn603). What falls beyond
`MOST_OFFSET` is lost.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.types import FloatArray

MOST_OFFSET = 12
"""Isotopologues further from the most common isotopes, in units of mass, do not count."""


@njit(cache=True, nogil=True, fastmath=False)
def joined_patterns(one: FloatArray, other: FloatArray) -> FloatArray:  # pragma: no cover - compiled
    """Return the pattern of two groups of atoms together, shape (3, 2 * MOST_OFFSET + 1), float64.

    Parameters
    ----------
    one, other
        Patterns of the same shape.
    """
    size = 2 * MOST_OFFSET + 1
    joined = np.zeros((3, size), np.float64)
    for i in range(size):
        if one[0, i] == 0.0:
            continue
        for j in range(max(0, MOST_OFFSET - i), min(size, size + MOST_OFFSET - i)):
            if other[0, j] == 0.0:
                continue
            k = i + j - MOST_OFFSET
            joined[0, k] += one[0, i] * other[0, j]
            joined[1, k] += one[1, i] * other[0, j] + one[0, i] * other[1, j]
            joined[2, k] += one[2, i] * other[0, j] + 2.0 * one[1, i] * other[1, j] + one[0, i] * other[2, j]
    return joined


@njit(cache=True, nogil=True, fastmath=False)
def repeated_pattern(pattern: FloatArray, count: int) -> FloatArray:  # pragma: no cover - compiled
    """Return the pattern of `count` equal groups of atoms, by repeated squaring; of none at all for 0.

    Parameters
    ----------
    pattern
        Of one of them.
    count
        At least 0.
    """
    result: FloatArray = np.zeros((3, 2 * MOST_OFFSET + 1), np.float64)
    result[0, MOST_OFFSET] = 1.0
    square = pattern.copy()
    while count > 0:
        if count & 1:
            result = joined_patterns(result, square)
        count >>= 1
        if count:
            square = joined_patterns(square, square)
    return result
