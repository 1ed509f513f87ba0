"""Naive implementations that the fast ones are tested against: the definition, written down, no thought of speed."""

import math

import numpy as np


def naive_bit_sums(values: np.ndarray, bits: np.ndarray) -> list[float]:
    """Sum of `values` over the set bits of each row of `bits` (n, n_bits)."""
    return [math.fsum(float(v) for v, bit in zip(values, row, strict=True) if bit) for row in bits]


def naive_cosine(p: np.ndarray, c: np.ndarray) -> float:
    """Cosine of the probabilities `p` and the bits `c`, 0 where one of them is all zero."""
    dot = math.fsum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    norms = math.sqrt(math.fsum(float(x) ** 2 for x in p)) * math.sqrt(sum(int(y) for y in c))
    return dot / norms if norms > 0 else 0.0


def naive_tanimoto(p: np.ndarray, c: np.ndarray) -> float:
    """Continuous Tanimoto of the probabilities `p` and the bits `c`, 0 where both are all zero."""
    dot = math.fsum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    union = math.fsum(float(x) for x in p) + sum(int(y) for y in c) - dot
    return dot / union if union > 0 else 0.0


def naive_log_likelihood(p: np.ndarray, c: np.ndarray) -> float:
    """Bernoulli likelihood of the bits `c` relative to the likeliest bits, its logarithm divided by max(1, sum(p))."""

    def log_likelihood(bits: list[bool]) -> float:
        clipped = [min(max(float(x), 1e-4), 1 - 1e-4) for x in p]
        return math.fsum(math.log(x) if bit else math.log1p(-x) for x, bit in zip(clipped, bits, strict=True))

    best = log_likelihood([float(x) > 0.5 for x in p])
    scale = max(1.0, math.fsum(float(x) for x in p))
    return math.exp(max(-700.0, (log_likelihood([bool(y) for y in c]) - best) / scale))
